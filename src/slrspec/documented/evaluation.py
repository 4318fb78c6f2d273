"""Deciding whether policies allow a request, with Resource and Condition.

Source: IAM User Guide, "Policy evaluation logic": an explicit denial decides; else an allowance decides, which a
permissions boundary has to allow as well; else the request is denied.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from slrspec.documented.conditions import Context, holds, listed
from slrspec.documented.wildcards import matches

Policy = Mapping[str, Any]


class Decision(StrEnum):
    """What the policies say, spelled as IAM's policy simulator spells it."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"


@dataclass(frozen=True)
class Request:
    """What somebody asks for.

    Attributes
    ----------
    action
        `iam:CreateServiceLinkedRole`; compared without case.
    resource
        The ARN that is acted on, or `*` where the action knows none.
    context
        Values of condition keys.

    """

    action: str
    resource: str
    context: Context = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """How statements are read; every field is false for IAM, and true for one way to get it wrong.

    Attributes
    ----------
    ignores_conditions
        A condition is taken for fulfilled.
    denies_conditions
        A statement with a condition never applies.
    ignores_resources
        A resource is taken for `*`.
    denies_resources
        A statement that names a resource never applies.

    """

    ignores_conditions: bool = False
    denies_conditions: bool = False
    ignores_resources: bool = False
    denies_resources: bool = False


AS_IAM_DOES = Reading()


def decide(
    policies: Iterable[Policy],
    request: Request,
    *,
    boundary: Policy | None = None,
    reading: Reading = AS_IAM_DOES,
) -> Decision:
    """Decide a request.

    Parameters
    ----------
    policies
        The identity-based policies of the caller, as parsed JSON.
    request
        What is asked for.
    boundary
        The caller's permissions boundary; None if there is none.
    reading
        How to read statements.

    """
    decision = _verdict(policies, request, reading)
    if decision is Decision.ALLOWED and boundary is not None:
        return _verdict([boundary], request, reading)
    if decision is Decision.IMPLICIT_DENY and boundary is not None:
        limited = _verdict([boundary], request, reading)
        return limited if limited is Decision.EXPLICIT_DENY else decision
    return decision


def _verdict(policies: Iterable[Policy], request: Request, reading: Reading) -> Decision:
    effects = {
        statement.get("Effect")
        for policy in policies
        for statement in listed(policy.get("Statement", []))
        if applies(statement, request, reading)
    }
    if "Deny" in effects:
        return Decision.EXPLICIT_DENY
    return Decision.ALLOWED if "Allow" in effects else Decision.IMPLICIT_DENY


def applies(statement: Mapping[str, Any], request: Request, reading: Reading = AS_IAM_DOES) -> bool:
    """Tell whether a statement speaks of the request at all."""
    if not _covers(statement, "Action", request.action.casefold(), fold=True):
        return False
    named = listed(statement.get("Resource", "*")) != ["*"]
    if reading.denies_resources and named:
        return False
    if not reading.ignores_resources and not _covers(statement, "Resource", request.resource, fold=False):
        return False
    condition = statement.get("Condition") or {}
    if not condition or reading.ignores_conditions:
        return True
    return not reading.denies_conditions and holds(condition, request.context)


def _covers(statement: Mapping[str, Any], element: str, value: str, *, fold: bool) -> bool:
    if f"Not{element}" in statement:
        return not _any(value, listed(statement[f"Not{element}"]), fold=fold)
    # A statement without Resource is one of a trust policy: it is about the role that it belongs to.
    return _any(value, listed(statement.get(element, "*" if element == "Resource" else [])), fold=fold)


def _any(value: str, patterns: Sequence[Any], *, fold: bool) -> bool:
    return any(matches(value, str(pattern).casefold() if fold else str(pattern)) for pattern in patterns)
