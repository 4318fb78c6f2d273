"""`slrspec serve`, and three real clients of it: boto3, the AWS CLI, and AWS's SDK for JavaScript."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

NAME = "AWSServiceRoleForRDS"
INSTANCE = ["--db-instance-identifier", "db"]
SMALL: dict[str, Any] = {
    "DBInstanceClass": "db.t4g.micro",
    "Engine": "mysql",
    "AllocatedStorage": 20,
    "MasterUsername": "somebody",
    "MasterUserPassword": "not-a-real-password",
}


@contextmanager
def served(*options: str) -> Iterator[str]:
    """Run the command as a user would, and stop it as a user would."""
    command = [sys.executable, "-u", "-m", "slrspec", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            assert "http://" in line, (
                process.stderr.read() if process.stderr and process.poll() is not None else line
            )
            yield line.split(" on ")[1].split()[0]
        finally:
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (0, "stopped\n")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served() as where:
        yield where


@pytest.fixture(autouse=True)
def fresh(url: str) -> None:
    control(url, "POST", "reset")


def control(url: str, method: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/slrspec/{path}", data, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def client(url: str, service: str) -> Any:
    make: Any = boto3.client
    return make(
        service,
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


def deletion(iam: Any) -> Any:
    task = iam.delete_service_linked_role(RoleName=NAME)["DeletionTaskId"]
    return iam.get_service_linked_role_deletion_status(DeletionTaskId=task)


def test_boto3_is_told_the_story(url: str) -> None:
    iam, rds = client(url, "iam"), client(url, "rds")
    rds.create_db_instance(DBInstanceIdentifier="db", **SMALL)
    assert iam.get_role(RoleName=NAME)["Role"]["Path"] == "/aws-service-role/rds.amazonaws.com/"
    assert deletion(iam)["Status"] == "FAILED"
    rds.delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)
    assert deletion(iam)["Status"] == "SUCCEEDED"
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_role(RoleName=NAME)


def test_rules_can_be_broken_and_mended_over_http(url: str) -> None:
    iam, rds = client(url, "iam"), client(url, "rds")
    rds.create_db_instance(DBInstanceIdentifier="db", **SMALL)
    assert control(url, "POST", "faults/instances-do-not-block")["faults"] == ["instances-do-not-block"]
    assert [one["id"] for one in control(url, "GET", "faults") if one["on"]] == ["instances-do-not-block"]
    assert deletion(iam)["Status"] == "SUCCEEDED"
    assert control(url, "DELETE", "faults/instances-do-not-block")["faults"] == []
    iam.create_service_linked_role(AWSServiceName="rds.amazonaws.com")
    assert deletion(iam)["Status"] == "FAILED"


def test_the_pace_can_be_changed_and_reset(url: str) -> None:
    iam = client(url, "iam")
    iam.create_service_linked_role(AWSServiceName="rds.amazonaws.com")
    assert control(url, "POST", "pace", {"pending": 3})["pace"]["pending"] == 3
    assert deletion(iam)["Status"] == "IN_PROGRESS"
    assert control(url, "POST", "reset")["pace"]["pending"] == 0
    assert iam.list_roles()["Roles"] == []


def test_a_service_s_session_can_be_played(url: str) -> None:
    iam = client(url, "iam")
    iam.create_service_linked_role(AWSServiceName="rds.amazonaws.com")
    session = control(url, "POST", "sessions", {"region": "eu-west-1", "services": ["ec2"]})["id"]
    failed = deletion(iam)
    assert failed["Reason"]["RoleUsageList"][0]["Region"] == "eu-west-1"
    control(url, "DELETE", f"sessions/{session}")
    assert deletion(iam)["Status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "faults/tag-lots", None, 400),
        ("POST", "nowhere", None, 404),
        ("DELETE", "sessions/none", None, 404),
        ("POST", "pace", {"lag": "much"}, 400),
        ("POST", "pace", {"lag": -1}, 400),
        ("POST", "pace", ["lag"], 400),
        ("POST", "sessions", {"role": "nobody"}, 400),
    ],
)
def test_requests_that_mean_nothing_are_told_so(url: str, method: str, path: str, body: Any, status: int) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        control(url, method, path, body)
    assert caught.value.code == status
    assert json.load(caught.value)["error"]


def test_accounts_are_kept_apart_and_users_are_checked(url: str) -> None:
    iam = client(url, "iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    make: Any = boto3.client
    theirs = make(
        "iam",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        theirs.create_service_linked_role(AWSServiceName="rds.amazonaws.com")


def test_it_can_start_broken_slow_and_in_another_edition() -> None:
    with served("--fault", "name-from-host", "--pending", "1", "--edition", "v14") as where:
        state = control(where, "GET", "")
        assert (state["faults"], state["edition"], state["pace"]["pending"]) == (["name-from-host"], "v14", 1)
        made = client(where, "iam").create_service_linked_role(AWSServiceName="rds.amazonaws.com")["Role"]
        assert made["RoleName"] == "AWSServiceRoleForrds"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--fault", "tag-lots"], "unknown fault 'tag-lots'"),
        (["--edition", "yesterday"], "no version of the policy for 'yesterday'"),
        (["--port", "70000"], "70000 is not in the range"),
        (["--host", "no.such.host.invalid"], "cannot listen on no.such.host.invalid"),
    ],
)
def test_what_cannot_be_served_is_one_line(options: list[str], said: str) -> None:
    command = [sys.executable, "-m", "slrspec", "serve", *options]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 2
    assert said in run.stderr
    assert run.stderr.count("\n") == 1


def test_a_port_in_use_is_one_line(url: str) -> None:
    command = [sys.executable, "-m", "slrspec", "serve", "--port", url.rpartition(":")[2]]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert "cannot listen on 127.0.0.1" in run.stderr


# ---- clients that are no Python of ours


def _installed(variable: str, otherwise: str | None) -> str:
    found = os.environ.get(variable) or otherwise
    if not found:
        pytest.skip(f"{variable} names none; .ci/run installs it")
    return found


def test_the_aws_cli_is_told_the_story(url: str, tmp_path: Path, aws_cli: str) -> None:
    # A call that strayed would meet a proxy that nobody answers at, and no credentials of anybody.
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    def aws(*arguments: str) -> tuple[int, Any]:
        command = [aws_cli, "--endpoint-url", url, "--output", "json", *arguments]
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environment)
        return run.returncode, json.loads(run.stdout) if run.stdout.strip() else run.stderr

    status = ["iam", "get-service-linked-role-deletion-status", "--deletion-task-id"]
    role = ["--role-name", NAME]
    made = ["--db-instance-class", "db.t4g.micro", "--engine", "mysql", "--allocated-storage", "20"]
    keys = ["--master-username", "somebody", "--master-user-password", "not-a-real-password"]
    assert aws("rds", "create-db-instance", *INSTANCE, *made, *keys)[0] == 0
    assert aws("iam", "get-role", *role)[1]["Role"]["Path"] == "/aws-service-role/rds.amazonaws.com/"
    code, said = aws("iam", "put-role-policy", *role, "--policy-name", "p", "--policy-document", "{}")
    assert code != 0
    assert "UnmodifiableEntity" in said
    task = aws("iam", "delete-service-linked-role", *role)[1]["DeletionTaskId"]
    assert aws(*status, task)[1]["Status"] == "FAILED"
    assert "InvalidParameterCombination" in aws("rds", "delete-db-instance", *INSTANCE)[1]
    assert aws("rds", "delete-db-instance", *INSTANCE, "--skip-final-snapshot")[0] == 0
    task = aws("iam", "delete-service-linked-role", *role)[1]["DeletionTaskId"]
    assert aws(*status, task)[1]["Status"] == "SUCCEEDED"
    assert "NoSuchEntity" in aws("iam", "get-role", *role)[1]


def test_the_sdk_for_javascript_is_told_the_story(url: str, tmp_path: Path) -> None:
    modules = _installed("SLRSPEC_NODE_MODULES", None)
    node = _installed("SLRSPEC_NODE", shutil.which("node"))
    story = Path(__file__).parent / "node" / "story.mjs"
    run = subprocess.run(
        [node, str(story), url, modules], capture_output=True, text=True, check=False, timeout=120, cwd=tmp_path
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {
        "path": "/aws-service-role/rds.amazonaws.com/",
        "edit": {"error": "UnmodifiableEntityException", "status": 400},
        "used": "FAILED",
        "undecided": {"error": "InvalidParameterCombination", "status": 400},
        "unused": "SUCCEEDED",
        "gone": {"error": "NoSuchEntityException", "status": 404},
    }
