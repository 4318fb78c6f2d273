"""Two policies, or two roles, compared by what they mean: what was granted, taken away, widened and narrowed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from slrspec.documented.wildcards import matches
from slrspec.spec.grants import Grant, grants_of, statements

# Operators of which more values mean more requests that pass.
LISTING = frozenset({"StringEquals", "StringLike", "ArnEquals", "ArnLike"})


@dataclass(frozen=True)
class NamedPolicy:
    """A policy document, and where it comes from.

    Attributes
    ----------
    name
        For people, with the version's id: `live v14`.
    document
        As parsed JSON.

    """

    name: str
    document: Mapping[str, Any]

    @cached_property
    def grants(self) -> frozenset[Grant]:
        """What it allows."""
        return grants_of(self.document)

    def statement_of(self, grant: Grant) -> str:
        """Return the statement that makes a grant, by its Sid or its number."""
        for number, statement in enumerate(statements(self.document), 1):
            if grant in grants_of({"Statement": [statement]}):
                return str(statement.get("Sid", f"statement {number}"))
        return ""


@dataclass(frozen=True)
class PolicyDrift:
    """How a newer policy differs from an older one; each grant is in one list only.

    Attributes
    ----------
    added, removed
        Grants without a counterpart.
    widened, narrowed
        Pairs of an old grant and the new one that covers more, or less.

    """

    old: NamedPolicy
    new: NamedPolicy
    added: tuple[Grant, ...] = ()
    removed: tuple[Grant, ...] = ()
    widened: tuple[tuple[Grant, Grant], ...] = ()
    narrowed: tuple[tuple[Grant, Grant], ...] = ()

    @property
    def any(self) -> bool:
        """Whether the two grant different things."""
        return bool(self.added or self.removed or self.widened or self.narrowed)

    @property
    def summary(self) -> str:
        """One line, fit for a chat message."""
        counts = {
            "added": len(self.added),
            "removed": len(self.removed),
            "widened": len(self.widened),
            "narrowed": len(self.narrowed),
        }
        told = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "the same grants"
        return f"{self.old.name} -> {self.new.name}: {told}"


def compare_policies(old: NamedPolicy, new: NamedPolicy) -> PolicyDrift:
    """Compare two policies as sets of grants; order, lists of one and white space mean nothing."""
    removed = sorted(old.grants - new.grants, key=str)
    added = sorted(new.grants - old.grants, key=str)
    widened: list[tuple[Grant, Grant]] = []
    narrowed: list[tuple[Grant, Grant]] = []
    for was in list(removed):
        now = next((grant for grant in added if _covers(grant, was)), None)
        if now is not None:
            widened.append((was, now))
        else:
            now = next((grant for grant in added if _covers(was, grant)), None)
            if now is None:
                continue
            narrowed.append((was, now))
        removed.remove(was)
        added.remove(now)
    return PolicyDrift(old, new, tuple(added), tuple(removed), tuple(widened), tuple(narrowed))


def _covers(wide: Grant, narrow: Grant) -> bool:
    """Tell whether one grant allows all that another one does."""
    return (
        matches(narrow.folded, wide.folded)
        and matches(narrow.resource, wide.resource)
        and _allows(wide.condition, narrow.condition)
    )


def _allows(wide: str, narrow: str) -> bool:
    """Tell whether a condition lets through all that another one does, as none does and a longer list."""
    if wide in {"", narrow}:
        return True
    if not narrow:
        return False
    ours, theirs = json.loads(wide), json.loads(narrow)
    return set(ours) == set(theirs) and all(
        operator in LISTING
        and set(ours[operator]) == set(keys)
        and all(set(ours[operator][key]) >= set(values) for key, values in keys.items())
        for operator, keys in theirs.items()
    )


@dataclass(frozen=True)
class RoleRecord:
    """What of a role has to stay as it is.

    Attributes
    ----------
    trusted
        Whom the trust policy allows what, as one line each.
    policies
        ARNs of the attached policies, without partition; names of inline ones with `inline ` before them.

    """

    name: str
    path: str
    description: str
    trusted: tuple[str, ...]
    policies: tuple[str, ...]


# The role as it is documented and was recorded on AWS; made by hand it has no description, made by RDS it has this.
DOCUMENTED_ROLE = RoleRecord(
    name="AWSServiceRoleForRDS",
    path="/aws-service-role/rds.amazonaws.com/",
    description="Allows Amazon RDS to manage AWS resources on your behalf",
    trusted=("Allow Service rds.amazonaws.com sts:AssumeRole",),
    policies=("iam::aws:policy/aws-service-role/AmazonRDSServiceRolePolicy",),
)


@dataclass(frozen=True)
class Live:
    """What an account holds now."""

    role: RoleRecord
    policy: NamedPolicy | None
    notes: tuple[str, ...] = field(default=())


def compare_roles(documented: RoleRecord, live: RoleRecord) -> list[str]:
    """Return what differs between two roles, a line each; the owner may reword the description."""
    found = [
        f"{name}: {_told(getattr(documented, name))} is documented, {_told(getattr(live, name))} is live"
        for name in ("name", "path", "trusted", "policies")
        if getattr(documented, name) != getattr(live, name)
    ]
    if live.description not in {"", documented.description}:
        found.append(f"description: reworded to {live.description!r}, which is allowed")
    return found


def _told(value: str | tuple[str, ...]) -> str:
    return ", ".join(value) or "nothing" if isinstance(value, tuple) else value


def record_of(role: Mapping[str, Any], attached: list[str], inline: list[str]) -> RoleRecord:
    """Return the record of a role as IAM's GetRole shows it, with the ARNs and names of its policies."""
    trusted = []
    for statement in statements(role.get("AssumeRolePolicyDocument") or {}):
        principals = statement.get("Principal", {})
        pairs = principals.items() if isinstance(principals, Mapping) else [("Any", principals)]
        condition = " under a condition" if statement.get("Condition") else ""
        trusted += [
            f"{statement.get('Effect')} {kind} {name} {', '.join(_listed(statement.get('Action')))}{condition}"
            for kind, names in pairs
            for name in _listed(names)
        ]
    return RoleRecord(
        name=str(role["RoleName"]),
        path=str(role["Path"]),
        description=str(role.get("Description", "")),
        trusted=tuple(sorted(trusted)),
        policies=tuple(sorted([arn.split(":", 2)[2] for arn in attached] + [f"inline {name}" for name in inline])),
    )


def _listed(value: Any) -> list[str]:  # noqa: ANN401 - a policy's scalar or list
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]
