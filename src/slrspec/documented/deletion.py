"""Deleting a service-linked role: a task that fails while the role is in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from slrspec.documented.call import backends_of, service_of
from slrspec.documented.catalogue import ELASTICACHE, RDS
from slrspec.documented.linked_role import remove
from slrspec.documented.world import Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from slrspec.documented.world import World

IN_PROGRESS, SUCCEEDED, FAILED = "IN_PROGRESS", "SUCCEEDED", "FAILED"


def request(world: World) -> Task:
    """Begin the deletion of the role that the call names, or return the task that is under way already."""
    name = world.call.get("RoleName")
    pending = next((task for task in _pending(world) if task.role_name == name), None)
    if pending is not None and world.behaviour.same_task:
        return pending
    unique = str(uuid4())
    principal = service_of(world.call.role(name)) or RDS
    task = Task(
        id=f"task/aws-service-role/{principal}/{name}/{unique}" if world.behaviour.names_role_in_task else unique,
        role_name=name,
        role_arn=world.arn_of_role(name),
        service=principal,
        region=world.call.region,
        looks=world.draw("pending"),
        unseen=world.draw("lag"),
    )
    world.memory.tasks[task.id] = task
    return task


def look_at(world: World, task: Task) -> Mapping[str, Any]:
    """Return what GetServiceLinkedRoleDeletionStatus tells of a task, one look further on."""
    if task.status == IN_PROGRESS and task.looks > 0:
        task.looks -= 1
    elif task.status == IN_PROGRESS:
        _end(world, task)
    return {"Status": task.status, "Reason": task.reason}


def settle(world: World) -> None:
    """End the tasks that are due, which a repeated request must still find under way."""
    repeated = world.call.get("RoleName") if world.call.action == "DeleteServiceLinkedRole" else ""
    status = world.call.get("DeletionTaskId")
    for task in _pending(world):
        if task.role_name == repeated or task.id == status:
            continue
        if task.looks > 0 and world.call.get("RoleName") == task.role_name:
            task.looks -= 1
        elif task.looks == 0:
            _end(world, task)


def _pending(world: World) -> list[Task]:
    return [task for task in world.memory.tasks.values() if task.status == IN_PROGRESS]


def _end(world: World, task: Task) -> None:
    behaviour = world.behaviour
    if behaviour.never_ends:
        return
    role = world.call.role(task.role_name)
    usage = usage_of(world, role, task.region) if role is not None else {}
    blocked = sum(map(len, usage.values())) >= behaviour.instances_to_block > 0
    if behaviour.blocked_for_good and world.memory.deletion_failed:
        blocked = True
    if blocked and behaviour.succeeds_in_use:
        task.status = SUCCEEDED
        return
    if blocked or behaviour.never_succeeds:
        _fail(world, task, role, usage)
        return
    task.status = SUCCEEDED
    if role is not None and not behaviour.succeeds_but_keeps:
        remove(world, role)


def _fail(world: World, task: Task, role: Any, usage: Mapping[str, list[str]]) -> None:  # noqa: ANN401
    behaviour = world.behaviour
    listed = {
        region: arns
        for region, arns in usage.items()
        if behaviour.usage == "all" or (behaviour.usage == "home" and region == task.region)
    }
    task.status = FAILED
    task.reason = {
        "Reason": "The role is in use by other resources." if behaviour.tells_reason else None,
        "RoleUsageList": [{"Region": region, "Resources": arns} for region, arns in listed.items()],
    }
    world.memory.deletion_failed = True
    if behaviour.fails_but_removes:
        remove(world, role)
    if behaviour.edits_by_failing:
        role.description = "could not be deleted"
    if behaviour.deletes_instances:
        for _, backend in _backends(world, RDS):
            backend.databases.clear()


def usage_of(world: World, role: Any, home: str) -> dict[str, list[str]]:  # noqa: ANN401
    """Return the ARNs of what uses a role, by Region.

    DB instances and clusters use the role of RDS, cache clusters and replication groups that of ElastiCache,
    wherever they are, and whatever the state that they are in; besides, whatever a session of the service was said
    to work on.
    """
    used = {
        region: arns
        for region, arns in users_of(world, service_of(role)).items()
        if not _freed(world) and (world.behaviour.other_regions_block or region == home)
    }
    for session in world.memory.sessions:
        if session.role_name == role.name:
            used.setdefault(session.region, []).extend(session.resources or (role.arn,))
    return {region: arns for region, arns in used.items() if arns}


def users_of(world: World, principal: str) -> dict[str, list[str]]:
    """Return the ARNs of what a service has in the account that uses its role, by Region."""
    return {
        region: [_arn_of(one) for one in _users(world, principal, backend)]
        for region, backend in _backends(world, principal)
    }


def _freed(world: World) -> bool:
    return world.memory.instance_deleted and not world.behaviour.blocks_after_first_deletion


def _arn_of(resource: Any) -> str:  # noqa: ANN401
    # Clusters have had their ARN under another name than instances.
    for name in ("arn", "db_instance_arn", "db_cluster_arn"):
        found = getattr(resource, name, None)
        if found:
            return str(found)
    return str(resource.db_cluster_identifier)


def _users(world: World, principal: str, backend: Any) -> Iterator[Any]:  # noqa: ANN401
    """Return what of a backend uses the role of its service."""
    if principal == RDS:
        yield from (*backend.databases.values(), *backend.clusters.values())
    else:
        yield from backend.cache_clusters.values()
        if world.behaviour.groups_block:
            # Older versions of moto have none.
            yield from getattr(backend, "replication_groups", {}).values()


def _backends(world: World, principal: str) -> Iterator[tuple[str, Any]]:
    """Return moto's backends of a service in the account, by Region; none for services that are not modelled."""
    from moto.utilities.utils import get_partition

    if principal not in {RDS, ELASTICACHE}:
        return
    for region, backend in backends_of(principal.partition(".")[0], world.call.account).items():
        if get_partition(region) == world.call.partition:
            yield region, backend
