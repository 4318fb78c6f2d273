"""A night's plan as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slrspec.sandbox import disposable
from slrspec.sandbox.planning import disposable_scenarios
from slrspec.sandbox.preflight import FREE
from slrspec.sandbox.timetable import CALLS, COMING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slrspec.sandbox.planning import Plan, PlannedScenario
    from slrspec.sandbox.timetable import Step


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
    """Yield a line for each scenario, and those of the critical path."""
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
    yield from path(plan)


def path(plan: Plan) -> Iterator[str]:
    """Yield the critical path: what the night's minutes are made of, and why it is no shorter."""
    yield ""
    yield f"the critical path, {plan.minutes:.0f} minutes"
    yield " begin  minutes"
    for step in plan.path:
        yield f"{step.begins:6.1f}{step.minutes:9.1f}  {_step(step)}"
    alone = [step for step in plan.path if step.alone and step.what != CALLS]
    if alone:
        minutes = sum(step.minutes for step in alone)
        yield f"for {minutes:.0f} of these minutes an instance comes or goes, and the scenario bears no other"


def _step(step: Step) -> str:
    rules = list(dict.fromkeys(one.partition("/")[0] for one in step.scenarios))
    if step.what == CALLS:
        whose = "the end" if not rules else rules[0] if len(rules) == 1 else f"{rules[0]} to {rules[-1]}"
        number = f", {len(step.scenarios)} scenarios" if len(step.scenarios) > 1 else ""
        return f"calls, users, the role: {whose}{number}"
    many = "a DB instance" if step.instances == 1 else f"{step.instances} DB instances at once"
    verb = "comes" if step.instances == 1 else "come"
    said = f"{many} {verb} into being" if step.what == COMING else f"{many} {'goes' if verb == 'comes' else 'go'}"
    return f"{said}: {rules[0] if rules else 'the end'}{', alone' if step.alone else ''}"


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
