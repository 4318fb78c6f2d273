"""After a scenario, and at the end: whatever was made is taken away, and the service-linked role is put back.

What a deletion is answered does not matter, only what is still there; what cannot be taken away is made note of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slrspec.running.trouble import ProviderTrouble, answered_error
from slrspec.sandbox import disposable
from slrspec.sandbox.account import ROLE_MARK
from slrspec.sandbox.operations import MARKING, RESTORING, TIDYING
from slrspec.sandbox.preflight import FULL
from slrspec.sandbox.role_record import ROLE_PATH, SERVICE, RoleRecord, read_role, writes_to_restore
from slrspec.sandbox.writes import whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from slrspec.sandbox.account import HeldAccount, Started

ENDED = ("SUCCEEDED", "FAILED")
ROUNDS = 4
# A reading may lag behind, so absence has to show so many times in a row.
STABLE_LOOKS = 3


def delete_role(held: HeldAccount) -> None:
    """Delete the service-linked role, and wait until it is gone.

    Raises
    ------
    ProviderTrouble
        If it stays.

    """
    settle_tasks(held)
    if not held.wait(lambda: _role_stays_away(held)):
        raise ProviderTrouble("the service-linked role cannot be deleted")
    held.marked = held.altered = held.appeared = False


def _role_stays_away(held: HeldAccount) -> bool:
    """Ask for the role's deletion if there is one; tell whether there is none, and reads agree on it."""
    for look in range(STABLE_LOOKS if held.appeared else 1):
        if look:
            held.sleep(held.pace.interval)
        if found := held.linked_roles():
            held.appeared = True
            held.mark_role(again=True)
            for name in found:
                _empty_role(held, name)
                _ask_deletion(held, name)
            return False
    return True


def _ask_deletion(held: HeldAccount, name: str) -> None:
    try:
        task = held.call("iam", "DeleteServiceLinkedRole", RoleName=name)["DeletionTaskId"]
    except Exception as error:
        if not isinstance(error, ProviderTrouble) and not answered_error(error).status:
            raise
        return  # refused, or its answer was lost: the next look tells
    held.tasks.append((str(task), name))
    settle_tasks(held)


def settle_tasks(held: HeldAccount) -> None:
    """Wait until every deletion of the role that a scenario has asked for has ended, one way or the other."""
    for task, name in held.tasks:
        held.wait(lambda task=task, name=name: _has_ended(held, task, name))  # type: ignore[misc]
    held.tasks.clear()


def _has_ended(held: HeldAccount, task: str, name: str) -> bool:
    look = held.read("iam", "GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task)
    if look is None:
        return held.read("iam", "GetRole", RoleName=name) is None
    return look.get("Status") in ENDED


def delete_unwanted_role(held: HeldAccount, service: str) -> None:
    """Delete another service's role that came into being, in this run, where a refusal was expected.

    A role with a suffix of the run's own is known by that, and has come into being as it should.
    """
    if disposable.is_suffix(service):
        _delete_disposable(held, service)
        return
    if service in held.taken:
        return

    def gone() -> bool:
        prefix = ROLE_PATH.replace(SERVICE, service)
        found = whole(lambda more: held.call("iam", "ListRoles", PathPrefix=prefix, **more))["Roles"]
        for role in found:
            name = str(role["RoleName"])
            held.guard.unwanted.add(name)
            _empty_role(held, name)
            _ask_deletion(held, name)
        return not found

    if not held.wait(gone):
        held.left.append(f"the service-linked role of {service}")


def _delete_disposable(held: HeldAccount, suffix: str) -> None:
    name = disposable.role_of(suffix)

    def gone() -> bool:
        for look in range(STABLE_LOOKS):
            if look:
                held.sleep(held.pace.interval)
            if held.read("iam", "GetRole", RoleName=name) is not None:
                _empty_role(held, name)
                _ask_deletion(held, name)
                return False
        return True

    if not held.wait(gone):
        held.left.append(f"the service-linked role {name}")


def tidy(held: HeldAccount, scenario: str) -> None:
    """Take away whatever a scenario has made, but instances that are as good as new.

    Raises
    ------
    ProviderTrouble
        If something stays. After an interruption nobody has waited for it, and the end of the run tells.

    """
    with held.guard.permitted(f"tidying up after {scenario}", TIDYING | MARKING):
        before = len(held.left)
        take_away(held, later=_nobody_minds(held, scenario))
        if held.guard.owns_role and not held.marked:
            held.mark_role()
    if held.left[before:] and not held.interrupted:
        raise ProviderTrouble(f"something is left: {', '.join(held.left[before:][:5])}")


def _nobody_minds(held: HeldAccount, scenario: str) -> bool:
    """Tell whether the next scenario can do with instances that are still being deleted."""
    rest = held.order[held.order.index(scenario) + 1 :] if scenario in held.order else []
    return bool(rest) and not held.altered and not held.interrupted and not held.needs[rest[0]].alone


def take_away(held: HeldAccount, *, later: bool = False) -> None:
    """Delete what was made since the last time; what cannot be is made note of, and tried again at the end.

    Parameters
    ----------
    later
        Only ask for the deletion of instances, and wait for it some other time.

    """
    if not later:
        held.going.clear()  # what was asked for before is waited for now
    kept = held.kept | held.going
    made = [one for one in dict.fromkeys(held.made) if one.name not in kept]
    settle_tasks(held)
    if held.altered and held.guard.owns_role:
        for name in held.linked_roles():  # before the policies go that something may have attached to it
            _empty_role(held, name)
    instances = [(m.name, m.region) for m in made if m.operation == "CreateDBInstance"]
    if later:
        kept |= _ask_for_deletions(held, instances)
    else:
        delete_instances(held, instances)
    for one in made:
        if one.operation == "DeleteDBInstance":
            _delete_snapshot(held, one.name, one.region)
    for operation, delete in DELETERS:
        for one in made:
            if one.operation == operation:
                delete(held, one.name)
    left = " ".join(held.left)
    held.made = [one for one in held.made if one.name in kept or one.name in left]


def give_back(held: HeldAccount, started: Started) -> None:
    """Take back an instance that a scenario has used: keep it for the next if it is intact, or delete it."""
    status = status_of(held, started.name, started.region)
    if status in {"available", "creating", "backing-up"}:
        held.idle.append(started)
    else:
        delete_instances(held, [(started.name, started.region)])


def status_of(held: HeldAccount, name: str, region: str) -> str:
    """Return an instance's status, or `gone`."""
    found = held.read("rds", "DescribeDBInstances", region, DBInstanceIdentifier=name)
    return str(found["DBInstances"][0]["DBInstanceStatus"]) if found and found["DBInstances"] else "gone"


def delete_instances(held: HeldAccount, instances: list[tuple[str, str]]) -> None:
    """Delete instances, all at once, and wait until they are gone."""
    going = []
    for name, region in dict.fromkeys(instances):
        if status_of(held, name, region) == "gone":
            continue
        _delete_instance(held, name, region)
        going.append((name, region))
    for name, region in going:
        if not held.wait(lambda n=name, r=region: _is_gone(held, n, r), instance=True):  # type: ignore[misc]
            held.left.append(f"DB instance {name} in {region}")


def _ask_for_deletions(held: HeldAccount, instances: list[tuple[str, str]]) -> set[str]:
    """Ask for the deletion of instances, and wait for none; return the names of all that are going."""
    for name, region in instances:
        if status_of(held, name, region) != "gone":
            _delete_instance(held, name, region)
            held.going.add(name)
    return held.going


def _is_gone(held: HeldAccount, name: str, region: str) -> bool:
    status = status_of(held, name, region)
    if status not in {"gone", "deleting"}:
        _delete_instance(held, name, region)  # it was in a state in which it could not be deleted
    return status == "gone"


def _delete_instance(held: HeldAccount, name: str, region: str) -> None:
    deletion: dict[str, Any] = {"DBInstanceIdentifier": name, "SkipFinalSnapshot": True}
    if held.tried("rds", "DeleteDBInstance", region, **deletion):
        return
    off = {"DeletionProtection": False, "ApplyImmediately": True}
    if held.tried("rds", "ModifyDBInstance", region, DBInstanceIdentifier=name, **off):
        held.tried("rds", "DeleteDBInstance", region, **deletion)


def _delete_snapshot(held: HeldAccount, name: str, region: str) -> None:
    def gone() -> bool:
        found = whole(lambda more: held.call("rds", "DescribeDBSnapshots", region, **more))["DBSnapshots"]
        if not any(one["DBSnapshotIdentifier"] == name for one in found):
            return True
        held.tried("rds", "DeleteDBSnapshot", region, DBSnapshotIdentifier=name)
        return False

    if not held.wait(gone, instance=True):
        held.left.append(f"DB snapshot {name} in {region}")


def _empty_role(held: HeldAccount, name: str) -> None:
    role = {"RoleName": name}
    for policy in (held.read("iam", "ListRolePolicies", **role) or {}).get("PolicyNames", ()):
        held.tried("iam", "DeleteRolePolicy", PolicyName=policy, **role)
    for policy in (held.read("iam", "ListAttachedRolePolicies", **role) or {}).get("AttachedPolicies", ()):
        if ":aws:policy/aws-service-role/" not in policy["PolicyArn"] or ROLE_MARK not in name:
            held.tried("iam", "DetachRolePolicy", PolicyArn=policy["PolicyArn"], **role)
    profiles = (held.read("iam", "ListInstanceProfilesForRole", **role) or {}).get("InstanceProfiles", ())
    for profile in profiles:
        profiled = profile["InstanceProfileName"]
        held.tried("iam", "RemoveRoleFromInstanceProfile", InstanceProfileName=profiled, **role)


def _until_gone(held: HeldAccount, kind: str, name: str, read: tuple[str, str], delete: Callable[[], None]) -> None:
    operation, key = read
    if held.read("iam", operation, **{key: name}) is None:
        return

    def gone() -> bool:
        delete()
        return held.read("iam", operation, **{key: name}) is None

    if not held.wait(gone):
        held.left.append(f"{kind} {name}")


def delete_ordinary_role(held: HeldAccount, name: str) -> None:
    """Delete a role of the run's own."""

    def delete() -> None:
        _empty_role(held, name)
        held.tried("iam", "DeleteRole", RoleName=name)

    _until_gone(held, "role", name, ("GetRole", "RoleName"), delete)


def delete_user(held: HeldAccount, name: str) -> None:
    """Delete a user of the run's own."""

    def delete() -> None:
        user = {"UserName": name}
        for key in (held.read("iam", "ListAccessKeys", **user) or {}).get("AccessKeyMetadata", ()):
            held.tried("iam", "DeleteAccessKey", AccessKeyId=key["AccessKeyId"], **user)
        for policy in (held.read("iam", "ListUserPolicies", **user) or {}).get("PolicyNames", ()):
            held.tried("iam", "DeleteUserPolicy", PolicyName=policy, **user)
        for policy in (held.read("iam", "ListAttachedUserPolicies", **user) or {}).get("AttachedPolicies", ()):
            held.tried("iam", "DetachUserPolicy", PolicyArn=policy["PolicyArn"], **user)
        held.tried("iam", "DeleteUser", **user)

    _until_gone(held, "user", name, ("GetUser", "UserName"), delete)


def delete_group(held: HeldAccount, name: str) -> None:
    """Delete a group of the run's own."""

    def delete() -> None:
        group = {"GroupName": name}
        attached = (held.read("iam", "ListAttachedGroupPolicies", **group) or {}).get("AttachedPolicies", ())
        for policy in attached:
            held.tried("iam", "DetachGroupPolicy", PolicyArn=policy["PolicyArn"], **group)
        held.tried("iam", "DeleteGroup", **group)

    _until_gone(held, "group", name, ("GetGroup", "GroupName"), delete)


def delete_profile(held: HeldAccount, name: str) -> None:
    """Delete an instance profile of the run's own."""

    def delete() -> None:
        found = held.read("iam", "GetInstanceProfile", InstanceProfileName=name)
        for role in (found or {}).get("InstanceProfile", {}).get("Roles", ()):
            removal = {"InstanceProfileName": name, "RoleName": role["RoleName"]}
            held.tried("iam", "RemoveRoleFromInstanceProfile", **removal)
        held.tried("iam", "DeleteInstanceProfile", InstanceProfileName=name)

    _until_gone(held, "instance profile", name, ("GetInstanceProfile", "InstanceProfileName"), delete)


def delete_policy(held: HeldAccount, name: str) -> None:
    """Delete a managed policy of the run's own."""
    arn = f"arn:aws:iam::{held.settings.account_id}:policy/{name}"

    def delete() -> None:
        held.tried("iam", "DeletePolicy", PolicyArn=arn)

    _until_gone(held, "policy", arn, ("GetPolicy", "PolicyArn"), delete)


def end(held: HeldAccount) -> None:
    """Take everything away, put the service-linked role back, and give the lease back if nothing is left."""
    try:
        with held.guard.permitted("the end of the run", RESTORING):
            held.left.clear()  # whatever could not be taken away before is looked at once more
            held.people = []
            held.idle.clear()
            held.begun.clear()
            take_away(held)
            _restore_role(held)
    except Exception as error:  # noqa: BLE001 - whatever it is, the sweep has to do it
        held.left.append(f"what could not be looked at ({' '.join(str(error).split())[:200]})")


def _restore_role(held: HeldAccount) -> None:
    if held.lane != FULL:
        return
    for _ in range(ROUNDS):
        now = _role_now(held)
        wanted = writes_to_restore(held.role_before, now)
        if not wanted:
            return
        for write in wanted:
            if write.operation == "DeleteServiceLinkedRole":
                delete_role(held)
            else:
                held.tried("iam", write.operation, **write.parameters)
        held.sleep(held.pace.interval)
    held.left.append("the service-linked role is not as it was")


def _role_now(held: HeldAccount) -> RoleRecord | None:
    return read_role(held.connection.client("iam"))


DELETERS: tuple[tuple[str, Callable[[HeldAccount, str], None]], ...] = (
    ("CreateInstanceProfile", delete_profile),
    ("CreateRole", delete_ordinary_role),
    ("CreateUser", delete_user),
    ("CreateGroup", delete_group),
    ("CreatePolicy", delete_policy),
    ("CreateServiceLinkedRole", delete_unwanted_role),
)
