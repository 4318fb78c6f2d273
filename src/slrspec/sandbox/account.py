"""The real account for as long as a run holds it: everything that is done in it besides the scenarios themselves.

The service-linked role is brought into the state that a scenario needs, instances are started ahead and handed from
scenario to scenario, and whatever was made is taken away again. The steps know nothing of this.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from slrspec.running.trouble import ProviderTrouble, answered_error
from slrspec.sandbox import disposable, names
from slrspec.sandbox.operations import MARKING, STARTING, TIDYING, InstanceNeed, Needs, effective, needs_of
from slrspec.sandbox.planning import behind, segment, starts, surviving
from slrspec.sandbox.preflight import FULL, SHORTEST_SESSION
from slrspec.sandbox.role_record import ROLE_PATH, SERVICE, RoleRecord, read_role, writes_to_restore
from slrspec.sandbox.writes import MISSING, Sender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from slrspec.sandbox.budget import Budget
    from slrspec.sandbox.connection import Connection
    from slrspec.sandbox.course import Course
    from slrspec.sandbox.guard import Guard
    from slrspec.sandbox.journal import State
    from slrspec.sandbox.lease import Lease
    from slrspec.sandbox.patience import Wait
    from slrspec.sandbox.planning import Plan
    from slrspec.sandbox.settings import SandboxSettings

ENDED = ("SUCCEEDED", "FAILED")
RESTORING = (
    TIDYING
    | MARKING
    | {
        "iam:AttachRolePolicy",
        "iam:CreateServiceLinkedRole",
        "iam:PutRolePermissionsBoundary",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole",
    }
)


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
    waits
        What was waited for, by anybody.
    left
        What could not be taken away, in words.
    idle
        Instances that no scenario uses just now.
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
    pace: Pace
    waits: list[Wait] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    idle: list[Started] = field(default_factory=list)
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

    # ---- before a scenario

    def prepare(self, scenario: str) -> None:
        """Bring the account into the state that a scenario needs, and start the instances that can be started.

        Raises
        ------
        ProviderTrouble
            If that cannot be.

        """
        self._lead_instead(scenario)
        needed = self.needs[scenario]
        if needed.follows:
            return  # everything has to stay as the other one has left it
        with self.guard.permitted(f"preparing {scenario}", TIDYING | STARTING | MARKING):
            if needed.alone:
                self._delete_surplus(needed)
            if needed.role == "absent" or self.altered:
                self.delete_role()
            self._start_ahead(scenario)

    def _lead_instead(self, scenario: str) -> None:
        """Let a scenario go its own way, and others behind it, if the course that it was to share is broken.

        Only where no instance is created: those that are not in the plan are not created.
        """
        leader, own = self.needs[scenario].follows, needs_of(scenario)
        if not leader or own.instances or not self.courses[leader].broken:
            return
        self.needs[scenario] = msgspec.structs.replace(own, follows="")
        for other, needed in self.needs.items():
            if needed.follows == leader:
                self.needs[other] = msgspec.structs.replace(needed, follows=scenario)

    def _delete_surplus(self, needed: Needs) -> None:
        own = [need.kind for need in needed.instances if not need.event]
        surplus = []
        for started in self.idle:
            if started.need.kind in own:
                own.remove(started.need.kind)
            else:
                surplus.append(started)
        self.delete_instances([(one.name, one.region) for one in surplus])
        self.idle = [one for one in self.idle if one not in surplus]

    def _start_ahead(self, scenario: str) -> None:
        group = segment(self.order, self.needs, self.order.index(scenario))
        for need in starts(group, self.needs, [one.need for one in self.idle]):
            if not self.budget.reserve(self.region_of(need)):
                return  # the scenarios that have none will not be run, and say why
            self.idle.append(self._start(need))

    def start_behind(self, scenario: str) -> None:
        """Start what the next scenarios need, once a scenario has created the instance that it looks at."""
        waiting = [*(one.need for one in self.idle), *surviving(self.needs[scenario])]
        with self.guard.permitted(f"starting instances during {scenario}", STARTING):
            for need in starts(behind(self.order, self.needs, scenario), self.needs, waiting):
                if not self.budget.reserve(self.region_of(need)):
                    return
                self.idle.append(self._start(need))

    def region_of(self, need: InstanceNeed) -> str:
        """Return where an instance goes."""
        return self.settings.second_region if need.second else self.settings.region

    def _start(self, need: InstanceNeed) -> Started:
        from slrspec.steps.db_instance import SMALLEST

        region, name = self.region_of(need), self.new_name()
        parameters: dict[str, Any] = {"DBInstanceIdentifier": name, **SMALLEST}
        if need.protected:
            parameters["DeletionProtection"] = True
        answer = self.call("rds", "CreateDBInstance", region, **self.tagged("CreateDBInstance", parameters))
        return Started(name, region, need, parameters, answer)

    def tagged(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters of a call with the run's tags, if the call makes something that takes tags.

        A user gets the boundary as well: no step knows of it, and IAM lets the runner make nobody without.
        """
        if operation not in TAGGED:
            return dict(parameters)
        if operation == "CreateUser" and self.settings.boundary:
            parameters = {**parameters, "PermissionsBoundary": self.settings.boundary}
        return {**parameters, "Tags": [*(parameters.get("Tags") or ()), *self.tags]}

    def take(self, need: InstanceNeed) -> Started | None:
        """Return an instance that was started ahead, for a scenario to use; None if there is none of the kind."""
        for started in self.idle:
            if started.need.kind == need.kind:
                self.idle.remove(started)
                return started
        return None

    # ---- the service-linked role

    def linked_roles(self) -> list[str]:
        """Return the names of the service-linked roles of RDS."""
        return [str(role["RoleName"]) for role in self.call("iam", "ListRoles", PathPrefix=ROLE_PATH)["Roles"]]

    def mark_role(self, *, again: bool = False) -> None:
        """Tag the service-linked role, if it is the run's own; the runner's policy lets only such be deleted."""
        if (self.marked and not again) or self.lane != FULL:
            return
        with self.guard.permitted("marking the role", MARKING):
            for name in self.linked_roles():
                if self.tried("iam", "TagRole", RoleName=name, Tags=self.tags):
                    self.marked = True

    def mark_disposable(self, name: str) -> None:
        """Tag a role with a suffix of the run's own, so that a sweep needs neither the lease nor the journal."""
        with self.guard.permitted(f"marking {name}", MARKING):
            self.tried("iam", "TagRole", RoleName=name, Tags=self.tags)

    def delete_role(self) -> None:
        """Delete the service-linked role, and wait until it is gone.

        Raises
        ------
        ProviderTrouble
            If it stays.

        """
        self.settle_tasks()
        if not self.wait(self._role_stays_away):
            raise ProviderTrouble("the service-linked role cannot be deleted")
        self.marked = self.altered = self.appeared = False

    def _role_stays_away(self) -> bool:
        """Ask for the role's deletion if there is one; tell whether there is none, and reads agree on it."""
        for look in range(STABLE_LOOKS if self.appeared else 1):
            if look:
                self.sleep(self.pace.interval)
            if found := self.linked_roles():
                self.appeared = True
                self.mark_role(again=True)
                for name in found:
                    self._empty_role(name)
                    self._ask_deletion(name)
                return False
        return True

    def _ask_deletion(self, name: str) -> None:
        try:
            task = self.call("iam", "DeleteServiceLinkedRole", RoleName=name)["DeletionTaskId"]
        except Exception as error:
            if not isinstance(error, ProviderTrouble) and not answered_error(error).status:
                raise
            return  # refused, or its answer was lost: the next look tells
        self.tasks.append((str(task), name))
        self.settle_tasks()

    def settle_tasks(self) -> None:
        """Wait until every deletion of the role that a scenario has asked for has ended, one way or the other."""
        for task, name in self.tasks:
            self.wait(lambda task=task, name=name: self._has_ended(task, name))  # type: ignore[misc]
        self.tasks.clear()

    def _has_ended(self, task: str, name: str) -> bool:
        look = self.read("iam", "GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task)
        if look is None:
            return self.read("iam", "GetRole", RoleName=name) is None
        return look.get("Status") in ENDED

    def delete_unwanted_role(self, service: str) -> None:
        """Delete another service's role that came into being, in this run, where a refusal was expected.

        A role with a suffix of the run's own is known by that, and has come into being as it should.
        """
        if disposable.is_suffix(service):
            self._delete_disposable(service)
            return
        if service in self.taken:
            return

        def gone() -> bool:
            found = self.call("iam", "ListRoles", PathPrefix=ROLE_PATH.replace(SERVICE, service))["Roles"]
            for role in found:
                name = str(role["RoleName"])
                self.guard.unwanted.add(name)
                self._empty_role(name)
                self._ask_deletion(name)
            return not found

        if not self.wait(gone):
            self.left.append(f"the service-linked role of {service}")

    def _delete_disposable(self, suffix: str) -> None:
        name = disposable.role_of(suffix)

        def gone() -> bool:
            for look in range(STABLE_LOOKS):
                if look:
                    self.sleep(self.pace.interval)
                if self.read("iam", "GetRole", RoleName=name) is not None:
                    self._empty_role(name)
                    self._ask_deletion(name)
                    return False
            return True

        if not self.wait(gone):
            self.left.append(f"the service-linked role {name}")

    # ---- after a scenario

    def tidy(self, scenario: str) -> None:
        """Take away whatever a scenario has made, but instances that are as good as new.

        Raises
        ------
        ProviderTrouble
            If something stays.

        """
        with self.guard.permitted(f"tidying up after {scenario}", TIDYING | MARKING):
            before = len(self.left)
            self._take_away()
            if self.guard.owns_role and not self.marked:
                self.mark_role()
        if self.left[before:]:
            raise ProviderTrouble(f"something is left: {', '.join(self.left[before:][:5])}")

    def _take_away(self) -> None:
        """Delete what was made since the last time; what cannot be is made note of, and tried again at the end."""
        kept = {one.name for one in self.idle}
        made = [one for one in dict.fromkeys(self.made) if one.name not in kept]
        self.settle_tasks()
        if self.altered and self.guard.owns_role:
            for name in self.linked_roles():  # before the policies go that something may have attached to it
                self._empty_role(name)
        self.delete_instances([(m.name, m.region) for m in made if m.operation == "CreateDBInstance"])
        for one in made:
            if one.operation == "DeleteDBInstance":
                self._delete_snapshot(one.name, one.region)
        for operation, delete in DELETERS:
            for one in made:
                if one.operation == operation:
                    delete(self, one.name)
        left = " ".join(self.left)
        self.made = [one for one in self.made if one.name in kept or one.name in left]

    def give_back(self, started: Started) -> None:
        """Take back an instance that a scenario has used: keep it for the next if it is intact, or delete it."""
        status = self.status_of(started.name, started.region)
        if status in {"available", "creating", "backing-up"}:
            self.idle.append(started)
        else:
            self.delete_instances([(started.name, started.region)])

    def status_of(self, name: str, region: str) -> str:
        """Return an instance's status, or `gone`."""
        found = self.read("rds", "DescribeDBInstances", region, DBInstanceIdentifier=name)
        return str(found["DBInstances"][0]["DBInstanceStatus"]) if found and found["DBInstances"] else "gone"

    def delete_instances(self, instances: list[tuple[str, str]]) -> None:
        """Delete instances, all at once, and wait until they are gone."""
        going = []
        for name, region in dict.fromkeys(instances):
            if self.status_of(name, region) == "gone":
                continue
            self._delete_instance(name, region)
            going.append((name, region))
        for name, region in going:
            if not self.wait(lambda n=name, r=region: self._is_gone(n, r), instance=True):  # type: ignore[misc]
                self.left.append(f"DB instance {name} in {region}")

    def _is_gone(self, name: str, region: str) -> bool:
        status = self.status_of(name, region)
        if status not in {"gone", "deleting"}:
            self._delete_instance(name, region)  # it was in a state in which it could not be deleted
        return status == "gone"

    def _delete_instance(self, name: str, region: str) -> None:
        deletion: dict[str, Any] = {"DBInstanceIdentifier": name, "SkipFinalSnapshot": True}
        if self.tried("rds", "DeleteDBInstance", region, **deletion):
            return
        off = {"DeletionProtection": False, "ApplyImmediately": True}
        if self.tried("rds", "ModifyDBInstance", region, DBInstanceIdentifier=name, **off):
            self.tried("rds", "DeleteDBInstance", region, **deletion)

    def _delete_snapshot(self, name: str, region: str) -> None:
        def gone() -> bool:
            found = self.call("rds", "DescribeDBSnapshots", region)["DBSnapshots"]
            if not any(one["DBSnapshotIdentifier"] == name for one in found):
                return True
            self.tried("rds", "DeleteDBSnapshot", region, DBSnapshotIdentifier=name)
            return False

        if not self.wait(gone, instance=True):
            self.left.append(f"DB snapshot {name} in {region}")

    def _empty_role(self, name: str) -> None:
        role = {"RoleName": name}
        for policy in (self.read("iam", "ListRolePolicies", **role) or {}).get("PolicyNames", ()):
            self.tried("iam", "DeleteRolePolicy", PolicyName=policy, **role)
        for policy in (self.read("iam", "ListAttachedRolePolicies", **role) or {}).get("AttachedPolicies", ()):
            if ":aws:policy/aws-service-role/" not in policy["PolicyArn"] or ROLE_MARK not in name:
                self.tried("iam", "DetachRolePolicy", PolicyArn=policy["PolicyArn"], **role)
        profiles = (self.read("iam", "ListInstanceProfilesForRole", **role) or {}).get("InstanceProfiles", ())
        for profile in profiles:
            profiled = profile["InstanceProfileName"]
            self.tried("iam", "RemoveRoleFromInstanceProfile", InstanceProfileName=profiled, **role)

    def _until_gone(self, kind: str, name: str, read: tuple[str, str], delete: Callable[[], None]) -> None:
        operation, key = read
        if self.read("iam", operation, **{key: name}) is None:
            return

        def gone() -> bool:
            delete()
            return self.read("iam", operation, **{key: name}) is None

        if not self.wait(gone):
            self.left.append(f"{kind} {name}")

    def delete_ordinary_role(self, name: str) -> None:
        """Delete a role of the run's own."""

        def delete() -> None:
            self._empty_role(name)
            self.tried("iam", "DeleteRole", RoleName=name)

        self._until_gone("role", name, ("GetRole", "RoleName"), delete)

    def delete_user(self, name: str) -> None:
        """Delete a user of the run's own."""

        def delete() -> None:
            user = {"UserName": name}
            for key in (self.read("iam", "ListAccessKeys", **user) or {}).get("AccessKeyMetadata", ()):
                self.tried("iam", "DeleteAccessKey", AccessKeyId=key["AccessKeyId"], **user)
            for policy in (self.read("iam", "ListUserPolicies", **user) or {}).get("PolicyNames", ()):
                self.tried("iam", "DeleteUserPolicy", PolicyName=policy, **user)
            for policy in (self.read("iam", "ListAttachedUserPolicies", **user) or {}).get("AttachedPolicies", ()):
                self.tried("iam", "DetachUserPolicy", PolicyArn=policy["PolicyArn"], **user)
            self.tried("iam", "DeleteUser", **user)

        self._until_gone("user", name, ("GetUser", "UserName"), delete)

    def delete_group(self, name: str) -> None:
        """Delete a group of the run's own."""

        def delete() -> None:
            group = {"GroupName": name}
            attached = (self.read("iam", "ListAttachedGroupPolicies", **group) or {}).get("AttachedPolicies", ())
            for policy in attached:
                self.tried("iam", "DetachGroupPolicy", PolicyArn=policy["PolicyArn"], **group)
            self.tried("iam", "DeleteGroup", **group)

        self._until_gone("group", name, ("GetGroup", "GroupName"), delete)

    def delete_profile(self, name: str) -> None:
        """Delete an instance profile of the run's own."""

        def delete() -> None:
            found = self.read("iam", "GetInstanceProfile", InstanceProfileName=name)
            for role in (found or {}).get("InstanceProfile", {}).get("Roles", ()):
                removal = {"InstanceProfileName": name, "RoleName": role["RoleName"]}
                self.tried("iam", "RemoveRoleFromInstanceProfile", **removal)
            self.tried("iam", "DeleteInstanceProfile", InstanceProfileName=name)

        self._until_gone("instance profile", name, ("GetInstanceProfile", "InstanceProfileName"), delete)

    def delete_policy(self, name: str) -> None:
        """Delete a managed policy of the run's own."""
        arn = f"arn:aws:iam::{self.settings.account_id}:policy/{name}"

        def delete() -> None:
            self.tried("iam", "DeletePolicy", PolicyArn=arn)

        self._until_gone("policy", arn, ("GetPolicy", "PolicyArn"), delete)

    # ---- at the end

    def end(self) -> None:
        """Take everything away, put the service-linked role back, and give the lease back if nothing is left."""
        try:
            with self.guard.permitted("the end of the run", RESTORING):
                self.left.clear()  # whatever could not be taken away before is looked at once more
                self.idle.clear()
                self._take_away()
                self._restore_role()
        except Exception as error:  # noqa: BLE001 - whatever it is, the sweep has to do it
            self.left.append(f"what could not be looked at ({' '.join(str(error).split())[:200]})")

    def _restore_role(self) -> None:
        if self.lane != FULL:
            return
        for _ in range(ROUNDS):
            now = self._role_now()
            wanted = writes_to_restore(self.role_before, now)
            if not wanted:
                return
            for write in wanted:
                if write.operation == "DeleteServiceLinkedRole":
                    self.delete_role()
                else:
                    self.tried("iam", write.operation, **write.parameters)
            self.sleep(self.pace.interval)
        self.left.append("the service-linked role is not as it was")

    def _role_now(self) -> RoleRecord | None:
        return read_role(self.connection.client("iam"))

    def left_out(self, scenario: str) -> str:
        """Return why a scenario is not run after all; empty if it is."""
        planned = self.plan.planned(scenario)
        if planned is None:
            return "it is not in the plan that was shown"
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
        left = self.lease.record.not_after - datetime.now(UTC)
        if left < SHORTEST_SESSION:
            return f"the session ends too soon to clean up: {int(left.total_seconds() // 60)} minutes are left"
        idle = [started.need.kind for started in self.idle]
        if self.budget.affords([self.region_of(n) for n in needed.instances if n.event or n.kind not in idle]):
            return ""
        return f"over the budget of {self.budget.limit:.2f} USD"


ROUNDS = 4
# A reading may lag behind, so absence has to show so many times in a row.
STABLE_LOOKS = 3
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
DELETERS: tuple[tuple[str, Callable[[HeldAccount, str], None]], ...] = (
    ("CreateInstanceProfile", HeldAccount.delete_profile),
    ("CreateRole", HeldAccount.delete_ordinary_role),
    ("CreateUser", HeldAccount.delete_user),
    ("CreateGroup", HeldAccount.delete_group),
    ("CreatePolicy", HeldAccount.delete_policy),
    ("CreateServiceLinkedRole", HeldAccount.delete_unwanted_role),
)
