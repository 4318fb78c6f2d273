"""Before a scenario: the account is brought into the state that it needs, and what takes long is begun for others.

Instances are started before the scenarios that use them, and handed from one to the next; and where several delete
theirs, all ask for it before the first one waits.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec

from slrspec.running.trouble import ProviderTrouble, answered_error
from slrspec.sandbox.account import Begun, Started
from slrspec.sandbox.course import Course, key_of
from slrspec.sandbox.operations import MARKING, STARTING, TIDYING, needs_of
from slrspec.sandbox.order import behind, can_be_begun, segment, starts, surviving
from slrspec.sandbox.people import make_people
from slrspec.sandbox.tidying import delete_role, status_of, take_away
from slrspec.sandbox.writes import RUNNER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slrspec.sandbox.account import HeldAccount
    from slrspec.sandbox.operations import Call, InstanceNeed, Needs


def prepare(held: HeldAccount, scenario: str) -> None:
    """Bring the account into the state that a scenario needs, and start the instances that can be started.

    Raises
    ------
    ProviderTrouble
        If that cannot be.

    """
    _lead_instead(held, scenario)
    make_people(held)
    needed = held.needs[scenario]
    if needed.follows:
        return  # everything has to stay as the other one has left it
    with held.guard.permitted(f"preparing {scenario}", TIDYING | STARTING | MARKING):
        if needed.alone:
            _leave_alone(held, needed)
        if needed.role == "absent" or held.altered:
            delete_role(held)
        _start_ahead(held, scenario)
    _begin_deletions(held, scenario)


def _lead_instead(held: HeldAccount, scenario: str) -> None:
    """Let a scenario go its own way, and others behind it, if the course that it was to share is broken.

    Only where no instance is created: those that are not in the plan are not created.
    """
    leader, own = held.needs[scenario].follows, needs_of(scenario)
    if not leader or own.instances or not held.courses[leader].broken:
        return
    held.needs[scenario] = msgspec.structs.replace(own, follows="")
    for other, needed in held.needs.items():
        if needed.follows == leader:
            held.needs[other] = msgspec.structs.replace(needed, follows=scenario)


def _leave_alone(held: HeldAccount, needed: Needs) -> None:
    """Take away whatever else there is of the run's own: what nobody came for, or an earlier scenario has left.

    Raises
    ------
    ProviderTrouble
        If an instance stays, which would answer for the rule.

    """
    held.begun.clear()
    held.idle = _of_use(held.idle, needed)
    take_away(held)
    kept = held.kept
    others = [one for one in held.made if one.operation == "CreateDBInstance" and one.name not in kept]
    if stays := [one.name for one in others if status_of(held, one.name, one.region) != "gone"]:
        raise ProviderTrouble(f"a DB instance of an earlier scenario is still there: {', '.join(stays)}")


def _of_use(idle: list[Started], needed: Needs) -> list[Started]:
    """Return the instances that a scenario will use itself."""
    own = [need.kind for need in needed.instances if not need.event]
    found = []
    for started in idle:
        if started.need.kind in own:
            own.remove(started.need.kind)
            found.append(started)
    return found


def _group(held: HeldAccount, scenario: str) -> list[str]:
    """Return the scenario and those after it that bear each other's instances, but for what was begun."""
    group = segment(held.order, held.needs, held.order.index(scenario))
    return [one for one in group if one not in held.begun]


def _start_ahead(held: HeldAccount, scenario: str) -> None:
    _start_all(held, starts(_group(held, scenario), held.needs, [one.need for one in held.idle]))


def start_behind(held: HeldAccount, scenario: str) -> None:
    """Start what the next scenarios need, once a scenario has created the instance that it looks at."""
    waiting = [*(one.need for one in held.idle), *surviving(held.needs[scenario])]
    with held.guard.permitted(f"starting instances during {scenario}", STARTING):
        _start_all(held, starts(behind(held.order, held.needs, scenario), held.needs, waiting))


def _start_all(held: HeldAccount, needed: Iterable[InstanceNeed]) -> None:
    for need in needed:
        if held.too_late or not held.budget.affords([held.region_of(need)]):
            return  # the scenarios that have none will not be run, and say why
        held.idle.append(_start(held, need))


def _start(held: HeldAccount, need: InstanceNeed) -> Started:
    from slrspec.steps.db_instance import SMALLEST

    region, name = held.region_of(need), held.new_name()
    parameters: dict[str, Any] = {"DBInstanceIdentifier": name, **SMALLEST}
    if need.protected:
        parameters["DeletionProtection"] = True
    with held.reserved(region):
        answer = held.call("rds", "CreateDBInstance", region, **held.tagged("CreateDBInstance", parameters))
    return Started(name, region, need, parameters, answer)


def take(held: HeldAccount, need: InstanceNeed) -> Started | None:
    """Return an instance that was started ahead, for a scenario to use; None if there is none of the kind."""
    for started in held.idle:
        if started.need.kind == need.kind:
            held.idle.remove(started)
            return started
    return None


# ---- deletions that are asked for before the scenarios that look at them


def _begin_deletions(held: HeldAccount, scenario: str) -> None:
    """Make the calls of every scenario from this one on up to its deletion, before the first one waits for its own.

    Each is shown these very calls and answers, and goes on from there.
    """
    if held.too_late:
        return
    group = _group(held, scenario)
    for one in group if can_be_begun(group, held.needs) else ():
        if held.needs[one].ahead and (begun := _begin(held, one)) is not None:
            held.begun[one] = begun


def _begin(held: HeldAccount, scenario: str) -> Begun | None:
    """Make the calls of one scenario; None if there are no instances for it."""
    needed = held.needs[scenario]
    found = {need.number: take(held, need) for need in needed.instances}
    used = {number: started for number, started in found.items() if started is not None}
    if len(used) < len(found):
        held.idle.extend(used.values())
        return None
    course = Course()
    for number in range(1, 1 + max(int(one) for call in needed.ahead for one in NUMBERS.findall(str(call)))):
        course.name("instance", lambda n=number: used[n].name if n in used else held.new_name())  # type: ignore[misc]
    with held.guard.permitted(f"beginning {scenario}", frozenset(needed.operations)):
        for call in needed.ahead:
            if not _went_as_planned(held, course, call, tuple(used.values())):
                break  # what follows depends on it, and is for the scenario itself to do
    return Begun(course, tuple(used.values()))


def _went_as_planned(held: HeldAccount, course: Course, call: Call, used: tuple[Started, ...]) -> bool:
    """Make a call, and tell whether it was answered as it was when the scenario was observed."""
    region = held.settings.second_region if call.second else held.settings.region
    names = course.names["instance"]
    text = NUMBERS.sub(lambda match: names[int(match[1]) - 1], json.dumps(call.parameters))
    parameters: dict[str, Any] = json.loads(text)
    if call.operation == "CreateDBInstance":
        (started,) = [one for one in used if one.name == parameters["DBInstanceIdentifier"]]
        key = key_of(call.operation, region, started.parameters, RUNNER.name)
        course.record("rds", call.operation, key, lambda: dict(started.answer))
        return held.wait(lambda: status_of(held, started.name, region) == "available", instance=True)
    key = key_of(call.operation, region, parameters, RUNNER.name)
    try:
        course.record(
            "rds", call.operation, key, lambda: held.sender.call("rds", call.operation, region, parameters)
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, the scenario is told of it in its turn
        return call.refused and not isinstance(error, ProviderTrouble) and answered_error(error).status > 0
    return not call.refused


NUMBERS = re.compile(r"slrspec-instance-(\d+)")
