"""What RDS does about the role, and what it asks for before a DB instance is deleted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from slrspec.documented.catalogue import RDS
from slrspec.documented.linked_role import bring, in_the_way, role_arn
from slrspec.documented.refusals import Refusal
from slrspec.documented.wire import Answer
from slrspec.documented.world import Phase, World

if TYPE_CHECKING:
    from collections.abc import Mapping

Below = Callable[[], Answer]
CREATING = (
    "CreateDBInstance",
    "CreateDBInstanceReadReplica",
    "RestoreDBInstanceFromDBSnapshot",
    "RestoreDBInstanceToPointInTime",
)
NEEDING_ROLE = (
    *CREATING,
    "CreateDBCluster",
    "CreateDBSubnetGroup",
    "RestoreDBClusterFromSnapshot",
    "RestoreDBClusterToPointInTime",
)
UNABLE = (
    "Unable to create the resource. Verify that you have permission to create service linked role. "
    "Otherwise wait and try again later"
)
# What RDS says for a subnet group, as seen in public issues.
UNABLE_FOR_SUBNET_GROUP = (
    "Missing necessary credentials. Please check "
    "http://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAM.ServiceLinkedRoles.html"
)
SUCCESS = 300


# ---- refusals


def create_refusals(world: World) -> Iterator[Refusal | None]:
    """Refuse whoever could not create the role that is missing, and everybody if an ordinary one has its name."""
    if world.call.role_of(RDS) is not None:
        return
    if world.behaviour.needs_role_first:
        yield Refusal("NeedsRoleFirst", "There is no service-linked role.")
    context = {"iam:AWSServiceName": [RDS]}
    said = UNABLE_FOR_SUBNET_GROUP if world.call.action == "CreateDBSubnetGroup" else UNABLE
    denied = world.forbidden("MayNotCreateByRds", "iam:CreateServiceLinkedRole", role_arn(world, RDS), context)
    if denied is not None:
        yield Refusal("MayNotCreateByRds", said)
    if in_the_way(world, RDS) is not None:
        yield Refusal("NameTakenFromRds", said)


def delete_refusals(world: World) -> Iterator[Refusal | None]:
    """Refuse to delete what is protected, missing, or undecided."""
    call, everywhere = world.call, world.behaviour.everywhere
    identifier = call.get("DBInstanceIdentifier")
    skip, name = call.flag("SkipFinalSnapshot"), call.get("FinalDBSnapshotIdentifier")
    database = call.rds.databases.get(identifier)
    if database is None or "MissingInstance" in everywhere:
        yield Refusal("MissingInstance", f"DBInstance {identifier} not found.")
        return
    phase = world.memory.phases.get(_place(world, identifier))
    if database.status == "deleting":
        yield Refusal("AlreadyDeleting", f"Instance {identifier} is already being deleted.")
    if database.deletion_protection:
        yield Refusal(
            "Protected", "Cannot delete protected DB Instance, please disable deletion protection and try again."
        )
    if skip and name:
        yield Refusal(
            "ContradictorySnapshot", "You cannot specify both FinalDBSnapshotIdentifier and SkipFinalSnapshot"
        )
    kind = _without_snapshot(database)
    if name and kind:
        said = f"FinalDBSnapshotIdentifier can not be specified when deleting a {kind} instance"
        yield Refusal("SnapshotOfReplica", said)
    if (not skip and not name and kind != "cluster") or "UndecidedSnapshot" in everywhere:
        said = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
        yield Refusal("UndecidedSnapshot", said)
    if name and phase is not None and phase.status == "creating":
        yield Refusal("SnapshotWhileCreating", f"Instance {identifier} is currently creating.")


def _without_snapshot(database: Any) -> str:  # noqa: ANN401 - moto has no types
    """Return what kind of instance has no final snapshot of its own, empty for an instance that has."""
    if getattr(database, "db_cluster_identifier", None):
        return "cluster"
    return "replica" if getattr(database, "is_replica", False) else ""


RDS_REFUSALS: Mapping[tuple[str, str], Callable[[World], Iterator[Refusal | None]]] = {
    **{("rds", action): create_refusals for action in NEEDING_ROLE},
    ("rds", "DeleteDBInstance"): delete_refusals,
}


# ---- deeds


def make(world: World, below: Below) -> Answer:
    """Let moto make something, and the role with it."""
    answer = below()
    if answer[0] >= SUCCESS:
        return answer
    bring(world, RDS)
    if world.call.action not in CREATING:
        return answer
    # The parameter that names the new instance is another one in each call.
    identifier = _identifier(_text(answer))
    if world.call.action in world.behaviour.lost:
        _take(world, identifier)
    phase = Phase("creating", world.draw("creating"), world.draw("lag"))
    if phase.looks or phase.unseen:
        world.memory.phases[_place(world, identifier)] = phase
        return _showing(answer, {identifier: "creating"})
    return answer


def delete(world: World, below: Below) -> Answer:
    """Let moto delete a DB instance, and keep it in sight for as long as it takes."""
    call, behaviour = world.call, world.behaviour
    identifier, name = call.get("DBInstanceIdentifier"), call.get("FinalDBSnapshotIdentifier")
    database = call.rds.databases[identifier]
    if "Protected" in behaviour.accepted | behaviour.written:
        database.deletion_protection = False
    if behaviour.makes_declined_snapshot and not name:
        call.rds.create_db_snapshot(identifier, f"{identifier}-final")
    answer = below()
    if answer[0] >= SUCCESS:
        return answer
    if name and not behaviour.makes_wanted_snapshot:
        call.rds.database_snapshots.pop(name, None)
    world.memory.instance_deleted = True
    world.memory.phases.pop(_place(world, identifier), None)
    looks = world.draw("deleting")
    if behaviour.keeps_instance:
        call.rds.databases[identifier] = database
        database.status = "available"
    elif looks:
        call.rds.databases[identifier] = database
        world.memory.phases[_place(world, identifier)] = Phase("deleting", looks)
    return _showing(answer, {identifier.casefold(): behaviour.deletion_status})


def modify(world: World, below: Below) -> Answer:
    """Let moto change a DB instance, and keep its phase when it gets another name."""
    identifier = world.call.get("DBInstanceIdentifier")
    database = world.call.rds.databases.get(identifier)
    protected = database is not None and database.deletion_protection
    answer = below()
    phase = world.memory.phases.pop(_place(world, identifier), None)
    if phase is not None:
        named = _identifier(_text(answer)) if answer[0] < SUCCESS else identifier
        world.memory.phases[_place(world, named)] = phase
    if protected and world.behaviour.protection_sticks:
        database.deletion_protection = True
    return answer


def describe(world: World, below: Below) -> Answer:
    """Let moto show DB instances as they are seen at this look."""
    call = world.call
    asked = call.get("DBInstanceIdentifier").casefold()
    looked_at = {
        identifier: phase
        for (region, identifier), phase in world.memory.phases.items()
        if region == call.region and asked in {"", identifier}
    }
    if not looked_at:
        return below()
    hidden: dict[str, Any] = {}
    shown: dict[str, str] = {}
    for identifier, phase in looked_at.items():
        if phase.unseen > 0:
            phase.unseen -= 1
            hidden.update(_take(world, identifier))
        elif phase.looks > 0:
            phase.looks -= 1
            shown[identifier] = phase.status
        else:
            _end(world, identifier, phase)
    try:
        return _showing(below(), shown)
    finally:
        call.rds.databases.update(hidden)


def _end(world: World, identifier: str, phase: Phase) -> None:
    del world.memory.phases[_place(world, identifier)]
    if phase.status == "deleting":
        _take(world, identifier)


def _place(world: World, identifier: str) -> tuple[str, str]:
    """Return where the phase of a DB instance is remembered: RDS takes names that differ only in case for one."""
    return world.call.region, identifier.casefold()


def _take(world: World, identifier: str) -> dict[str, Any]:
    """Take a DB instance out of moto, whose older versions keep names as they were written; return it by name."""
    databases = world.call.rds.databases
    return {name: databases.pop(name) for name in list(databases) if name.casefold() == identifier}


def _text(answer: Answer) -> str:
    body = answer[2]
    return body.decode() if isinstance(body, bytes) else str(body)


def _identifier(text: str) -> str:
    """Return the identifier of the first DB instance in a piece of an answer, as it is compared; empty for none."""
    found = re.search(r"<DBInstanceIdentifier>([^<]*)</DBInstanceIdentifier>", text)
    return found[1].casefold() if found else ""


def _showing(answer: Answer, statuses: Mapping[str, str]) -> Answer:
    """Return an answer in which DB instances have another status, by their identifiers in small letters.

    moto computes the status in different ways in different versions; what it has written is alike in all of them.
    """
    status, headers, _ = answer

    def one(match: re.Match[str]) -> str:
        wanted = statuses.get(_identifier(match[0]))
        if wanted is None:
            return match[0]
        replaced = f"<DBInstanceStatus>{wanted}</DBInstanceStatus>"
        return re.sub(r"<DBInstanceStatus>[^<]*</DBInstanceStatus>", replaced, match[0], count=1)

    return status, headers, re.sub(r"<DBInstance>.*?</DBInstance>", one, _text(answer), flags=re.DOTALL)


RDS_DEEDS: Mapping[tuple[str, str], Callable[[World, Below], Answer]] = {
    **{("rds", action): make for action in NEEDING_ROLE},
    ("rds", "DeleteDBInstance"): delete,
    ("rds", "ModifyDBInstance"): modify,
    ("rds", "DescribeDBInstances"): describe,
}
