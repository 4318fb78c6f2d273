"""A real AWS account, behind everything of `slrspec.sandbox`.

The provider runs only while `slrspec run` holds the account. It is one account for all scenarios: what one has made
is taken away before the next, and instances that one leaves intact are used by the next.
"""

from __future__ import annotations

import copy
import time
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from slrspec.providers.contract import Description, Patience, PolicyDocument, Principal
from slrspec.running.trouble import ProviderTrouble
from slrspec.sandbox import disposable
from slrspec.sandbox.account import Started
from slrspec.sandbox.course import Course, Following, key_of
from slrspec.sandbox.names import TAG_KEYS
from slrspec.sandbox.opening import held_account
from slrspec.sandbox.patience import LastCall, RealPatience
from slrspec.sandbox.people import someone
from slrspec.sandbox.preparing import prepare, start_behind, take
from slrspec.sandbox.tidying import give_back, tidy
from slrspec.sandbox.writes import RUNNER, Caller

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from botocore.client import BaseClient

    from slrspec.sandbox.account import HeldAccount
    from slrspec.sandbox.planning import Plan

CAPABILITIES = frozenset({"iam-enforcement", "second-region"})


class AwsProvider:
    """The account that `slrspec run` holds."""

    name = "aws"
    single = "one account, held by one process"

    @property
    def deviates_as(self) -> str:
        """Whose known deviations are meant: those of AWS, and in a rehearsal nobody's."""
        return "" if "rehearsal" in self._settings() else self.name

    def describe(self) -> Description:
        """Say what answers, without asking it anything."""
        settings = self._settings()
        return Description(
            product="AWS" if not settings.get("rehearsal") else "a rehearsal of AWS",
            version="iam 2010-05-08, rds 2014-10-31, sts 2011-06-15",
            started_by="somebody else",
            capabilities=CAPABILITIES,
            settings=settings,
        )

    @property
    def account_id(self) -> str:
        """Of the account that is held: it is withheld from results, of scenarios that could not begin as well."""
        from slrspec.errors import SafetyRefusal

        try:
            return held_account().settings.account_id
        except SafetyRefusal:
            return ""

    @staticmethod
    def _settings() -> dict[str, str]:
        from slrspec.errors import SafetyRefusal

        try:
            held = held_account()
        except SafetyRefusal:
            return {"account": "held by nobody: slrspec run --provider aws --max-usd …"}
        return {
            "isolation": "one account; what a scenario has made is taken away before the next",
            "lane": held.lane,
            "regions": ", ".join(held.settings.regions),
            "plan": held.plan.digest,
            "run": held.run,
            "sharing": "instances are created ahead; each scenario that uses one shows the call that created it",
            "courses": _courses(held.plan),
            "tags": "slrspec's own on roles are left out of what scenarios see",
            **({"rehearsal": held.settings.rehearsal} if held.settings.rehearsal else {}),
        }

    def left_out(self, scenario: str) -> str:
        """Return why a scenario is not run; empty if it is."""
        return held_account().left_out(scenario)

    def in_order(self, scenarios: Iterable[str]) -> list[str]:
        """Return scenarios in the order of the plan; those that are not run stay behind the others."""
        order = {one.scenario: number for number, one in enumerate(held_account().plan.scenarios)}
        return sorted(scenarios, key=lambda one: order.get(one, len(order)))

    @contextmanager
    def open_account(self, scenario: str) -> Iterator[AwsAccount]:
        """Bring the account into the state that a scenario needs, and tidy up after it.

        Raises
        ------
        ProviderTrouble
            If that state cannot be reached, or something of the scenario is left.

        """
        held = held_account()
        if why := held.left_out(scenario):
            raise ProviderTrouble(why)
        try:
            prepare(held, scenario)
        except Exception as error:
            raise ProviderTrouble(f"the account could not be prepared: {_brief(error)}") from error
        account = AwsAccount(held, scenario)
        try:
            with held.guard.permitted(scenario, frozenset(held.needs[scenario].operations)):
                yield account
        finally:
            try:
                account.give_back()
            finally:
                tidy(held, scenario)

    def close(self) -> None:
        """Do nothing: who holds the account lets go of it."""


@dataclass
class AwsAccount:
    """The account as one scenario sees it."""

    held: HeldAccount
    scenario: str
    _last: LastCall = field(default_factory=LastCall)
    _used: list[Started] = field(default_factory=list)
    _instances: int = 0

    keeps_request_ids = True  # AWS's own names of its calls, which support and an audit ask for

    def __post_init__(self) -> None:
        needed = self.held.needs[self.scenario]
        self._following = None
        if needed.follows:
            course = self.held.courses[needed.follows]
            place = course.place_of(needed.enters)
            self._following = Following(course, place, unknown=needed.enters.instances)
        if begun := self.held.begun.get(self.scenario):
            self._following = Following(begun.course, own=True)
            self._used.extend(begun.used)
        self._course = Course()
        if any(needed.follows == self.scenario for needed in self.held.needs.values()):
            self.held.courses[self.scenario] = self._course

    @property
    def account_id(self) -> str:
        """Twelve digits."""
        return self.held.settings.account_id

    @property
    def region(self) -> str:
        """Where calls go."""
        return self.held.settings.region

    @property
    def second_region(self) -> str:
        """Another Region."""
        return self.held.settings.second_region

    @property
    def patience(self) -> Patience:
        """Wait in real time, as long as AWS may take."""
        pace = self.held.pace
        return RealPatience(
            timeout=pace.propagation,
            interval=pace.interval,
            sleep=self._sleep,
            scenario=self.scenario,
            instance_timeout=pace.instance,
            instance_interval=pace.instance_interval,
            last=self._last,
            waits=self.held.waits,
        )

    def _sleep(self, seconds: float) -> None:
        if self._following is None or self._following.arrived:
            time.sleep(seconds)

    def client(self, service: str, *, principal: Principal | None = None, region: str | None = None) -> BaseClient:
        """Return a client each of whose calls goes through the sender."""
        keys = (principal.access_key, principal.secret_key) if principal else None
        shared = self.held.connection.client(service, region or self.region, keys=keys)
        caller = Caller(principal.name, keys) if principal else RUNNER
        called_in = shared.meta.region_name if service == "iam" else region or self.region

        def make_api_call(operation: str, parameters: dict[str, Any]) -> Any:  # noqa: ANN401 - botocore's own
            return self.call(service, operation, called_in, parameters, caller)

        made: BaseClient = object.__new__(type(shared))
        made.__dict__.update(shared.__dict__, _make_api_call=make_api_call)
        return made

    def call(
        self, service: str, operation: str, region: str, parameters: Mapping[str, Any], caller: Caller
    ) -> dict[str, Any]:
        """Make a scenario's call, or answer it as the same call was answered before."""
        self._last.operation = operation
        key = key_of(operation, region, parameters, caller.name)

        def made() -> dict[str, Any]:
            return self._made(service, operation, region, parameters, caller)

        def told() -> dict[str, Any]:
            return self._following.answer(service, operation, key, made) if self._following is not None else made()

        return self._course.record(service, operation, key, told)

    def _made(
        self, service: str, operation: str, region: str, parameters: Mapping[str, Any], caller: Caller
    ) -> dict[str, Any]:
        held = self.held
        if operation == "CreateDBInstance" and caller is RUNNER:
            for started in self._used:
                if started.name == parameters.get("DBInstanceIdentifier"):
                    return _as_created(started, parameters)
        of_its_own = disposable.asked_for(parameters) or disposable.suffix_of(str(parameters.get("RoleName", "")))
        if operation == "DeleteServiceLinkedRole" and held.guard.owns_role and not of_its_own:
            held.mark_role()
        with held.reserved(region) if operation == "CreateDBInstance" else nullcontext():
            answer = held.sender.call(service, operation, region, held.tagged(operation, parameters), caller)
        if operation == "CreateDBInstance":
            self._note_event(region, parameters, answer, caller)
        if operation == "DeleteServiceLinkedRole":
            held.tasks.append((str(answer["DeletionTaskId"]), str(parameters["RoleName"])))
        if operation == "CreateServiceLinkedRole" and of_its_own:
            held.mark_disposable(of_its_own, str(answer["Role"]["RoleName"]))
        elif operation == "CreateServiceLinkedRole" and held.guard.owns_role:
            held.mark_role()
        return _without_own_tags(answer)

    def principal(self, name: str, policy: PolicyDocument) -> Principal:
        """Return a user with the policy inline, never more than the boundary allows, and a key that works."""
        return someone(self.held, self.scenario, name, policy)

    def unique_name(self, noun: str) -> str:
        """Return the name of an instance that was started ahead, where the plan has one, or a new one."""

        def named() -> str:
            if self._following is not None:
                return self._following.name(noun, lambda: self._new_name(noun))
            return self._new_name(noun)

        return self._course.name(noun, named)

    def _new_name(self, noun: str) -> str:
        if noun == "instance":
            self._instances += 1
            for need in self.held.needs[self.scenario].instances:
                if need.number == self._instances and not need.event and (found := take(self.held, need)):
                    self._used.append(found)
                    return found.name
        return self.held.new_name()

    def _note_event(
        self, region: str, parameters: Mapping[str, Any], answer: Mapping[str, Any], caller: Caller
    ) -> None:
        """Remember an instance whose creation this scenario looks at; the next ones may use it, and have theirs."""
        for need in self.held.needs[self.scenario].instances:
            if need.number == self._instances and need.event:
                if caller is RUNNER:
                    name = str(parameters["DBInstanceIdentifier"])
                    self._used.append(Started(name, region, need, dict(parameters), copy.deepcopy(dict(answer))))
                # What is refused to later scenarios is no answer to this one's call. They are told in their turn.
                with suppress(Exception):
                    start_behind(self.held, self.scenario)

    def give_back(self) -> None:
        """Give back the instances that were used, and those that came into being here and that others can use.

        Whichever nobody could look at is kept by nobody, and is taken away with all that the scenario has made.
        """
        used, self._used = self._used, []
        self.held.begun.pop(self.scenario, None)
        with self.held.guard.permitted(f"looking at what {self.scenario} has left", GIVING_BACK):
            for started in used:
                give_back(self.held, started)


GIVING_BACK = frozenset({"rds:DescribeDBInstances", "rds:DeleteDBInstance", "rds:ModifyDBInstance"})


def _courses(plan: Plan) -> str:
    """Say which scenarios judge what happened in another one."""
    shared = [f"{one.rule} that of {one.follows.partition('/')[0]}" for one in plan.run if one.follows]
    return f"one course of events for several scenarios: {', '.join(shared)}" if shared else "one for each scenario"


def _as_created(started: Started, parameters: Mapping[str, Any]) -> dict[str, Any]:
    if dict(parameters) != dict(started.parameters):
        raise ProviderTrouble("an instance was created ahead, and not as the scenario creates it")
    return copy.deepcopy(dict(started.answer))


def _without_own_tags(answer: dict[str, Any]) -> dict[str, Any]:
    """Leave out the tags by which slrspec marks a role as its own: no scenario has put them there."""
    role = answer.get("Role")
    if isinstance(role, dict) and role.get("Tags"):
        tags = [tag for tag in role["Tags"] if tag["Key"] not in TAG_KEYS]
        kept = {key: value for key, value in role.items() if key != "Tags"}
        return {**answer, "Role": {**kept, **({"Tags": tags} if tags else {})}}
    return answer


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
