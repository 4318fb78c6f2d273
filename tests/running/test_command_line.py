"""From a call to the command that makes it, and from what the command printed to an answer, a refusal, or neither."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.session import get_session

from slrspec.providers.aws_cli import Ran
from slrspec.providers.contract import Door
from slrspec.running.command_line import COMMANDS, CommandLine, answer_of, command_of
from slrspec.running.normal import References
from slrspec.running.trouble import OperationUnsupported, ProviderTrouble, answered_error, judged

DOOR = Door("http://127.0.0.1:5000", "222222222222", "never-told", 10)
SAID = "An error occurred (NoSuchEntity) when calling the DeleteRole operation: Role x not found"


@cache
def client(service: str = "rds") -> Any:
    return get_session().create_client(
        service,
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )


def test_parameters_become_options() -> None:
    parameters = {"DBInstanceIdentifier": "a b", "SkipFinalSnapshot": True, "DeleteAutomatedBackups": False}
    assert command_of("DeleteDBInstance", parameters) == (
        "delete-db-instance",
        "--db-instance-identifier",
        "a b",
        "--skip-final-snapshot",
        "--no-delete-automated-backups",
    )
    task = {"DeletionTaskId": "task/x"}
    assert command_of("GetServiceLinkedRoleDeletionStatus", task)[0] == "get-service-linked-role-deletion-status"
    assert command_of("X", {"Tags": [{"Key": "k"}], "Size": 3}) == ("x", "--tags", '[{"Key": "k"}]', "--size", "3")


def test_each_command_is_an_operation_that_there_is() -> None:
    known = {name for service in ("iam", "rds") for name in client(service).meta.service_model.operation_names}
    assert known >= COMMANDS


def test_times_are_read_as_botocore_reads_them() -> None:
    printed = '{"DBInstance": {"DBInstanceStatus": "deleting", "InstanceCreateTime": "2026-11-25T10:00:00+00:00"}}'
    answer = answer_of(Ran(0, printed, ""), client(), "DeleteDBInstance")
    moment = datetime(2026, 11, 25, 10, tzinfo=UTC)
    assert answer == {"DBInstance": {"DBInstanceStatus": "deleting", "InstanceCreateTime": moment}}
    assert answer_of(Ran(0, "", ""), client("iam"), "DeleteRole") == {}


@pytest.mark.parametrize(
    ("code", "stderr"),
    [
        (255, f"\n{SAID}\n"),  # version 1
        (254, f"\n{SAID}\n"),  # version 2
        (254, f"aws: [ERROR]: {SAID}\n\nAdditional error details:\nType: Sender\n"),  # version 2, of late
        (254, f"warning: something\n{SAID}"),
        (255, f"\n{SAID.replace('operation', 'operation (reached max retries: 0)')}\n"),
    ],
)
def test_what_the_service_refused_is_a_refusal_with_its_code(code: int, stderr: str) -> None:
    with pytest.raises(ClientError) as raised:
        answer_of(Ran(code, "", stderr), client("iam"), "DeleteRole")
    answer = answered_error(raised.value)
    assert (answer.code, answer.message, answer.status) == ("NoSuchEntity", "Role x not found", 0)
    assert judged(raised.value, "DeleteRole") is raised.value


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("InvalidAction", OperationUnsupported),
        ("501", OperationUnsupported),
        ("500", ProviderTrouble),
        ("InternalFailure", ProviderTrouble),
        ("Throttling", ProviderTrouble),
    ],
)
def test_other_errors_of_the_service_are_told_apart_as_those_of_the_api_are(code: str, kind: type) -> None:
    with pytest.raises(ClientError) as raised:
        answer_of(Ran(255, "", SAID.replace("NoSuchEntity", code)), client("iam"), "DeleteRole")
    assert isinstance(judged(raised.value, "DeleteRole"), kind)


@pytest.mark.parametrize(
    ("ran", "said"),
    [
        (Ran(None, "", ""), "had not ended in time"),
        (Ran(0, "<html>", ""), "printed no answer: <html>"),
        (Ran(0, "[]", ""), "printed no answer: []"),
        (
            Ran(255, "", 'Could not connect to the endpoint URL: "http://127.0.0.1:5000/"'),
            "ended with 255: Could not",
        ),
        (Ran(255, "", "Unable to parse response (no element found), invalid XML received"), "Unable to parse"),
        (Ran(252, "", "usage: aws [options]\naws: error: unrecognized arguments"), "ended with 252"),
        (Ran(1, "", ""), "ended with 1: it said nothing"),
    ],
)
def test_every_other_end_is_trouble_and_never_a_refusal(ran: Ran, said: str) -> None:
    with pytest.raises(ProviderTrouble, match="DeleteRole: the AWS CLI") as raised:
        answer_of(ran, client("iam"), "DeleteRole")
    assert said in str(raised.value)
    assert judged(raised.value, "DeleteRole") is raised.value


def test_the_evidence_has_references_for_what_is_secret_and_no_credentials() -> None:
    references = References("222222222222")
    sent = references.normal(
        {"DBInstanceIdentifier": "arn:aws:rds:us-east-1:222222222222:db:x", "AuthToken": "hidden"}
    )
    ran = Ran(255, "", "at http://127.0.0.1:5000/ 222222222222 may not")
    command = CommandLine(lambda: DOOR).evidence(client(), "DeleteDBInstance", (sent, None), ran, references)
    assert command.line.startswith(
        "aws rds delete-db-instance --db-instance-identifier 'arn:aws:rds:us-east-1:<account>:db:x'"
    )
    assert "--endpoint-url <endpoint>" in command.line.replace("'", "")
    assert command.stderr == "at <endpoint>/ <account> may not"
    for hidden in ("222222222222", "hidden", DOOR.secret_key):
        assert hidden not in str(command)


def test_what_was_printed_is_kept_as_it_was_but_for_references() -> None:
    printed = '{\n    "DeletionTaskId": "task/222222222222/é"\n}\n'
    references, role, ran = References("222222222222"), {"RoleName": "x"}, Ran(0, printed, "")
    commands, iam = CommandLine(lambda: DOOR), client("iam")
    answer = references.normal(answer_of(ran, iam, "DeleteServiceLinkedRole"))
    command = commands.evidence(iam, "DeleteServiceLinkedRole", (role, answer), ran, references)
    assert command.stdout == printed.replace("222222222222", "<account>")
    assert (command.exit_code, command.stderr) == (0, "")
    # what could not be understood is kept all the same
    spoiled = commands.evidence(iam, "DeleteRole", (role, None), Ran(0, "<html>", ""), references)
    assert spoiled.stdout == "<html>"


@pytest.mark.parametrize(
    "name", ["file:///etc/hostname", "fileb://x", "http://192.0.2.1/x", "--endpoint-url=http://192.0.2.1", "-x"]
)
def test_a_name_that_the_cli_would_read_as_something_else_is_trouble(name: str) -> None:
    """A provider chooses the role's name; it must not choose a file of this machine, nor where the call goes."""
    with pytest.raises(ProviderTrouble, match="DeleteRole: no command can say RoleName"):
        command_of("DeleteRole", {"RoleName": name})
