"""Recording every call of a scenario, step by step."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from slrspec.running.command_line import COMMANDS, answer_of
from slrspec.running.normal import References
from slrspec.running.results import ErrorAnswer, Exchange, Wait
from slrspec.running.trouble import ProviderTrouble, answered_error, judged

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.client import BaseClient

    from slrspec.providers.aws_cli import Ran
    from slrspec.providers.contract import Account, Patience, PolicyDocument, Principal, T
    from slrspec.running.command_line import CommandLine

ADMINISTRATOR = "administrator"


class Outcome(Struct, frozen=True):
    """How one call ended: answered, or refused.

    Attributes
    ----------
    operation
        IAM's or RDS's name of the call, `PutRolePolicy`.
    exchange
        Number of the exchange within the scenario.
    answer
        The provider's answer; None if it refused.
    refusal
        Code, message and status as the provider gave them; None if it answered.

    """

    operation: str
    exchange: int
    answer: Mapping[str, Any] | None = None
    refusal: ErrorAnswer | None = None

    def __str__(self) -> str:
        return "accepted" if self.refusal is None else str(self.refusal)


class Recorder:
    """The exchanges of one scenario, in the order in which they happened, with its waits and its made-up names.

    Parameters
    ----------
    account_id
        Twelve digits.
    command_line
        What makes the calls that go through the AWS CLI; None for a scenario in which none does.
    references
        The scenario's references, where the account has some of its own.
    request_ids
        Whether to keep the provider's ids of the calls.

    """

    def __init__(
        self,
        account_id: str,
        command_line: CommandLine | None = None,
        *,
        references: References | None = None,
        request_ids: bool = False,
    ) -> None:
        self.command_line = command_line
        self.references = references or References(account_id)
        self.exchanges: list[Exchange] = []
        self.waits: list[Wait] = []
        self.names: list[str] = []
        self._request_ids = request_ids

    def recording(self, client: Any, principal: str) -> BaseClient:  # noqa: ANN401 - botocore types no internals
        """Return a copy of a client that records each of its calls, those of paginators and waiters too."""
        service = client.meta.service_model.service_name
        region = client.meta.region_name
        # Whoever has a policy of their own keeps to the API: the door is the administrator's.
        commands = self.command_line if principal == ADMINISTRATOR else None

        def make_api_call(operation: str, parameters: dict[str, Any]) -> Any:  # noqa: ANN401 - botocore's signature
            begun = time.perf_counter()
            answer: dict[str, Any] = {}
            error: ErrorAnswer | None = None
            ran: Ran | None = None
            try:
                if commands and operation in COMMANDS:
                    ran = commands.run(client, operation, parameters)
                    answer = answer_of(ran, client, operation)
                else:
                    answer = client._make_api_call(operation, parameters)  # noqa: SLF001
            except Exception as raised:
                error = answered_error(raised)
                response = getattr(raised, "response", None)
                answer = response if isinstance(response, dict) else {}
                replaced = judged(raised, operation)
                if replaced is raised:
                    raise
                raise replaced from raised
            else:
                return answer
            finally:
                metadata = answer.get("ResponseMetadata", {})
                body = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
                sent = self.references.normal(parameters)
                got = None if error else self.references.normal(body)
                self.exchanges.append(
                    Exchange(
                        number=len(self.exchanges) + 1,
                        service=service,
                        operation=operation,
                        region=region,
                        principal=principal,
                        parameters=sent,
                        duration_ms=_milliseconds(begun),
                        attempts=1 + int(metadata.get("RetryAttempts", 0)),
                        answer=got,
                        error=error and self._normal_error(error),
                        command=commands.evidence(client, operation, (sent, got), ran, self.references)
                        if commands and ran
                        else None,
                        request_id=str(metadata.get("RequestId", "")) if self._request_ids else "",
                    )
                )

        copy: BaseClient = object.__new__(type(client))
        copy.__dict__.update(client.__dict__, _make_api_call=make_api_call)
        return copy

    def _normal_error(self, error: ErrorAnswer) -> ErrorAnswer:
        return ErrorAnswer(code=error.code, message=self.references.text(error.message), status=error.status)


class RecordedPatience:
    """A provider's patience whose waits are recorded."""

    def __init__(self, patience: Patience, waits: list[Wait]) -> None:
        self._sleep = patience.sleep
        self._patience = msgspec.structs.replace(patience, sleep=self._slept)
        self._waits = waits
        self._seconds = 0.0

    def _slept(self, seconds: float) -> None:
        self._seconds += seconds
        self._sleep(seconds)

    def until(self, done: Callable[[T], bool], read: Callable[[], T]) -> T:
        """Read until `done` is content with the reading or time is up, and return the last reading."""
        place, begun = len(self._waits), self._seconds
        self._waits.append(Wait(readings=0, seconds=0.0, content=False))

        def noted(reading: T) -> bool:
            self._waits[place] = msgspec.structs.replace(self._waits[place], content=done(reading))
            return self._waits[place].content

        def counted() -> T:
            readings, seconds = self._waits[place].readings + 1, round(self._seconds - begun, 3)
            self._waits[place] = Wait(readings=readings, seconds=seconds, content=False)
            return read()

        return self._patience.until(noted, counted)


class RecordedAccount:
    """A provider's account whose clients are recorded: what steps talk to."""

    def __init__(self, account: Account, recorder: Recorder) -> None:
        self._account = account
        self._recorder = recorder
        self._clients: dict[tuple[str, str, str], Any] = {}
        self.account_id: str = account.account_id
        self.region: str = account.region
        self.second_region: str = account.second_region
        self.patience = RecordedPatience(account.patience, recorder.waits)

    def client(self, service: str, *, principal: Principal | None = None, region: str | None = None) -> Any:  # noqa: ANN401
        """Return a recorded client; its type is botocore's, which knows a service's methods only at run time."""
        key = (service, region or self.region, principal.access_key if principal else "")
        if key not in self._clients:
            client = self._account.client(service, principal=principal, region=region)
            name = principal.name if principal else ADMINISTRATOR
            self._clients[key] = self._recorder.recording(client, name)
        return self._clients[key]

    def principal(self, name: str, policy: PolicyDocument) -> Principal:
        """Make someone who has exactly one policy."""
        return self._account.principal(name, policy)

    def unique_name(self, noun: str) -> str:
        """Return a name that nothing else in this account has."""
        name = self._account.unique_name(noun)
        self._recorder.names.append(name)
        return name

    @property
    def calls(self) -> int:
        """How many calls have been made in this scenario so far."""
        return len(self._recorder.exchanges)

    def attempt(self, call: Callable[..., Mapping[str, Any]], **parameters: object) -> Outcome:
        """Make a call that may be refused, and return how it ended.

        Parameters
        ----------
        call
            A method of one of this account's clients.
        parameters
            The call's parameters.

        Raises
        ------
        OperationUnsupported, ProviderTrouble
            If the provider did not answer in a way that can be judged.

        """
        from botocore.exceptions import ClientError

        try:
            answer = call(**parameters)
        except ClientError as error:
            return Outcome(error.operation_name, self.calls, refusal=answered_error(error))
        return Outcome(self._recorder.exchanges[-1].operation, self.calls, answer=answer)

    def prepare(self, call: Callable[..., Mapping[str, Any]], **parameters: object) -> Mapping[str, Any]:
        """Make a call that no rule is about, but that one cannot be tried or checked without; return its answer.

        Raises
        ------
        OperationUnsupported, ProviderTrouble
            Unless it is accepted: nobody can tell about the rule then.

        """
        outcome = self.attempt(call, **parameters)
        if outcome.answer is None:
            raise ProviderTrouble(f"{outcome.operation}, which no rule is about, was refused: {outcome}")
        return outcome.answer


def _milliseconds(begun: float) -> float:
    return round((time.perf_counter() - begun) * 1000, 3)
