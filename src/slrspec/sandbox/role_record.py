"""The service-linked role of RDS as it was found, and what puts it back.

An account has one such role, under a name that is not ours to choose. Whose it is, is told by what was found before
the first write: where there was none, or one with slrspec's tag, a run owns it and may delete it; any other is
borrowed, and is never written to.

Source: IAM API reference, CreateServiceLinkedRole (takes a description but no tags), TagRole, UpdateRole.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003 - msgspec reads it
from typing import TYPE_CHECKING, Any

from slrspec.sandbox.names import SUITE, SUITE_TAG, parse_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SERVICE = "rds.amazonaws.com"
RESERVED_PATH = "/aws-service-role/"
ROLE_PATH = f"{RESERVED_PATH}{SERVICE}/"
NO_ROLE = "NoSuchEntity"


@dataclass(frozen=True)
class RoleRecord:
    """A role, with everything that belongs to its definition.

    Attributes
    ----------
    name, path, description
        Whatever the account calls it, where it is, and what is said of it; empty for no description.
    tags
        Keys and values, sorted.
    policies
        ARNs of the managed policies, sorted.
    inline, profiles
        Names of the inline policies, and of the instance profiles that it is in, sorted.
    trust
        The trust policy as JSON with sorted keys.
    session_seconds
        The longest session that it allows.
    boundary
        ARN of its permissions boundary, empty for none.
    id, created
        IAM's own id of it, and when it was made. A role that was made anew has others.

    """

    name: str
    path: str = ROLE_PATH
    description: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    policies: tuple[str, ...] = ()
    inline: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    trust: str = ""
    session_seconds: int = 3600
    boundary: str = ""
    id: str = ""
    created: datetime | None = None

    @property
    def tagged_for_slrspec(self) -> bool:
        """Whether a run, or the account's owner, has marked it as slrspec's to delete and make anew."""
        return (SUITE_TAG, SUITE) in self.tags

    @property
    def tag_list(self) -> list[dict[str, str]]:
        """The tags as IAM takes them."""
        return [{"Key": key, "Value": value} for key, value in self.tags]


def may_be_deleted(found: RoleRecord | None) -> bool:
    """Tell whether a run may delete the role, by what was found before the run wrote anything."""
    return found is None or found.tagged_for_slrspec


def read_role(iam: Any) -> RoleRecord | None:  # noqa: ANN401 - boto3's clients have no types
    """Read the role; None if there is none.

    It is found by its path, because not everything that speaks IAM's protocol gives it the documented name, or
    refuses a second one there, with a suffix.

    Raises
    ------
    botocore.exceptions.ClientError
        If it cannot be read. That is never taken for absence.

    """
    return next(iter(read_roles(iam, ROLE_PATH)), None)


def read_roles(iam: Any, path: str) -> list[RoleRecord]:  # noqa: ANN401 - as above
    """Read the roles below a path but those of a run's own name, the shortest name first; one at AWS, or none."""
    from botocore.exceptions import ClientError

    pages = iam.get_paginator("list_roles").paginate(PathPrefix=path)
    names = [str(role["RoleName"]) for page in pages for role in page["Roles"]]
    found = []
    for name in sorted(names, key=lambda name: (len(name), name)):
        if parse_name(name) is not None:
            continue
        try:
            found.append(read_named_role(iam, name))
        except ClientError as error:
            if error.response["Error"]["Code"] != NO_ROLE:  # it may be going while it is looked at
                raise
    return found


def read_named_role(iam: Any, name: str) -> RoleRecord:  # noqa: ANN401 - as above
    """Read any role with everything that belongs to its definition."""
    role = iam.get_role(RoleName=name)["Role"]
    attached = _listed(iam, "list_attached_role_policies", "AttachedPolicies", name)
    profiles = _listed(iam, "list_instance_profiles_for_role", "InstanceProfiles", name)
    return RoleRecord(
        name=name,
        path=role["Path"],
        description=role.get("Description") or "",
        tags=tuple(sorted((tag["Key"], tag["Value"]) for tag in role.get("Tags") or ())),
        policies=tuple(sorted(policy["PolicyArn"] for policy in attached)),
        inline=tuple(sorted(_listed(iam, "list_role_policies", "PolicyNames", name))),
        profiles=tuple(sorted(profile["InstanceProfileName"] for profile in profiles)),
        trust=json.dumps(role.get("AssumeRolePolicyDocument") or {}, sort_keys=True, separators=(",", ":")),
        session_seconds=int(role.get("MaxSessionDuration") or 3600),
        boundary=(role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn") or "",
        id=role["RoleId"],
        created=role.get("CreateDate"),
    )


def _listed(iam: Any, operation: str, what: str, name: str) -> list[Any]:  # noqa: ANN401 - as above
    return [one for page in iam.get_paginator(operation).paginate(RoleName=name) for one in page[what]]


# ---- putting it back


@dataclass(frozen=True)
class Write:
    """A call that changes the account, not made yet.

    Attributes
    ----------
    operation, parameters
        IAM's or RDS's name of it, `TagRole`, and what it is called with.
    why
        What it puts right, in a few words.

    """

    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""


def writes_to_restore(before: RoleRecord | None, now: RoleRecord | None) -> list[Write]:
    """Return what brings the role closer to how it was found; empty once it is.

    A role that was deleted is made anew first, and what belongs to it shows at the next look. Whether the role
    *may* be deleted, and whether a DB instance still needs it, is for the caller to know.

    Parameters
    ----------
    before, now
        The role as it was found, and as it is; None for no role.

    """
    if now is None:
        return [_creation(before)] if before else []
    if before is None:
        deletion = Write("DeleteServiceLinkedRole", {"RoleName": now.name}, "there was no role")
        return [*marking(now), *emptying(now), deletion]
    return [*_metadata(before, now), *_definition(before, now)]


def _creation(before: RoleRecord) -> Write:
    said = {"Description": before.description} if before.description else {}
    return Write("CreateServiceLinkedRole", {"AWSServiceName": SERVICE, **said}, "there was a role")


def _metadata(before: RoleRecord, now: RoleRecord) -> Iterator[Write]:
    """Put right description and tags, which are all that AWS lets anybody change about a service-linked role."""
    name = {"RoleName": now.name}
    if before.description != now.description:
        yield Write("UpdateRole", {**name, "Description": before.description}, "the description was another")
    was, has = dict(before.tags), dict(now.tags)
    if surplus := sorted(has.keys() - was.keys()):
        yield Write("UntagRole", {**name, "TagKeys": surplus}, "there were no such tags")
    if wrong := [{"Key": key, "Value": value} for key, value in before.tags if has.get(key) != value]:
        yield Write("TagRole", {**name, "Tags": wrong}, "the tags were others")


def _definition(before: RoleRecord, now: RoleRecord) -> Iterator[Write]:
    """Undo what AWS refuses to do to the role, and what an emulator, or AWS against its word, may have done."""
    name = {"RoleName": now.name}
    yield from _surplus(before, now)
    for arn in before.policies:
        if arn not in now.policies:
            yield Write("AttachRolePolicy", {**name, "PolicyArn": arn}, "the policy was attached")
    if before.trust != now.trust:
        yield Write("UpdateAssumeRolePolicy", {**name, "PolicyDocument": before.trust}, "it trusted others")
    if before.session_seconds != now.session_seconds:
        seconds = {"MaxSessionDuration": before.session_seconds}
        yield Write("UpdateRole", {**name, **seconds}, "sessions were of another length")
    if before.boundary and before.boundary != now.boundary:
        boundary = {"PermissionsBoundary": before.boundary}
        yield Write("PutRolePermissionsBoundary", {**name, **boundary}, "the boundary was another")
    if now.boundary and not before.boundary:
        yield Write("DeleteRolePermissionsBoundary", name, "there was no boundary")


def marking(now: RoleRecord) -> list[Write]:
    """Return what marks a service-linked role as slrspec's: the runner's policy lets none but such be deleted.

    A run that was killed between creating the role and tagging it has left it without.
    """
    tag = {"Key": SUITE_TAG, "Value": SUITE}
    unmarked = Write("TagRole", {"RoleName": now.name, "Tags": [tag]}, "only a marked one may be deleted")
    return [] if now.tagged_for_slrspec else [unmarked]


EMPTYING = frozenset({"DeleteRolePolicy", "DetachRolePolicy", "RemoveRoleFromInstanceProfile"})


def emptying(now: RoleRecord) -> list[Write]:
    """Return what has to be taken off a role before it can be deleted.

    A service-linked role keeps its service's own policy, which AWS lets nobody take off.
    """
    linked = now.path.startswith(RESERVED_PATH)
    kept = tuple(arn for arn in now.policies if linked and f":aws:policy{RESERVED_PATH}" in arn)
    return list(_surplus(RoleRecord(now.name, now.path, policies=kept), now))


def _surplus(before: RoleRecord, now: RoleRecord) -> Iterator[Write]:
    name = {"RoleName": now.name}
    for policy in now.inline:
        if policy not in before.inline:
            yield Write("DeleteRolePolicy", {**name, "PolicyName": policy}, "it had no such inline policy")
    for arn in now.policies:
        if arn not in before.policies:
            yield Write("DetachRolePolicy", {**name, "PolicyArn": arn}, "the policy was not attached")
    for profile in now.profiles:
        if profile not in before.profiles:
            named = {"InstanceProfileName": profile}
            yield Write("RemoveRoleFromInstanceProfile", {**named, **name}, "it was in no such profile")
