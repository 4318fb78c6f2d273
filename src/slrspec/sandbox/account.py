"""The real account for as long as a run holds it: everything that is done in it besides the scenarios themselves.

The service-linked role is brought into the state that a scenario needs, instances are started ahead and handed from
scenario to scenario, and whatever was made is taken away again. The steps know nothing of this.
"""

from __future__ import annotations

import itertools
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from slrspec.running.trouble import ProviderTrouble, answered_error
from slrspec.sandbox import disposable, names
from slrspec.sandbox.operations import MARKING, InstanceNeed, Needs, effective, needs_of
from slrspec.sandbox.preflight import FULL, SHORTEST_SESSION
from slrspec.sandbox.role_record import ROLE_PATH, SERVICE, RoleRecord
from slrspec.sandbox.writes import MISSING, Sender, state_of, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from slrspec.sandbox.budget import Budget
    from slrspec.sandbox.connection import Connection
    from slrspec.sandbox.course import Course
    from slrspec.sandbox.guard import Guard
    from slrspec.sandbox.journal import State
    from slrspec.sandbox.lease import Lease
    from slrspec.sandbox.patience import Wait
    from slrspec.sandbox.people import Person
    from slrspec.sandbox.planning import Plan
    from slrspec.sandbox.settings import SandboxSettings
    from slrspec.spec.rules import Specification


@dataclass(frozen=True)
class Pace:
    """Seconds: how long to wait for instances and for anything else, how often to look, and for keys to settle."""

    instance: float
    instance_interval: float
    propagation: float
    interval: float
    settling: float


def pace_of(settings: SandboxSettings) -> Pace:
    """Return the pace of AWS, or that of a rehearsal, in which nothing takes long."""
    if settings.rehearsal:
        return Pace(settings.instance_minutes * 60, 0.05, min(settings.propagation_seconds, 2.0), 0.05, 0.0)
    return Pace(settings.instance_minutes * 60, 15.0, float(settings.propagation_seconds), 2.0, 15.0)


@dataclass
class Started:
    """An instance that was started ahead of the scenarios that use it.

    Attributes
    ----------
    parameters, answer
        Of the one call that created it: whoever uses the instance is shown this very exchange.

    """

    name: str
    region: str
    need: InstanceNeed
    parameters: Mapping[str, Any]
    answer: Mapping[str, Any]


@dataclass(frozen=True)
class Begun:
    """What was done for a scenario before its turn: the calls so far, and the instances that it uses."""

    course: Course
    used: tuple[Started, ...]


@dataclass(frozen=True)
class Made:
    """Something that a scenario has made or may have made: the kind, by the call that does it, and the name."""

    operation: str
    name: str
    region: str


@dataclass
class HeldAccount:
    """An account that a run holds.

    Attributes
    ----------
    role_before
        The service-linked role as it was found; None for none.
    specification
        What the plan's scenarios are of.
    waits
        What was waited for, by anybody.
    left
        What could not be taken away, in words.
    people
        Those who were made ahead and whom no scenario has had yet; None until they are made.
    idle
        Instances that no scenario uses just now.
    begun
        Scenarios whose deletions were asked for before their turn.
    going
        Instances that are being deleted, while nobody waits for it.
    tasks
        Deletions of the role that somebody has asked for, by task and name.
    made
        What has to be taken away.
    taken
        Services that had a role of theirs before the run.
    interrupted, ending
        Whether nobody wants to wait any longer, and whether all that is left to do is to take things away.
    courses
        What became of the scenarios that others follow.
    altered, marked, appeared
        Of the service-linked role: whether it is not as new any more, whether it has the run's tags, and whether it
        may have come into being since it was last seen to be absent.

    """

    settings: SandboxSettings
    connection: Connection
    guard: Guard
    lease: Lease
    sender: Sender
    plan: Plan
    budget: Budget
    lane: str
    role_before: RoleRecord | None
    specification: Specification
    pace: Pace
    waits: list[Wait] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    people: list[Person] | None = None
    idle: list[Started] = field(default_factory=list)
    begun: dict[str, Begun] = field(default_factory=dict)
    going: set[str] = field(default_factory=set)
    tasks: list[tuple[str, str]] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    taken: frozenset[str] = frozenset()
    courses: dict[str, Course] = field(default_factory=dict)
    altered: bool = False
    marked: bool = False
    appeared: bool = False
    interrupted: bool = False
    ending: bool = False
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        self.sender.noted = self._note
        self.sender.settled = self._settled
        self.needs = effective({one.scenario: needs_of(one.scenario) for one in self.plan.run})
        self.order = [one.scenario for one in self.plan.run]

    # ---- what is the run's own

    @property
    def run(self) -> str:
        """The run's id."""
        return self.guard.run

    def new_name(self) -> str:
        """Return a name that nothing else has."""
        return names.name(self.run, next(self._numbers))

    @property
    def kept(self) -> set[str]:
        """The names of what later scenarios need, final snapshots among it."""
        begun = {started.name for begun in self.begun.values() for started in begun.used}
        people = {person.user for person in self.people or ()}
        return {started.name for started in self.idle} | begun | {f"{name}{names.FINAL}" for name in begun} | people

    @property
    def tags(self) -> list[dict[str, str]]:
        """The tags of everything that this run makes."""
        return names.OwnTags(self.run, self.lease.epoch, self.lease.record.not_after).listed()

    def _note(self, operation: str, region: str, parameters: Mapping[str, Any]) -> None:
        name = str(parameters.get(KEYS.get(operation, ""), ""))
        if name:
            self.made.append(Made(operation, name, region))

    def _settled(self, operation: str, parameters: Mapping[str, Any], state: State) -> None:
        if state in {"refused", "absent"}:
            return
        role = str(parameters.get("RoleName", ""))
        if operation in ALTERING and ROLE_MARK in role and not disposable.suffix_of(role):
            self.altered = True
        service = str(parameters.get("AWSServiceName", SERVICE))
        if service != SERVICE:
            self.made.append(Made(operation, disposable.asked_for(parameters) or service, ""))
        elif operation in {"CreateServiceLinkedRole", "CreateDBInstance"}:
            self.marked, self.appeared = False, True

    def call(self, service: str, operation: str, region: str = "", **parameters: Any) -> Any:  # noqa: ANN401
        """Make a call of the run's own, beside the scenarios."""
        return self.sender.call(service, operation, region or self.settings.region, parameters)

    def read(self, service: str, operation: str, region: str = "", **parameters: Any) -> Any:  # noqa: ANN401
        """Read; None if there is no such thing."""
        try:
            return self.call(service, operation, region, **parameters)
        except Exception as error:
            if answered_error(error).code in MISSING:
                return None
            raise

    def tried(self, service: str, operation: str, region: str = "", **parameters: Any) -> bool:  # noqa: ANN401
        """Make a call whose refusal shows in what is still there; tell whether it was answered."""
        try:
            self.call(service, operation, region, **parameters)
        except Exception as error:
            if isinstance(error, ProviderTrouble) or answered_error(error).status:
                return False
            raise
        return True

    def wait(self, done: Callable[[], bool], *, instance: bool = False) -> bool:
        """Look until it is done or time is up; tell whether it is."""
        timeout = self.pace.instance if instance else self.pace.propagation
        began = time.monotonic()
        while not done():
            if time.monotonic() - began >= timeout or self.interrupted:
                return False
            self.sleep(self.pace.instance_interval if instance else self.pace.interval)
        return True

    def region_of(self, need: InstanceNeed) -> str:
        """Return where an instance goes."""
        return self.settings.second_region if need.second else self.settings.region

    def tagged(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters of a call with the run's tags, if the call makes something that takes tags.

        A user gets the boundary as well: no step knows of it, and IAM lets the runner make nobody without.
        """
        if operation not in TAGGED:
            return dict(parameters)
        if operation == "CreateUser" and self.settings.boundary:
            parameters = {**parameters, "PermissionsBoundary": self.settings.boundary}
        return {**parameters, "Tags": [*(parameters.get("Tags") or ()), *self.tags]}

    # ---- the service-linked role

    def linked_roles(self) -> list[str]:
        """Return the names of the service-linked roles of RDS."""
        found = whole(lambda more: self.call("iam", "ListRoles", PathPrefix=ROLE_PATH, **more))
        return [str(role["RoleName"]) for role in found["Roles"]]

    def mark_role(self, *, again: bool = False) -> None:
        """Tag the service-linked role, if it is the run's own; the runner's policy lets only such be deleted."""
        if (self.marked and not again) or self.lane != FULL:
            return
        with self.guard.permitted("marking the role", MARKING):
            for name in self.linked_roles():
                if self.tried("iam", "TagRole", RoleName=name, Tags=self.tags):
                    self.marked = True

    def mark_disposable(self, suffix: str, name: str) -> None:
        """Tag a role with a suffix of the run's own, so that a sweep needs neither the lease nor the journal.

        One that was made without the suffix, against the service's word, is taken away like any that was not to be.
        """
        if disposable.suffix_of(name) != suffix:
            self.made.append(Made("CreateServiceLinkedRole", disposable.SERVICE, ""))
            return
        with self.guard.permitted(f"marking {name}", MARKING):
            self.tried("iam", "TagRole", RoleName=name, Tags=self.tags)

    # ---- what it cannot afford any more

    def left_out(self, scenario: str) -> str:
        """Return why a scenario is not run after all; empty if it is."""
        planned = self.plan.planned(scenario)
        if planned is None:
            return "it is not in the plan that was shown"
        if self.interrupted:
            return "the run was interrupted"
        if scenario in self.begun:
            return self.too_late
        if planned.not_run or not planned.follows:
            return planned.not_run or self._beyond_means(self.needs[scenario])
        if self.needs[scenario].follows in {"", *self.courses}:
            return ""
        return self.left_out(planned.follows) or f"{planned.follows}, whose course it shares, has not been run"

    def _beyond_means(self, needed: Needs) -> str:
        """Return what the account, the session or the budget lacks by now for a scenario; empty for nothing."""
        if taken := self.taken & set(needed.services):
            return f"the account has a role of {min(taken)} already"
        if not needed.instances:
            return ""
        if self.too_late:
            return self.too_late
        idle = [started.need.kind for started in self.idle]
        if self.budget.affords([self.region_of(n) for n in needed.instances if n.event or n.kind not in idle]):
            return ""
        return self._over_budget

    @property
    def too_late(self) -> str:
        """Why nothing may be begun any more that takes long to take away; empty as long as it may."""
        expires = self.connection.expires
        left = expires - datetime.now(UTC) if expires else SHORTEST_SESSION
        if left >= SHORTEST_SESSION:
            return ""
        return f"the session ends too soon to clean up: {int(left.total_seconds() // 60)} minutes are left"

    @property
    def _over_budget(self) -> str:
        return f"over the budget of {self.budget.limit:.2f} USD"

    @contextmanager
    def reserved(self, region: str) -> Iterator[None]:
        """Reserve what an instance costs at worst before its creation is asked for, whoever asks.

        What AWS refuses costs nothing, and may be asked for again.

        Raises
        ------
        ProviderTrouble
            If the budget or the session has no room for it.

        """
        if self.too_late:
            raise ProviderTrouble(f"no DB instance is created: {self.too_late}")
        if not self.budget.reserve(region):
            raise ProviderTrouble(f"no DB instance is created: {self._over_budget}")
        try:
            yield
        except Exception as error:
            if state_of(error) is not None:
                self.budget.release(region)
            raise


ROLE_MARK = "AWSServiceRoleForRDS".removesuffix("RDS")
ALTERING = frozenset(
    {
        "AddRoleToInstanceProfile",
        "AttachRolePolicy",
        "DeleteRole",
        "DeleteRolePermissionsBoundary",
        "DeleteRolePolicy",
        "DetachRolePolicy",
        "PutRolePermissionsBoundary",
        "PutRolePolicy",
        "RemoveRoleFromInstanceProfile",
        "UntagRole",
        "UpdateAssumeRolePolicy",
        "UpdateRole",
        "UpdateRoleDescription",
    }
)
TAGGED = frozenset({"CreateDBInstance", "CreateInstanceProfile", "CreatePolicy", "CreateRole", "CreateUser"})
KEYS = {
    "CreateDBInstance": "DBInstanceIdentifier",
    "CreateGroup": "GroupName",
    "CreateInstanceProfile": "InstanceProfileName",
    "CreatePolicy": "PolicyName",
    "CreateRole": "RoleName",
    "CreateUser": "UserName",
    "DeleteDBInstance": "FinalDBSnapshotIdentifier",
}
