"""What IAM refuses because of service-linked roles: one function for each call, permission first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from slrspec.documented.call import role_at, service_of
from slrspec.documented.deletion import usage_of
from slrspec.documented.linked_role import holder_of, role_arn, role_name
from slrspec.documented.refusals import ASSUMING, EDITS, Refusal
from slrspec.spec.services import RESERVED_PATH, services

if TYPE_CHECKING:
    from slrspec.documented.world import World

Refusals = Iterator[Refusal | None]
SERVICE_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
SUFFIX, LONGEST_SUFFIX = re.compile(r"[\w+=,.@-]+", re.ASCII), 64
DESCRIPTION, LONGEST_DESCRIPTION = re.compile(r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*"), 1000
RESERVED_ARN = re.compile(rf"arn:[^:]+:iam::aws:policy{RESERVED_PATH}.+")
TASK_ID = re.compile(r"task/aws-service-role/[\w+=,.@-]+/[\w+=,.@-]+/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
REVOKING_POLICY = "AWSRevokeOlderSessions"


def _protected(world: World, key: str, message: str = "") -> Refusal | None:
    name = world.call.get("RoleName")
    role = world.call.role(name)
    if role is None:
        return None
    if world.linked_role(name) is None and key not in world.behaviour.everywhere:
        return None
    said = f"Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS"
    return Refusal(key, message or said)


def _may_edit(world: World) -> Refusal | None:
    role = world.linked_role(world.call.get("RoleName"))
    return world.forbidden("MayNotEdit", f"iam:{world.call.action}", role.arn) if role is not None else None


def _undocumented(world: World, key: str) -> Refusal | None:
    """Return a refusal that AWS never makes: only a fault does, everywhere."""
    return _protected(world, key) if key in world.behaviour.everywhere else None


def edit(world: World) -> Refusals:
    """Refuse an edit of a service-linked role."""
    yield _may_edit(world)
    revoking = world.call.action == "PutRolePolicy" and world.call.get("PolicyName") == REVOKING_POLICY
    yield _protected(world, "RevokeSessions" if revoking else world.call.action)


def attach_to_role(world: World) -> Refusals:
    """Refuse to attach to a service-linked role, and to attach its policy to another one."""
    yield from edit(world)
    yield _reserved(world, "AttachReservedToRole", "PolicyArn", "role")


def attach_to_user(world: World) -> Refusals:
    """Refuse to attach a reserved policy to a user."""
    yield _reserved(world, "AttachReservedToUser", "PolicyArn", "user")


def attach_to_group(world: World) -> Refusals:
    """Refuse to attach a reserved policy to a group."""
    yield _reserved(world, "AttachReservedToGroup", "PolicyArn", "group")


def put_role_boundary(world: World) -> Refusals:
    """Refuse a boundary on a service-linked role, and a reserved policy as the boundary of another one."""
    yield from edit(world)
    yield _reserved(world, "ReservedAsBoundary", "PermissionsBoundary", "role")


def boundary(world: World) -> Refusals:
    """Refuse a reserved policy as a boundary."""
    yield _reserved(world, "ReservedAsBoundary", "PermissionsBoundary", "user")


def _reserved(world: World, key: str, parameter: str, kind: str) -> Refusal | None:
    policy = world.call.get(parameter)
    if RESERVED_ARN.fullmatch(policy) or (policy and key in world.behaviour.everywhere):
        return Refusal(key, f"Cannot attach AWS reserved policy to an IAM {kind}.")
    return None


def change_policy(world: World) -> Refusals:
    """Refuse to change a reserved policy."""
    policy = world.call.get("PolicyArn")
    if RESERVED_ARN.fullmatch(policy):
        yield Refusal("ChangeReservedPolicy", "Cannot change policies outside your own account.")


def update_role(world: World) -> Refusals:
    """Refuse a new session duration; the description may be edited."""
    yield from _description_of_linked(world)
    yield _may_edit(world)
    name = world.call.get("RoleName")
    if "MaxSessionDuration" in world.call.parameters:
        said = f"{name} is an AWS service linked role, max session duration cannot be changed."
        yield _protected(world, "UpdateRole", said)
    if "Description" in world.call.parameters:
        yield _undocumented(world, "UpdateDescription")


def allowed_edit(world: World) -> Refusals:
    """Let whoever may edit do so."""
    yield from _description_of_linked(world)
    yield _may_edit(world)
    yield _undocumented(world, world.call.action)


def create_role(world: World) -> Refusals:
    """Refuse an ordinary role on the reserved path, and one with the name of a service-linked role."""
    reserved = world.call.get("Path").startswith(RESERVED_PATH)
    if reserved or "ReservedPath" in world.behaviour.everywhere:
        said = f"Path prefix '{RESERVED_PATH}' can only be used for AWS Service linked Roles"
        yield Refusal("ReservedPath", said)
    name = world.call.get("RoleName")
    holder = holder_of(world, name)
    if holder is not None and service_of(holder):
        yield Refusal("RoleExists", f"Role with name {name} already exists.")
    yield from boundary(world)


def create_service_linked_role(world: World) -> Refusals:
    """Refuse whoever lacks the permission, and whatever AWS has no role for."""
    call = world.call
    principal, suffix = call.get("AWSServiceName"), call.get("CustomSuffix")
    if not SERVICE_NAME.fullmatch(principal):
        said = _constraint("AWSServiceName", principal, _must_match(SERVICE_NAME))
        yield Refusal("MalformedService", said)
        return
    yield _malformed(world, "MalformedSuffix", "CustomSuffix", SUFFIX, LONGEST_SUFFIX)
    yield _malformed(world, "MalformedDescription", "Description", DESCRIPTION, LONGEST_DESCRIPTION)
    yield world.forbidden(
        "MayNotCreate",
        "iam:CreateServiceLinkedRole",
        role_arn(world, principal, suffix),
        {"iam:AWSServiceName": [principal]},
    )
    service = services().get(principal)
    if service is None:
        yield _noted(world, "UnknownService", f"Cannot find Service Linked Role template for {principal}")
    if service is None:
        return
    if suffix and not service.takes_suffix:
        yield _noted(world, "Suffix", f"Custom suffix is not allowed for {principal}")
    name = role_name(world.behaviour, service, suffix)
    if _taken(world, name):
        said = f"Service role name {name} has been taken in this account, please try a different suffix."
        yield Refusal("Duplicate", said)


def _noted(world: World, key: str, message: str) -> Refusal:
    world.memory.creation_refused = True
    return Refusal(key, message)


def _taken(world: World, name: str) -> bool:
    if world.behaviour.refusal_sticks and world.memory.creation_refused:
        return True
    return holder_of(world, name) is not None or name in world.memory.taken_names


def _description_of_linked(world: World) -> Refusals:
    """Refuse a description that no role can have; what ordinary roles are given is moto's concern."""
    if world.linked_role(world.call.get("RoleName")) is not None:
        yield _malformed(world, "MalformedDescription", "Description", DESCRIPTION, LONGEST_DESCRIPTION)


def _malformed(world: World, key: str, parameter: str, pattern: re.Pattern[str], longest: int) -> Refusal | None:
    """Return the refusal of a parameter that is there and too long, or has other characters than it may have."""
    value = world.call.parameters.get(parameter)
    if value is None:
        return None
    if len(value) > longest:
        return Refusal(
            key, _constraint(parameter, value, f"Member must have length less than or equal to {longest}")
        )
    return None if pattern.fullmatch(value) else Refusal(key, _constraint(parameter, value, _must_match(pattern)))


def _must_match(pattern: re.Pattern[str]) -> str:
    return f"Member must satisfy regular expression pattern: {pattern.pattern}"


def _constraint(parameter: str, value: str, constraint: str) -> str:
    name = parameter[0].lower() + parameter[1:]
    return f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: {constraint}"


def delete_service_linked_role(world: World) -> Refusals:
    """Refuse whoever lacks the permission, and roles that are no service's."""
    name = world.call.get("RoleName")
    role = world.call.role(name)
    context = {"iam:AWSServiceName": [service_of(role)]} if role is not None else {}
    yield world.forbidden("MayNotDelete", "iam:DeleteServiceLinkedRole", world.arn_of_role(name), context)
    if role is None:
        yield Refusal("MissingRole", f"The role with name {name} cannot be found.")
    elif world.linked_role(name) is None or "OrdinaryRole" in world.behaviour.everywhere:
        yield Refusal("OrdinaryRole", f"{name} exists but is not a service role.")
    elif world.behaviour.refuses_in_use and usage_of(world, role, world.call.region):
        yield Refusal("InUse", f"{name} is in use.")


def deletion_status(world: World) -> Refusals:
    """Refuse ids that are no task's.

    Whoever may delete a role may look at the task, to its end; an id that nobody knows has no role.
    """
    task_id = world.call.get("DeletionTaskId")
    known = world.memory.tasks.get(task_id)
    resource = known.role_arn if known else "*"
    context = {"iam:AWSServiceName": [known.service]} if known else {}
    yield world.forbidden("MayNotDelete", "iam:GetServiceLinkedRoleDeletionStatus", resource, context)
    if known is None and not TASK_ID.fullmatch(task_id):
        yield Refusal("MalformedTask", "Invalid task id")
    if known is None or "UnknownTask" in world.behaviour.everywhere:
        yield Refusal("UnknownTask", "Cannot find deletion status for given id.")
    elif known.unseen > 0:
        known.unseen -= 1
        yield Refusal("UnknownTask", "Cannot find deletion status for given id.")


def assume_role(world: World) -> Refusals:
    """Refuse a service-linked role's credentials to everybody in the account, and to whoever signs in elsewhere."""
    action, arn = world.call.action, world.call.get("RoleArn")
    role = role_at(arn)
    if role is None or not (service_of(role) or "AssumeRole" in world.behaviour.everywhere):
        return
    who = world.caller.arn if world.caller else f"arn:{world.call.partition}:iam::{world.call.account}:root"
    said = f"User: {who} is not authorized to perform: sts:{action} on resource: {arn}"
    # Only AssumeRole is signed: the other calls have no caller whom the message could name.
    yield Refusal("AssumeRole", said if action == "AssumeRole" else f"Not authorized to perform sts:{action}")


REFUSALS_BY_CALL: dict[tuple[str, str], Callable[[World], Refusals]] = {
    **{("iam", name): edit for name in EDITS if name != "RevokeSessions"},
    ("iam", "AttachRolePolicy"): attach_to_role,
    ("iam", "AttachUserPolicy"): attach_to_user,
    ("iam", "AttachGroupPolicy"): attach_to_group,
    ("iam", "PutRolePermissionsBoundary"): put_role_boundary,
    ("iam", "PutUserPermissionsBoundary"): boundary,
    ("iam", "CreateUser"): boundary,
    ("iam", "CreateRole"): create_role,
    ("iam", "UpdateRole"): update_role,
    ("iam", "UpdateRoleDescription"): allowed_edit,
    ("iam", "TagRole"): allowed_edit,
    ("iam", "UntagRole"): allowed_edit,
    ("iam", "CreatePolicyVersion"): change_policy,
    ("iam", "DeletePolicy"): change_policy,
    ("iam", "DeletePolicyVersion"): change_policy,
    ("iam", "SetDefaultPolicyVersion"): change_policy,
    ("iam", "CreateServiceLinkedRole"): create_service_linked_role,
    ("iam", "DeleteServiceLinkedRole"): delete_service_linked_role,
    ("iam", "GetServiceLinkedRoleDeletionStatus"): deletion_status,
    **{("sts", name): assume_role for name in ASSUMING},
}
