"""Which operations each scenario may make on a real account, and what it needs there: a file, made by observing.

`operations.json` holds what the scenarios did on the model of the documented AWS, at every pace that it has. Nobody
writes it by hand: `tools/operations.py` does, and a test compares. What slrspec does by itself, before, between and
after the scenarios, is listed here.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec

from slrspec.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "operations.json"

# Beginnings of the names of calls that change nothing.
READS: dict[str, tuple[str, ...]] = {
    "ec2": ("Describe",),
    "iam": ("Generate", "Get", "List", "Simulate"),
    "rds": ("Describe", "List"),
    "ssm": ("Describe", "Get"),
    "sts": ("Get",),
}

PREFLIGHT = frozenset(
    {
        "ec2:DescribeRegions",
        "iam:GetRole",
        "iam:ListAccountAliases",
        "iam:ListAttachedRolePolicies",
        "iam:ListInstanceProfilesForRole",
        "iam:ListRolePolicies",
        "iam:ListRoles",
        "rds:DescribeDBClusters",
        "rds:DescribeDBInstances",
        "rds:ListTagsForResource",
        "ssm:GetParametersByPath",
        "sts:GetCallerIdentity",
    }
)
"""Before the first write, and for `slrspec doctor`."""

LEASE = frozenset({"ssm:DeleteParameter", "ssm:GetParameter", "ssm:GetParametersByPath", "ssm:PutParameter"})
"""To hold the account."""

PEOPLE = frozenset({"iam:CreateAccessKey", "iam:CreateUser", "iam:PutUserPolicy", "sts:GetCallerIdentity"})
"""To make someone with exactly one policy."""

MARKING = frozenset({"iam:GetRole", "iam:ListRoles", "iam:TagRole"})
"""To mark a service-linked role as the run's own."""

TIDYING = frozenset(
    {
        "iam:DeleteAccessKey",
        "iam:DeleteGroup",
        "iam:DeleteInstanceProfile",
        "iam:DeletePolicy",
        "iam:DeleteRole",
        "iam:DeleteRolePermissionsBoundary",
        "iam:DeleteRolePolicy",
        "iam:DeleteServiceLinkedRole",
        "iam:DeleteUser",
        "iam:DeleteUserPolicy",
        "iam:DetachGroupPolicy",
        "iam:DetachRolePolicy",
        "iam:DetachUserPolicy",
        "iam:GetGroup",
        "iam:GetInstanceProfile",
        "iam:GetPolicy",
        "iam:GetRole",
        "iam:GetServiceLinkedRoleDeletionStatus",
        "iam:GetUser",
        "iam:ListAccessKeys",
        "iam:ListAttachedGroupPolicies",
        "iam:ListAttachedRolePolicies",
        "iam:ListAttachedUserPolicies",
        "iam:ListInstanceProfilesForRole",
        "iam:ListRolePolicies",
        "iam:ListRoles",
        "iam:ListUserPolicies",
        "iam:RemoveRoleFromInstanceProfile",
        "rds:DeleteDBInstance",
        "rds:DeleteDBSnapshot",
        "rds:DescribeDBInstances",
        "rds:DescribeDBSnapshots",
        "rds:ModifyDBInstance",
    }
)
"""To give the account back after each scenario."""

RESTORING = (
    TIDYING
    | MARKING
    | {
        "iam:AttachRolePolicy",
        "iam:CreateServiceLinkedRole",
        "iam:PutRolePermissionsBoundary",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole",
    }
)
"""To put the service-linked role back as well, at the end."""

SWEEPING = RESTORING | {
    "iam:ListGroups",
    "iam:ListInstanceProfiles",
    "iam:ListPolicies",
    "iam:ListUsers",
    "rds:DescribeDBClusters",
}
"""To find what runs have left besides; all that a sweep may call but what the lease needs."""

STARTING = frozenset({"rds:CreateDBInstance", "rds:DescribeDBInstances"})
"""To start instances before the scenarios that will need them."""

READING_BACK = frozenset(
    {
        "iam:GetGroup",
        "iam:GetInstanceProfile",
        "iam:GetPolicy",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:GetUser",
        "iam:ListRoles",
        "rds:DescribeDBInstances",
    }
)
"""To find out whether a write happened whose answer was lost."""


class InstanceNeed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A DB instance that a scenario creates.

    Attributes
    ----------
    second
        In the second Region.
    protected
        Against deletion.
    event
        Whether its creation is what the scenario looks at: then nobody may have created it before.
    someone
        Whether somebody else than the administrator creates it; no other scenario can use it then.
    number
        How many names for instances the scenario has asked for when it creates it.

    """

    number: int
    second: bool = False
    protected: bool = False
    event: bool = False
    someone: bool = False

    @property
    def kind(self) -> tuple[bool, bool]:
        """What makes one instance as good as another: its Region, and its protection."""
        return self.second, self.protected


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A call of RDS that a scenario makes before its last deletion, and that can be made before its turn comes.

    Attributes
    ----------
    operation, parameters
        `DeleteDBInstance`, and with what; things are called `slrspec-instance-1`, and a creation tells only that.
    second
        In the second Region.
    refused
        Whether it was refused, as the rule has it.

    """

    operation: str
    parameters: dict[str, Any]
    second: bool = False
    refused: bool = False


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a scenario enters the course of another one that has done something else before.

    Attributes
    ----------
    creation
        Which instance's creation, counted from 1, is its own first write; 0 if it begins where the other one does.
    reads
        How many reads it makes before that.
    instances
        How many of the other's instances it knows nothing of.

    """

    creation: int = 0
    reads: int = 0
    instances: int = 0


BEGINNING = Entry()


class Needs(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one scenario does and needs on a real account.

    Attributes
    ----------
    operations
        What the administrator and the people made for the scenario may call, `iam:GetRole`, sorted.
    people
        The users with a policy that it needs, as its steps call them.
    instances
        The DB instances that it creates, in order.
    deleted
        How many of them it deletes.
    services
        Other services than RDS whose roles it asks for, and must not get.
    writes_role
        Whether it tries to change the service-linked role, be it in vain.
    role
        Whether the service-linked role has to be there at its start: `present` (it is made if it is not), `absent`,
        or `any`.
    role_after
        What becomes of it: `kept` as it was, `altered`, or `deleted`.
    disposable
        Whether it makes a service-linked role with a suffix of the run's own, and deletes that.
    ahead
        The calls up to its last deletion, where nothing but instances of its own is concerned: they can be made
        before its turn comes, so that the instances of several scenarios go at the same time.
    follows
        A scenario that makes the same writes in the same order, so that one course of events serves both; empty
        for none.
    enters
        Where in the other's course it begins.

    """

    operations: tuple[str, ...]
    role: str
    role_after: str = "kept"
    people: tuple[str, ...] = ()
    instances: tuple[InstanceNeed, ...] = ()
    deleted: int = 0
    services: tuple[str, ...] = ()
    writes_role: bool = False
    disposable: bool = False
    ahead: tuple[Call, ...] = ()
    follows: str = ""
    enters: Entry = BEGINNING

    @property
    def alone(self) -> bool:
        """Whether no DB instance but its own may be about: a role that it deletes, or that must not be there."""
        return self.role == "absent" or self.role_after == "deleted"


def effective(needs: Mapping[str, Needs]) -> dict[str, Needs]:
    """Return what scenarios need of the account, where those that follow another one of them need nothing more."""
    return {
        one: Needs(operations=needed.operations, role="any", follows=needed.follows, enters=needed.enters)
        if needed.follows in needs
        else msgspec.structs.replace(needed, follows="", enters=BEGINNING)
        for one, needed in needs.items()
    }


class OperationsFile(msgspec.Struct, frozen=True, kw_only=True):
    """The file as a whole; `paces` are those that it was observed at."""

    paces: tuple[str, ...]
    scenarios: dict[str, Needs]


@cache
def read_operations() -> OperationsFile:
    """Return the shipped file."""
    return msgspec.json.decode(files(__package__).joinpath(FILE).read_bytes(), type=OperationsFile)


def needs_of(scenario: str) -> Needs:
    """Return what a scenario needs.

    Raises
    ------
    UsageError
        If nobody has observed it: then nobody knows what it would do to an account.

    """
    found = read_operations().scenarios.get(scenario)
    if found is None:
        raise UsageError(f"the scenario {scenario} was never observed on the model of AWS", hint=_hint(scenario))
    return found


def _hint(scenario: str) -> str:
    """Return what to do about a scenario that nobody has observed: observe it, or choose another document."""
    observed = read_operations().scenarios
    if scenario.partition("-")[0] in {one.partition("-")[0] for one in observed}:
        return "python tools/operations.py"
    from slrspec.spec.gherkin import read_specification
    from slrspec.spec.location import document_ids, features_folder

    able = [
        document
        for document in document_ids()
        if any(one.id in observed for one in read_specification(features_folder(document)).scenarios)
    ]
    return f"documents that can be run on aws: {', '.join(able)}"


def is_read(service: str, operation: str) -> bool:
    """Tell whether an operation changes nothing."""
    return operation.startswith(READS.get(service, ()))


def encode_operations(found: OperationsFile) -> bytes:
    """Return the file as it is committed; equal observations give equal bytes."""
    return msgspec.json.format(msgspec.json.encode(found, order="sorted"), indent=1) + b"\n"
