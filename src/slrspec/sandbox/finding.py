"""What is in an account that a run may have left, and whose it provably is.

A thing is deleted only if two say that it is a run's: its name, and its tags; or its name, and the journal that
has announced its creation; or, where nothing can be tagged when it is made (a group, a final snapshot), its name
and the lease of that run. What only one says is suspicious: shown, and left alone. Everything else is somebody's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from slrspec.sandbox import disposable
from slrspec.sandbox.names import FINAL, parse_name, parse_tags
from slrspec.sandbox.role_record import RESERVED_PATH, Write, emptying, marking, read_named_role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from slrspec.sandbox.journal import Intent
    from slrspec.sandbox.role_record import RoleRecord

SKEW = timedelta(seconds=60)
"""How far two clocks may be apart; preflight refuses more."""
LEAST_CALL, LONGEST_CALL = timedelta(seconds=-1), timedelta(minutes=5)
"""When something that was announced can come into being, by IAM's whole seconds and with all further tries."""
TRIED_SERVICES = ("elasticache.amazonaws.com", "slrspec-no-such-service.amazonaws.com")
"""Services, besides RDS, whose roles scenarios try to create, and must not get."""
GOING, SETTLED = "deleting", "available"
MISSING = frozenset({"NoSuchEntity", "DBInstanceNotFound", "DBInstanceNotFoundFault", "DBSnapshotNotFound"})


class Clients(Protocol):
    """Makes the clients of one account, by service and Region."""

    def __call__(self, service: str, region: str = "") -> Any:  # noqa: ANN401 - boto3's clients have no types
        """Return a client; of the account's first Region if none is named."""


@dataclass(frozen=True)
class Claim:
    """What is known about whose a thing is.

    Attributes
    ----------
    own
        Whether it is provably a run's; otherwise it only looks as if.
    run
        The run's id, empty if it is not known.
    why
        In words.

    """

    own: bool
    run: str
    why: str


@dataclass(frozen=True)
class Evidence:
    """What lease and journal know.

    Attributes
    ----------
    runs
        Runs that have had the lease and not given it back.
    intents
        Writes that a journal has announced and that were not refused.

    """

    runs: frozenset[str] = frozenset()
    intents: tuple[Intent, ...] = ()

    def claim(
        self, name: str, tags: Iterable[Mapping[str, str]], operations: Sequence[str], *, taggable: bool = True
    ) -> Claim | None:
        """Tell whose a thing is; None for somebody else's.

        Parameters
        ----------
        name, tags
            The thing's.
        operations
            Those that create such things.
        taggable
            Whether it is made together with its tags.

        """
        named, tagged = parse_name(name), parse_tags(tags)
        if named is None:
            return Claim(own=False, run=tagged.run, why="it has a run's tags, but not its name") if tagged else None
        if tagged is not None:
            if tagged.run == named.run:
                return Claim(own=True, run=named.run, why="name and tags")
            return Claim(own=False, run=named.run, why="its name is of one run, its tags are of another")
        if any(one.name == name.removesuffix(FINAL) and one.operation in operations for one in self.intents):
            return Claim(own=True, run=named.run, why="name and journal")
        if not taggable and named.run in self.runs:
            return Claim(own=True, run=named.run, why="name and lease")
        return Claim(own=False, run=named.run, why="its name is a run's, but it has not its tags")

    def claim_linked(self, role: RoleRecord) -> Claim | None:
        """Tell whose a service-linked role of another service is; such a role is tagged only after it is made."""
        if tagged := parse_tags(role.tag_list):
            return Claim(own=True, run=tagged.run, why="tags")
        service = role.path.removeprefix(RESERVED_PATH).strip("/")
        for one in self.intents:
            begun = datetime.fromisoformat(one.time)
            announced = one.operation == "CreateServiceLinkedRole" and one.name in {service, role.name}
            # A journal is kept for long, and somebody else may need such a role by then.
            latest = begun + LONGEST_CALL + SKEW
            if announced and role.created is not None and begun - SKEW <= role.created <= latest:
                return Claim(own=True, run=one.run, why="journal")
        return None

    def claim_without_suffix(self, created: datetime) -> Claim | None:
        """Tell whether a role without a suffix may be one that a run asked for with its own.

        That a service has left it out is not proved by the time. If the run has gone on to what it asked for, it
        was given that. No clock is forgiven here, or a role of somebody else's would be named for a minute.
        """
        for one in self.intents:
            if one.operation != "CreateServiceLinkedRole" or not disposable.is_suffix(one.name):
                continue
            given = any(other.name == disposable.role_of(one.name) for other in self.intents)
            begun = datetime.fromisoformat(one.time)
            if not given and begun + LEAST_CALL <= created <= begun + LONGEST_CALL:
                why = f"a run asked for one with the suffix {one.name} just then, and may have been given this"
                return Claim(own=False, run=one.run, why=why)
        return None


Judgement = tuple[Claim | None, tuple[Write, ...]]
"""Whose a thing is, and what deletes it."""


@dataclass(frozen=True)
class Thing:
    """One thing that a run has left, or that looks like it.

    Attributes
    ----------
    kind, name, region
        `DB instance`, its identifier, and where; empty for what IAM has everywhere.
    claim
        Whose it is.
    service, writes
        What deletes it, in order; nothing to do but wait if there are none.
    busy
        Whether it is on its way to another state, so that waiting may help.

    """

    kind: str
    name: str
    region: str
    claim: Claim
    service: str = "iam"
    writes: tuple[Write, ...] = ()
    busy: bool = False

    def __str__(self) -> str:
        return f"{self.kind} {self.name}{f' in {self.region}' if self.region else ''}"


@dataclass
class Found:
    """What one look at the account has shown.

    Attributes
    ----------
    things
        What is a run's or looks like it, in the order in which it is to be deleted.
    in_use
        All DB instances and clusters, whosever: what keeps the service-linked role.
    troubles
        What could not be looked at, and why.

    """

    things: list[Thing] = field(default_factory=list)
    in_use: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    @property
    def own(self) -> list[Thing]:
        """What is provably a run's."""
        return [thing for thing in self.things if thing.claim.own]

    @property
    def suspicious(self) -> list[Thing]:
        """What only looks like it."""
        return [thing for thing in self.things if not thing.claim.own]


def find(clients: Clients, regions: Sequence[str], evidence: Evidence) -> Found:
    """Look for everything that runs make, in the Regions given and in IAM. Nothing is written."""
    found = Found()
    listings: dict[tuple[str, str], list[Any]] = {}
    for region in regions:
        rds = clients("rds", region)
        for kind in RDS_KINDS:
            _look(found, kind, rds, region, evidence, listings)
    iam = clients("iam")
    for kind in IAM_KINDS:
        _look(found, kind, iam, "", evidence, listings)
    return found


def listed(client: Any, operation: str, what: str, **parameters: str) -> list[Any]:  # noqa: ANN401 - boto3's
    """Return what a listing shows on all its pages."""
    return [one for page in client.get_paginator(operation).paginate(**parameters) for one in page[what]]


def told(error: Exception) -> str:
    """Return an error on one line, not too long."""
    return " ".join(str(error).split())[:200]


def code_of(error: Exception) -> str:
    """Return the service's code of an error, empty if it is not the service's."""
    response = getattr(error, "response", None)
    return str(response["Error"].get("Code", "")) if isinstance(response, dict) and "Error" in response else ""


def trouble_of_calls() -> tuple[type[Exception], ...]:
    """Return what calls end with that were refused, or that nobody has answered."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    from slrspec.running.trouble import ProviderTrouble

    return ClientError, BotoCoreError, ResponseParserError, ProviderTrouble, OSError


def _look(
    found: Found,
    kind: Kind,
    client: Any,  # noqa: ANN401 - boto3's clients have no types
    region: str,
    evidence: Evidence,
    listings: dict[tuple[str, str], list[Any]],
) -> None:
    from botocore.exceptions import ClientError

    try:
        if (kind.operation, region) not in listings:
            listings[kind.operation, region] = listed(client, kind.operation, kind.what, **kind.parameters)
        for one in listings[kind.operation, region]:
            if not str(one.get("Path", "")).startswith(kind.path):
                continue
            if kind.keeps_role:
                found.in_use.append(f"{kind.name} {one[kind.key]}{f' in {region}' if region else ''}")
            try:
                claim, writes = kind.judge(client, one, evidence)
            except ClientError as error:
                if code_of(error) in MISSING:  # it was going while it was looked at
                    continue
                raise
            if claim is not None:
                busy = one.get("DBInstanceStatus", one.get("Status", SETTLED)) != SETTLED
                found.things.append(Thing(kind.name, one[kind.key], region, claim, kind.service, writes, busy))
    except trouble_of_calls() as error:
        place = f" in {region}" if region else ""
        found.troubles.append(f"{kind.name}s{place} cannot be looked at: {told(error)}")


# ---- RDS


def _instance(_: Any, one: Mapping[str, Any], evidence: Evidence) -> Judgement:  # noqa: ANN401 - boto3's clients
    named = {"DBInstanceIdentifier": one["DBInstanceIdentifier"]}
    claim = evidence.claim(one["DBInstanceIdentifier"], one.get("TagList") or (), ("CreateDBInstance",))
    if one.get("DBInstanceStatus") == GOING:
        return claim, ()
    unprotect = Write("ModifyDBInstance", {**named, "DeletionProtection": False, "ApplyImmediately": True})
    delete = Write("DeleteDBInstance", {**named, "SkipFinalSnapshot": True, "DeleteAutomatedBackups": True})
    return claim, (unprotect, delete) if one.get("DeletionProtection") else (delete,)


def _cluster(_: Any, __: Mapping[str, Any], ___: Evidence) -> Judgement:  # noqa: ANN401 - as above
    return None, ()  # no run makes one, but any keeps the role


def _snapshot(_: Any, one: Mapping[str, Any], evidence: Evidence) -> Judgement:  # noqa: ANN401 - as above
    name = one["DBSnapshotIdentifier"]
    makers = ("DeleteDBInstance", "CreateDBInstance")
    claim = evidence.claim(name, one.get("TagList") or (), makers, taggable=False)
    return claim, (Write("DeleteDBSnapshot", {"DBSnapshotIdentifier": name}),)


# ---- IAM: what has not a run's name is not looked at any closer


def _profile(iam: Any, one: Mapping[str, Any], evidence: Evidence) -> Judgement:  # noqa: ANN401 - as above
    named = {"InstanceProfileName": one["InstanceProfileName"]}
    if parse_name(one["InstanceProfileName"]) is None:
        return None, ()
    profile = iam.get_instance_profile(**named)["InstanceProfile"]
    claim = evidence.claim(one["InstanceProfileName"], profile.get("Tags") or (), MAKERS["instance profile"])
    emptied = (
        Write("RemoveRoleFromInstanceProfile", {**named, "RoleName": role["RoleName"]})
        for role in profile.get("Roles") or ()
    )
    return claim, (*emptied, Write("DeleteInstanceProfile", named))


def _role(iam: Any, one: Mapping[str, Any], evidence: Evidence) -> Judgement:  # noqa: ANN401 - as above
    if parse_name(one["RoleName"]) is None:
        return None, ()
    role = read_named_role(iam, one["RoleName"])
    claim = evidence.claim(role.name, role.tag_list, MAKERS["role"])
    return claim, (*emptying(role), Write("DeleteRole", {"RoleName": role.name}))


def _user(iam: Any, one: Mapping[str, Any], evidence: Evidence) -> Judgement:  # noqa: ANN401 - as above
    named = {"UserName": one["UserName"]}
    if parse_name(one["UserName"]) is None:
        return None, ()
    tags = iam.get_user(**named)["User"].get("Tags") or ()
    claim = evidence.claim(one["UserName"], tags, MAKERS["user"])
    writes = [
        *_each(iam, "list_access_keys", "AccessKeyMetadata", "DeleteAccessKey", "AccessKeyId", named),
        *_each(iam, "list_user_policies", "PolicyNames", "DeleteUserPolicy", "PolicyName", named),
        *_each(iam, "list_attached_user_policies", "AttachedPolicies", "DetachUserPolicy", "PolicyArn", named),
    ]
    return claim, (*writes, Write("DeleteUser", named))


def _group(iam: Any, one: Mapping[str, Any], evidence: Evidence) -> Judgement:  # noqa: ANN401 - as above
    named = {"GroupName": one["GroupName"]}
    claim = evidence.claim(one["GroupName"], (), MAKERS["group"], taggable=False)
    if claim is None:
        return None, ()
    attached = _each(
        iam, "list_attached_group_policies", "AttachedPolicies", "DetachGroupPolicy", "PolicyArn", named
    )
    return claim, (*attached, Write("DeleteGroup", named))


def _policy(iam: Any, one: Mapping[str, Any], evidence: Evidence) -> Judgement:  # noqa: ANN401 - as above
    if parse_name(one["PolicyName"]) is None:
        return None, ()
    tags = iam.get_policy(PolicyArn=one["Arn"])["Policy"].get("Tags") or ()
    claim = evidence.claim(one["PolicyName"], tags, MAKERS["policy"])
    return claim, (Write("DeletePolicy", {"PolicyArn": one["Arn"]}),)


def _linked_role(iam: Any, one: Mapping[str, Any], evidence: Evidence) -> Judgement:  # noqa: ANN401 - as above
    """Judge a role of another service; that of RDS is another matter, see `slrspec.sandbox.sweep`."""
    if parse_name(one["RoleName"]) is not None:
        return None, ()  # a role of a run's own, on a path that AWS would have refused
    role = read_named_role(iam, one["RoleName"])
    claim = evidence.claim_linked(role)
    return claim, (*marking(role), *emptying(role), Write("DeleteServiceLinkedRole", {"RoleName": role.name}))


def _disposable(iam: Any, one: Mapping[str, Any], evidence: Evidence) -> Judgement:  # noqa: ANN401 - as above
    """Judge a role by its suffix, which is a name like any other; it takes its tags only after it is made."""
    if one["RoleName"] == disposable.ROLE:
        return evidence.claim_without_suffix(one["CreateDate"]), ()
    suffix = disposable.suffix_of(one["RoleName"])
    if not suffix:
        return None, ()
    role = read_named_role(iam, one["RoleName"])
    claim = evidence.claim(suffix, role.tag_list, ("CreateServiceLinkedRole",), taggable=False)
    return claim, (*emptying(role), Write("DeleteServiceLinkedRole", {"RoleName": role.name}))


def _each(
    iam: Any,  # noqa: ANN401 - as above
    operation: str,
    what: str,
    deletion: str,
    key: str,
    named: Mapping[str, str],
) -> Iterator[Write]:
    for one in listed(iam, operation, what, **named):
        yield Write(deletion, {**named, key: one if isinstance(one, str) else one[key]})


@dataclass(frozen=True)
class Kind:
    """One kind of thing, how it is listed, and how it is judged.

    Attributes
    ----------
    name, service
        `DB instance`, `rds`.
    operation, what, key
        The listing, where in its answer the things are, and what they are called by.
    judge
        Returns whose it is, None for somebody else's, and what deletes it.
    path
        Below which they are; of two kinds that are listed by the same call each has its own.
    keeps_role
        Whether any such thing, whosever, keeps the service-linked role.

    """

    name: str
    service: str
    operation: str
    what: str
    key: str
    judge: Callable[[Any, Mapping[str, Any], Evidence], Judgement]
    parameters: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    keeps_role: bool = False


MAKERS = {
    "group": ("CreateGroup",),
    "instance profile": ("CreateInstanceProfile",),
    "policy": ("CreatePolicy",),
    "role": ("CreateRole",),
    "user": ("CreateUser",),
}
_RDS = partial(Kind, service="rds")
RDS_KINDS = (
    _RDS(
        "DB instance",
        operation="describe_db_instances",
        what="DBInstances",
        key="DBInstanceIdentifier",
        judge=_instance,
        keeps_role=True,
    ),
    _RDS(
        "DB cluster",
        operation="describe_db_clusters",
        what="DBClusters",
        key="DBClusterIdentifier",
        judge=_cluster,
        keeps_role=True,
    ),
    _RDS(
        "DB snapshot",
        operation="describe_db_snapshots",
        what="DBSnapshots",
        key="DBSnapshotIdentifier",
        judge=_snapshot,
        parameters={"SnapshotType": "manual"},
    ),
)
# In the order in which they can be deleted.
IAM_KINDS = (
    Kind("instance profile", "iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName", _profile),
    Kind("role", "iam", "list_roles", "Roles", "RoleName", _role),
    Kind("user", "iam", "list_users", "Users", "UserName", _user),
    Kind("group", "iam", "list_groups", "Groups", "GroupName", _group),
    Kind("policy", "iam", "list_policies", "Policies", "PolicyName", _policy, {"Scope": "Local"}),
    *(
        Kind(
            "service-linked role",
            "iam",
            "list_roles",
            "Roles",
            "RoleName",
            judge,
            path=path,
        )
        for path, judge in (
            *((f"{RESERVED_PATH}{service}/", _linked_role) for service in TRIED_SERVICES),
            (disposable.PATH, _disposable),
        )
    ),
)


def evidence_of(runs: Iterable[str], journals: Iterable[Intent]) -> Evidence:
    """Return what leases and journals say; a write that was refused, or that was not done, has made nothing."""
    return Evidence(frozenset(runs), tuple(one for one in journals if one.state not in {"refused", "absent"}))
