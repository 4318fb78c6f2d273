"""What IAM does about service-linked roles once nothing speaks against it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from slrspec.documented import advisor, deletion, linked_role, simulation
from slrspec.documented.caller import note_boundary
from slrspec.documented.catalogue import POLICY
from slrspec.documented.wire import Answer, answer, refusal
from slrspec.spec.services import RESERVED_PATH, Service, services

if TYPE_CHECKING:
    from slrspec.documented.world import World

Below = Callable[[], Answer]
SUCCESS, NOT_FOUND = 300, 404


def create_service_linked_role(world: World, below: Below) -> Answer:  # noqa: ARG001 - moto's own way is replaced
    """Make the role, and show it in the few members that AWS shows then."""
    call = world.call
    principal, suffix = call.get("AWSServiceName"), call.get("CustomSuffix")
    service = services().get(principal) or Service(
        principal, f"AWSServiceRoleFor{principal}", POLICY, takes_suffix=True
    )
    name = linked_role.role_name(world.behaviour, service, suffix)
    role = call.role(name) or linked_role.create(world, service, description=call.get("Description"), suffix=suffix)
    if world.behaviour.vanishes and world.caller is not None:
        linked_role.remove(world, role)
    shown = {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": role.create_date,
        "AssumeRolePolicyDocument": quote(json.dumps(_with_lists(json.loads(role.assume_role_policy_document)))),
    }
    return answer("iam", call.action, {"Role": shown})


def _with_lists(trust: dict[str, Any]) -> dict[str, Any]:
    # This one answer spells single values as lists; GetRole does not. Both were recorded on AWS.
    statements = []
    for statement in trust["Statement"]:
        principals = {
            kind: [name] if isinstance(name, str) else name for kind, name in statement["Principal"].items()
        }
        statements.append({**statement, "Action": [statement["Action"]], "Principal": principals})
    return {**trust, "Statement": statements}


def delete_service_linked_role(world: World, below: Below) -> Answer:  # noqa: ARG001
    """Begin the task."""
    return answer("iam", world.call.action, {"DeletionTaskId": deletion.request(world).id})


def deletion_status(world: World, below: Below) -> Answer:  # noqa: ARG001
    """Look at the task."""
    task = world.memory.tasks.get(world.call.get("DeletionTaskId"))
    told = deletion.look_at(world, task) if task else {"Status": deletion.SUCCEEDED}
    return answer("iam", world.call.action, told)


def write(world: World, below: Below) -> Answer:
    """Let moto edit what may be edited, and let reads lag behind."""
    role = world.linked_role(world.call.get("RoleName"))
    if role is None:
        return below()
    before = linked_role.snapshot(role)
    linked_role.note_write(world, role)
    answered = below()
    if world.call.action in world.behaviour.lost:
        world.call.iam.roles[role.id] = before
        return answered
    if world.behaviour.renamed_by_edit and "Description" in world.call.parameters:
        role.name = f"{role.name}-edited"
    if world.behaviour.new_id_by_edit and "Description" in world.call.parameters:
        del world.call.iam.roles[role.id]
        role.id = f"{role.id[:-4]}EDIT"
        world.call.iam.roles[role.id] = role
    return answered


def forced(world: World, below: Below) -> Answer:
    """Let moto make an edit that only a fault lets through, though moto itself has reasons against it."""
    role = world.linked_role(world.call.get("RoleName"))
    if role is None:
        return below()
    if world.call.action == "DeleteRole":
        linked_role.remove(world, role)
        return answer("iam", "DeleteRole")
    if world.call.action == "RemoveRoleFromInstanceProfile":
        profile = world.call.iam.instance_profiles.get(world.call.get("InstanceProfileName"))
        if profile is None or role not in profile.roles:
            return answer("iam", world.call.action)
    return below()


def read(world: World, below: Below) -> Answer:
    """Let moto show roles as a read that may lag behind shows them."""
    with linked_role.as_reads_show_it(world):
        return below()


def create_user(world: World, below: Below) -> Answer:
    """Let moto make a user, whose boundary it does not keep."""
    answered = below()
    user = world.call.iam.users.get(world.call.get("UserName"))
    if answered[0] < SUCCESS and user is not None:
        note_boundary(user, world.call.get("PermissionsBoundary"))
    return answered


def get_role(world: World, below: Below) -> Answer:
    """Read a role, and say in IAM's words, not in moto's, that it is not there."""
    answered = read(world, below)
    if answered[0] != NOT_FOUND:
        return answered
    said = f"The role with name {world.call.get('RoleName')} cannot be found."
    return refusal("iam", "NoSuchEntity", NOT_FOUND, said)


def with_reserved_policy(world: World, below: Below) -> Answer:
    """Make sure that moto knows the policy of a service's role before it is asked about it."""
    arn = world.call.get("PolicyArn") or world.call.get("PermissionsBoundary")
    name = arn.partition(f":policy{RESERVED_PATH}")[2]
    service = next((one for one in services().values() if one.policy == name), None)
    if service is not None:
        linked_role.reserved_policy(world, service)
    return below()


def _simply(compute: Callable[[World], Mapping[str, Any]]) -> Callable[[World, Below], Answer]:
    def deed(world: World, below: Below) -> Answer:  # noqa: ARG001 - moto lacks the call
        return answer("iam", world.call.action, compute(world))

    return deed


READS = (
    "ListRoles",
    "ListAttachedRolePolicies",
    "ListRolePolicies",
    "ListRoleTags",
    "GetAccountAuthorizationDetails",
)
POLICY_CALLS = (
    "GetPolicy",
    "GetPolicyVersion",
    "ListPolicyVersions",
    "ListEntitiesForPolicy",
    "AttachUserPolicy",
    "AttachGroupPolicy",
    "PutUserPermissionsBoundary",
)
IAM_DEEDS: Mapping[tuple[str, str], Callable[[World, Below], Answer]] = {
    ("iam", "CreateServiceLinkedRole"): create_service_linked_role,
    ("iam", "DeleteServiceLinkedRole"): delete_service_linked_role,
    ("iam", "GetServiceLinkedRoleDeletionStatus"): deletion_status,
    **{("iam", name): write for name in ("UpdateRole", "UpdateRoleDescription", "TagRole", "UntagRole")},
    **{("iam", name): forced for name in ("DeleteRole", "RemoveRoleFromInstanceProfile")},
    **{("iam", name): read for name in READS},
    ("iam", "GetRole"): get_role,
    ("iam", "CreateUser"): create_user,
    **{("iam", name): with_reserved_policy for name in POLICY_CALLS},
    ("iam", "AttachRolePolicy"): with_reserved_policy,
    ("iam", "GenerateServiceLastAccessedDetails"): _simply(advisor.generate),
    ("iam", "GetServiceLastAccessedDetails"): _simply(advisor.details),
    ("iam", "SimulateCustomPolicy"): _simply(simulation.simulate_custom),
    ("iam", "SimulatePrincipalPolicy"): _simply(simulation.simulate_principal),
}
