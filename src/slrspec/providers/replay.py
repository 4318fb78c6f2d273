"""A recorded run as a provider: its exchanges are given again, offline, so that the rules can be judged again.

Behind the name stands the file, `replay:results.json`, and behind a `#` whose exchanges, if the file has those of
several providers: `replay:results.json#documented`. Calls have to come as they were recorded, one by one. Whatever
else comes is an error that names the first difference: then the steps have changed, and nobody can tell what the
recorded provider would have answered. What the record does not have are the policies of the principals; a step that
gives somebody another policy and makes the same calls goes unnoticed.
"""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from slrspec.errors import ConnectionRefusedByGuard, UsageError
from slrspec.providers.contract import Description, Patience, PolicyDocument, Principal
from slrspec.providers.loopback import local_environment, loopback_only
from slrspec.running.normal import ID_KINDS, References
from slrspec.running.results import encode, read_run
from slrspec.running.trouble import JudgedBefore, ProviderTrouble
from slrspec.running.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boto3.session import Session
    from botocore.client import BaseClient

    from slrspec.providers.contract import T
    from slrspec.running.results import Exchange, ProviderInfo, Run, ScenarioResult

NAME = "replay"
REGION, SECOND_REGION = "us-east-1", "eu-west-1"
ADMINISTRATOR = "administrator"
REFERENCE = re.compile(r"<(?:account|access-key|(?P<kind>[a-z-]+):(?P<number>\d+))>")
UNTIDY = "could not be cleaned up: "
BRIEF = 200
NOWHERE = "http://127.0.0.1:9"  # nothing is sent there
# Any moment does: no result shows it.
SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)
PREFIXES = {kind: prefix for prefix, kind in ID_KINDS.items()} | {"id": "ANVA"}


class ReplayProvider:
    """What some provider answered, once more.

    Raises
    ------
    UsageError
        Without a file, and for a file with several providers or without the one that is named.
    ResultsError
        For a file that cannot be read.

    """

    name = NAME

    def __init__(self, argument: str = "") -> None:
        if not argument:
            raise UsageError("replay needs the results of a run", hint="--provider replay:.slrspec/results.json")
        file, asked = split(argument)
        self._run = read_run(file)
        self._recorded = _chosen(self._run, asked, file)
        self.recorded_as = self._recorded.name
        self._results = {one.scenario: one for one in self._run.scenarios if one.provider == self.recorded_as}
        self._account_id = _unused_account_id(self._run)
        # A client of IAM calls its Region `aws-global`, unless it was given an address.
        regions = {exchange.region for one in self._results.values() for exchange in one.exchanges}
        self._endpoint = None if any(region.endswith("-global") for region in regions) else NOWHERE
        self._opened = ExitStack()
        self._session: Session | None = None
        self._clients: dict[tuple[str, str], BaseClient] = {}

    @property
    def deviates_as(self) -> str:
        """Whose known deviations are those of the record; nobody's, if it rehearsed somebody else."""
        return "" if "rehearsal" in self._recorded.settings else self.recorded_as

    def describe(self) -> Description:
        """Say what was recorded, and when."""
        recorded, info = self._recorded, self._run.run
        return Description(
            product=recorded.product,
            version=recorded.version,
            started_by=f"replayed from run {info.id}",
            capabilities=frozenset(recorded.capabilities),
            settings={**recorded.settings, "recorded": f"{info.started}, provider {self.recorded_as}"},
        )

    def left_out(self, scenario: str) -> str:
        """Return why a scenario is not run: it was not, or is not in the record at all; empty if it is."""
        recorded = self._results.get(scenario)
        if recorded is None:
            return "the record has no such scenario"
        return recorded.reason if recorded.verdict is Verdict.NOT_RUN and not recorded.steps else ""

    @contextmanager
    def open_account(self, scenario: str) -> Iterator[ReplayedAccount]:
        """Open the record of a scenario; one that could not begin cannot again.

        Raises
        ------
        UsageError
            For an account that is of no scenario of the record, as `drift` and `smoke` open one.
        ProviderTrouble
            For a scenario that could not begin, or could not be cleaned up.

        """
        recorded = self._results.get(scenario)
        if recorded is None:
            raise UsageError(f"a record has no account but those of its scenarios, and no {scenario!r}")
        if not recorded.steps:
            raise ProviderTrouble(recorded.reason)
        self._start()
        yield ReplayedAccount(self, recorded, self._account_id)
        if UNTIDY in recorded.reason:
            raise ProviderTrouble(recorded.reason.partition(UNTIDY)[2])

    def close(self) -> None:
        """Give the user's environment back."""
        self._clients.clear()
        self._session = None
        self._opened.close()

    def shared_client(self, service: str, region: str) -> BaseClient:
        """Return the one client for a service and a Region. It knows the service, and is never let to send."""
        if (service, region) not in self._clients:
            assert self._session is not None  # only accounts ask, and they exist only once it is there
            client: BaseClient = self._session.client(service, region_name=region, endpoint_url=self._endpoint)
            self._clients[service, region] = client
        return self._clients[service, region]

    def _start(self) -> None:
        if self._session is None:
            self._opened.enter_context(local_environment())
            self._opened.enter_context(loopback_only())
            from boto3.session import Session

            self._session = Session()


class ReplayedAccount:
    """The record of one scenario, in the form of an account.

    Parameters
    ----------
    recorded
        What became of the scenario, with its exchanges, names and waits.
    account_id
        Twelve digits that stand for `<account>`.

    """

    def __init__(self, provider: ReplayProvider, recorded: ScenarioResult, account_id: str) -> None:
        self._provider = provider
        self._recorded = recorded
        self._names = iter(recorded.names)
        self._principals = 0
        self._given = 0
        self.account_id = account_id
        self.references = RestoredReferences(account_id)
        self.region = recorded.region or REGION
        regions = (exchange.region for exchange in recorded.exchanges)  # of IAM, which has none, it is `aws-global`
        self.second_region = next((r for r in regions if r != self.region and "global" not in r), SECOND_REGION)
        readings = [wait.readings for wait in reversed(recorded.waits)]
        self.patience: Patience = RecordedWaits(0, 0, lambda _: None, readings, self._stop_where_it_stopped)

    def client(self, service: str, *, principal: Principal | None = None, region: str | None = None) -> BaseClient:
        """Return a client that is answered from the record."""
        client: Any = self._provider.shared_client(service, region or self.region)
        name = principal.name if principal else ADMINISTRATOR

        def make_api_call(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
            made = Call(service, operation, client.meta.region_name, name, self.references.normal(parameters))
            return self._answer(client, made)

        copy: BaseClient = object.__new__(type(client))
        copy.__dict__.update(client.__dict__, _make_api_call=make_api_call)
        return copy

    def principal(self, name: str, policy: PolicyDocument) -> Principal:  # noqa: ARG002 - not in the record
        """Return somebody of the name; whoever was made made a call, unless making them failed."""
        self._stop_where_it_stopped()
        self._principals += 1
        return Principal(name, f"AKIA{self._principals:016}", "replayed")

    def unique_name(self, noun: str) -> str:
        """Return the name that was made up at this point."""
        name = next(self._names, None)
        if name is None:
            raise ProviderTrouble(f"differs from the record, which has no further name for: {noun}")
        return name

    def finished(self, result: ScenarioResult) -> ScenarioResult:
        """Return the result with the record's times in place of those of the replay.

        A scenario that passes without having made all recorded calls is none: nobody can tell what they were for.
        """
        recorded = self._recorded
        whole = all(step.verdict is Verdict.PASS for step in result.steps)
        if whole and self._given < len(recorded.exchanges):
            left = recorded.exchanges[self._given]
            said = f"differs from the record, which goes on with exchange {left.number}, {_called(Call.of(left))}"
            result = msgspec.structs.replace(result, verdict=Verdict.ERROR, reason=said)
        durations = {step: old.duration_ms for step, old in enumerate(recorded.steps)}
        return msgspec.structs.replace(
            result,
            started=recorded.started,
            duration_ms=recorded.duration_ms,
            steps=[
                msgspec.structs.replace(step, duration_ms=durations.get(place, 0.0) if step.verdict else 0.0)
                for place, step in enumerate(result.steps)
            ],
            exchanges=[self._timed(place, exchange) for place, exchange in enumerate(result.exchanges)],
            waits=[
                msgspec.structs.replace(wait, seconds=old.seconds if old.readings == wait.readings else 0.0)
                for wait, old in zip(result.waits, recorded.waits, strict=False)
            ],
        )

    def _timed(self, place: int, exchange: Exchange) -> Exchange:
        if place >= self._given:
            return msgspec.structs.replace(exchange, duration_ms=0.0)
        # What is neither matched nor judged comes from the record: times, attempts, request ids.
        judged = {name: getattr(exchange, name) for name in ("principal", "parameters", "answer", "error")}
        return msgspec.structs.replace(self._recorded.exchanges[place], **judged)

    def _stop_where_it_stopped(self) -> None:
        """End as the record does if it ends here, and not with a call: somebody could not be made, or time was up.

        A step that stopped by a failed check is not meant: that check is made again.
        """
        stopped = next((step for step in self._recorded.steps if step.verdict is not Verdict.PASS), None)
        over = self._given == len(self._recorded.exchanges)
        if over and stopped is not None and stopped.verdict and all(check.ok for check in stopped.checks):
            raise JudgedBefore(self.references.restored(stopped.message), stopped.verdict)

    def _answer(self, client: Any, made: Call) -> dict[str, Any]:  # noqa: ANN401 - botocore types no internals
        if self._given == len(self._recorded.exchanges):
            raise ProviderTrouble(f"differs from the record, which ends before {_called(made)}")
        exchange = self._recorded.exchanges[self._given]
        said = first_difference(Call.of(exchange), made)
        if said:
            raise ProviderTrouble(f"differs from the record at exchange {exchange.number}: {said}")
        self._given += 1
        if exchange.error is not None:
            raise self._error(client, exchange)
        body: dict[str, Any] = self.references.restored(exchange.answer or {})
        return {**body, "ResponseMetadata": {"HTTPStatusCode": 200, "RetryAttempts": exchange.attempts - 1}}

    def _error(self, client: Any, exchange: Exchange) -> Exception:  # noqa: ANN401 - as above
        assert exchange.error is not None
        code, status = exchange.error.code, exchange.error.status
        message = self.references.restored(exchange.error.message)
        # A command of the AWS CLI tells no status of a refusal.
        printed = getattr(exchange, "command", None) is not None and code != ProviderTrouble.__name__
        if status or printed:
            answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
            refusal: Exception = client.exceptions.from_code(code)(answer, exchange.operation)
            return refusal
        kinds = (NotImplementedError, ConnectionRefusedByGuard, ProviderTrouble)
        known = {kind.__name__: kind for kind in kinds}
        # Whatever a client or an in-process product raised: its name and its words are all that is judged.
        raised: Exception = (known.get(code) or type(code, (Exception,), {}))(message)
        return raised


class RecordedWaits(Patience, frozen=True):
    """Waits as long as the recorded scenario did, in readings, and not a moment by the clock.

    Attributes
    ----------
    readings
        How often each wait read, the last wait first.
    time_is_up
        Called where a wait ends in vain.

    """

    readings: list[int] = msgspec.field(default_factory=list)
    time_is_up: Callable[[], None] = lambda: None

    def until(self, done: Callable[[T], bool], read: Callable[[], T]) -> T:
        """Read as often as was read, or until `done` is content, and return the last reading."""
        left = self.readings.pop() if self.readings else 1
        reading = read()
        while not done(reading):
            left -= 1
            if left < 1:
                self.time_is_up()
                break
            reading = read()
        return reading


class RestoredReferences(References):
    """References that can be turned back: into values of the right form, each normalised to the same reference."""

    def restored(self, value: Any) -> Any:  # noqa: ANN401 - any JSON-like value goes in and comes out
        """Return the value with something in the place of each reference."""
        if isinstance(value, dict):
            return {name: self.restored(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.restored(item) for item in value]
        if value == "<time>":
            return SOME_TIME
        return REFERENCE.sub(self._value, value) if isinstance(value, str) else value

    def _value(self, match: re.Match[str]) -> str:
        kind, number = match["kind"], int(match["number"] or 0)
        if match[0] == "<account>":
            return self.account_id
        if match[0] == "<access-key>":
            return f"AKIA{0:016}"
        for value, reference in self._known.items():
            if reference == match[0]:
                return value
        value = _made_up(kind, number)
        if value:
            self._known[value] = match[0]
            self._counts[kind] = max(self._counts.get(kind, 0), number)
        return value or match[0]


def _made_up(kind: str, number: int) -> str:
    """Return a value of the form that a kind of reference is made of; empty for a kind that there is not."""
    if kind in PREFIXES:
        return f"{PREFIXES[kind]}{number:017}"
    if kind in {"sg", "vpc", "subnet", "eni"}:
        return f"{kind}-{number:017x}"
    if kind == "db-resource-id":
        return f"db-{number:026}"
    versions = {"uuid": 4000, "job-id": 4001}
    return f"00000000-0000-{versions[kind]}-8000-{number:012x}" if kind in versions else ""


@dataclass(frozen=True)
class Call:
    """A call as far as it has to be the recorded one: all but the answer, normalised."""

    service: str
    operation: str
    region: str
    principal: str
    parameters: dict[str, Any]

    @classmethod
    def of(cls, exchange: Exchange) -> Call:
        """Return what was called in an exchange."""
        return cls(exchange.service, exchange.operation, exchange.region, exchange.principal, exchange.parameters)


def first_difference(recorded: Call, made: Call) -> str:
    """Return in what a call differs from the recorded one, in words; empty if it does not."""
    if (recorded.service, recorded.operation) != (made.service, made.operation):
        return f"the record has {_called(recorded)}, and not {_called(made)}"
    for what in ("region", "principal"):
        was, now = getattr(recorded, what), getattr(made, what)
        if was != now:
            return f"{_called(made)}: the {what} was {was!r} and is {now!r}"
    for name in sorted({*recorded.parameters, *made.parameters}):
        was, now = (call.parameters.get(name, "left out") for call in (recorded, made))
        if was != now:
            return f"{_called(made)}: {name} was {_brief(was)} and is {_brief(now)}"
    return ""


def split(argument: str) -> tuple[Path, str]:
    """Return the file that is named behind `replay:`, and the name of the provider behind its `#`."""
    if "#" in argument and not Path(argument).exists():
        file, _, provider = argument.partition("#")
        return Path(file), provider
    return Path(argument), ""


def _chosen(run: Run, asked: str, file: Path) -> ProviderInfo:
    names = [provider.name for provider in run.providers]
    if not asked and len(names) == 1:
        return run.providers[0]
    if asked in names:
        return run.providers[names.index(asked)]
    problem = f"no provider {asked!r} in this record" if asked else "the record is of several providers"
    hint = " or ".join(f"{NAME}:{file}#{name}" for name in names)
    raise UsageError(problem, where=(file, None), hint=hint)


def _unused_account_id(run: Run) -> str:
    """Return twelve digits that stand nowhere in the record, so that they mean the account and nothing else."""
    text = encode(run).decode()
    return next(str(number) for number in range(210_000_000_000, 220_000_000_000) if str(number) not in text)


def _called(call: Call) -> str:
    return f"{call.service} {call.operation}"


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= BRIEF else f"{text[:BRIEF]}…"
