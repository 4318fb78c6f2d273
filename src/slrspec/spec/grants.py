"""What a policy document allows, as a set of grants that two documents can be compared by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PolicyDocument = Mapping[str, Any]


@dataclass(frozen=True)
class Grant:
    """One action allowed on one resource under one condition.

    Attributes
    ----------
    action
        `service:Action` as the policy spells it. IAM ignores the case of actions, and so does `==` here.
    resource
        An ARN with wildcards, or `*`.
    condition
        The condition block as canonical JSON, empty if there is none.

    """

    action: str = field(compare=False)
    resource: str
    condition: str = ""
    folded: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "folded", self.action.casefold())

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}{f' if {self.condition}' if self.condition else ''}"


def statements(document: PolicyDocument) -> tuple[Mapping[str, Any], ...]:
    """Return the statements of a policy document, of which IAM lets a single one stand without its list."""
    return tuple(_listed(document.get("Statement", ())))


def grants_of(document: PolicyDocument) -> frozenset[Grant]:
    """Return what the `Allow` statements of a policy document grant.

    IAM takes a scalar for a list of one, in any order, with actions in any case; documents that differ only in
    that give equal sets. A statement with `NotAction` or `NotResource` grants what cannot be listed: it appears
    as one grant whose action or resource begins with `not `.

    Parameters
    ----------
    document
        A policy document, as parsed JSON.

    Source: IAM JSON policy elements reference.

    """
    return frozenset(
        Grant(action, resource, _canonical(statement.get("Condition")))
        for statement in statements(document)
        if statement.get("Effect") == "Allow"
        for action in _elements(statement, "Action")
        for resource in _elements(statement, "Resource")
    )


def _elements(statement: Mapping[str, Any], name: str) -> list[str]:
    if f"Not{name}" in statement:
        return [f"not {', '.join(sorted(map(str, _listed(statement[f'Not{name}']))))}"]
    return [str(value) for value in _listed(statement.get(name, ()))]


def _listed(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _canonical(condition: Mapping[str, Any] | None) -> str:
    if not condition:
        return ""
    folded = {
        operator: {key: sorted(map(str, _listed(values))) for key, values in keys.items()}
        for operator, keys in condition.items()
    }
    return json.dumps(folded, sort_keys=True, separators=(",", ":"))
