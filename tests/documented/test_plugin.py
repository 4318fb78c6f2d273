"""The fixture, the marker and the guard, in a test suite that knows nothing of slrspec's own tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import run_pytest

SUITE = '''
import boto3
import pytest
from moto import mock_aws

SMALL = {"DBInstanceClass": "db.t4g.micro", "Engine": "mysql", "AllocatedStorage": 20,
         "MasterUsername": "somebody", "MasterUserPassword": "not-a-real-password"}


def client(service):
    return boto3.client(service, region_name="us-east-1")


def clean_up(iam):
    """What is tested: somebody's script that deletes service-linked roles."""
    for role in iam.list_roles(PathPrefix="/aws-service-role/")["Roles"]:
        task = iam.delete_service_linked_role(RoleName=role["RoleName"])["DeletionTaskId"]
        assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"


def prepare():
    client("iam").create_service_linked_role(AWSServiceName="rds.amazonaws.com")
    client("rds").create_db_instance(DBInstanceIdentifier="db", **SMALL)


@mock_aws
def test_on_moto():
    prepare()
    clean_up(client("iam"))


@pytest.mark.documented_aws
def test_marked():
    prepare()
    clean_up(client("iam"))


def test_with_the_fixture(documented_aws):
    prepare()
    documented_aws.break_("instances-do-not-block")
    clean_up(client("iam"))


@pytest.mark.documented_aws(edition="v14", creating=1)
class TestMarked:
    def test_one(self, documented_aws):
        assert documented_aws.setting.edition == "v14"
        prepare()
        states = [client("rds").describe_db_instances()["DBInstances"][0]["DBInstanceStatus"] for _ in range(2)]
        assert states == ["creating", "available"]

    def test_two(self):
        assert client("iam").list_roles()["Roles"] == []


@mock_aws
def test_ordinary():
    client("iam").create_user(UserName="u")
    assert client("iam").list_roles()["Roles"] == []
'''


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "test_suite.py").write_text(SUITE)
    return tmp_path


def test_the_clean_up_script_passes_on_moto_and_is_caught_here(suite: Path) -> None:
    run = run_pytest("-rA", cwd=suite)
    assert run.returncode == 1
    assert "FAILED test_suite.py::test_marked" in run.stdout
    assert "1 failed, 5 passed" in run.stdout


def test_the_guard_fails_what_leans_on_moto_s_deviations(suite: Path) -> None:
    run = run_pytest("--slr-guard=fail", cwd=suite)
    assert "FAILED test_suite.py::test_on_moto" in run.stdout
    assert "RDS-DEL-01  The role stays as long as any DB instance exists" in run.stdout
    assert "DeleteServiceLinkedRole deleted a role in use; on AWS the task fails" in run.stdout
    assert "2 failed, 4 passed" in run.stdout
    assert "test_ordinary: " not in run.stdout


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_the_guard_can_do_no_more_than_list(suite: Path, workers: list[str]) -> None:
    run = run_pytest("--slr-guard=mark", "--junitxml=report.xml", *workers, cwd=suite)
    assert "1 failed, 5 passed" in run.stdout
    assert "test_suite.py::test_on_moto: RDS-DEL-01: DeleteServiceLinkedRole" in run.stdout
    assert "1 test leans on documented rules that moto breaks" in run.stdout
    assert 'name="slr_guard" value="RDS-DEL-01' in (suite / "report.xml").read_text()


GUARDED = """
import json
import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

SMALL = {"DBInstanceClass": "db.t4g.micro", "Engine": "mysql", "AllocatedStorage": 20,
         "MasterUsername": "somebody", "MasterUserPassword": "not-a-real-password"}
RDS = "rds.amazonaws.com"


@mock_aws
@pytest.mark.parametrize("deed", ["edit", "undecided", "missing", "duplicate", "assume", "policy", "fails itself"])
def test_deed(deed):
    iam, rds = (boto3.client(name, region_name="us-east-1") for name in ("iam", "rds"))
    if deed == "undecided":
        rds.create_db_instance(DBInstanceIdentifier="db", **SMALL)
        rds.delete_db_instance(DBInstanceIdentifier="db")
        return
    if deed == "missing":
        rds.create_db_instance(DBInstanceIdentifier="db", **SMALL)
        with pytest.raises(ClientError):
            iam.get_role(RoleName="AWSServiceRoleForRDS")
        return
    role = iam.create_service_linked_role(AWSServiceName=RDS)["Role"]
    if deed == "edit":
        iam.update_role(RoleName=role["RoleName"], MaxSessionDuration=7200)
    elif deed == "duplicate":
        with pytest.raises(ClientError):
            iam.create_service_linked_role(AWSServiceName=RDS)
    elif deed == "assume":
        boto3.client("sts", region_name="us-east-1").assume_role(RoleArn=role["Arn"], RoleSessionName="somebody")
    elif deed == "policy":
        assert iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"] == []
    else:
        assert not role
"""


def test_the_guard_names_the_rule(tmp_path: Path) -> None:
    (tmp_path / "test_guarded.py").write_text(GUARDED)
    run = run_pytest("--slr-guard=mark", cwd=tmp_path)
    listed: dict[str, set[str]] = {}
    for line in run.stdout.splitlines():
        if "]: RDS" in line:
            nodeid, rule, _ = line.split(": ", 2)
            listed.setdefault(nodeid.partition("[")[2][:-1], set()).add(rule)
    assert listed == {
        "edit": {"RDS-PER-01", "RDS-EDT-07"},
        "undecided": {"RDS-DEL-20"},
        "missing": {"RDS-CRE-02"},
        "duplicate": {"RDS-PER-01", "RDS-COM-01"},
        "assume": {"RDS-PER-01", "RDS-INT-06"},
        "policy": {"RDS-PER-01", "RDS-INT-08"},
        "fails itself": {"RDS-PER-01"},
    }


def test_a_wrong_marker_is_said_before_anything_runs(tmp_path: Path) -> None:
    for wrong in ('edition="yesterday"', 'faults=["tag-lots"]', "lag=-1", "nonsense=1"):
        (tmp_path / "test_wrong.py").write_text(
            f"import pytest\n@pytest.mark.documented_aws({wrong})\ndef test(): pass\n"
        )
        run = run_pytest("-q", cwd=tmp_path)
        assert run.returncode == 4, run.stdout
        assert "marker documented_aws" in run.stdout + run.stderr
        assert "Traceback" not in run.stdout + run.stderr


def test_whoever_uses_none_of_it_pays_for_none_of_it(tmp_path: Path) -> None:
    (tmp_path / "test_modules.py").write_text(
        "import sys\ndef test(): assert not {'moto', 'boto3', 'slrspec.documented.behaviour'} & set(sys.modules)\n"
    )
    assert run_pytest("-q", cwd=tmp_path).returncode == 0
