"""The model behind a port, for any SDK and for the AWS CLI: moto's own server with the documented rules in it.

Besides AWS's protocols it speaks a little HTTP of its own below `/slrspec`, to reset it, to break rules, to change
the pace, and to play a service that uses its role.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from http import HTTPStatus
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import slrspec
from slrspec.documented.behaviour import DOCUMENTED, Setting
from slrspec.documented.faults import behaviour_with, every_fault
from slrspec.documented.handle import DEFAULT_ACCOUNT, DEFAULT_REGION, begin_session, end_session
from slrspec.errors import SlrspecError, UsageError

if TYPE_CHECKING:
    from slrspec.documented.hooks import Installation

Environment = Mapping[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Wsgi = Callable[[Environment, StartResponse], Iterable[bytes]]
PREFIX = "/slrspec"
LARGEST_BODY = 1_000_000


@dataclass
class Control:
    """What `/slrspec` does.

    Attributes
    ----------
    first
        The setting that a reset returns to.
    broken
        Ids of the faults that are on.

    """

    installation: Installation
    first: Setting
    first_faults: tuple[str, ...]
    broken: list[str] = field(default_factory=list)
    sessions: dict[str, tuple[str, str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.broken = list(self.first_faults)
        self._apply()

    def answer(self, method: str, path: list[str], body: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """Do what a request asks for, and return what to answer as JSON.

        Raises
        ------
        LookupError
            For a path that there is not.
        SlrspecError
            For a request that means nothing.

        """
        match (method, path):
            case ("GET", []):
                return self._state()
            case ("GET", ["faults"]):
                return [
                    {"id": f.id, "what": f.what, "rules": f.rules, "on": f.id in self.broken}
                    for f in every_fault().values()
                ]
            case ("POST", ["faults", name]):
                behaviour_with([name])
                self.broken = [*dict.fromkeys([*self.broken, name])]
            case ("DELETE", ["faults", name]):
                behaviour_with([name])
                self.broken = [one for one in self.broken if one != name]
            case ("DELETE", ["faults"]):
                self.broken = []
            case ("POST", ["pace"]):
                self._pace(body)
            case ("POST", ["reset"]):
                self._reset()
            case ("POST", ["sessions"]):
                return self._begin(body)
            case ("DELETE", ["sessions", name]):
                end_session(*self.sessions.pop(name))
            case _:
                raise LookupError
        self._apply()
        return self._state()

    def _state(self) -> dict[str, Any]:
        return {
            "slrspec": slrspec.__version__,
            "moto": version("moto"),
            "edition": self.installation.setting.edition,
            "pace": asdict(self.installation.setting.timing),
            "faults": self.broken,
            "sessions": sorted(self.sessions),
        }

    def _apply(self) -> None:
        behaviour = behaviour_with(self.broken, DOCUMENTED)
        self.installation.setting = replace(self.installation.setting, behaviour=behaviour)

    def _pace(self, body: Mapping[str, Any]) -> None:
        timing = self.installation.setting.timing
        unknown = set(body) - set(asdict(timing))
        if unknown or not all(isinstance(value, int) for value in body.values()):
            raise UsageError(f"a pace is made of whole numbers for {', '.join(asdict(timing))}")
        self.installation.setting = replace(self.installation.setting, timing=replace(timing, **body))

    def _reset(self) -> None:
        from moto.core.base_backend import BackendDict

        BackendDict.reset()
        self.sessions.clear()
        self.broken = list(self.first_faults)
        self.installation.setting = self.first

    def _begin(self, body: Mapping[str, Any]) -> dict[str, str]:
        account, region = body.get("account", DEFAULT_ACCOUNT), body.get("region", DEFAULT_REGION)
        session = begin_session(
            str(body.get("role", "AWSServiceRoleForRDS")),
            str(account),
            str(region),
            tuple(map(str, body.get("resources", ()))),
            tuple(map(str, body.get("services", ()))),
        )
        name = str(uuid4())
        self.sessions[name] = (str(account), str(region), session)
        return {"id": name}


def application(control: Control, aws: Wsgi) -> Wsgi:
    """Return a WSGI application that answers `/slrspec` itself, and has moto answer everything else."""

    def answer(environment: Environment, start: StartResponse) -> Iterable[bytes]:
        path = str(environment.get("PATH_INFO", ""))
        if path != PREFIX and not path.startswith(f"{PREFIX}/"):
            return aws(environment, start)
        try:
            parts = [part for part in path.removeprefix(PREFIX).split("/") if part]
            status, told = HTTPStatus.OK, control.answer(environment["REQUEST_METHOD"], parts, _body(environment))
        except LookupError:
            status, told = HTTPStatus.NOT_FOUND, {"error": "there is nothing here; GET /slrspec tells the state"}
        except (SlrspecError, ValueError) as error:
            status, told = HTTPStatus.BAD_REQUEST, {"error": str(error)}
        start(f"{status.value} {status.phrase}", [("Content-Type", "application/json")])
        return [json.dumps(told, indent=2).encode() + b"\n"]

    return answer


def _body(environment: Environment) -> Mapping[str, Any]:
    length = int(environment.get("CONTENT_LENGTH") or 0)
    if length > LARGEST_BODY:
        raise UsageError("the request is too long")
    text = environment["wsgi.input"].read(length)
    body = json.loads(text) if text.strip() else {}
    if not isinstance(body, dict):
        raise UsageError("the request is no JSON object")
    return body


@dataclass(frozen=True)
class Serving:
    """A server that listens.

    Attributes
    ----------
    url
        Where.
    forever
        Serves until it is interrupted or `stop` is called.
    stop
        Ends `forever`, from another thread.

    """

    url: str
    forever: Callable[[], None]
    stop: Callable[[], None]


@contextmanager
def serving(host: str, port: int, setting: Setting, broken: Iterable[str] = ()) -> Iterator[Serving]:
    """Listen on a port, 0 for any that is free.

    Raises
    ------
    UsageError
        If moto's server is not installed, or the port is not free.
    UnknownMoto
        If the installed moto is not one that the model knows.

    """
    from slrspec.documented.hooks import installed
    from slrspec.providers.loopback import loopback_only

    try:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import WSGIRequestHandler, make_server
    except ImportError as error:
        hint = "pip install 'slrspec[server]'"
        raise UsageError(f"moto's server is not installed: {error}", hint=hint) from error

    class Quiet(WSGIRequestHandler):
        """Logs nothing: the requests are those of tests."""

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    class Dispatcher(DomainDispatcherApplication):
        """Finds out once for each service which part of moto answers, not by looking through all for each call."""

        get_backend_for_host = lru_cache(64)(DomainDispatcherApplication.get_backend_for_host)

    names = tuple(broken)
    with installed(setting) as installation:
        control = Control(installation, setting, names)
        moto: Any = Dispatcher(create_backend_app)
        server = _listening(make_server, host, port, application(control, moto), Quiet)
        shown = f"[{host}]" if ":" in host else host
        try:
            with loopback_only():
                yield Serving(f"http://{shown}:{server.server_port}", server.serve_forever, server.shutdown)
        finally:
            server.server_close()


def _listening(make: Callable[..., Any], host: str, port: int, app: Wsgi, handler: type) -> Any:  # noqa: ANN401
    import contextlib
    import io
    import socket

    # werkzeug prints its own advice and exits where an address is in use; what is wrong is said once, by us.
    try:
        family = socket.getaddrinfo(host, port)[0][0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
        with contextlib.redirect_stderr(io.StringIO()):
            return make(host, port, app, threaded=True, request_handler=handler)
    except (OSError, SystemExit) as error:
        why = getattr(error, "strerror", None) or "not free"
        raise UsageError(f"cannot listen on {host}:{port}: {why}", hint="choose another --port, or 0") from error
