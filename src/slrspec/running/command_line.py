"""Calls that go through the AWS CLI: from call to command, and from what it printed to an answer or a refusal.

In a scenario tagged `@cli` these are the calls that delete, and look how a deletion fares. Whatever prepares and
whatever looks what became of it stays with the API, so that the one is held against the other.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from slrspec.providers.aws_cli import STARTING, Ran, find_cli, options_of, run
from slrspec.running.results import Command
from slrspec.running.trouble import ProviderTrouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.client import BaseClient

    from slrspec.providers.contract import Door
    from slrspec.running.normal import References

TAG = "cli"
COMMANDS = frozenset(
    {"DeleteDBInstance", "DeleteRole", "DeleteServiceLinkedRole", "GetServiceLinkedRoleDeletionStatus"}
)
ENDPOINT = "<endpoint>"
GLOBAL = {"aws-global": "us-east-1"}
# As botocore's ClientError words itself, which both versions of the CLI print; version 2 adds details below.
REFUSED = re.compile(
    r"An error occurred \((?P<code>[^)]+)\) when calling the \w+ operation(?: \([^)]*\))?: "
    r"(?P<message>.*?)\s*(?:\n\s*Additional error details:.*)?\Z",
    re.DOTALL,
)
# What the CLI would read from a file or a URL, or take for an option; names and ids come from the provider.
NOT_PLAIN = re.compile(r"-|(file|fileb|https?)://")
LAST_WORDS = 300
Exchanged = tuple[Mapping[str, Any], Mapping[str, Any] | None]


class CommandLine:
    """The AWS CLI, let into one account.

    Parameters
    ----------
    door
        Returns where and as whom it gets in; asked at the first command.

    """

    def __init__(self, door: Callable[[], Door]) -> None:
        self._open = door
        self._door: Door | None = None

    @property
    def door(self) -> Door:
        """Where it gets in."""
        if self._door is None:
            self._door = self._open()
        return self._door

    def run(self, client: BaseClient, operation: str, parameters: Mapping[str, Any], program: str = "") -> Ran:
        """Make a call of a client by the command that makes it; by the AWS CLI that is here, or by a given one."""
        arguments = self._words(client, operation, parameters)
        return run(program or find_cli(), arguments, door=self.door, within=STARTING + 2 * self.door.timeout)

    def evidence(
        self,
        client: BaseClient,
        operation: str,
        exchange: Exchanged,
        ran: Ran,
        references: References,
    ) -> Command:
        """Return what is kept of a command, with references in the place of what is secret, generated or timed.

        Parameters
        ----------
        exchange
            Parameters and answer as they are recorded, so that nothing else of them can get into the evidence.

        """
        sent, answer = exchange

        def normal(text: str) -> str:
            return references.text(text).replace(self.door.url, ENDPOINT)

        words = ["aws", *self._words(client, operation, sent)]
        return Command(
            line=normal(shlex.join(words)),
            exit_code=ran.exit_code,
            stdout=f"{json.dumps(answer, indent=4, ensure_ascii=False)}\n" if answer else normal(ran.stdout),
            stderr=normal(ran.stderr),
        )

    def _words(self, client: BaseClient, operation: str, parameters: Mapping[str, Any]) -> list[str]:
        service = client.meta.service_model.service_name
        return [service, *command_of(operation, parameters), *options_of(self.door, region_of(client))]


def region_of(client: BaseClient) -> str:
    """Return the Region that a command names; the CLI knows none for services that have but one."""
    region: str = client.meta.region_name
    return GLOBAL.get(region, region)


def command_of(operation: str, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Return command and options for an operation and its parameters, as the CLI names them.

    Raises
    ------
    ProviderTrouble
        For a value that the CLI would not take as it stands.

    """
    from botocore import xform_name

    words = [xform_name(operation, "-")]
    for name, value in parameters.items():
        option = xform_name(name, "-")
        if isinstance(value, str) and NOT_PLAIN.match(value):
            raise ProviderTrouble(f"{operation}: no command can say {name} {value!r}")
        if isinstance(value, bool):
            words.append(f"--{option}" if value else f"--no-{option}")
        else:
            words += [f"--{option}", value if isinstance(value, str) else json.dumps(value)]
    return tuple(words)


def answer_of(ran: Ran, client: BaseClient, operation: str) -> dict[str, Any]:
    """Return the answer that a command printed, times as botocore has them.

    Raises
    ------
    ClientError
        If it printed that the service has refused. The CLI does not tell the HTTP status, so there is none.
    ProviderTrouble
        If it ended in any other way.

    """
    from botocore.exceptions import ClientError

    if ran.exit_code is None:
        raise ProviderTrouble(f"{operation}: the AWS CLI had not ended in time, and was stopped")
    if ran.exit_code == 0:
        try:
            printed = json.loads(ran.stdout) if ran.stdout.strip() else {}
            answer = _timed(printed, client.meta.service_model.operation_model(operation).output_shape)
        except ValueError as error:
            raise ProviderTrouble(f"{operation}: the AWS CLI printed no answer: {_brief(ran.stdout)}") from error
        if not isinstance(answer, dict):
            raise ProviderTrouble(f"{operation}: the AWS CLI printed no answer: {_brief(ran.stdout)}")
        return answer
    if match := REFUSED.search(ran.stderr):
        code = match["code"]
        # Where the service has sent no code, botocore takes the HTTP status for it.
        metadata = {"HTTPStatusCode": int(code) if code.isdigit() else 0}
        raise ClientError(
            {"Error": {"Code": code, "Message": match["message"]}, "ResponseMetadata": metadata},  # type: ignore[typeddict-item]
            operation,
        )
    raise ProviderTrouble(f"{operation}: the AWS CLI ended with {ran.exit_code}: {_brief(ran.stderr)}")


def _timed(value: Any, shape: Any) -> Any:  # noqa: ANN401 - JSON, and botocore's shapes have no types
    """Return what was printed with times in the place of their texts."""
    from botocore.utils import parse_timestamp

    kind = getattr(shape, "type_name", "")
    if kind == "structure" and isinstance(value, dict):
        return {name: _timed(item, shape.members.get(name)) for name, item in value.items()}
    if kind == "list" and isinstance(value, list):
        return [_timed(item, shape.member) for item in value]
    if kind == "timestamp" and isinstance(value, str):
        return parse_timestamp(value)
    return value


def _brief(text: str) -> str:
    return " ".join(text.split())[-LAST_WORDS:] or "it said nothing"
