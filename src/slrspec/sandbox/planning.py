"""The plan of a night: what is run, in which order, what it may call and create, how long it takes, what it costs.

A plan is a function of the features, the operations file, the settings and the lane, so that the one that was shown
can be told from any other by its digest; a run executes the plan of the digest that it was given, or none.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from slrspec.sandbox import disposable
from slrspec.sandbox.operations import InstanceNeed, Needs, effective, needs_of, read_operations
from slrspec.sandbox.preflight import FREE, FULL
from slrspec.sandbox.prices import DATE, InstanceKind, price
from slrspec.spec.gherkin import DISPOSABLE, SERVICE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from slrspec.sandbox.settings import SandboxSettings
    from slrspec.spec.rules import Scenario, Specification

# Minutes that RDS and IAM take, as others have measured them (docs/plan.md), and at worst.
CREATION, DELETION, ROLE_DELETION, PERSON, CALL = 7.0, 5.0, 0.5, 0.5, 0.005
WORST_ROLE_DELETION, WORST_PERSON, WORST_CALL = 5.0, 3.0, 0.05


class Timing(msgspec.Struct, frozen=True):
    """Minutes that things take: creating and deleting an instance, deleting the role, making someone, a call."""

    creation: float
    deletion: float
    role_deletion: float
    person: float
    call: float


EXPECTED = Timing(CREATION, DELETION, ROLE_DELETION, PERSON, CALL)


class PlannedScenario(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario of the plan.

    Attributes
    ----------
    not_run
        Why it will not be run; empty if it will.
    operations
        What it may call.
    starts
        The Regions of the instances that are started when its turn comes, for it and for those after it.
    shares
        How many of its instances were created for an earlier scenario, too.
    follows
        The scenario whose course of events this one judges, too, instead of one of its own.
    begins, ends
        Minutes from the night's beginning, as expected.
    waits
        What it waits for meanwhile, in words; empty if for nothing that takes a minute.
    disposable
        Whether it makes a service-linked role with a suffix of the run's own, and deletes that.

    """

    scenario: str
    rule: str
    not_run: str = ""
    operations: tuple[str, ...] = ()
    people: int = 0
    starts: tuple[str, ...] = ()
    creates: tuple[str, ...] = ()
    shares: int = 0
    follows: str = ""
    begins: float = 0.0
    ends: float = 0.0
    waits: tuple[str, ...] = ()
    disposable: bool = False


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The plan of a night.

    Attributes
    ----------
    scenarios
        In the order of their execution; those that are not run last.
    minutes, worst_minutes
        From beginning to end, as expected and at worst.
    usd
        US dollars at worst; None if a price is not known.
    prices
        The day of the price table.
    digest
        SHA-256 of all the rest.

    """

    account_id: str
    lane: str
    regions: tuple[str, ...]
    rehearsal: bool
    features: str
    scenarios: tuple[PlannedScenario, ...]
    instances: int
    minutes: float
    worst_minutes: float
    usd: float | None
    prices: str
    digest: str = ""

    @property
    def run(self) -> tuple[PlannedScenario, ...]:
        """The scenarios that are run, in order."""
        return tuple(one for one in self.scenarios if not one.not_run)

    def planned(self, scenario: str) -> PlannedScenario | None:
        """Return a scenario's part of the plan."""
        return next((one for one in self.scenarios if one.scenario == scenario), None)


def disposable_scenarios() -> int:
    """Return how many scenarios need nothing but a role of their own, and run whosever the account's roles are."""
    return sum(needs.disposable for needs in read_operations().scenarios.values())


def make_plan(
    settings: SandboxSettings, specification: Specification, scenarios: Iterable[Scenario], lane: str = FULL
) -> Plan:
    """Return the plan for some scenarios of a specification.

    Parameters
    ----------
    lane
        `full`, or `free` where the service-linked role is not ours.

    Raises
    ------
    UsageError
        If nobody has observed what one of them does.

    """
    wanted = list(scenarios)
    reasons = {scenario.id: lacking(scenario) for scenario in wanted}
    # What no account can do was never observed either.
    needs = {scenario.id: needs_of(scenario.id) for scenario in wanted if not reasons[scenario.id]}
    reasons |= {one.id: why_not(settings, needs[one.id], lane) for one in wanted if one.id in needs}
    needs = effective({one: needed for one, needed in needs.items() if not reasons[one]})
    order = in_order([(s.id, needs[s.id]) for s in wanted if not reasons[s.id]])
    rules = {scenario.id: scenario.rule for scenario in wanted}
    expected = simulate(order, needs, EXPECTED)
    worst = simulate(order, needs, worst_timing(settings))
    regions = (settings.region, settings.second_region)
    planned = [_planned(one, rules, needs, expected, regions) for one in order]
    planned += [
        PlannedScenario(scenario=scenario.id, rule=scenario.rule, not_run=reasons[scenario.id])
        for scenario in wanted
        if reasons[scenario.id]
    ]
    plan = Plan(
        account_id=settings.account_id,
        lane=lane,
        regions=settings.regions,
        rehearsal=bool(settings.rehearsal),
        features=specification.digest,
        scenarios=tuple(planned),
        instances=sum(len(one.creates) for one in planned),
        minutes=round(expected.minutes, 1),
        worst_minutes=round(worst.minutes, 1),
        usd=_cost(worst, regions),
        prices=DATE.isoformat(),
    )
    return msgspec.structs.replace(plan, digest=digest_of(plan))


def digest_of(plan: Plan) -> str:
    """Return the digest of a plan, whatever digest it names."""
    return hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(plan, digest=""))).hexdigest()


def worst_timing(settings: SandboxSettings) -> Timing:
    """Return the longest that everything may take before nobody waits any longer."""
    minutes = float(settings.instance_minutes)
    return Timing(max(minutes, CREATION), max(minutes, DELETION), WORST_ROLE_DELETION, WORST_PERSON, WORST_CALL)


NO_BOUNDARY = "no permissions boundary is named for the users that it needs"


def lacking(scenario: Scenario) -> str:
    """Return what a scenario needs that no account has, or that slrspec leaves alone there; empty for nothing."""
    if lacks := scenario.needs - {"iam-enforcement", "second-region"}:
        return f"the provider lacks {', '.join(sorted(lacks))}"
    if not scenario.for_each_service:
        return ""
    service = dict(scenario.example)[SERVICE]
    if DISPOSABLE not in scenario.tags:
        return f"it needs the account's one role of {service}, which slrspec leaves alone"
    return "" if service == disposable.SERVICE else f"slrspec makes no disposable role of {service}"


def why_not(settings: SandboxSettings, needs: Needs, lane: str) -> str:
    """Return why a scenario is not run on this account; empty if it is."""
    makes_users = needs.people or "iam:CreateUser" in needs.operations
    if makes_users and not settings.boundary and not settings.rehearsal:
        return NO_BOUNDARY
    if any(need.second for need in needs.instances) and len(settings.regions) < len("12"):
        return "the sandbox has no second Region"
    if lane == FREE and (needs.writes_role or needs.alone):
        return "the service-linked role is not slrspec's own, or others use RDS here"
    return ""


# ---- the order


def in_order(scenarios: Sequence[tuple[str, Needs]]) -> list[str]:
    """Return the ids of scenarios in the order in which they share most.

    First what needs no instance and may find or leave no role. Then each scenario that looks at the creation of an
    instance, and after it one that uses this instance up; both need an account in which there is no other. Then all
    instances that are left to be created are started at once, and while they come into being the scenarios run that
    need none. At last those that use them, the ones that leave them intact before the ones that do not. Whoever
    follows another one's course comes right behind it, while everything is as that one has left it.
    """
    leading = [(one, needed) for one, needed in scenarios if not needed.follows]
    behind = {one: [other for other, needed in scenarios if needed.follows == one] for one, _ in leading}
    return [each for one in _leaders_in_order(leading) for each in (one, *behind[one])]


def _leaders_in_order(scenarios: Sequence[tuple[str, Needs]]) -> list[str]:
    place = {one: number for number, (one, _) in enumerate(scenarios)}
    needs = dict(scenarios)

    def those(which: Callable[[Needs], bool]) -> list[str]:
        return [one for one in place if which(needs[one])]

    alone = those(lambda n: not n.instances and (n.alone or n.role_after == "altered"))
    meanwhile = those(lambda n: not n.instances and not (n.alone or n.role_after == "altered"))
    shown = those(lambda n: any(i.event and not i.someone for i in n.instances))
    by_others = those(lambda n: any(i.someone for i in n.instances))
    ending = those(
        lambda n: bool(n.instances) and n.role_after == "deleted" and not any(i.event for i in n.instances)
    )
    here = [one for one in ending if not any(i.second for i in needs[one].instances)]
    # Those that come back to a role that was deleted have to have one first, which the scenarios before have left.
    chain = sorted(shown, key=lambda one: (needs[one].role == "absent", place[one]))
    paired = [one for pair in _zipped(chain, here) for one in pair]
    using = those(lambda n: bool(n.instances) and not n.alone and not any(i.event for i in n.instances))
    intact = sorted(using, key=lambda one: (needs[one].deleted > 0, place[one]))
    elsewhere = [one for one in ending if one not in here]
    return [*alone, *paired, *by_others, *meanwhile, *intact, *elsewhere]


def _zipped(first: list[str], second: list[str]) -> Iterable[list[str]]:
    for number in range(max(len(first), len(second))):
        yield [*first[number : number + 1], *second[number : number + 1]]


def segment(order: Sequence[str], needs: dict[str, Needs], start: int) -> list[str]:
    """Return the scenarios from one on for which instances may be started together.

    It ends before the next one that no instance but its own may see.
    """
    found = [order[start]]
    if needs[order[start]].alone:
        return found
    for one in order[start + 1 :]:
        if needs[one].alone:
            break
        found.append(one)
    return found


def behind(order: Sequence[str], needs: dict[str, Needs], one: str) -> list[str]:
    """Return the scenarios whose instances may be started as soon as one has created the instance it looks at.

    Those are the next ones; none if the next one must not find the role.
    """
    rest = [other for other in order[order.index(one) + 1 :] if not needs[other].follows]
    if not rest or needs[rest[0]].role == "absent":
        return []
    return segment(rest, needs, 0)


def starts(group: Sequence[str], needs: dict[str, Needs], idle: Sequence[InstanceNeed]) -> list[InstanceNeed]:
    """Return the instances to start for a group, beyond those that stand idle; what survives is used again."""
    have = [need.kind for need in idle]
    found: list[InstanceNeed] = []
    for one in group:
        taken = [need for need in needs[one].instances if not need.event]
        for need in taken:
            if need.kind in have:
                have.remove(need.kind)
            else:
                found.append(need)
        have += [need.kind for need in surviving(needs[one])]
    return found


def surviving(needs: Needs) -> list[InstanceNeed]:
    """Return the instances that a scenario leaves intact for others; it deletes its first ones first."""
    return [need for need in needs.instances[needs.deleted :] if not need.someone]


# ---- how long it takes


class Moment(msgspec.Struct, frozen=True):
    """When a scenario begins and ends, what it starts and shares, and what it waits for."""

    begins: float
    ends: float
    started: tuple[InstanceNeed, ...]
    shared: int
    waits: tuple[str, ...]


class Course(msgspec.Struct, frozen=True):
    """The course of a night: its moments by scenario, its length in minutes, and how long each instance lives."""

    moments: dict[str, Moment]
    minutes: float
    lives: tuple[tuple[bool, float], ...]


class _Alive(msgspec.Struct, eq=False):
    """An instance, for as long as it lives."""

    need: InstanceNeed
    ready: float
    since: float


class _Night:
    """A night that is gone through in thought, as the provider goes through it in earnest."""

    def __init__(self, order: Sequence[str], needs: dict[str, Needs], timing: Timing) -> None:
        self.order, self.needs, self.timing = order, needs, timing
        self.clock = 0.0
        self.idle: list[_Alive] = []
        self.role = "absent"
        self.lives: list[tuple[bool, float]] = []
        self.waits: list[str] = []

    def course(self) -> Course:
        """Go through all of it."""
        moments = {one: self._moment(number, one) for number, one in enumerate(self.order)}
        self._delete(list(self.idle))
        return Course(moments, self.clock + self.timing.role_deletion, tuple(self.lives))

    def _moment(self, number: int, one: str) -> Moment:
        begins, needed = self.clock, self.needs[one]
        self.waits = []
        self._prepare(needed)
        group = segment(self.order, self.needs, number)
        started = starts(group, self.needs, [found.need for found in self.idle])
        self.idle += [_Alive(need, self.clock + self.timing.creation, self.clock) for need in started]
        self.clock += self.timing.call * len(needed.operations) * 2 + self.timing.person * needed.people
        used = [self._used(need) for need in needed.instances]
        if any(need.event for need in needed.instances):
            waiting = [*(found.need for found in self.idle), *surviving(needed)]
            group = behind(self.order, self.needs, one)
            more = starts(group, self.needs, waiting)
            self.idle += [_Alive(need, self.clock + self.timing.creation, self.clock) for need in more]
            started = [*started, *more]
        shared = sum(found.since < begins for found in used)
        self._await(used)
        for found in used[: needed.deleted]:
            self._delete([found])
        if needed.role_after == "deleted" or needed.disposable:
            self.clock += self.timing.role_deletion
        self.role = {"kept": "kept", "altered": "altered", "deleted": "absent"}[needed.role_after]
        rest = used[needed.deleted :]
        self._delete([found for found in rest if found.need.someone])
        self.idle += [found for found in rest if not found.need.someone]
        return Moment(begins, self.clock, tuple(started), shared, tuple(self.waits))

    def _prepare(self, needed: Needs) -> None:
        own = [need.kind for need in needed.instances if not need.event]
        if needed.alone:
            self._delete([found for found in self.idle if not _take(own, found.need.kind)])
        if self.role != "absent" and (needed.role == "absent" or self.role == "altered"):
            self.clock, self.role = self.clock + self.timing.role_deletion, "absent"

    def _used(self, need: InstanceNeed) -> _Alive:
        if need.event:
            return _Alive(need, self.clock + self.timing.creation, self.clock)
        found = next(found for found in self.idle if found.need.kind == need.kind)
        self.idle.remove(found)
        return found

    def _await(self, used: Sequence[_Alive]) -> None:
        ready = max((found.ready for found in used), default=0.0)
        if ready > self.clock:
            self.clock = ready
            self.waits.append("a DB instance becoming available")

    def _delete(self, gone: Sequence[_Alive]) -> None:
        """Delete instances, one after the other as scenarios do, or all at once."""
        if not gone:
            return
        self.clock += self.timing.deletion
        self.waits.append(f"deleting {len(gone)} DB instance{'s' if len(gone) > 1 else ''}")
        for found in gone:
            self.lives.append((found.need.second, self.clock - found.since))
            if found in self.idle:
                self.idle.remove(found)


def simulate(order: Sequence[str], needs: dict[str, Needs], timing: Timing) -> Course:
    """Return the course of a night."""
    return _Night(order, needs, timing).course()


def _take(kinds: list[tuple[bool, bool]], kind: tuple[bool, bool]) -> bool:
    if kind not in kinds:
        return False
    kinds.remove(kind)
    return True


def _planned(
    one: str, rules: dict[str, str], needs: dict[str, Needs], course: Course, regions: tuple[str, str]
) -> PlannedScenario:
    moment, needed = course.moments[one], needs[one]
    started = tuple(regions[need.second] for need in moment.started)
    return PlannedScenario(
        scenario=one,
        rule=rules[one],
        operations=needed.operations,
        people=needed.people,
        starts=started,
        creates=(*started, *(regions[need.second] for need in needed.instances if need.event)),
        shares=moment.shared,
        follows=needed.follows,
        begins=round(moment.begins, 1),
        ends=round(moment.ends, 1),
        waits=moment.waits,
        disposable=needed.disposable,
    )


def _cost(course: Course, regions: tuple[str, str]) -> float | None:
    prices: list[Any] = [price(InstanceKind(regions[second]), minutes) for second, minutes in course.lives]
    return None if None in prices else round(sum(prices), 4)
