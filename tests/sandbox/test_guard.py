"""Nothing leaves the process but what the plan has, on things of the run's own: proved by what reaches a server."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from slrspec.errors import CallRefusedByGuard
from slrspec.sandbox.connection import Connection, SessionCredentials, bare_environment, host_of
from slrspec.sandbox.guard import Guard
from slrspec.sandbox.names import OwnTags, new_run
from slrspec.sandbox.settings import SandboxSettings
from slrspec.steps.db_instance import SMALLEST
from tests.sandbox.faulty_proxy import FaultyProxy, proxied
from tests.sandbox.places import REGIONS, new_account

NOW = datetime(2026, 11, 25, tzinfo=UTC)
RUN = new_run(NOW)
OWN, FOREIGN = f"slrspec-{RUN}-1", "customers-database"
TAGS = OwnTags(RUN, 1, NOW + timedelta(hours=1)).listed()
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Principal": {"Service": "ec2.amazonaws.com"}}]})
ADMINISTRATION = json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
HARMLESS = json.dumps({"Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]})


@dataclass
class Place:
    """A guarded connection, and the proxy that sees what comes of it."""

    connection: Connection
    proxy: FaultyProxy

    @property
    def guard(self) -> Guard:
        return self.connection.guard


@pytest.fixture
def guarded(moto_url: str, tmp_path: Path) -> Iterator[Place]:
    account = new_account()
    with proxied(moto_url, account) as proxy, bare_environment():
        settings = SandboxSettings(
            account_id=account,
            alias="slrspec-sandbox",
            regions=REGIONS,
            role_arn=f"arn:aws:iam::{account}:role/slrspec-runner",
            blocklist=("000000000001",),
            file=tmp_path / "slrspec.toml",
            rehearsal=proxy.url,
        )
        guard = Guard(RUN, account, REGIONS, host_of(settings))
        credentials = SessionCredentials("AKIAEXAMPLE", "secret", None, None)
        yield Place(Connection(settings, credentials, guard), proxy)


def refused(place: Place, deed: Callable[[], Any]) -> str:
    """Make sure that a deed is refused, and that nothing of it was sent."""
    with pytest.raises(CallRefusedByGuard) as refusal:
        deed()
    assert place.proxy.calls == []
    return str(refusal.value)


def permitted(place: Place, *operations: str) -> Any:
    return place.guard.permitted("a scenario", frozenset(operations))


# ---- ways around a client


def test_nothing_may_be_called_without_a_permit(guarded: Place) -> None:
    assert "is not in the plan of nothing" in refused(guarded, guarded.connection.client("iam").list_roles)


def test_what_is_permitted_is_sent(guarded: Place) -> None:
    with permitted(guarded, "iam:ListRoles"):
        guarded.connection.client("iam").list_roles()
    assert [call.operation for call in guarded.proxy.calls] == ["ListRoles"]


def test_another_operation_than_the_declared_is_refused(guarded: Place) -> None:
    with permitted(guarded, "iam:ListRoles"):
        refused(guarded, guarded.connection.client("iam").list_users)


def test_a_raw_call_is_refused(guarded: Place) -> None:
    refused(guarded, lambda: guarded.connection.client("iam")._make_api_call("ListRoles", {}))


def test_a_paginator_is_refused(guarded: Place) -> None:
    refused(guarded, lambda: list(guarded.connection.client("iam").get_paginator("list_roles").paginate()))


def test_a_waiter_is_refused(guarded: Place) -> None:
    waiter = guarded.connection.client("iam").get_waiter("role_exists")
    refused(guarded, lambda: waiter.wait(RoleName=OWN))


def test_a_resource_of_the_same_session_is_refused(guarded: Place) -> None:
    from boto3.session import Session

    session = Session(botocore_session=guarded.connection._session, region_name=REGIONS[0])
    resource = session.resource("iam", endpoint_url=guarded.proxy.url)
    refused(guarded, lambda: list(resource.roles.all()))


def test_a_presigned_url_is_not_even_made(guarded: Place) -> None:
    with permitted(guarded, "rds:DescribeDBInstances"):
        rds = guarded.connection.client("rds")
        refused(guarded, lambda: rds.generate_presigned_url("describe_db_instances"))


def test_a_token_for_a_database_is_not_made(guarded: Place) -> None:
    rds = guarded.connection.client("rds")
    refused(guarded, lambda: rds.generate_db_auth_token(FOREIGN, 3306, "admin", REGIONS[0]))


@pytest.mark.parametrize("service", ["s3", "ec2instanceconnect", "lambda", "organizations"])
def test_a_service_that_no_scenario_needs_has_no_client(service: str, guarded: Place) -> None:
    name = {"ec2instanceconnect": "ec2-instance-connect"}.get(service, service)
    assert "which no scenario needs" in refused(guarded, lambda: guarded.connection.client(name))


def test_a_client_for_another_address_is_refused(guarded: Place) -> None:
    client: Any = guarded.connection._session.create_client(
        "iam", region_name=REGIONS[0], endpoint_url="http://127.0.0.1:9"
    )
    with permitted(guarded, "iam:ListRoles"):
        assert "which is not the sandbox's" in refused(guarded, client.list_roles)


def test_on_aws_everything_goes_to_aws_by_https() -> None:
    guard = Guard(RUN, "111122223333", REGIONS)
    for url in ("https://iam.amazonaws.com/", "https://rds.us-east-1.amazonaws.com/"):
        guard._check_host(url)
    for url in (
        "http://iam.amazonaws.com/",
        "https://iam.amazonaws.com.evil.example/",
        "https://amazonaws.com.evil.example/",
        "https://evilamazonaws.com/",
        "https://iam.amazonaws.com:8443/",
        "https://127.0.0.1/",
    ):
        with pytest.raises(CallRefusedByGuard):
            guard._check_host(url)


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_IAM"])
def test_on_aws_a_redirected_endpoint_is_passed_over(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Even where the environment was not cleared; nothing is sent here."""
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    settings = SandboxSettings(
        account_id="111122223333",
        alias="slrspec-sandbox",
        regions=REGIONS,
        role_arn="arn:aws:iam::111122223333:role/slrspec-runner",
        blocklist=("000000000001",),
        file=tmp_path / "slrspec.toml",
    )
    credentials = SessionCredentials("AKIAEXAMPLE", "secret", None, None)
    connection = Connection(settings, credentials, Guard(RUN, "111122223333", REGIONS))
    assert connection.client("iam").meta.endpoint_url == "https://iam.amazonaws.com"


def test_a_second_session_finds_no_credentials(guarded: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from boto3.session import Session
    from botocore.exceptions import NoCredentialsError

    client: Any = Session(region_name=REGIONS[0]).client("iam", endpoint_url=guarded.proxy.url)
    with pytest.raises(NoCredentialsError):
        client.list_roles()
    assert guarded.proxy.calls == []


def test_the_users_settings_are_out_of_the_environment_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with bare_environment():
        assert not {"AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "https_proxy"} & set(os.environ)
    assert os.environ["AWS_PROFILE"] == "production"


# ---- what is done to which thing

OWN_ROLE = {"RoleName": OWN, "AssumeRolePolicyDocument": TRUST, "Tags": TAGS}
OWN_INSTANCE = {"DBInstanceIdentifier": OWN, **SMALLEST, "Tags": TAGS}
WRONG: list[tuple[str, str, dict[str, Any]]] = [
    ("iam", "CreateRole", {**OWN_ROLE, "RoleName": FOREIGN}),
    ("iam", "CreateRole", {**OWN_ROLE, "RoleName": f"slrspec-{new_run(NOW)}-1"}),
    ("iam", "CreateRole", {**OWN_ROLE, "Tags": TAGS[1:]}),
    ("iam", "CreateRole", {key: value for key, value in OWN_ROLE.items() if key != "Tags"}),
    (
        "iam",
        "CreateRole",
        {**OWN_ROLE, "AssumeRolePolicyDocument": json.dumps({"Statement": [{"Principal": "*"}]})},
    ),
    ("iam", "DeleteRole", {"RoleName": FOREIGN}),
    ("iam", "DeleteRole", {"RoleName": "AWSServiceRoleForRDS"}),
    ("iam", "DeleteServiceLinkedRole", {"RoleName": "AWSServiceRoleForRDS"}),
    ("iam", "DeleteServiceLinkedRole", {"RoleName": "AWSServiceRoleForSupport"}),
    ("iam", "CreateServiceLinkedRole", {"AWSServiceName": "support.amazonaws.com"}),
    ("iam", "UpdateRole", {"RoleName": "AWSServiceRoleForRDS", "Description": "ours"}),
    ("iam", "PutRolePolicy", {"RoleName": OWN, "PolicyName": "x", "PolicyDocument": ADMINISTRATION}),
    ("iam", "PutRolePolicy", {"RoleName": FOREIGN, "PolicyName": "x", "PolicyDocument": HARMLESS}),
    ("iam", "AttachRolePolicy", {"RoleName": OWN, "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
    ("iam", "DeletePolicy", {"PolicyArn": f"arn:aws:iam::999999999999:policy/{OWN}"}),
    ("iam", "CreatePolicy", {"PolicyName": OWN, "PolicyDocument": ADMINISTRATION, "Tags": TAGS}),
    ("iam", "CreateAccessKey", {"UserName": "root-like"}),
    ("iam", "DeleteUser", {"UserName": FOREIGN}),
    ("sts", "AssumeRole", {"RoleArn": f"arn:aws:iam::999999999999:role/{OWN}", "RoleSessionName": "night"}),
    ("rds", "CreateDBInstance", {**OWN_INSTANCE, "DBInstanceIdentifier": FOREIGN}),
    ("rds", "CreateDBInstance", {**OWN_INSTANCE, "Tags": []}),
    ("rds", "CreateDBInstance", {**OWN_INSTANCE, "DBInstanceClass": "db.r6g.16xlarge"}),
    ("rds", "CreateDBInstance", {**OWN_INSTANCE, "Engine": "oracle-ee"}),
    ("rds", "CreateDBInstance", {**OWN_INSTANCE, "AllocatedStorage": 21}),
    ("rds", "CreateDBInstance", {**OWN_INSTANCE, "PubliclyAccessible": True}),
    ("rds", "CreateDBInstance", {**OWN_INSTANCE, "BackupRetentionPeriod": 7}),
    ("rds", "CreateDBInstance", {**OWN_INSTANCE, "MultiAZ": True}),
    ("rds", "CreateDBInstance", {**OWN_INSTANCE, "Iops": 64000}),
    ("rds", "DeleteDBInstance", {"DBInstanceIdentifier": FOREIGN, "SkipFinalSnapshot": True}),
    ("rds", "DeleteDBInstance", {"DBInstanceIdentifier": OWN, "FinalDBSnapshotIdentifier": "theirs"}),
    ("rds", "DeleteDBSnapshot", {"DBSnapshotIdentifier": FOREIGN}),
    ("rds", "ModifyDBInstance", {"DBInstanceIdentifier": OWN, "DeletionProtection": True}),
    ("rds", "ModifyDBInstance", {"DBInstanceIdentifier": OWN, "DBInstanceClass": "db.r6g.16xlarge"}),
    ("rds", "CreateDBCluster", {"DBClusterIdentifier": OWN, "Engine": "aurora-mysql"}),
    ("rds", "PurchaseReservedDBInstancesOffering", {"ReservedDBInstancesOfferingId": "x"}),
    ("ssm", "PutParameter", {"Name": "/customers/password", "Value": "x", "Type": "String"}),
    ("ssm", "PutParameter", {"Name": "/slrspec/lease/1", "Value": "x", "Type": "String", "Overwrite": True}),
    ("ssm", "DeleteParameter", {"Name": "/customers/password"}),
]


@pytest.mark.parametrize(("service", "operation", "given"), WRONG)
def test_a_write_beyond_the_run_is_refused(
    service: str, operation: str, given: dict[str, Any], guarded: Place
) -> None:
    client = guarded.connection.client(service, once=True)
    with permitted(guarded, f"{service}:{operation}"):
        refused(guarded, lambda: client._make_api_call(operation, given))


@pytest.mark.parametrize(
    ("service", "operation", "given"),
    [
        ("iam", "CreateRole", OWN_ROLE),
        ("rds", "CreateDBInstance", OWN_INSTANCE),
        ("iam", "CreateServiceLinkedRole", {"AWSServiceName": "rds.amazonaws.com"}),
        ("ssm", "PutParameter", {"Name": "/slrspec/lease/1", "Value": "x", "Type": "String", "Overwrite": False}),
    ],
)
def test_a_write_of_the_runs_own_is_sent(
    service: str, operation: str, given: dict[str, Any], guarded: Place
) -> None:
    client = guarded.connection.client(service, once=True)
    with permitted(guarded, f"{service}:{operation}"):
        client._make_api_call(operation, given)
    assert [call.operation for call in guarded.proxy.writes] == [operation]


def test_the_service_linked_role_may_be_written_to_where_it_is_the_runs_own(guarded: Place) -> None:
    guarded.guard.owns_role = True
    with permitted(guarded, "iam:UpdateRole"):
        guarded.guard.check("iam", "UpdateRole", "", {"RoleName": "AWSServiceRoleForRDS", "Description": "x"})


def test_another_region_is_refused(guarded: Place) -> None:
    client = guarded.connection.client("rds", "ap-south-1")
    with permitted(guarded, "rds:DescribeDBInstances"):
        assert "none of the sandbox's Regions" in refused(guarded, client.describe_db_instances)


def test_outside_a_rehearsal_nobody_is_made_without_a_boundary() -> None:
    guard = Guard(RUN, "111122223333", REGIONS)
    with (
        guard.permitted("a scenario", frozenset({"iam:CreateUser"})),
        pytest.raises(CallRefusedByGuard, match="without a permissions boundary"),
    ):
        guard.check("iam", "CreateUser", "", {"UserName": OWN, "Tags": TAGS})


def test_a_lost_lease_stops_writes_and_lets_reads_pass(guarded: Place) -> None:
    from slrspec.sandbox.lease import LeaseLost

    def lost() -> None:
        raise LeaseLost("it is over")

    guarded.guard.before_write = lost
    with permitted(guarded, "iam:CreateRole", "iam:ListRoles"):
        with pytest.raises(LeaseLost):
            guarded.connection.client("iam", once=True).create_role(**OWN_ROLE)
        guarded.connection.client("iam").list_roles()
    assert [call.operation for call in guarded.proxy.calls] == ["ListRoles"]
