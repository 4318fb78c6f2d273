"""Putting the model into moto, and taking it out again.

One method is wrapped: `call_action` of the class that moto's services share, through which every call comes, in
this process and in moto's server alike. It is looked up on each call, so what is put in works at once and leaves
nothing behind; and moto's RDS, which brings all of its EC2 with it, and its ElastiCache are imported by whoever
calls them first.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from random import Random
from typing import TYPE_CHECKING, Any

from slrspec.documented.call import Call
from slrspec.documented.refusals import ASSUMING
from slrspec.documented.wire import Answer
from slrspec.documented.world import World
from slrspec.errors import UnknownMoto

if TYPE_CHECKING:
    from slrspec.documented.behaviour import Setting

OLDEST, TESTED, NEXT = (5, 0, 28), (5, 2, 5), (6, 0, 0)
RESPONSES = {
    "elasticache": ("moto.elasticache.responses", "ElastiCacheResponse"),
    "iam": ("moto.iam.responses", "IamResponse"),
    "rds": ("moto.rds.responses", "RDSResponse"),
    "sts": ("moto.sts.responses", "TokenResponse"),
}
# Looked at when somebody calls them, and not before: they are slow to import.
LATER = frozenset({"elasticache", "rds"})
METHODS = ("call_action", "_get_action", "get_access_key", "_authenticate_and_authorize_normal_action")
Answerer = Callable[[World, Callable[[], Answer]], Answer]


class Installation:
    """The model as it is in moto now; the innermost `installed` decides.

    Attributes
    ----------
    setting
        May be replaced at any time: the next call obeys.

    """

    def __init__(self, setting: Setting, answerer: Answerer, random: Random) -> None:
        self.setting = setting
        self.answerer = answerer
        self.random = random


_installations: list[Installation] = []
_originals: list[Any] = []
# Some answers are given while moto is shown the account as it was: no other thread may look meanwhile.
_lock = threading.RLock()


@contextmanager
def installed(
    setting: Setting, *, answerer: Answerer | None = None, seed: str = "", outermost: bool = False
) -> Iterator[Installation]:
    """Have moto behave as the model says, for as long as the context lasts.

    Parameters
    ----------
    setting
        How the model behaves.
    answerer
        What answers the calls in place of the model; for watching them.
    seed
        What random numbers of looks are drawn by, besides the seed of the timing.
    outermost
        Decide only where nothing else is installed, even if that was installed earlier.

    Raises
    ------
    UnknownMoto
        If the installed moto is not made as the model expects.

    """
    from slrspec.documented.model import answer

    random = Random(f"{setting.timing.seed} {seed}")  # noqa: S311 - it draws numbers of looks
    installation = Installation(setting, answerer or answer, random)
    with _lock:
        if not _installations:
            _wrap_all()
        _installations.insert(0 if outermost else len(_installations), installation)
    try:
        yield installation
    finally:
        with _lock:
            _installations.remove(installation)
            if not _installations:
                _unwrap_all()


def current() -> Installation | None:
    """Return what is in moto now; None if it is stock moto."""
    return _installations[-1] if _installations else None


def _wrap_all() -> None:
    shared = _shared_response()
    _originals.append(shared.call_action)
    shared.call_action = _wrapped(shared.call_action)


def _unwrap_all() -> None:
    _shared_response().call_action = _originals.pop()


def _wrapped(original: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
    @functools.wraps(original)
    def call_action(self: Any) -> Answer:  # noqa: ANN401 - moto has no types
        service = _service_of(self.__class__)
        installation = current()
        if not service or installation is None:
            return original(self)
        call = Call.of(service, self)
        if service == "sts" and call.action not in ASSUMING:
            return original(self)
        if service in LATER:
            _refuse_unknown(service)
        with _lock:
            if not _lets_pass(self, call):
                return original(self)
            world = World(call, installation.setting, installation.random)
            return installation.answerer(world, lambda: original(self))

    return call_action


@functools.cache
def _service_of(response: Any) -> str:  # noqa: ANN401
    """Return the service whose calls a class of moto's answers; empty for one that the model says nothing of."""
    names = {(one.__module__, one.__qualname__) for one in response.__mro__}
    return next((service for service, name in RESPONSES.items() if name in names), "")


# Calls whose permission the model checks itself, with the resources and conditions that moto leaves out.
OWN_PERMISSIONS = frozenset(
    {"CreateServiceLinkedRole", "DeleteServiceLinkedRole", "GetServiceLinkedRoleDeletionStatus"}
)


def _lets_pass(response: Any, call: Call) -> bool:  # noqa: ANN401
    """Let moto check signature and permission first, where a user has switched that on, and only once."""
    from moto import settings
    from werkzeug.exceptions import HTTPException

    resource = response._determine_resource() if hasattr(response, "_determine_resource") else "*"  # noqa: SLF001
    enforced = type(response).request_count >= settings.INITIAL_NO_AUTH_ACTION_COUNT
    try:
        if enforced and call.action in OWN_PERMISSIONS:
            _check_signature(response, call)
        else:
            response._authenticate_and_authorize_normal_action(resource)  # noqa: SLF001
    except HTTPException:
        return False  # moto checks once more, and words its refusal
    response._authenticate_and_authorize_normal_action = lambda *_, **__: None  # noqa: SLF001
    return True


def _check_signature(response: Any, call: Call) -> None:  # noqa: ANN401
    from moto.iam.access_control import IAMRequest

    IAMRequest(
        account_id=call.account,
        method=response.method,
        path=response.raw_path,
        data=response.data,
        body=response.raw_body,
        headers=response.headers,
        action=call.action,
    ).check_signature()


# ---- knowing moto


@functools.cache
def _shared_response() -> Any:  # noqa: ANN401
    """Return the class to wrap, having looked that moto is made as expected."""
    installed_version = _version()
    if not OLDEST <= _numbers(installed_version) < NEXT:
        raise _unknown(installed_version, "its version is none that the model was made for")
    try:
        from moto.core.responses import BaseResponse

        missing = _missing(BaseResponse)
    except (ImportError, AttributeError) as error:
        raise _unknown(installed_version, str(error)) from error
    if missing:
        raise _unknown(installed_version, f"it lacks {missing}")
    return BaseResponse


def _missing(shared: Any) -> str:  # noqa: ANN401
    """Return the first part of moto that the model needs and does not find, or an empty text."""
    from moto.iam import models
    from moto.sts.models import sts_backends

    for service in ("iam", "sts"):
        if lacking := _missing_of(service, shared):
            return lacking
    expected: dict[str, tuple[Callable[..., Any], set[str]]] = {
        "IAMBackend.create_role": (models.IAMBackend.create_role, {"linked_service", "max_session_duration"}),
        # Not of the class itself: until Python 3.11.3 that is the signature of a base's __new__.
        "AWSManagedPolicy": (
            models.AWSManagedPolicy.__init__,
            {"path", "document", "default_version_id", "region"},
        ),
    }
    for name, (function, parameters) in expected.items():
        lacking = ", ".join(sorted(parameters - set(inspect.signature(function).parameters)))
        if lacking:
            return f"{lacking} of {name}"
    return "" if sts_backends is not None else "its backends"


def _missing_of(service: str, shared: Any) -> str:  # noqa: ANN401
    """Return what the class behind a service lacks; it must not have a way of its own around the one wrapped."""
    module, name = RESPONSES[service]
    response = getattr(import_module(module), name)
    lacking = next((method for method in METHODS if not callable(getattr(response, method, None))), "")
    if not lacking and response.call_action is not shared.call_action:
        lacking = "the shared call_action"
    return f"{service} {lacking}" if lacking else ""


@functools.cache
def _refuse_unknown(service: str) -> None:
    """Look, once a service is called and therefore imported, that it is made as expected, too."""
    try:
        backends = getattr(import_module(f"moto.{service}.models"), f"{service}_backends")
        missing = _missing_of(service, _shared_response()) or ("" if backends is not None else "its backends")
    except (ImportError, AttributeError) as error:
        raise _unknown(_version(), str(error)) from error
    if missing:
        raise _unknown(_version(), f"it lacks {missing}")


def _version() -> str:
    try:
        return version("moto")
    except PackageNotFoundError as error:
        raise UnknownMoto("moto is not installed", hint="pip install 'moto[iam,rds,sts]'") from error


def _numbers(text: str) -> tuple[int, ...]:
    leading = []
    for part in text.split(".")[:3]:
        digits = "".join(character for character in part if character.isdigit())
        leading.append(int(digits or 0))
    return tuple(leading)


def _unknown(found: str, why: str) -> UnknownMoto:
    known = f"{'.'.join(map(str, OLDEST))} to {'.'.join(map(str, TESTED))}"
    return UnknownMoto(f"cannot teach moto {found}: {why}", hint=f"known: moto {known}")
