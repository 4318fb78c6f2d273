"""Watching other people's tests on stock moto: which of their calls lean on something that AWS would not do.

Nothing is changed: moto answers, and beside it the model is asked what it would have answered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slrspec.documented.call import service_of
from slrspec.documented.catalogue import ELASTICACHE, RDS
from slrspec.documented.deletion import usage_of, users_of
from slrspec.documented.model import due
from slrspec.spec.services import services

if TYPE_CHECKING:
    from collections.abc import Callable

    from slrspec.documented.wire import Answer
    from slrspec.documented.world import World

SUCCESS = 300


@dataclass(frozen=True)
class Rules:
    """Ids of the rules about a service's role: its name, its policy, what keeps it, and what brings it first."""

    name: str
    policy: str
    use: str = ""
    coming: str = ""
    first: str = ""


RULES = {
    RDS: Rules("RDS-PER-01", "RDS-INT-08", "RDS-DEL-01", "RDS-CRE-02", "DB instance"),
    ELASTICACHE: Rules("ELC-PER-01", "ELC-DEF-08", "ELC-DEL-01", "ELC-DEF-05", "cache cluster"),
}
OF_ANY = Rules("SLR-DEF-01", "SLR-DEF-04")


@dataclass(frozen=True)
class Leaning:
    """A call whose answer AWS would not have given.

    Attributes
    ----------
    rule
        Id of the rule that moto breaks; empty for what no rule of the specification is about.
    what
        The call, moto's answer and AWS's, in a few words.

    """

    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.rule or 'no rule'}: {self.what}"


class Watch:
    """Answers calls as moto does, and notes where that is not what AWS documents.

    Attributes
    ----------
    leanings
        What was noted, in order, each once.

    """

    def __init__(self) -> None:
        self.leanings: list[Leaning] = []

    def __call__(self, world: World, below: Callable[[], Answer]) -> Answer:
        """Let moto answer, and compare."""
        told = None if _about_tasks(world) else due(world)
        before = _before(world)
        answered = below()
        action = world.call.action
        if told is not None:
            documented = told.documented
            found = _outcome(answered)
            if found != documented.code:
                self._note(documented.rule, f"{action} was {_said(found)}; AWS answers {documented.code}")
        elif answered[0] < SUCCESS and before is not None:
            self._note(*before)
        elif action == "GetRole" and _outcome(answered) == "NoSuchEntity" and (by := _should_have_come(world)):
            said = f"{services()[by].role} is not there; on AWS the first {RULES[by].first} has brought it"
            self._note(RULES[by].coming, said)
        return answered

    def _note(self, rule: str, what: str) -> None:
        leaning = Leaning(rule, what)
        if leaning not in self.leanings:
            self.leanings.append(leaning)


def _about_tasks(world: World) -> bool:
    # The model knows only tasks that it began itself; on stock moto it began none.
    return world.call.action in {"GetServiceLinkedRoleDeletionStatus", "GetServiceLastAccessedDetails"}


def _outcome(answered: Answer) -> str:
    """Return the error code of an answer; empty if it is none."""
    if answered[0] < SUCCESS:
        return ""
    body = answered[2]
    found = re.search(r"<Code>([^<]*)</Code>", body.decode() if isinstance(body, bytes) else str(body))
    return found[1] if found else f"HTTP {answered[0]}"


def _said(code: str) -> str:
    return f"refused as {code}" if code else "accepted"


def _before(world: World) -> tuple[str, str] | None:
    """Return the rule that moto is about to break by accepting a call, and how; None if it is none."""
    call = world.call
    if call.action == "CreateServiceLinkedRole" and (service := services().get(call.get("AWSServiceName"))):
        rules = RULES.get(service.principal, OF_ANY)
        return rules.name, f"CreateServiceLinkedRole made a role that is not called {service.role}"
    role = call.role(call.get("RoleName"))
    if role is None:
        return None
    rules = RULES.get(service_of(role), OF_ANY)
    if call.action == "DeleteServiceLinkedRole" and usage_of(world, role, call.region):
        return rules.use, "DeleteServiceLinkedRole deleted a role in use; on AWS the task fails"
    if call.action == "ListAttachedRolePolicies" and service_of(role) and not role.managed_policies:
        return rules.policy, "the service-linked role has no policy; on AWS it has exactly one"
    return None


def _should_have_come(world: World) -> str:
    """Return the service whose role is asked for, missing, and would be there on AWS; empty for none."""
    asked = world.call.get("RoleName")
    for principal in RULES:
        if asked == services()[principal].role and world.call.role_of(principal) is None:
            return principal if any(users_of(world, principal).values()) else ""
    return ""
