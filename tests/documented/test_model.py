"""The model, seen through boto3: what AWS is known to answer, call by call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from slrspec.documented import DocumentedAws, documented_aws
from slrspec.documented.behaviour import Timing
from slrspec.documented.catalogue import policy_of, policy_versions
from slrspec.errors import UsageError
from slrspec.spec.document import read_document
from slrspec.spec.grants import grants_of
from slrspec.spec.location import features_folder
from slrspec.spec.services import services
from slrspec.steps.principal import sample_policy
from tests.conftest import SHARED

REGION = "us-east-1"
RDS = "rds.amazonaws.com"
NAME = "AWSServiceRoleForRDS"
POLICY = "arn:aws:iam::aws:policy/aws-service-role/AmazonRDSServiceRolePolicy"
SAMPLE = read_document(features_folder()).sample_of("iam:CreateServiceLinkedRole")
SMALL = {
    "DBInstanceClass": "db.t4g.micro",
    "Engine": "mysql",
    "AllocatedStorage": 20,
    "MasterUsername": "somebody",
    "MasterUserPassword": "not-a-real-password",
}


def client(service: str, region: str = REGION, **keys: str) -> Any:
    make: Any = boto3.client
    return make(service, region_name=region, **keys)


@pytest.fixture
def aws() -> Iterator[DocumentedAws]:
    with documented_aws() as inside:
        yield inside


def refusal(call: Any, **parameters: Any) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    answer: Any = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]


def user_with(*statements: dict[str, Any]) -> dict[str, str]:
    iam = client("iam")
    name = f"user{len(iam.list_users()['Users'])}"
    iam.create_user(UserName=name)
    if statements:
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_user_policy(UserName=name, PolicyName="only", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


@pytest.mark.parametrize("principal", sorted(services()))
def test_each_recorded_service_has_its_role(aws: DocumentedAws, principal: str) -> None:
    iam, service = client("iam"), services()[principal]
    made = iam.create_service_linked_role(AWSServiceName=principal)["Role"]
    assert (made["RoleName"], made["Path"]) == (service.role, f"/aws-service-role/{principal}/")
    assert sorted(made) == ["Arn", "AssumeRolePolicyDocument", "CreateDate", "Path", "RoleId", "RoleName"]
    assert made["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": [principal]}
    got = iam.get_role(RoleName=service.role)["Role"]
    assert got["AssumeRolePolicyDocument"]["Statement"] == [
        {"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}
    ]
    assert got["MaxSessionDuration"] == 3600
    assert "Tags" not in got or got["Tags"] == []
    attached = iam.list_attached_role_policies(RoleName=service.role)["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == [service.policy]
    assert iam.list_role_policies(RoleName=service.role)["PolicyNames"] == []
    duplicate = refusal(iam.create_service_linked_role, AWSServiceName=principal)
    assert duplicate[:2] == ("InvalidInput", 400)
    suffixed = {"AWSServiceName": principal, "CustomSuffix": "x1"}
    if service.takes_suffix:
        assert iam.create_service_linked_role(**suffixed)["Role"]["RoleName"] == f"{service.role}_x1"
    else:
        assert refusal(iam.create_service_linked_role, **suffixed) == (
            "InvalidInput",
            400,
            f"Custom suffix is not allowed for {principal}",
        )
    assert refusal(iam.put_role_policy, RoleName=service.role, PolicyName="p", PolicyDocument="{}")[0] == (
        "UnmodifiableEntity"
    )
    task = iam.delete_service_linked_role(RoleName=service.role)["DeletionTaskId"]
    assert task.startswith(f"task/aws-service-role/{principal}/{service.role}/")
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    assert refusal(iam.get_role, RoleName=service.role)[:2] == ("NoSuchEntity", 404)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("rds", ("AccessDenied", 403)),
        ("OpenSearch.amazonaws.com", ("AccessDenied", 403)),
        ("a b", ("ValidationError", 400)),
    ],
)
def test_services_that_there_are_not(aws: DocumentedAws, name: str, answer: tuple[str, int]) -> None:
    code, status, message = refusal(client("iam").create_service_linked_role, AWSServiceName=name)
    assert (code, status) == answer
    assert name in message


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        ("CustomSuffix", "x" * 64, "x" * 65),
        ("CustomSuffix", "a+=,.@-_1", "a b"),
        ("Description", "d" * 1000, "d" * 1001),
        ("Description", "déjà\tvu\n", "price: \u20ac 3"),
    ],
)
def test_suffixes_and_descriptions_that_no_role_has(
    aws: DocumentedAws, parameter: str, good: str, bad: str
) -> None:
    iam, service = client("iam"), "autoscaling.amazonaws.com"
    code, status, message = refusal(iam.create_service_linked_role, AWSServiceName=service, **{parameter: bad})
    assert (code, status) == ("ValidationError", 400)
    assert f"at '{parameter[0].lower()}{parameter[1:]}' failed to satisfy constraint" in message
    assert iam.list_roles()["Roles"] == []
    name = iam.create_service_linked_role(AWSServiceName=service, **{parameter: good})["Role"]["RoleName"]
    if parameter == "Description":
        for edit in (iam.update_role, iam.update_role_description):
            assert refusal(edit, RoleName=name, Description=bad)[:2] == ("ValidationError", 400)
            edit(RoleName=name, Description=good)
        assert iam.get_role(RoleName=name)["Role"]["Description"] == good


def test_names_that_differ_in_case_only_are_taken(aws: DocumentedAws) -> None:
    iam = client("iam")
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    iam.create_role(RoleName=NAME.upper(), AssumeRolePolicyDocument=trust)
    assert refusal(iam.create_service_linked_role, AWSServiceName=RDS)[0] == "InvalidInput"
    iam.delete_role(RoleName=NAME.upper())
    iam.create_service_linked_role(AWSServiceName=RDS)
    for name in (NAME, NAME.upper()):
        assert refusal(iam.create_role, RoleName=name, AssumeRolePolicyDocument=trust) == (
            "EntityAlreadyExists",
            409,
            f"Role with name {name} already exists.",
        )
    iam.create_role(RoleName=f"{NAME}s", AssumeRolePolicyDocument=trust)


CREATIONS: dict[str, Any] = {
    "instance": lambda rds: rds.create_db_instance(DBInstanceIdentifier="db", **SMALL),
    "cluster": lambda rds: rds.create_db_cluster(
        DBClusterIdentifier="cl", Engine="aurora-mysql", MasterUsername="some", MasterUserPassword="not-a-real-one"
    ),
    "subnet group": lambda rds: rds.create_db_subnet_group(
        DBSubnetGroupName="sg", DBSubnetGroupDescription="d", SubnetIds=subnets(rds.meta.region_name)
    ),
}


LISTS = ("DBInstances", "DBClusters", "DBSubnetGroups")


def subnets(region: str) -> list[str]:
    return [subnet["SubnetId"] for subnet in client("ec2", region).describe_subnets()["Subnets"][:2]]


@pytest.mark.parametrize("region", [REGION, "eu-west-1"])
@pytest.mark.parametrize("kind", sorted(CREATIONS))
def test_whatever_comes_first_in_any_region_brings_the_role(aws: DocumentedAws, kind: str, region: str) -> None:
    CREATIONS[kind](client("rds", region))
    role = client("iam").get_role(RoleName=NAME)["Role"]
    assert role["Description"] == "Allows Amazon RDS to manage AWS resources on your behalf"


@pytest.mark.parametrize("kind", ["replica", "snapshot", "point in time"])
def test_replicas_and_restores_bring_the_role_back(aws: DocumentedAws, kind: str) -> None:
    iam, rds = client("iam"), client("rds")
    rds.create_db_instance(DBInstanceIdentifier="db", BackupRetentionPeriod=1, **SMALL)
    rds.create_db_snapshot(DBInstanceIdentifier="db", DBSnapshotIdentifier="snap")
    # The role can only go while nothing uses it, so it is taken away behind the model's back.
    from slrspec.documented.call import iam_of

    backend = iam_of("123456789012", "aws")
    backend.roles.clear()
    if kind == "replica":
        rds.create_db_instance_read_replica(DBInstanceIdentifier="two", SourceDBInstanceIdentifier="db")
    elif kind == "snapshot":
        rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier="two", DBSnapshotIdentifier="snap")
    else:
        rds.restore_db_instance_to_point_in_time(
            SourceDBInstanceIdentifier="db", TargetDBInstanceIdentifier="two", UseLatestRestorableTime=True
        )
    assert iam.get_role(RoleName=NAME)


@pytest.mark.parametrize("kind", sorted(CREATIONS))
def test_whoever_may_not_create_the_role_cannot_create_what_needs_it(aws: DocumentedAws, kind: str) -> None:
    keys = user_with({"Effect": "Allow", "Action": "rds:*", "Resource": "*"})
    with pytest.raises(ClientError) as caught:
        CREATIONS[kind](client("rds", **keys))
    error: Any = caught.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("InvalidParameterValue", 400)
    assert client("iam").list_roles()["Roles"] == []
    CREATIONS[kind](client("rds"))
    assert client("iam").get_role(RoleName=NAME)


@pytest.mark.parametrize("kind", sorted(CREATIONS))
def test_an_ordinary_role_of_that_name_is_in_the_way_of_rds(aws: DocumentedAws, kind: str) -> None:
    iam, rds = client("iam"), client("rds")
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    iam.create_role(RoleName=NAME.lower(), AssumeRolePolicyDocument=trust)
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        CREATIONS[kind](rds)
    found = rds.describe_db_instances(), rds.describe_db_clusters(), rds.describe_db_subnet_groups()
    assert [len(one[name]) for one, name in zip(found, LISTS, strict=True)] == [0, 0, 0]
    iam.delete_role(RoleName=NAME.lower())
    CREATIONS[kind](rds)
    assert iam.get_role(RoleName=NAME)


def test_a_failed_creation_brings_no_role(aws: DocumentedAws) -> None:
    rds = client("rds")
    assert refusal(rds.restore_db_instance_from_db_snapshot, DBInstanceIdentifier="x", DBSnapshotIdentifier="none")
    assert client("iam").list_roles()["Roles"] == []


def test_once_the_role_exists_nobody_needs_the_permission(aws: DocumentedAws) -> None:
    client("iam").create_service_linked_role(AWSServiceName=RDS)
    client("rds", **user_with()).create_db_instance(DBInstanceIdentifier="db", **SMALL)


def test_the_policy_can_be_had_by_nobody_else(aws: DocumentedAws) -> None:
    iam = client("iam")
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    iam.create_role(RoleName="mine", AssumeRolePolicyDocument=trust)
    iam.create_user(UserName="me")
    iam.create_group(GroupName="us")
    calls = [
        (iam.attach_role_policy, {"RoleName": "mine", "PolicyArn": POLICY}),
        (iam.attach_user_policy, {"UserName": "me", "PolicyArn": POLICY}),
        (iam.attach_group_policy, {"GroupName": "us", "PolicyArn": POLICY}),
        (iam.put_role_permissions_boundary, {"RoleName": "mine", "PermissionsBoundary": POLICY}),
        (iam.put_user_permissions_boundary, {"UserName": "me", "PermissionsBoundary": POLICY}),
        (
            iam.create_role,
            {"RoleName": "two", "AssumeRolePolicyDocument": trust, "PermissionsBoundary": POLICY},
        ),
    ]
    for call, parameters in calls:
        assert refusal(call, **parameters)[:2] == ("PolicyNotAttachable", 400)
    assert refusal(iam.create_policy_version, PolicyArn=POLICY, PolicyDocument="{}")[:2] == ("AccessDenied", 403)
    assert iam.list_entities_for_policy(PolicyArn=POLICY)["PolicyRoles"] == []
    iam.create_service_linked_role(AWSServiceName=RDS)
    assert iam.list_entities_for_policy(PolicyArn=POLICY)["PolicyRoles"][0]["RoleName"] == NAME


@pytest.mark.parametrize("edition", ["2020-10-09", "v14", "2022-03-01"])
def test_the_policy_is_that_of_the_edition(edition: str) -> None:
    with documented_aws(edition=edition):
        iam = client("iam")
        iam.create_service_linked_role(AWSServiceName=RDS)
        version = iam.get_policy(PolicyArn=POLICY)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=POLICY, VersionId=version)["PolicyVersion"]["Document"]
        assert version == {"2020-10-09": "v6", "v14": "v14", "2022-03-01": "v10"}[edition]
        assert len(grants_of(document)) == {"v6": 40, "v10": 56, "v14": 64}[version]


def test_editions_that_mean_nothing_are_refused() -> None:
    for edition in ("yesterday", "v99", "1999-01-01", "2020-13-01"):
        with pytest.raises(UsageError, match="no version of the policy"):
            policy_of(edition)
    assert [one.version for one in policy_versions()] == [f"v{number}" for number in range(5, 15)]


def test_a_deletion_is_a_task(aws: DocumentedAws) -> None:
    iam, rds, elsewhere = client("iam"), client("rds"), client("rds", "eu-west-1")
    rds.create_db_instance(DBInstanceIdentifier="here", **SMALL)
    elsewhere.create_db_instance(DBInstanceIdentifier="there", **SMALL)
    elsewhere.create_db_cluster(
        DBClusterIdentifier="cl", Engine="aurora-mysql", MasterUsername="some", MasterUserPassword="not-a-real-one"
    )
    aws.pace(pending=2)
    task = iam.delete_service_linked_role(RoleName=NAME)["DeletionTaskId"]
    assert iam.delete_service_linked_role(RoleName=NAME)["DeletionTaskId"] == task
    seen = [iam.get_service_linked_role_deletion_status(DeletionTaskId=task) for _ in range(3)]
    assert [look["Status"] for look in seen] == ["IN_PROGRESS", "IN_PROGRESS", "FAILED"]
    usage = {use["Region"]: use["Resources"] for use in seen[-1]["Reason"]["RoleUsageList"]}
    assert sorted(usage) == ["eu-west-1", REGION]
    assert [arn.rpartition(":")[2] for arn in usage["eu-west-1"]] == ["there", "cl"]
    assert iam.get_role(RoleName=NAME)
    unknown = task[:-1] + ("0" if task[-1] != "0" else "1")
    assert refusal(iam.get_service_linked_role_deletion_status, DeletionTaskId=unknown)[:2] == ("NoSuchEntity", 404)
    assert refusal(iam.get_service_linked_role_deletion_status, DeletionTaskId="zzz")[:2] == ("InvalidInput", 400)
    assert refusal(iam.delete_service_linked_role, RoleName="nobody")[:2] == ("NoSuchEntity", 404)


def test_without_a_look_at_the_task_the_role_goes_at_once(aws: DocumentedAws) -> None:
    iam = client("iam")
    iam.create_service_linked_role(AWSServiceName=RDS)
    iam.delete_service_linked_role(RoleName=NAME)
    assert refusal(iam.get_role, RoleName=NAME) == (
        "NoSuchEntity",
        404,
        f"The role with name {NAME} cannot be found.",
    )


@pytest.mark.parametrize("condition", [{}, {"StringLike": {"iam:AWSServiceName": RDS}}])
def test_whoever_may_delete_the_role_sees_the_task_to_its_end(
    aws: DocumentedAws, condition: dict[str, Any]
) -> None:
    arn = client("iam").create_service_linked_role(AWSServiceName=RDS)["Role"]["Arn"]
    actions = ["iam:DeleteServiceLinkedRole", "iam:GetServiceLinkedRoleDeletionStatus"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": arn, "Condition": condition}
    iam = client("iam", **user_with(statement))
    aws.pace(pending=1)
    task = iam.delete_service_linked_role(RoleName=NAME)["DeletionTaskId"]
    seen = [iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] for _ in range(3)]
    assert seen == ["IN_PROGRESS", "SUCCEEDED", "SUCCEEDED"]
    nobody = client("iam", **user_with())
    assert arn in refusal(nobody.get_service_linked_role_deletion_status, DeletionTaskId=task)[2]
    unknown = task[:-1] + ("0" if task[-1] != "0" else "1")
    code, _, message = refusal(iam.get_service_linked_role_deletion_status, DeletionTaskId=unknown)
    assert code == "AccessDenied"
    assert "on resource: * " in message


def test_nobody_but_the_service_assumes_the_role(aws: DocumentedAws) -> None:
    iam, sts = client("iam"), client("sts")
    arn = iam.create_service_linked_role(AWSServiceName=RDS)["Role"]["Arn"]
    code, status, message = refusal(sts.assume_role, RoleArn=arn, RoleSessionName="somebody")
    assert (code, status) == ("AccessDenied", 403)
    assert f"sts:AssumeRole on resource: {arn}" in message


def test_nobody_who_signs_in_elsewhere_assumes_it_either(aws: DocumentedAws) -> None:
    iam, sts = client("iam"), client("sts")
    arn = iam.create_service_linked_role(AWSServiceName=RDS)["Role"]["Arn"]
    assert refusal(
        sts.assume_role_with_web_identity, RoleArn=arn, RoleSessionName="somebody", WebIdentityToken="token"
    ) == ("AccessDenied", 403, "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    provider = "arn:aws:iam::123456789012:saml-provider/idp"
    assert refusal(sts.assume_role_with_saml, RoleArn=arn, PrincipalArn=provider, SAMLAssertion="PHg+PC94Pg==") == (
        "AccessDenied",
        403,
        "Not authorized to perform sts:AssumeRoleWithSAML",
    )
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    mine = iam.create_role(RoleName="mine", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    assert sts.assume_role_with_web_identity(RoleArn=mine, RoleSessionName="somebody", WebIdentityToken="token")


@pytest.mark.parametrize(
    "arn", ["arn:foo:iam::123456789012:role/x", "arn:aws:iam::nobody:role/x", "no ARN at all, but long"]
)
def test_of_arns_that_are_none_moto_says_what_it_says(aws: DocumentedAws, arn: str) -> None:
    assert client("sts").assume_role(RoleArn=arn, RoleSessionName="somebody")["Credentials"]


def test_a_session_of_the_service_keeps_the_role_and_shows_as_activity(aws: DocumentedAws) -> None:
    iam = client("iam")
    arn = iam.create_service_linked_role(AWSServiceName=RDS)["Role"]["Arn"]
    assert iam.get_role(RoleName=NAME)["Role"]["RoleLastUsed"] == {}
    with aws.session_of(region="eu-west-1", services=["ec2"]):
        task = iam.delete_service_linked_role(RoleName=NAME)["DeletionTaskId"]
        ended = iam.get_service_linked_role_deletion_status(DeletionTaskId=task)
        assert ended["Status"] == "FAILED"
        assert ended["Reason"]["RoleUsageList"][0]["Region"] == "eu-west-1"
    assert iam.get_role(RoleName=NAME)["Role"]["RoleLastUsed"]["Region"] == "eu-west-1"
    aws.pace(pending=1)
    job = iam.generate_service_last_accessed_details(Arn=arn)["JobId"]
    assert iam.get_service_last_accessed_details(JobId=job)["JobStatus"] == "IN_PROGRESS"
    report = iam.get_service_last_accessed_details(JobId=job)
    assert (report["JobStatus"], report["JobType"]) == ("COMPLETED", "SERVICE_LEVEL")
    finer = iam.generate_service_last_accessed_details(Arn=arn, Granularity="ACTION_LEVEL")["JobId"]
    looks = [iam.get_service_last_accessed_details(JobId=finer) for _ in range(2)]
    assert [(one["JobStatus"], one["JobType"]) for one in looks] == [
        ("IN_PROGRESS", "ACTION_LEVEL"),
        ("COMPLETED", "ACTION_LEVEL"),
    ]
    listed = {one["ServiceNamespace"]: one.get("LastAuthenticatedRegion") for one in report["ServicesLastAccessed"]}
    assert listed == {"ec2": "eu-west-1", "kinesis": None, "logs": None, "sns": None}
    aws.pace(pending=0)
    task = iam.delete_service_linked_role(RoleName=NAME)["DeletionTaskId"]
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    with pytest.raises(UsageError, match="no service-linked role"), aws.session_of():
        pass


def test_the_simulator_evaluates_the_page_s_statement(aws: DocumentedAws) -> None:
    iam = client("iam")
    arn = "arn:aws:iam::123456789012:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS"
    policy = json.dumps(sample_policy(SAMPLE))

    def decision(resource: str, service: str) -> str:
        context = [
            {"ContextKeyName": "iam:AWSServiceName", "ContextKeyValues": [service], "ContextKeyType": "string"}
        ]
        results = iam.simulate_custom_policy(
            PolicyInputList=[policy],
            ActionNames=["iam:CreateServiceLinkedRole"],
            ResourceArns=[resource],
            ContextEntries=context,
        )["EvaluationResults"]
        return str(results[0]["EvalDecision"])

    assert decision(arn, RDS) == "allowed"
    assert decision(arn, "elasticache.amazonaws.com") == "implicitDeny"
    assert decision(arn.replace("ForRDS", "ForElastiCache"), RDS) == "implicitDeny"
    iam.create_service_linked_role(AWSServiceName=RDS)
    results = iam.simulate_principal_policy(
        PolicySourceArn=arn, ActionNames=["ec2:CreateNetworkInterface", "s3:GetObject"]
    )["EvaluationResults"]
    assert [one["EvalDecision"] for one in results] == ["allowed", "implicitDeny"]
    assert refusal(iam.simulate_custom_policy, PolicyInputList=["{"], ActionNames=["a:b"])[0] == "InvalidInput"
    assert (
        refusal(iam.simulate_principal_policy, PolicySourceArn=arn + "x", ActionNames=["a:b"])[0] == "NoSuchEntity"
    )


def test_final_snapshots_and_what_cannot_have_one(aws: DocumentedAws) -> None:
    rds = client("rds")
    rds.create_db_instance(DBInstanceIdentifier="db", BackupRetentionPeriod=1, **SMALL)
    rds.create_db_instance_read_replica(DBInstanceIdentifier="copy", SourceDBInstanceIdentifier="db")
    delete = rds.delete_db_instance
    both = {"SkipFinalSnapshot": True, "FinalDBSnapshotIdentifier": "final"}
    assert refusal(delete, DBInstanceIdentifier="db")[:2] == ("InvalidParameterCombination", 400)
    assert refusal(delete, DBInstanceIdentifier="db", **both)[:2] == ("InvalidParameterCombination", 400)
    named = {"FinalDBSnapshotIdentifier": "final"}
    assert "replica" in refusal(delete, DBInstanceIdentifier="copy", **named)[2]
    assert refusal(delete, DBInstanceIdentifier="none", SkipFinalSnapshot=True)[:2] == ("DBInstanceNotFound", 404)
    aws.pace(creating=5)
    rds.create_db_instance(DBInstanceIdentifier="new", **SMALL)
    assert refusal(delete, DBInstanceIdentifier="new", **named)[0] == "InvalidDBInstanceState"
    aws.pace(deleting=2)
    delete(DBInstanceIdentifier="db", **named)
    assert refusal(delete, DBInstanceIdentifier="db", SkipFinalSnapshot=True)[0] == "InvalidDBInstanceState"
    found = rds.describe_db_snapshots(DBInstanceIdentifier="db")["DBSnapshots"]
    assert [snapshot["DBSnapshotIdentifier"] for snapshot in found] == ["final"]


def test_time_passes_by_looking() -> None:
    with documented_aws(timing=Timing(creating=2, deleting=1, lag=1)) as aws:
        iam, rds = client("iam"), client("rds")
        rds.create_db_instance(DBInstanceIdentifier="db", **SMALL)

        def seen() -> str:
            try:
                return str(
                    rds.describe_db_instances(DBInstanceIdentifier="db")["DBInstances"][0]["DBInstanceStatus"]
                )
            except ClientError as error:
                return str(error.response["Error"]["Code"])

        assert [seen() for _ in range(4)] == ["DBInstanceNotFound", "creating", "creating", "available"]
        assert refusal(iam.get_role, RoleName=NAME)[0] == "NoSuchEntity"  # the one read that lags behind
        assert iam.get_role(RoleName=NAME)
        iam.update_role_description(RoleName=NAME, Description="new")
        texts = [iam.get_role(RoleName=NAME)["Role"].get("Description") for _ in range(2)]
        assert texts == ["Allows Amazon RDS to manage AWS resources on your behalf", "new"]
        rds.delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)
        assert [seen() for _ in range(2)] == ["deleting", "DBInstanceNotFound"]
        task = iam.delete_service_linked_role(RoleName=NAME)["DeletionTaskId"]
        assert refusal(iam.get_service_linked_role_deletion_status, DeletionTaskId=task)[0] == "NoSuchEntity"
        assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
        assert iam.get_role(RoleName=NAME)  # still shown, once
        assert refusal(iam.get_role, RoleName=NAME)[0] == "NoSuchEntity"
        with pytest.raises(UsageError, match="cannot be -1"):
            aws.pace(lag=-1)


def statuses(rds: Any) -> dict[str, str]:
    found = rds.describe_db_instances()["DBInstances"]
    return {one["DBInstanceIdentifier"]: one["DBInstanceStatus"] for one in found}


def test_time_passes_for_names_with_capitals_too() -> None:
    with documented_aws(timing=Timing(creating=2, deleting=1)):
        rds = client("rds")
        made = rds.create_db_instance(DBInstanceIdentifier="MyDB", **SMALL)["DBInstance"]
        assert (made["DBInstanceIdentifier"], made["DBInstanceStatus"]) == ("mydb", "creating")
        final = {"DBInstanceIdentifier": "MYDB", "FinalDBSnapshotIdentifier": "final"}
        assert refusal(rds.delete_db_instance, **final)[0] == "InvalidDBInstanceState"
        found = rds.describe_db_instances(DBInstanceIdentifier="MyDB")["DBInstances"]
        assert [one["DBInstanceStatus"] for one in found] == ["creating"]
        assert [statuses(rds) for _ in range(2)] == [{"mydb": "creating"}, {"mydb": "available"}]
        deleted = rds.delete_db_instance(DBInstanceIdentifier="MyDB", SkipFinalSnapshot=True)["DBInstance"]
        assert deleted["DBInstanceStatus"] == "deleting"
        assert [statuses(rds) for _ in range(2)] == [{"mydb": "deleting"}, {}]


def test_time_passes_for_restored_instances_too(aws: DocumentedAws) -> None:
    rds = client("rds")
    rds.create_db_instance(DBInstanceIdentifier="db", **SMALL)
    aws.pace(creating=1, lag=1)
    restored = rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier="db", TargetDBInstanceIdentifier="Two", UseLatestRestorableTime=True
    )["DBInstance"]
    assert restored["DBInstanceStatus"] == "creating"
    seen = [statuses(rds) for _ in range(3)]
    assert [one.pop("db") for one in seen] == ["available"] * 3
    assert seen == [{}, {"two": "creating"}, {"two": "available"}]


def test_a_phase_goes_with_the_instance_s_name_and_ends_with_the_instance(aws: DocumentedAws) -> None:
    rds = client("rds")
    aws.pace(creating=1, lag=1)
    rds.create_db_instance(DBInstanceIdentifier="a", **SMALL)
    rds.modify_db_instance(DBInstanceIdentifier="a", NewDBInstanceIdentifier="B", ApplyImmediately=True)
    assert [statuses(rds) for _ in range(3)] == [{}, {"b": "creating"}, {"b": "available"}]
    rds.create_db_instance(DBInstanceIdentifier="c", **SMALL)
    # Whatever takes it away behind the model's back, such as a stack of CloudFormation that is deleted.
    from moto.rds.models import rds_backends

    rds_backends["123456789012"][REGION].databases.pop("c")
    assert statuses(rds) == {"b": "available"}


def test_waiters_of_boto3_wait_for_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    with documented_aws(timing=Timing(creating=3, deleting=3)):
        rds = client("rds")
        rds.create_db_instance(DBInstanceIdentifier="db", **SMALL)
        rds.get_waiter("db_instance_available").wait(DBInstanceIdentifier="db")
        rds.delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)
        rds.get_waiter("db_instance_deleted").wait(DBInstanceIdentifier="db")


def test_permission_is_checked_before_anything_is_refused(aws: DocumentedAws) -> None:
    iam = client("iam")
    iam.create_service_linked_role(AWSServiceName=RDS)
    nobody = client("iam", **user_with())
    assert refusal(nobody.put_role_policy, RoleName=NAME, PolicyName="p", PolicyDocument="{}")[0] == "AccessDenied"
    assert refusal(nobody.delete_service_linked_role, RoleName="ordinary")[0] == "AccessDenied"
    allowed = client("iam", **user_with({"Effect": "Allow", "Action": "iam:*", "Resource": "*"}))
    assert refusal(allowed.put_role_policy, RoleName=NAME, PolicyName="p", PolicyDocument="{}")[0] == (
        "UnmodifiableEntity"
    )


def policy_allowing(action: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def session_of_a_mighty_role(**policy: str) -> Any:
    """Return a client of IAM that has a session of a role which may do anything."""
    iam = client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=document)
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=policy_allowing("*"))
    arn = "arn:aws:iam::123456789012:role/r"
    got = client("sts").assume_role(RoleArn=arn, RoleSessionName="somebody", **policy)["Credentials"]
    return client(
        "iam",
        aws_access_key_id=got["AccessKeyId"],
        aws_secret_access_key=got["SecretAccessKey"],
        aws_session_token=got["SessionToken"],
    )


@pytest.mark.parametrize(
    ("policy", "answer"),
    [
        (policy_allowing("iam:*"), ""),
        (policy_allowing("iam:Get*"), "because no"),
        (policy_allowing("*").replace("Allow", "Deny"), "with an explicit deny"),
        ("{", "because no"),
        ("[]", "because no"),
    ],
)
def test_a_session_s_own_policy_limits_it(aws: DocumentedAws, policy: str, answer: str) -> None:
    session = session_of_a_mighty_role(Policy=policy)
    if answer:
        assert answer in refusal(session.create_service_linked_role, AWSServiceName=RDS)[2]
    else:
        session.create_service_linked_role(AWSServiceName=RDS)


def test_users_have_the_boundary_that_they_were_created_with(aws: DocumentedAws) -> None:
    iam = client("iam")
    limit = iam.create_policy(PolicyName="limit", PolicyDocument=policy_allowing("iam:Get*"))["Policy"]["Arn"]
    for name, boundary in (("limited", {"PermissionsBoundary": limit}), ("free", {})):
        iam.create_user(UserName=name, **boundary)
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy_allowing("*"))
    limited, free = (
        client("iam", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
        for key in (iam.create_access_key(UserName=name)["AccessKey"] for name in ("limited", "free"))
    )
    assert refusal(limited.create_service_linked_role, AWSServiceName=RDS)[:2] == ("AccessDenied", 403)
    free.create_service_linked_role(AWSServiceName=RDS)


def test_sessions_of_roles_are_callers_too_and_have_boundaries(aws: DocumentedAws) -> None:
    iam, session = client("iam"), session_of_a_mighty_role()
    limit = iam.create_policy(PolicyName="limit", PolicyDocument=policy_allowing("iam:Get*"))["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName="r", PermissionsBoundary=limit)
    assert refusal(session.create_service_linked_role, AWSServiceName=RDS)[:2] == ("AccessDenied", 403)
    iam.delete_role_permissions_boundary(RoleName="r")
    session.create_service_linked_role(AWSServiceName=RDS)


def test_under_moto_s_own_enforcement_the_model_s_permissions_are_the_better_ones(aws: DocumentedAws) -> None:
    from moto import settings
    from moto.iam.responses import IamResponse

    (statement,) = sample_policy(SAMPLE)["Statement"]
    keys, nobody = user_with(statement), user_with()
    owner: Any = next(cls for cls in IamResponse.__mro__ if "request_count" in vars(cls))
    before = settings.INITIAL_NO_AUTH_ACTION_COUNT, owner.request_count
    settings.INITIAL_NO_AUTH_ACTION_COUNT, owner.request_count = 0, 0
    try:
        # moto alone never matches the ARN of a role here, and would refuse.
        client("iam", **keys).create_service_linked_role(AWSServiceName=RDS)
        wrong = {**keys, "aws_secret_access_key": "wrong"}
        assert refusal(client("iam", **wrong).create_service_linked_role, AWSServiceName=RDS)[0] == (
            "SignatureDoesNotMatch"
        )
        assert refusal(client("iam", **nobody).get_role, RoleName=NAME)[0] == "AccessDenied"
    finally:
        settings.INITIAL_NO_AUTH_ACTION_COUNT, owner.request_count = before


def test_as_a_decorator_with_and_without_parentheses() -> None:
    @documented_aws
    def bare() -> str:
        return str(client("iam").create_service_linked_role(AWSServiceName=RDS)["Role"]["RoleName"])

    @documented_aws(faults=["name-from-host"])
    def broken() -> str:
        return str(client("iam").create_service_linked_role(AWSServiceName=RDS)["Role"]["RoleName"])

    assert (bare(), bare(), broken()) == (NAME, NAME, "AWSServiceRoleForrds")

    @documented_aws
    class TestSomething:
        def test_it(self) -> str:
            return str(client("iam").create_service_linked_role(AWSServiceName=RDS)["Role"]["RoleName"])

    assert TestSomething().test_it() == NAME


def test_rules_can_be_broken_and_mended_on_the_way(aws: DocumentedAws) -> None:
    iam = client("iam")
    iam.create_service_linked_role(AWSServiceName=RDS)
    aws.break_("inline-policy-added")
    statement = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=NAME, PolicyName="p", PolicyDocument=document)
    aws.mend()
    assert refusal(iam.delete_role_policy, RoleName=NAME, PolicyName="p")[0] == "UnmodifiableEntity"
    with pytest.raises(UsageError, match="did you mean inline-policy-added"):
        aws.break_("inline-policy-aded")


def test_nothing_is_left_in_moto() -> None:
    from moto import mock_aws
    from moto.iam.responses import IamResponse
    from moto.rds.responses import RDSResponse

    before = IamResponse.call_action, RDSResponse.call_action
    with documented_aws():
        with documented_aws(edition="v14"):
            assert IamResponse.call_action is not before[0]
        assert IamResponse.call_action is not before[0]
    assert (IamResponse.call_action, RDSResponse.call_action) == before
    with mock_aws():
        made = client("iam").create_service_linked_role(AWSServiceName=RDS)["Role"]["RoleName"]
    assert made == "AWSServiceRoleForrds"


@pytest.mark.skipif(not (SHARED / "facts").exists(), reason="the recorded policies are not here")
def test_the_policy_s_versions_are_those_that_were_recorded() -> None:
    for one in policy_versions():
        recorded = json.loads((SHARED / "facts" / "policy-versions" / f"{one.version}.json").read_text())
        ours, theirs = json.loads(one.document)["Statement"], recorded["document"]["Statement"]
        assert (one.created, len(ours)) == (recorded["created"], len(theirs))
        for mine, other in zip(ours, theirs, strict=True):
            assert grants_of({"Statement": [mine]}) == grants_of({"Statement": [other]})
            assert mine.get("Sid") == other.get("Sid")
