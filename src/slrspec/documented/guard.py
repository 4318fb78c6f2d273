"""Watching other people's tests on stock moto: which of their calls lean on something that AWS would not do.

Nothing is changed: moto answers, and beside it the model is asked what it would have answered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slrspec.documented.call import rds_of, service_of
from slrspec.documented.catalogue import RDS, services
from slrspec.documented.deletion import usage_of
from slrspec.documented.model import due

if TYPE_CHECKING:
    from collections.abc import Callable

    from slrspec.documented.wire import Answer
    from slrspec.documented.world import World

SUCCESS = 300
DOCUMENTED_ROLE = services()[RDS].role


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
        elif action == "GetRole" and _outcome(answered) == "NoSuchEntity" and _should_have_come(world):
            self._note("RDS-CRE-02", f"{DOCUMENTED_ROLE} is not there; on AWS the first DB instance has brought it")
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
    if call.action == "CreateServiceLinkedRole" and call.get("AWSServiceName") == RDS:
        return "RDS-PER-01", f"CreateServiceLinkedRole made a role that is not called {DOCUMENTED_ROLE}"
    if call.action == "DeleteServiceLinkedRole":
        role = call.role(call.get("RoleName"))
        if role is not None and usage_of(world, role, call.region):
            return "RDS-DEL-01", "DeleteServiceLinkedRole deleted a role in use; on AWS the task fails"
    if call.action == "ListAttachedRolePolicies":
        role = call.role(call.get("RoleName"))
        if role is not None and service_of(role) and not role.managed_policies:
            return "RDS-INT-08", "the service-linked role has no policy; on AWS it has exactly one"
    return None


def _should_have_come(world: World) -> bool:
    if world.call.get("RoleName") != DOCUMENTED_ROLE or world.call.role_of_rds is not None:
        return False
    return any(backend.databases for backend in rds_of(world.call.account).values())
