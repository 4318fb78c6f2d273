"""`documented_aws`: the model for anybody's own tests, and a handle for what only AWS can do."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast, overload

from slrspec.documented.behaviour import DOCUMENTED, Behaviour, Setting, Timing
from slrspec.documented.catalogue import DEFAULT_EDITION
from slrspec.errors import UsageError

if TYPE_CHECKING:
    from types import TracebackType

    from slrspec.documented.hooks import Installation

Config = Mapping[str, Any]
DEFAULT_ACCOUNT = "123456789012"
DEFAULT_REGION = "us-east-1"
F = TypeVar("F", bound=Callable[..., Any])


class DocumentedAws:
    """moto's `mock_aws`, with the documented rules in it. Made by `documented_aws`."""

    def __init__(self, setting: Setting, faults: Iterable[str] = (), config: Config | None = None) -> None:
        self._first = setting
        self._faults = tuple(faults)
        self._config = config
        self._opened = ExitStack()
        self._installation: Installation | None = None

    def __enter__(self) -> Self:
        from moto import mock_aws

        from slrspec.documented.hooks import installed

        with ExitStack() as opening:  # closes what is open already if something further on is refused
            opening.enter_context(mock_aws(config=cast("Any", self._config)))
            self._installation = opening.enter_context(installed(self._first))
            if self._faults:
                self.break_(*self._faults)
            self._opened = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._installation = None
        self._opened.close()

    def check(self) -> None:
        """Refuse faults that there are not, without entering."""
        from slrspec.documented.faults import behaviour_with

        behaviour_with(self._faults)

    def __call__(self, target: F) -> F:
        """Decorate a function, or all the test methods of a class; each call gets a fresh account."""
        if inspect.isclass(target):
            for name, method in list(vars(target).items()):
                if name.startswith("test") and inspect.isfunction(method):
                    setattr(target, name, self(method))
            return target

        @functools.wraps(target)
        def inside(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401
            with DocumentedAws(self._first, self._faults, self._config):
                return target(*arguments, **named)

        return cast("F", inside)

    @property
    def setting(self) -> Setting:
        """How the model behaves now."""
        return self._inside.setting

    @property
    def _inside(self) -> Installation:
        if self._installation is None:
            raise UsageError("documented_aws is used outside its with block")
        return self._installation

    def pace(self, **looks: int) -> None:
        """Change how time passes from now on; see `Timing` for the names."""
        inside = self._inside
        inside.setting = replace(inside.setting, timing=replace(inside.setting.timing, **looks))

    def break_(self, *faults: str) -> None:
        """Break rules from now on, each by the id of a fault; see `slrspec faults --list`."""
        from slrspec.documented.faults import behaviour_with

        inside = self._inside
        inside.setting = replace(inside.setting, behaviour=behaviour_with(faults, inside.setting.behaviour))

    def mend(self) -> None:
        """Behave as documented again."""
        inside = self._inside
        inside.setting = replace(inside.setting, behaviour=DOCUMENTED)

    @contextmanager
    def session_of(
        self,
        role_name: str = "AWSServiceRoleForRDS",
        *,
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
        resources: Iterable[str] = (),
        services: Iterable[str] = (),
    ) -> Iterator[None]:
        """Let the service assume its own role, which nobody else can; the session lasts as long as the context.

        Parameters
        ----------
        role_name
            A service-linked role of the account.
        account, region
            Where the service works.
        resources
            ARNs that it works on, for the list of uses of a failed deletion.
        services
            Name spaces of what it calls, for the access advisor.

        Raises
        ------
        UsageError
            If the account has no such service-linked role.

        """
        session = begin_session(role_name, account, region, tuple(resources), tuple(services))
        try:
            yield
        finally:
            end_session(account, region, session)


def begin_session(
    role_name: str, account: str, region: str, resources: tuple[str, ...], services: tuple[str, ...]
) -> Any:  # noqa: ANN401
    """Let a service assume its role: the role is in use, and was used now. Returns what `end_session` takes."""
    from slrspec.documented.world import Session, memory_of

    backend, role = _role(role_name, account, region)
    moment = datetime.now(UTC)
    role.last_used, role.last_used_region = moment.replace(tzinfo=None), region
    memory = memory_of(backend)
    for namespace in services:
        memory.last_used.setdefault(role.arn, {})[namespace] = (moment, region)
    session = Session(role_name, region, resources)
    memory.sessions.append(session)
    return session


def end_session(account: str, region: str, session: Any) -> None:  # noqa: ANN401
    """End a session that `begin_session` began."""
    from slrspec.documented.call import iam_of
    from slrspec.documented.world import memory_of

    sessions = memory_of(iam_of(account, _partition(region))).sessions
    if session in sessions:
        sessions.remove(session)


def _role(name: str, account: str, region: str) -> tuple[Any, Any]:
    from slrspec.documented.call import iam_of, service_of

    backend = iam_of(account, _partition(region))
    role = next((role for role in backend.roles.values() if role.name == name and service_of(role)), None)
    if role is None:
        raise UsageError(f"the account {account} has no service-linked role {name!r}")
    return backend, role


def _partition(region: str) -> str:
    from moto.utilities.utils import get_partition

    return str(get_partition(region))


@overload
def documented_aws(function: F) -> F: ...
@overload
def documented_aws(
    *,
    edition: str = ...,
    timing: Timing | None = ...,
    behaviour: Behaviour = ...,
    faults: Iterable[str] = ...,
    config: Config | None = ...,
) -> DocumentedAws: ...
def documented_aws(
    function: F | None = None,
    *,
    edition: str = DEFAULT_EDITION,
    timing: Timing | None = None,
    behaviour: Behaviour = DOCUMENTED,
    faults: Iterable[str] = (),
    config: Config | None = None,
) -> F | DocumentedAws:
    """Mock AWS as documented; used like moto's `mock_aws`, with or without parentheses.

    Parameters
    ----------
    function
        The function or class to decorate, if used as a bare decorator.
    edition
        Day of the page's edition, or a version of the policy: `2020-10-09` is version 6, `v14` the newest.
    timing
        How time passes; at once, unless told otherwise.
    behaviour
        How the model behaves; as documented, unless told otherwise.
    faults
        Ids of faults to break rules by.
    config
        Handed to moto's `mock_aws`.

    Raises
    ------
    UsageError
        For an unknown edition or fault.
    UnknownMoto
        On entering, if the installed moto is not one that the model knows.

    """
    context = DocumentedAws(Setting(behaviour, timing or Timing(), edition), faults, config)
    return context if function is None else context(function)
