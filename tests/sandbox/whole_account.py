"""Everything that is in an account, so that before and after can be compared; and things of somebody else's."""

from __future__ import annotations

import json
from typing import Any

from slrspec.sandbox.names import OwnTags
from slrspec.sandbox.role_record import ROLE_PATH
from tests.sandbox.places import REGIONS, Place

DOCUMENT = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]}
)
TRUSTING_EC2 = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
SMALLEST = {
    "DBInstanceClass": "db.t4g.micro",
    "Engine": "mysql",
    "AllocatedStorage": 20,
    "MasterUsername": "slrspec",
    "MasterUserPassword": "no-secret-at-all",
    "BackupRetentionPeriod": 0,
    "PubliclyAccessible": False,
}
Everything = dict[str, Any]


def _listed(client: Any, operation: str, what: str, **parameters: str) -> list[Any]:
    return [one for page in client.get_paginator(operation).paginate(**parameters) for one in page[what]]


def _tags(tags: Any) -> list[tuple[str, str]]:
    return sorted((tag["Key"], tag["Value"]) for tag in tags or ())


def everything(place: Place) -> Everything:
    """Return all that is in the account, ids and dates of creation included, as it is when no read lags any more."""
    for _ in range(place.lag):
        place.iam.list_roles()
    return {
        **_of_iam(place.iam),
        **_of_ssm(place.ssm),
        **{k: v for r in REGIONS for k, v in _of_rds(place, r).items()},
    }


def _of_iam(iam: Any) -> Everything:
    """Return all of IAM in few calls, for this is done hundreds of times."""
    found: Everything = {}
    details = iam.get_account_authorization_details(Filter=["User", "Role", "Group"])
    assert not details.get("IsTruncated")
    for kind, what in (("UserDetailList", "user"), ("GroupDetailList", "group"), ("RoleDetailList", "role")):
        for one in details[kind]:
            found[f"{what} {one[f'{what.title()}Name']}"] = {**one, "Tags": _tags(one.get("Tags"))}
    for role in _listed(iam, "list_roles", "Roles"):  # which tells the description
        found[f"role {role['RoleName']}"] |= {**role, "RoleLastUsed": {}}  # to be used is not to be changed
    for user in details["UserDetailList"]:
        keys = _listed(iam, "list_access_keys", "AccessKeyMetadata", UserName=user["UserName"])
        found[f"user {user['UserName']}"]["keys"] = sorted(key["AccessKeyId"] for key in keys)
    for policy in _listed(iam, "list_policies", "Policies", Scope="Local"):
        found[f"policy {policy['PolicyName']}"] = policy["PolicyId"], policy["DefaultVersionId"]
    for profile in _listed(iam, "list_instance_profiles", "InstanceProfiles"):
        roles = [role["RoleName"] for role in profile["Roles"]]
        found[f"instance profile {profile['InstanceProfileName']}"] = profile["InstanceProfileId"], roles
    found["aliases"] = iam.list_account_aliases()["AccountAliases"]
    return found


def _of_ssm(ssm: Any) -> Everything:
    names = [one["Name"] for one in ssm.describe_parameters()["Parameters"]]
    return {f"parameter {name}": ssm.get_parameter(Name=name)["Parameter"]["Value"] for name in names}


def _of_rds(place: Place, region: str) -> Everything:
    rds = place.rds(region)
    found: Everything = {}
    for one in _listed(rds, "describe_db_instances", "DBInstances"):
        found[f"DB instance {one['DBInstanceIdentifier']} in {region}"] = (
            one["DbiResourceId"],
            one["DBInstanceStatus"],
            one.get("DeletionProtection"),
            _tags(one.get("TagList")),
        )
    for one in _listed(rds, "describe_db_snapshots", "DBSnapshots"):
        found[f"DB snapshot {one['DBSnapshotIdentifier']} in {region}"] = _tags(one.get("TagList"))
    for one in _listed(rds, "describe_db_clusters", "DBClusters"):
        found[f"DB cluster {one['DBClusterIdentifier']} in {region}"] = one["Status"]
    return found


def differences(before: Everything, after: Everything, *, made_anew: bool = False) -> list[str]:
    """Return what is not as it was.

    Parameters
    ----------
    made_anew
        Whether a service-linked role of RDS may be another one that is exactly like the old.

    """
    found = []
    for name in sorted(before.keys() | after.keys()):
        was, is_ = before.get(name), after.get(name)
        if made_anew and was and is_ and name.startswith("role ") and was["Path"] == ROLE_PATH:
            was, is_ = ({**one, "RoleId": "", "CreateDate": None} for one in (was, is_))
        if was != is_:
            kind = "is left" if was is None else "is gone" if is_ is None else f"was {was}, is {is_}"
            found.append(f"{name} {kind}")
    return found


# ---- what is in the account besides


def of_somebody_else(place: Place) -> None:
    """Put things of somebody else's into the account, some of them as like ours as theirs may be."""
    iam = place.iam
    policy = iam.create_policy(PolicyName="slrspec-policy-1", PolicyDocument=DOCUMENT)["Policy"]["Arn"]
    for name in ("application", "slrspec-instance-1"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUSTING_EC2, Tags=[{"Key": "team", "Value": "a"}])
    iam.attach_role_policy(RoleName="application", PolicyArn=policy)
    iam.put_role_policy(RoleName="application", PolicyName="inline", PolicyDocument=DOCUMENT)
    iam.create_instance_profile(InstanceProfileName="application")
    iam.add_role_to_instance_profile(InstanceProfileName="application", RoleName="application")
    iam.create_user(UserName="alice")
    iam.create_access_key(UserName="alice")
    iam.put_user_policy(UserName="alice", PolicyName="only", PolicyDocument=DOCUMENT)
    iam.create_group(GroupName="slrspec")
    iam.attach_group_policy(GroupName="slrspec", PolicyArn=policy)
    iam.create_service_linked_role(AWSServiceName="elasticache.amazonaws.com", Description="theirs")
    for suffix in ({}, {"CustomSuffix": "theirs"}, {"CustomSuffix": "slrspec"}):
        iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com", Description="theirs", **suffix)
    place.ssm.put_parameter(Name="/application/setting", Value="theirs", Type="String")
    place.ssm.put_parameter(Name="/slrspec/notes", Value="theirs", Type="String")


def a_db_instance(
    place: Place, name: str, tags: OwnTags | None = None, region: str = REGIONS[0], **more: Any
) -> None:
    """Create a DB instance, somebody's or a run's."""
    listed = tags.listed() if tags else []
    place.rds(region).create_db_instance(DBInstanceIdentifier=name, Tags=listed, **SMALLEST, **more)
