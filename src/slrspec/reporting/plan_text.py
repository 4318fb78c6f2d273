"""A night's plan as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slrspec.sandbox import disposable
from slrspec.sandbox.planning import disposable_scenarios
from slrspec.sandbox.preflight import FREE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slrspec.sandbox.planning import Plan, PlannedScenario

LEAST = 1.0
"""Minutes: what takes less is no part of the critical path that anybody would want to see."""


def summary(plan: Plan) -> Iterator[str]:
    """Yield the lines that say what a night comes to."""
    place = "a rehearsal on this machine" if plan.rehearsal else f"account {plan.account_id}"
    out = len(plan.scenarios) - len(plan.run)
    cost = "a price that nobody knows" if plan.usd is None else f"{plan.usd:.2f} USD"
    yield f"plan {plan.digest[:12]}: {place}, {', '.join(plan.regions)}, the {plan.lane} lane"
    yield f"  {len(plan.run)} scenarios, {out} not run; {plan.instances} DB instances"
    yield (
        f"  about {plan.minutes:.0f} minutes; at worst {plan.worst_minutes:.0f} and {cost} "
        f"(prices of {plan.prices})"
    )


def beside(plan: Plan) -> Iterator[str]:
    """Yield the lines that say what else can be run where the service-linked role of RDS is not ours."""
    if plan.lane != FREE or any(one.disposable for one in plan.run):
        return
    yield (
        f"  {disposable_scenarios()} more need nothing but a role of {disposable.SERVICE} with a suffix of the "
        "run's own, and cost nothing:"
    )
    yield f"    slrspec plan {disposable.COMMAND}"
    yield f"    slrspec run --provider aws {disposable.COMMAND} --max-usd 0"


def details(plan: Plan) -> Iterator[str]:
    """Yield a line for each scenario, and those of what the night waits for."""
    yield ""
    yield " begin   end  scenario"
    for one in plan.run:
        yield f"{one.begins:6.1f}{one.ends:6.1f}  {one.scenario}{_creates(one)}"
    left_out = [one for one in plan.scenarios if one.not_run]
    if left_out:
        yield ""
        yield "not run"
        for one in left_out:
            yield f"  {one.scenario}: {one.not_run}"
    yield ""
    yield "what the night waits for"
    for one in plan.run:
        if one.ends - one.begins >= LEAST:
            what = "; ".join(one.waits) or "the service-linked role, and people's keys"
            yield f"{one.ends - one.begins:6.1f}  {one.rule}: {what}"


def calls(plan: Plan) -> Iterator[str]:
    """Yield what each scenario may call."""
    for one in plan.run:
        yield f"{one.scenario}"
        yield f"    {', '.join(one.operations)}"


def _creates(one: PlannedScenario) -> str:
    said = []
    if one.starts:
        said.append(f"starts {len(one.starts)} in {', '.join(sorted(set(one.starts)))}")
    if len(one.creates) > len(one.starts):
        said.append("creates 1")
    if one.shares:
        said.append(f"shares {one.shares}")
    if one.follows:
        said.append(f"judges the course of {one.follows.partition('/')[0]}")
    if one.disposable:
        said.append("a role of its own")
    if one.people:
        said.append(f"{one.people} user{'s' if one.people > 1 else ''}")
    return f"  ({'; '.join(said)})" if said else ""
