"""The model breaks nothing else: ordinary calls are answered as by stock moto, but for ids and times."""

from __future__ import annotations

import json
import re
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

from slrspec.documented import documented_aws

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
    }
)
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
MINE = "arn:aws:iam::123456789012:policy/mine"
INSTANCE = {
    "DBInstanceClass": "db.t4g.micro",
    "Engine": "mysql",
    "AllocatedStorage": 20,
    "MasterUsername": "somebody",
    "MasterUserPassword": "not-a-real-password",
}
CLUSTER = {"Engine": "aurora-mysql", "MasterUsername": "some", "MasterUserPassword": "not-a-real-password"}


def calls() -> list[tuple[str, str, dict[str, Any]]]:
    """Ordinary calls, those that moto refuses included; the order matters."""
    role, user, group = {"RoleName": "r"}, {"UserName": "u"}, {"GroupName": "g"}
    db, cluster = {"DBInstanceIdentifier": "db"}, {"DBClusterIdentifier": "cl"}
    iam: list[tuple[str, dict[str, Any]]] = [
        ("create_role", {**role, "AssumeRolePolicyDocument": TRUST, "Description": "d", "Tags": tags("a")}),
        ("create_role", {**role, "AssumeRolePolicyDocument": TRUST}),
        ("create_role", {"RoleName": "p", "Path": "/team/", "AssumeRolePolicyDocument": TRUST}),
        ("get_role", role),
        ("get_role", {"RoleName": "none"}),
        ("list_roles", {"PathPrefix": "/team/"}),
        ("create_policy", {"PolicyName": "mine", "PolicyDocument": ALLOW}),
        ("get_policy", {"PolicyArn": MINE}),
        ("get_policy_version", {"PolicyArn": MINE, "VersionId": "v1"}),
        ("create_policy_version", {"PolicyArn": MINE, "PolicyDocument": ALLOW, "SetAsDefault": True}),
        ("list_policy_versions", {"PolicyArn": MINE}),
        ("set_default_policy_version", {"PolicyArn": MINE, "VersionId": "v1"}),
        ("delete_policy_version", {"PolicyArn": MINE, "VersionId": "v2"}),
        ("attach_role_policy", {**role, "PolicyArn": MINE}),
        ("attach_role_policy", {**role, "PolicyArn": MINE + "x"}),
        ("attach_role_policy", {"RoleName": "none", "PolicyArn": MINE}),
        ("list_attached_role_policies", role),
        ("list_entities_for_policy", {"PolicyArn": MINE}),
        ("detach_role_policy", {**role, "PolicyArn": MINE}),
        ("detach_role_policy", {**role, "PolicyArn": MINE}),
        ("put_role_policy", {**role, "PolicyName": "inline", "PolicyDocument": ALLOW}),
        ("put_role_policy", {**role, "PolicyName": "inline", "PolicyDocument": "{"}),
        ("get_role_policy", {**role, "PolicyName": "inline"}),
        ("list_role_policies", role),
        ("delete_role", role),
        ("delete_role_policy", {**role, "PolicyName": "inline"}),
        ("put_role_policy", {**role, "PolicyName": "AWSRevokeOlderSessions", "PolicyDocument": ALLOW}),
        ("delete_role_policy", {**role, "PolicyName": "AWSRevokeOlderSessions"}),
        ("update_role", {**role, "Description": "e", "MaxSessionDuration": 7200}),
        ("update_role_description", {**role, "Description": "f"}),
        ("update_role_description", {"RoleName": "none", "Description": "f"}),
        ("update_assume_role_policy", {**role, "PolicyDocument": TRUST}),
        ("put_role_permissions_boundary", {**role, "PermissionsBoundary": MINE}),
        ("get_role", role),
        ("delete_role_permissions_boundary", role),
        ("tag_role", {**role, "Tags": tags("b")}),
        ("list_role_tags", role),
        ("untag_role", {**role, "TagKeys": ["b"]}),
        ("create_instance_profile", {"InstanceProfileName": "i"}),
        ("add_role_to_instance_profile", {"InstanceProfileName": "i", **role}),
        ("list_instance_profiles_for_role", role),
        ("delete_role", role),
        ("remove_role_from_instance_profile", {"InstanceProfileName": "i", **role}),
        ("delete_instance_profile", {"InstanceProfileName": "i"}),
        ("create_user", user),
        ("create_user", user),
        ("create_group", group),
        ("add_user_to_group", {**user, **group}),
        ("put_user_policy", {**user, "PolicyName": "inline", "PolicyDocument": ALLOW}),
        ("attach_user_policy", {**user, "PolicyArn": MINE}),
        ("attach_user_policy", {**user, "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
        ("list_attached_user_policies", user),
        ("attach_group_policy", {**group, "PolicyArn": MINE}),
        ("list_attached_group_policies", group),
        ("get_group", group),
        ("list_groups_for_user", user),
        ("create_access_key", user),
        ("list_access_keys", user),
        ("get_account_authorization_details", {"Filter": ["Role", "User", "Group"]}),
        ("get_account_summary", {}),
        ("list_policies", {"Scope": "Local"}),
        ("delete_policy", {"PolicyArn": MINE}),
        ("delete_user", user),
        ("list_users", {}),
    ]
    rds: list[tuple[str, dict[str, Any]]] = [
        ("create_db_instance", {**db, **INSTANCE, "Tags": tags("a")}),
        ("create_db_instance", {**db, **INSTANCE}),
        ("describe_db_instances", db),
        ("describe_db_instances", {}),
        ("describe_db_instances", {"DBInstanceIdentifier": "none"}),
        ("modify_db_instance", {**db, "AllocatedStorage": 30, "ApplyImmediately": True}),
        ("create_db_snapshot", {**db, "DBSnapshotIdentifier": "s"}),
        ("describe_db_snapshots", {"DBSnapshotIdentifier": "s"}),
        ("restore_db_instance_from_db_snapshot", {"DBInstanceIdentifier": "two", "DBSnapshotIdentifier": "s"}),
        ("list_tags_for_resource", {"ResourceName": "arn:aws:rds:us-east-1:123456789012:db:db"}),
        ("stop_db_instance", db),
        ("start_db_instance", db),
        ("reboot_db_instance", db),
        ("delete_db_instance", {"DBInstanceIdentifier": "two", "SkipFinalSnapshot": True}),
        ("delete_db_instance", {**db, "FinalDBSnapshotIdentifier": "final"}),
        ("delete_db_instance", {**db, "SkipFinalSnapshot": True}),
        ("describe_db_snapshots", {}),
        ("create_db_cluster", {**cluster, **CLUSTER}),
        ("create_db_cluster", {**cluster, **CLUSTER}),
        (
            "create_db_instance",
            {
                "DBInstanceIdentifier": "member",
                "DBClusterIdentifier": "cl",
                "DBInstanceClass": "db.r5.large",
                "Engine": "aurora-mysql",
            },
        ),
        ("describe_db_clusters", cluster),
        ("delete_db_cluster", {**cluster, "SkipFinalSnapshot": True}),
        ("delete_db_instance", {"DBInstanceIdentifier": "member", "SkipFinalSnapshot": True}),
        ("modify_db_cluster", {**cluster, "EngineVersion": "8.0.mysql_aurora.3.01.0"}),
        ("create_db_cluster_snapshot", {**cluster, "DBClusterSnapshotIdentifier": "cs"}),
        ("describe_db_cluster_snapshots", {}),
        ("delete_db_cluster", {**cluster, "SkipFinalSnapshot": True}),
        ("create_option_group", {**OPTIONS, "OptionGroupDescription": "d"}),
        ("describe_option_groups", {}),
        ("create_db_parameter_group", {**PARAMETERS, "DBParameterGroupFamily": "mysql8.0", "Description": "d"}),
        ("describe_db_parameter_groups", {}),
        ("describe_db_subnet_groups", {}),
        ("describe_orderable_db_instance_options", {"Engine": "neptune"}),
    ]
    sts: list[tuple[str, dict[str, Any]]] = [
        ("get_caller_identity", {}),
        ("assume_role", {"RoleArn": "arn:aws:iam::123456789012:role/team/p", "RoleSessionName": "somebody"}),
        ("assume_role", {"RoleArn": "arn:aws:iam::210987654321:role/elsewhere", "RoleSessionName": "somebody"}),
        ("assume_role", {"RoleArn": "arn:aws:iam::123456789012:role/none", "RoleSessionName": "somebody"}),
        ("get_session_token", {}),
        ("get_federation_token", {"Name": "somebody"}),
    ]
    services = {"iam": iam, "rds": rds, "sts": sts}
    return [(service, name, parameters) for service, found in services.items() for name, parameters in found]


def tags(key: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": "v"}]


OPTIONS = {"OptionGroupName": "og", "EngineName": "mysql", "MajorEngineVersion": "8.0"}
PARAMETERS = {"DBParameterGroupName": "pg"}
IDS = re.compile(r"(?<![A-Za-z0-9])(?:A[A-Z]{3}[A-Z0-9]{12,18}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
TIMES = re.compile(r"\d{4}-\d\d-\d\d[T-]\d\d[:-]\d\d(?::\d\d)?(?:\.\d+)?Z?")
HOSTS = re.compile(r"cluster-(?:ro-)?[a-z0-9]{12}")
SECRETS = {"SecretAccessKey", "SessionToken", "RequestId", "HTTPHeaders", "DbiResourceId", "DbClusterResourceId"}


def normal(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: normal(item) for k, item in value.items() if k not in SECRETS and not k.endswith("Id")}
    if isinstance(value, list):
        return [normal(item) for item in value]
    if isinstance(value, datetime):
        return "time"
    if not isinstance(value, str):
        return value
    return HOSTS.sub("host", TIMES.sub("time", IDS.sub("id", value)))


def answers(mock: AbstractContextManager[Any]) -> list[tuple[str, Any]]:
    found = []
    with mock:
        make: Any = boto3.client
        clients = {name: make(name, region_name="us-east-1") for name in ("iam", "rds", "sts")}
        for service, name, parameters in calls():
            try:
                answer: Any = getattr(clients[service], name)(**parameters)
            except ClientError as error:
                answer = error.response
            except Exception as error:  # noqa: BLE001 - moto's own crashes are to be the same, too
                answer = f"{type(error).__name__}: {error}"
            found.append((f"{service} {name} {parameters}", normal(answer)))
    return found


def test_ordinary_calls_are_answered_alike() -> None:
    stock, taught = answers(mock_aws()), answers(documented_aws())
    assert len(stock) > 100
    accepted = [answer for _, answer in stock if isinstance(answer, dict) and "Error" not in answer]
    assert len(accepted) > 75
    different = [
        (name, ours, theirs) for (name, ours), (_, theirs) in zip(stock, taught, strict=True) if ours != theirs
    ]
    # Of a role that is not there, the model speaks as IAM does: many wait for a service-linked role with GetRole.
    assert [name for name, _, _ in different] == ["iam get_role {'RoleName': 'none'}"]
    ((_, of_moto, of_model),) = different
    assert of_model["Error"]["Message"] == "The role with name none cannot be found."
    assert of_model["Error"]["Code"] == of_moto["Error"]["Code"]
    assert of_model["ResponseMetadata"] == of_moto["ResponseMetadata"]
