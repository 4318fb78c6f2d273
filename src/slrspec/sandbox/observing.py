"""Observing what each scenario does, on the model of the documented AWS, at every pace that it has."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import msgspec

from slrspec.errors import SlrspecError
from slrspec.running.command_line import TAG
from slrspec.running.engine import Observer, Request, execute
from slrspec.running.recorder import ADMINISTRATOR
from slrspec.running.scenario_run import RECORDED
from slrspec.running.selection import Selection
from slrspec.running.verdict import Verdict
from slrspec.sandbox import disposable
from slrspec.sandbox.operations import BEGINNING, Call, Entry, InstanceNeed, Needs, OperationsFile, is_read
from slrspec.sandbox.role_record import SERVICE
from slrspec.spec.gherkin import DISPOSABLE, EVERY_EDITION

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from slrspec.running.results import Exchange, ScenarioResult

# At once, each kind of delay alone, and all together: what is called depends on what is not there yet.
PACES = (
    "documented",
    "documented:creating=2",
    "documented:deleting=2",
    "documented:pending=2",
    "documented:lag=1",
    "documented:lag=2,pending=3,creating=1,deleting=1",
)
SECOND_REGION = "eu-west-1"
RDS_ROLE = "AWSServiceRoleForRDS"
CREATES, DELETES = "CreateServiceLinkedRole", "DeleteServiceLinkedRole"
EDITS = frozenset({"UpdateRole", "UpdateRoleDescription", "TagRole", "UntagRole"})


def observe(paces: Iterable[str] = PACES) -> OperationsFile:
    """Run every scenario at every pace, and return what they did and need.

    Raises
    ------
    SlrspecError
        If one does not pass; what it would have done next nobody has seen then.

    """
    seen: dict[str, Needs] = {}
    together: Courses | None = None
    paces = tuple(paces)
    for pace in paces:
        # Commands are for providers that have a door for them, which no real account has.
        calls = Selection(tags=(f"not {TAG}",))
        run = execute(Request((pace,), calls, edition=EVERY_EDITION, no_deviations=True), Observer(lambda _: None))
        together = _joined_courses(together, followers(run.scenarios))
        # Each open question is asked for itself: what is answered is all that there is to it.
        asked = execute(Request((pace,), document="questions"), Observer(lambda _: None))
        # Of the catalogue what makes a role of its own and looks at no other.
        own = Selection(tags=(DISPOSABLE,), services=(disposable.SERVICE,))
        suffixed = execute(Request((pace,), own, document="catalogue"), Observer(lambda _: None))
        for result in (*run.scenarios, *asked.scenarios, *suffixed.scenarios):
            _refuse_unfinished(pace, result)
            seen[result.scenario] = _joined(seen.get(result.scenario), _needs(result))
    for leader, following in (together or {}).items():
        for one, entry in following.items():
            seen[one] = msgspec.structs.replace(seen[one], follows=leader, enters=entry)
    return OperationsFile(paces=paces, scenarios=seen)


def _refuse_unfinished(pace: str, result: ScenarioResult) -> None:
    if result.verdict is not Verdict.PASS and result.reason != RECORDED:
        raise SlrspecError(f"{result.scenario} does not pass on {pace}: {result.reason}")


def _joined(first: Needs | None, second: Needs) -> Needs:
    if first is None:
        return second
    if (first.role, first.instances) != (second.role, second.instances):
        raise SlrspecError("a scenario creates other instances at another pace", hint="plan for the larger number")
    return Needs(
        operations=tuple(sorted({*first.operations, *second.operations})),
        people=tuple(dict.fromkeys((*first.people, *second.people))),
        instances=first.instances,
        services=first.services,
        deleted=max(first.deleted, second.deleted),
        writes_role=first.writes_role or second.writes_role,
        disposable=first.disposable,
        ahead=first.ahead,  # seen at the first pace, where nobody has to look twice
        role=first.role,
        role_after=max(first.role_after, second.role_after, key=("kept", "altered", "deleted").index),
    )


def _needs(result: ScenarioResult) -> Needs:
    exchanges = result.exchanges
    creations = [e for e in exchanges if e.operation == "CreateDBInstance" and e.error is None]
    return Needs(
        operations=tuple(sorted({f"{e.service}:{e.operation}" for e in exchanges})),
        people=tuple(dict.fromkeys(e.principal for e in exchanges if e.principal != ADMINISTRATOR)),
        instances=tuple(_instance(result, creation) for creation in creations),
        deleted=sum(e.operation == "DeleteDBInstance" and e.error is None for e in exchanges),
        services=tuple(sorted(_services(exchanges) - {SERVICE})),
        disposable=any(_is_disposable(e) for e in exchanges),
        ahead=_ahead(result),
        writes_role=any(_is_linked(e) and not is_read(e.service, e.operation) for e in exchanges),
        role=_role_before(result),
        role_after=_role_after(exchanges),
    )


def _instance(result: ScenarioResult, creation: Exchange) -> InstanceNeed:
    # What is created in a Given, or to prove that something else works, may have been begun before.
    step = next(step for step in result.steps if creation.number in step.exchanges)
    return InstanceNeed(
        number=int(str(creation.parameters["DBInstanceIdentifier"]).rpartition("-")[2]),
        second=creation.region == SECOND_REGION,
        protected=bool(creation.parameters.get("DeletionProtection")),
        event=_is_when(result, step.line) or creation.principal != ADMINISTRATOR,
        someone=creation.principal != ADMINISTRATOR,
    )


def _is_when(result: ScenarioResult, line: int) -> bool:
    kind = ""
    for step in result.steps:
        kind = step.keyword if step.keyword not in {"And", "But"} else kind
        if step.line == line:
            return kind == "When"
    return False


def _ahead(result: ScenarioResult) -> tuple[Call, ...]:
    """Return the calls up to the last deletion of an instance, if they can be made before the scenario's turn."""
    deletions = [e.number for e in result.exchanges if e.operation == "DeleteDBInstance" and e.error is None]
    calls = [e for e in result.exchanges if deletions and e.number <= deletions[-1]]
    created = [e for e in calls if e.operation == "CreateDBInstance"]
    steps = {number: step.line for step in result.steps for number in step.exchanges}
    of_instances = all(e.service == "rds" and e.principal == ADMINISTRATOR for e in result.exchanges)
    looked_at = any(_is_when(result, steps[e.number]) for e in created)
    if not of_instances or looked_at or len(created) != len(deletions):
        return ()
    return tuple(
        Call(
            operation=e.operation,
            parameters={
                key: value
                for key, value in e.parameters.items()
                if e not in created or key == "DBInstanceIdentifier"
            },
            second=e.region == SECOND_REGION,
            refused=e.error is not None,
        )
        for e in calls
    )


def _role_before(result: ScenarioResult) -> str:
    texts = {step.text for step in result.steps}
    if "the service-linked role" in texts:
        return "present"
    creates = any(e.operation == CREATES and not _is_disposable(e) for e in result.exchanges)
    return "absent" if creates or "no service-linked role" in texts else "any"


def _role_after(exchanges: Iterable[Exchange]) -> str:
    after, requested = "kept", False
    for exchange in exchanges:
        if exchange.error is not None:
            continue
        if exchange.operation in EDITS and _is_linked(exchange):
            after = "altered"
        if exchange.operation == DELETES and _is_linked(exchange):
            after, requested = "deleted", True
        if requested and (exchange.answer or {}).get("Status") == "FAILED":
            after, requested = "kept", False
    return after


def _services(exchanges: Iterable[Exchange]) -> set[str]:
    creations = (e for e in exchanges if e.operation == CREATES and not _is_disposable(e))
    return {str(e.parameters["AWSServiceName"]) for e in creations}


def _is_linked(exchange: Exchange) -> bool:
    """Tell whether a call is about the role of RDS."""
    return str(exchange.parameters.get("RoleName")).startswith(RDS_ROLE)


def _is_disposable(exchange: Exchange) -> bool:
    """Tell whether a call makes a role with a suffix of the scenario's own."""
    given = exchange.parameters
    return given.get("AWSServiceName") == disposable.SERVICE and bool(given.get("CustomSuffix"))


# ---- courses of events that several scenarios can share

Courses = dict[str, dict[str, Entry]]
"""Who leads, who follows, and where each enters."""


def followers(results: Iterable[ScenarioResult]) -> Courses:
    """Return which scenarios can follow which: they make the same writes, and their other calls among its calls.

    Only where DB instances are created or the role is: nothing else takes long. Whoever leads follows nobody.
    """
    slow = {"CreateDBInstance", "CreateServiceLinkedRole"}
    lasting = [one for one in results if any(e.operation in slow and e.error is None for e in one.exchanges)]
    able: Courses = {one.scenario: {} for one in lasting}
    for leader in lasting:
        for other in lasting:
            if (entry := entry_of(other, leader)) is not None:
                able[leader.scenario][other.scenario] = entry
    found: Courses = {}
    taken: set[str] = set()
    for leading in sorted(able, key=lambda one: (-len(able[one]), one)):
        free = {one: entry for one, entry in able[leading].items() if one not in taken and one not in found}
        if leading not in taken and free:
            found[leading] = free
            taken |= {leading, *free}
    return found


def _joined_courses(first: Courses | None, second: Courses) -> Courses:
    """Return what can be shared at every pace."""
    if first is None:
        return second
    both = {
        leader: {one: entry for one, entry in following.items() if second.get(leader, {}).get(one) == entry}
        for leader, following in first.items()
    }
    return {leader: following for leader, following in both.items() if following}


def entry_of(follower: ScenarioResult, leader: ScenarioResult) -> Entry | None:
    """Return where a scenario can enter another one's course; None if it cannot.

    From the beginning, or, where the other one deletes the role, from a state that it comes to later: no role and
    no instance, or an instance more than the scenario knows of.
    """
    if follower.scenario == leader.scenario or any(e.principal != ADMINISTRATOR for e in follower.exchanges):
        return None
    # One may find a role where the other creates it; then they are not alike.
    if _role_before(follower) == _role_before(leader) and can_follow(follower, leader, BEGINNING):
        return BEGINNING
    if not _is_of_instances(follower) or not any(
        e.operation == DELETES and e.error is None for e in leader.exchanges
    ):
        return None
    reads = next(number for number, e in enumerate(follower.exchanges) if not _reads(e))
    for creation in range(1, len(_creations(leader)) + 1):
        entry = Entry(creation=creation, reads=reads, instances=creation - 1)
        if can_follow(follower, leader, entry):
            return entry
    return None


def _creations(result: ScenarioResult) -> list[int]:
    """Return which calls create an instance, by their places."""
    return [number for number, e in enumerate(result.exchanges) if e.operation == "CreateDBInstance"]


def _is_of_instances(result: ScenarioResult) -> bool:
    """Tell whether the first thing that a scenario changes is that it creates an instance."""
    first = next((e for e in result.exchanges if not _reads(e)), None)
    return first is not None and first.operation == "CreateDBInstance" and first.error is None


def can_follow(follower: ScenarioResult, leader: ScenarioResult, entry: Entry) -> bool:
    """Tell whether another scenario's answers would serve one up to its last write, as its own have."""
    course = leader.exchanges
    place = _creations(leader)[entry.creation - 1] - entry.reads if entry.creation else 0
    unknown = {f"slrspec-instance-{number}" for number in range(1, entry.instances + 1)}
    for own in follower.exchanges:
        match = find(course, place, _renamed(own, entry.instances), unknown)
        if match is None:
            return all(_passes(e, unknown) for e in course[place:]) and all(_reads(e) for e in _rest(follower, own))
        if _told(course[match]) != _told(own):
            return False
        place = match + 1
    return all(_passes(e, unknown) for e in course[place:])


def _renamed(exchange: Exchange, by: int) -> Exchange:
    """Return a call of a scenario as it is where so many more instances were named before."""
    if not by:
        return exchange
    text = NAMED.sub(lambda match: f"{match[1]}{int(match[2]) + by}", json.dumps(exchange.parameters))
    return msgspec.structs.replace(exchange, parameters=json.loads(text))


NAMED = re.compile(r"(slrspec-instance-)(\d+)")


def find(
    course: Sequence[Exchange], place: int, own: Exchange, unknown: AbstractSet[str] = frozenset()
) -> int | None:
    """Return where in a course a call comes next; None if it does not.

    No write is passed over but those on instances that the scenario knows nothing of.
    """
    for number in range(place, len(course)):
        if _key(course[number]) == _key(own):
            return number
        if not _passes(course[number], unknown):
            return None
    return None


def _passes(exchange: Exchange, unknown: AbstractSet[str]) -> bool:
    return _reads(exchange) or exchange.parameters.get("DBInstanceIdentifier") in unknown


def _key(exchange: Exchange) -> tuple[object, ...]:
    return exchange.service, exchange.operation, exchange.region, exchange.principal, exchange.parameters


def _told(exchange: Exchange) -> object:
    """Return what of an answer has to be the same: whether there is one, and in which state the thing is."""
    instances = (exchange.answer or {}).get("DBInstances")
    states = [one["DBInstanceStatus"] for one in instances] if instances else instances
    roles = (exchange.answer or {}).get("Roles")
    status = (exchange.answer or {}).get("Status")
    return exchange.error and exchange.error.code, states, None if roles is None else len(roles), status


def _reads(exchange: Exchange) -> bool:
    return is_read(exchange.service, exchange.operation)


def _rest(result: ScenarioResult, first: Exchange) -> list[Exchange]:
    return result.exchanges[first.number - 1 :]
