"""Everything that is looked at before the first write: who this is, where, and whose role is there.

Each look is a record. One that is not as it should be ends the run before anything is written; one that only means
that less can be run narrows the lane. Nothing here writes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from slrspec.errors import CallRefusedByGuard, SafetyRefusal
from slrspec.providers.smoke import Look
from slrspec.sandbox.guard import PREFLIGHT_PURPOSE
from slrspec.sandbox.names import RUN_TAG, parse_name
from slrspec.sandbox.operations import PREFLIGHT
from slrspec.sandbox.role_record import SERVICE, RoleRecord, may_be_deleted, read_role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from slrspec.sandbox.connection import Connection
    from slrspec.sandbox.settings import SandboxSettings

RESERVED = "/aws-service-role/"
FULL, FREE = "full", "free"
"""The lanes: everything may be run, or only what cannot alter a role that is not ours."""
LARGEST_SKEW = timedelta(seconds=60)
SHORTEST_SESSION = timedelta(minutes=25)
"""Less is not enough to clean up in the worst case."""


@dataclass(frozen=True)
class Found:
    """What the preflight has found; all but `looks` means something only if every look is well.

    Attributes
    ----------
    looks
        In order.
    role
        The service-linked role of RDS; None for none.
    lane, why_free
        What may be run, and why not everything.
    taken
        Other services that have a role in the account.

    """

    looks: tuple[Look, ...]
    role: RoleRecord | None = None
    lane: str = FREE
    why_free: str = ""
    taken: frozenset[str] = frozenset()

    @property
    def refusal(self) -> Look | None:
        """The first look that forbids to go on."""
        return next((look for look in self.looks if look.ok is False), None)


@dataclass
class _Seen:
    """What one look leaves for the next."""

    role: RoleRecord | None = None
    taken: frozenset[str] = frozenset()
    date: datetime | None = None


def look_around(
    connection: Connection,
    *,
    confirmed: str | None = None,
    thorough: bool = False,
    before_a_sweep: bool = False,
    now: datetime | None = None,
) -> Found:
    """Look at everything in order, and stop at the first that is wrong.

    Parameters
    ----------
    confirmed
        The alias as somebody has typed or given it for this run; None where nobody has to (`slrspec doctor`).
    thorough
        Go on after something wrong, as far as that makes sense.
    before_a_sweep
        Look only at who and where this is: what is in the account is the sweep's own matter.
    now
        The local time, UTC; None for the clock's.

    """
    looks: list[Look] = []
    seen = _Seen()
    with connection.guard.permitted(PREFLIGHT_PURPOSE, PREFLIGHT):
        for check in WHO_AND_WHERE if before_a_sweep else (*WHO_AND_WHERE, _lifecycle, _strangers):
            for look in _tried(check, connection, seen, now or datetime.now(UTC)):
                looks.append(look)
                if look.ok is False and not thorough:
                    return Found(tuple(looks))
            if any(look.ok is False for look in looks) and check is _identity:
                return Found(tuple(looks))  # whatever is seen next would be somebody else's
    if confirmed is not None and confirmed != connection.settings.alias:
        said = f"{confirmed!r} was given" if confirmed else "nobody has typed the alias"
        looks.append(Look("confirmation", ok=False, said=said, advice=CONFIRM))
    narrow = next((look.said for look in looks if look.ok is None), "")
    return Found(tuple(looks), seen.role, FREE if narrow else FULL, narrow, seen.taken)


CONFIRM = "--confirm ALIAS, or SLRSPEC_CONFIRM_ALIAS, or type it when asked"


def refuse_doubt(found: Found) -> None:
    """Refuse to go on if anything is not as it should be.

    Raises
    ------
    SafetyRefusal
        With the first doubt.

    """
    doubt = found.refusal
    if doubt is not None:
        raise SafetyRefusal(f"{doubt.what}: {doubt.said}", hint=doubt.advice or "nothing was written")


def _tried(
    check: Callable[[Connection, _Seen, datetime], Iterator[Look]],
    connection: Connection,
    seen: _Seen,
    now: datetime,
) -> Iterator[Look]:
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        yield from check(connection, seen, now)
    except (BotoCoreError, ClientError, ResponseParserError, CallRefusedByGuard) as error:
        said = " ".join(str(error).split())[:300]
        yield Look(check.__name__.strip("_"), ok=False, said=f"cannot be told: {said}", advice=ADVICE)


ADVICE = "slrspec doctor looks at everything once more"


def _identity(connection: Connection, seen: _Seen, _: datetime) -> Iterator[Look]:
    settings = connection.settings
    answer = connection.client("sts").get_caller_identity()
    seen.date = _date(answer)
    account, arn = str(answer.get("Account")), str(answer.get("Arn"))
    right = account == settings.account_id and account not in settings.blocklist
    yield Look(
        "account",
        ok=right,
        said="the named one" if right else "the credentials are of another account than the named one",
        advice="" if right else f"account-id in {settings.file}, and the credentials",
    )
    role = f"arn:aws:sts::{settings.account_id}:assumed-role/{settings.role_name}/"
    yield Look(
        "caller",
        ok=arn.startswith(role),
        said=f"the role {settings.role_name}" if arn.startswith(role) else f"{_kind(arn)}, not the named role",
        advice="" if arn.startswith(role) else "assume the runner's role; no root, no user",
    )


def _kind(arn: str) -> str:
    kind = arn.rpartition(":")[2].partition("/")[0]
    return {"root": "the root", "user": "a user", "assumed-role": "another role"}.get(kind, "somebody")


def _date(answer: Mapping[str, Any]) -> datetime | None:
    text = (answer.get("ResponseMetadata") or {}).get("HTTPHeaders", {}).get("date", "")
    try:
        return parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None


def _clock(_: Connection, seen: _Seen, now: datetime) -> Iterator[Look]:
    if seen.date is None:
        yield Look("clock", ok=False, said="the answer tells no time")
        return
    skew = abs(now - seen.date)
    yield Look(
        "clock",
        ok=skew <= LARGEST_SKEW,
        said=f"{skew.total_seconds():.0f} s from AWS's" if skew > LARGEST_SKEW else "right",
        advice="set the clock; leases and signatures depend on it" if skew > LARGEST_SKEW else "",
    )


def _session(connection: Connection, _: _Seen, now: datetime) -> Iterator[Look]:
    if connection.expires is None:
        yield Look("session", ok=False, said="nothing tells when it ends", advice="set AWS_CREDENTIAL_EXPIRATION")
        return
    left = connection.expires - now
    minutes = int(left.total_seconds() // 60)
    yield Look(
        "session",
        ok=left >= SHORTEST_SESSION,
        said=f"{minutes} minutes are left",
        advice="" if left >= SHORTEST_SESSION else f"{SHORTEST_SESSION.seconds // 60} are needed to clean up",
    )


def _alias(connection: Connection, _: _Seen, _now: datetime) -> Iterator[Look]:
    wanted = connection.settings.alias
    aliases = connection.client("iam").list_account_aliases()["AccountAliases"]
    right = list(aliases) == [wanted]
    said = "the named one" if right else "it has none" if not aliases else f"it is {aliases[0]!r}, not {wanted!r}"
    yield Look("alias", ok=right, said=said, advice="" if right else "aws iam create-account-alias")


def _lifecycle(connection: Connection, seen: _Seen, _: datetime) -> Iterator[Look]:
    iam = connection.client("iam")
    seen.role = read_role(iam)
    pages = iam.get_paginator("list_roles").paginate(PathPrefix=RESERVED)
    seen.taken = frozenset(role["Path"].split("/")[2] for page in pages for role in page["Roles"]) - {SERVICE}
    if may_be_deleted(seen.role):
        yield Look("role", ok=True, said="there is none" if seen.role is None else "it is slrspec's own")
    else:
        yield Look(
            "role",
            ok=None,
            said="the service-linked role was there before, and is left as it is",
            advice="tag it slrspec-suite=rds-slr if it may be deleted and made anew",
        )


def _strangers(connection: Connection, _: _Seen, _now: datetime) -> Iterator[Look]:
    """Look for DB instances and clusters in every Region: the account is to be used for nothing else."""
    regions = [
        one["RegionName"]
        for one in connection.client("ec2").describe_regions()["Regions"]
        if one.get("OptInStatus") != "not-opted-in"
    ]
    foreign: list[str] = []
    left: list[str] = []
    for region in sorted({*regions, *connection.settings.regions}):
        rds = connection.client("rds", region)
        for operation, what, name in THINGS:
            for page in rds.get_paginator(operation).paginate():
                for one in page[what]:
                    (left if _own(one, one[name]) else foreign).append(region)
    if left:
        yield Look(
            "leftovers",
            ok=False,
            said=f"an earlier run has left DB instances in {', '.join(sorted(set(left)))}",
            advice="slrspec sweep",
        )
    yield Look(
        "strangers",
        ok=None if foreign else True,
        said=f"DB instances that are not slrspec's, in {', '.join(sorted(set(foreign)))}" if foreign else "none",
        advice="use an account that is for nothing else" if foreign else "",
    )


WHO_AND_WHERE = (_identity, _clock, _session, _alias)
THINGS = (
    ("describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
    ("describe_db_clusters", "DBClusters", "DBClusterIdentifier"),
)


def _own(one: Mapping[str, Any], name: str) -> bool:
    return parse_name(name) is not None and any(tag.get("Key") == RUN_TAG for tag in one.get("TagList") or ())


REDIRECTS = ("AWS_ENDPOINT_URL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "AWS_CA_BUNDLE")


def surroundings(settings: SandboxSettings) -> tuple[Look, ...]:
    """Return what can be told without a call: the settings, and what of the environment is passed over."""
    where = f"a rehearsal on {settings.rehearsal}" if settings.rehearsal else "AWS"
    looks = [Look("settings", ok=True, said=f"{settings.file}: {where}, {', '.join(settings.regions)}")]
    passed = sorted(name for name in os.environ if name.upper().startswith(REDIRECTS))
    if passed:
        looks.append(Look("environment", ok=True, said=f"passed over: {', '.join(passed)}"))
    if not settings.boundary and not settings.rehearsal:
        looks.append(
            Look(
                "boundary",
                ok=None,
                said="none is named: scenarios that need users with a policy are not run",
                advice="boundary = the ARN of a permissions boundary",
            )
        )
    return tuple(looks)
