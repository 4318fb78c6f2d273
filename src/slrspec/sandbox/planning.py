"""The plan of a night: what is run, in which order, what it may call and create, how long it takes, what it costs.

A plan is a function of the features, the operations file, the settings and the lane, so that the one that was shown
can be told from any other by its digest; a run executes the plan of the digest that it was given, or none.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from slrspec.sandbox import disposable
from slrspec.sandbox.operations import Needs, effective, needs_of, read_operations
from slrspec.sandbox.order import in_order
from slrspec.sandbox.preflight import FREE, FULL
from slrspec.sandbox.prices import DATE, InstanceKind, price
from slrspec.sandbox.timetable import (
    CREATION,
    DELETION,
    EXPECTED,
    WORST_CALL,
    WORST_PERSON,
    WORST_ROLE_DELETION,
    Step,
    Timetable,
    Timing,
    simulate,
)
from slrspec.spec.gherkin import DISPOSABLE, SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slrspec.sandbox.settings import SandboxSettings
    from slrspec.spec.rules import Scenario, Specification


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
    path
        The critical path: the steps that the expected minutes are made of.
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
    path: tuple[Step, ...]
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
        path=tuple(_rounded(step) for step in expected.path),
        prices=DATE.isoformat(),
    )
    return msgspec.structs.replace(plan, digest=digest_of(plan))


def digest_of(plan: Plan) -> str:
    """Return the digest of a plan, whatever digest it names."""
    return hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(plan, digest=""))).hexdigest()


def worst_timing(settings: SandboxSettings) -> Timing:
    """Return the longest that everything may take before nobody waits any longer."""
    minutes = float(settings.instance_minutes)
    return Timing(
        creation=max(minutes, CREATION),
        deletion=max(minutes, DELETION),
        role_deletion=WORST_ROLE_DELETION,
        people=WORST_PERSON,
        person=WORST_PERSON,
        call=WORST_CALL,
    )


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


def _rounded(step: Step) -> Step:
    return msgspec.structs.replace(step, begins=round(step.begins, 2), minutes=round(step.minutes, 2))


def _planned(
    one: str, rules: dict[str, str], needs: dict[str, Needs], course: Timetable, regions: tuple[str, str]
) -> PlannedScenario:
    moment, needed = course.moments[one], needs[one]
    started = tuple(regions[need.second] for need in moment.started)
    return PlannedScenario(
        scenario=one,
        rule=rules[one],
        operations=needed.operations,
        people=len(needed.people),
        starts=started,
        creates=(*started, *(regions[need.second] for need in needed.instances if need.event)),
        shares=moment.shared,
        follows=needed.follows,
        begins=round(moment.begins, 1),
        ends=round(moment.ends, 1),
        waits=moment.waits,
        disposable=needed.disposable,
    )


def _cost(course: Timetable, regions: tuple[str, str]) -> float | None:
    prices: list[Any] = [price(InstanceKind(regions[second]), minutes) for second, minutes in course.lives]
    return None if None in prices else round(sum(prices), 4)
