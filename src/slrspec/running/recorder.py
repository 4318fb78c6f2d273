"""Recording every call of a scenario, step by step."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slrspec.running.command_line import COMMANDS, answer_of
from slrspec.running.normal import References
from slrspec.running.results import ErrorAnswer, Exchange
from slrspec.running.trouble import answered_error, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from botocore.client import BaseClient

    from slrspec.providers.aws_cli import Ran
    from slrspec.providers.contract import Account, Patience, PolicyDocument, Principal
    from slrspec.running.command_line import CommandLine

ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class Outcome:
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
    """The exchanges of one scenario, in the order in which they happened.

    Parameters
    ----------
    account_id
        Twelve digits.
    command_line
        What makes the calls that go through the AWS CLI; None for a scenario in which none does.

    """

    def __init__(self, account_id: str, command_line: CommandLine | None = None) -> None:
        self.command_line = command_line
        self.references = References(account_id)
        self.exchanges: list[Exchange] = []

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
                    )
                )

        copy: BaseClient = object.__new__(type(client))
        copy.__dict__.update(client.__dict__, _make_api_call=make_api_call)
        return copy

    def _normal_error(self, error: ErrorAnswer) -> ErrorAnswer:
        return ErrorAnswer(code=error.code, message=self.references.text(error.message), status=error.status)


class RecordedAccount:
    """A provider's account whose clients are recorded: what steps talk to."""

    def __init__(self, account: Account, recorder: Recorder) -> None:
        self._account = account
        self._recorder = recorder
        self._clients: dict[tuple[str, str, str], Any] = {}
        self.account_id: str = account.account_id
        self.region: str = account.region
        self.second_region: str = account.second_region
        self.patience: Patience = account.patience

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
        return self._account.unique_name(noun)

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


def _milliseconds(begun: float) -> float:
    return round((time.perf_counter() - begun) * 1000, 3)
