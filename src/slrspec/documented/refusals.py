"""Every refusal that the model makes: its error, and the rule that documents it."""

from __future__ import annotations

from dataclasses import dataclass

PERMISSION = "permission"
PROTECTED = "UnmodifiableEntity"
RESERVED = "PolicyNotAttachable"


@dataclass(frozen=True)
class Documented:
    """What AWS answers.

    Attributes
    ----------
    code, status
        Error code and HTTP status.
    rule
        Id of the rule that says so; empty where AWS is known for it and no rule of the specification is about it.

    """

    code: str
    status: int
    rule: str = ""


@dataclass(frozen=True)
class Refusal:
    """A refusal that is due.

    Attributes
    ----------
    key
        Its name in `REFUSALS`.
    message
        What to say.

    """

    key: str
    message: str

    @property
    def documented(self) -> Documented:
        """The error that goes with it."""
        return REFUSALS[self.key]


# What an IAM call does to a role, by name of the call; the session duration is the one part of UpdateRole.
EDITS = {
    "PutRolePolicy": "RDS-EDT-01",
    "DeleteRolePolicy": "RDS-EDT-02",
    "AttachRolePolicy": "RDS-EDT-03",
    "DetachRolePolicy": "RDS-EDT-04",
    "UpdateAssumeRolePolicy": "RDS-EDT-05",
    "PutRolePermissionsBoundary": "RDS-EDT-06",
    "DeleteRolePermissionsBoundary": "RDS-EDT-06",
    "UpdateRole": "RDS-EDT-07",
    "AddRoleToInstanceProfile": "RDS-EDT-08",
    "RemoveRoleFromInstanceProfile": "RDS-EDT-08",
    "DeleteRole": "RDS-DEL-23",
    "RevokeSessions": "RDS-DEL-13",
}

# The calls of STS that give credentials of a role.
ASSUMING = ("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity")

REFUSALS: dict[str, Documented] = {
    **{name: Documented(PROTECTED, 400, rule) for name, rule in EDITS.items()},
    "AttachReservedToRole": Documented(RESERVED, 400, "RDS-INT-09"),
    "AttachReservedToUser": Documented(RESERVED, 400, "RDS-INT-10"),
    "AttachReservedToGroup": Documented(RESERVED, 400, "RDS-INT-11"),
    "ReservedAsBoundary": Documented(RESERVED, 400, "RDS-INT-09"),
    "ChangeReservedPolicy": Documented("AccessDenied", 403),
    "AssumeRole": Documented("AccessDenied", 403, "RDS-INT-06"),
    "MayNotCreate": Documented("AccessDenied", 403, "RDS-PER-13"),
    "MayNotEdit": Documented("AccessDenied", 403, "RDS-PER-14"),
    "MayNotDelete": Documented("AccessDenied", 403, "RDS-PER-15"),
    "MayNotCreateByRds": Documented("InvalidParameterValue", 400, "RDS-PER-16"),
    "MayNotCreateByElastiCache": Documented("ServiceLinkedRoleNotFoundFault", 400, "ELC-COM-05"),
    "NameTakenFromRds": Documented("InvalidParameterValue", 400),
    "NameTakenFromElastiCache": Documented("ServiceLinkedRoleNotFoundFault", 400),
    "MalformedService": Documented("ValidationError", 400),
    "MalformedSuffix": Documented("ValidationError", 400),
    "MalformedDescription": Documented("ValidationError", 400),
    "UnknownService": Documented("AccessDenied", 403, "RDS-COM-03"),
    "Suffix": Documented("InvalidInput", 400, "RDS-COM-02"),
    "Duplicate": Documented("InvalidInput", 400, "RDS-COM-01"),
    "RoleExists": Documented("EntityAlreadyExists", 409),
    "ReservedPath": Documented("InvalidInput", 400, "RDS-COM-04"),
    "MissingRole": Documented("NoSuchEntity", 404),
    "OrdinaryRole": Documented("NoSuchEntity", 404, "RDS-COM-05"),
    "InUse": Documented("DeleteConflict", 409),
    "UnknownTask": Documented("NoSuchEntity", 404, "RDS-COM-07"),
    "MalformedTask": Documented("InvalidInput", 400, "RDS-COM-08"),
    "UndecidedSnapshot": Documented("InvalidParameterCombination", 400, "RDS-DEL-20"),
    "ContradictorySnapshot": Documented("InvalidParameterCombination", 400, "RDS-DEL-21"),
    "SnapshotOfReplica": Documented("InvalidParameterCombination", 400),
    "SnapshotWhileCreating": Documented("InvalidDBInstanceState", 400),
    "AlreadyDeleting": Documented("InvalidDBInstanceState", 400),
    "Protected": Documented("InvalidParameterCombination", 400, "RDS-COM-11"),
    "MissingInstance": Documented("DBInstanceNotFound", 404, "RDS-COM-12"),
    "NeedsRoleFirst": Documented("InvalidParameterValue", 400),
    "MissingEntity": Documented("NoSuchEntity", 404),
    "MalformedPolicy": Documented("InvalidInput", 400),
    "UnknownJob": Documented("NoSuchEntity", 404),
    "TagRole": Documented(PROTECTED, 400),
    "UntagRole": Documented(PROTECTED, 400),
    "UpdateDescription": Documented(PROTECTED, 400),
    "UpdateRoleDescription": Documented(PROTECTED, 400),
}
