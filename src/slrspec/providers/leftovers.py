"""Emptying an account that scenarios share, of what slrspec has made in it and of its service-linked roles."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from slrspec.running.trouble import ProviderTrouble
from slrspec.spec.services import RESERVED_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from slrspec.providers.contract import Account

PREFIX = "slrspec-"
ROUNDS, BETWEEN = 40, 0.25


def delete_leftovers(account: Account) -> None:
    """Delete whatever an earlier scenario has left, and wait until it is gone.

    Raises
    ------
    ProviderTrouble
        If something stays. What follows could not be told from a broken rule.

    """
    left: list[str] = []
    for _ in range(ROUNDS):
        left = [one for kind in KINDS for one in kind(account)]
        if not left:
            return
        time.sleep(BETWEEN)
    raise ProviderTrouble(f"the scenario before has left something that cannot be deleted: {', '.join(left[:5])}")


def _instances(account: Account) -> Iterable[str]:
    for region in (account.region, account.second_region):
        rds: Any = account.client("rds", region=region)
        for one in _listed(rds.describe_db_instances, "DBInstances"):
            name = one["DBInstanceIdentifier"]
            if name.startswith(PREFIX):
                _tried(
                    rds.modify_db_instance,
                    DBInstanceIdentifier=name,
                    DeletionProtection=False,
                    ApplyImmediately=True,
                )
                _tried(rds.delete_db_instance, DBInstanceIdentifier=name, SkipFinalSnapshot=True)
                yield f"DB instance {name}"


def _snapshots(account: Account) -> Iterable[str]:
    for region in (account.region, account.second_region):
        rds: Any = account.client("rds", region=region)
        for one in _listed(rds.describe_db_snapshots, "DBSnapshots"):
            name = one["DBSnapshotIdentifier"]
            if name.startswith(PREFIX):
                _tried(rds.delete_db_snapshot, DBSnapshotIdentifier=name)
                yield f"DB snapshot {name}"


def _caches(account: Account) -> Iterable[str]:
    client: Any = account.client("elasticache")
    # Some products keep what was deleted in that status for ever; whether it keeps the role, the role will show.
    for one in _listed(client.describe_cache_clusters, "CacheClusters"):
        name = one["CacheClusterId"]
        if name.startswith(PREFIX) and one.get("CacheClusterStatus") != "deleting":
            _tried(client.delete_cache_cluster, CacheClusterId=name)
            yield f"cache cluster {name}"
    for one in _listed(client.describe_replication_groups, "ReplicationGroups"):
        name = one["ReplicationGroupId"]
        if name.startswith(PREFIX) and one.get("Status") != "deleting":
            _tried(client.delete_replication_group, ReplicationGroupId=name)
            yield f"replication group {name}"


def _roles(account: Account) -> Iterable[str]:
    iam: Any = account.client("iam")
    for role in _listed(iam.list_roles, "Roles"):
        name = role["RoleName"]
        linked = role["Path"].startswith(RESERVED_PATH)
        if not linked and not name.startswith(PREFIX):
            continue
        if linked:
            _tried(iam.delete_service_linked_role, RoleName=name)
        _empty_role(iam, name)
        _tried(iam.delete_role, RoleName=name)
        yield f"role {name}"


def _empty_role(iam: Any, name: str) -> None:  # noqa: ANN401 - boto3 makes its clients' methods at run time
    for policy in _listed(iam.list_role_policies, "PolicyNames", RoleName=name):
        _tried(iam.delete_role_policy, RoleName=name, PolicyName=policy)
    for policy in _listed(iam.list_attached_role_policies, "AttachedPolicies", RoleName=name):
        _tried(iam.detach_role_policy, RoleName=name, PolicyArn=policy["PolicyArn"])
    for profile in _listed(iam.list_instance_profiles_for_role, "InstanceProfiles", RoleName=name):
        named = profile["InstanceProfileName"]
        _tried(iam.remove_role_from_instance_profile, InstanceProfileName=named, RoleName=name)
        _tried(iam.delete_instance_profile, InstanceProfileName=named)


def _users(account: Account) -> Iterable[str]:
    iam: Any = account.client("iam")
    for user in _listed(iam.list_users, "Users"):
        name = user["UserName"]
        if not name.startswith(PREFIX):
            continue
        for key in _listed(iam.list_access_keys, "AccessKeyMetadata", UserName=name):
            _tried(iam.delete_access_key, UserName=name, AccessKeyId=key["AccessKeyId"])
        for policy in _listed(iam.list_user_policies, "PolicyNames", UserName=name):
            _tried(iam.delete_user_policy, UserName=name, PolicyName=policy)
        _tried(iam.delete_user, UserName=name)
        yield f"user {name}"


def _policies(account: Account) -> Iterable[str]:
    iam: Any = account.client("iam")
    for policy in _listed(iam.list_policies, "Policies", Scope="Local"):
        if policy["PolicyName"].startswith(PREFIX):
            _tried(iam.delete_policy, PolicyArn=policy["Arn"])
            yield f"policy {policy['PolicyName']}"


def _profiles(account: Account) -> Iterable[str]:
    iam: Any = account.client("iam")
    for profile in _listed(iam.list_instance_profiles, "InstanceProfiles"):
        name = profile["InstanceProfileName"]
        if name.startswith(PREFIX):
            for role in profile.get("Roles", ()):
                _tried(iam.remove_role_from_instance_profile, InstanceProfileName=name, RoleName=role["RoleName"])
            _tried(iam.delete_instance_profile, InstanceProfileName=name)
            yield f"instance profile {name}"


KINDS = (_instances, _snapshots, _caches, _profiles, _roles, _users, _policies)


def _listed(read: Callable[..., Any], what: str, **parameters: str) -> list[Any]:
    """Return what a listing shows; nothing of a kind that the product does not have."""
    found = _tried(read, **parameters)
    return found.get(what, []) if isinstance(found, dict) else []


def _tried(call: Callable[..., Any], **parameters: object) -> Any:  # noqa: ANN401 - boto3's answers
    """Make a call whose refusal shows in what is still there afterwards."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        return call(**parameters)
    except (ClientError, BotoCoreError, NotImplementedError, ResponseParserError):
        return None
