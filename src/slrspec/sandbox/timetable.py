"""How long a night takes, and why: gone through in thought, as the run goes through it in earnest.

One process runs one scenario at a time, so every minute of the night is one that somebody waits: the steps of its
critical path are all there is, and their minutes add up to the night's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from slrspec.sandbox.operations import InstanceNeed
from slrspec.sandbox.order import behind, can_be_begun, segment, starts, surviving

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slrspec.sandbox.operations import Needs

# Minutes: of an instance as others have measured them; the halves are reckoned of our own waits (docs/plan.md).
CREATION, DELETION, ROLE_DELETION, PERSON, CALL = 7.0, 5.0, 0.5, 0.5, 0.005
WORST_ROLE_DELETION, WORST_PERSON, WORST_CALL = 5.0, 3.0, 0.05
# Three writes, before each of which the lease is read, and three looks whether the key works.
CALLS_FOR_A_PERSON = 9
CALLS, COMING, GOING = "calls", "coming", "going"
"""What a step of the critical path is: calls, users and roles; instances that come into being; or that go."""


class Timing(msgspec.Struct, frozen=True):
    """Minutes that things take: creating and deleting an instance, deleting the role, a call, and people.

    Attributes
    ----------
    people
        Until the keys of all who are made ahead can be relied on.
    person
        For each of them besides, where theirs cannot and they have to be made again in their turn.

    """

    creation: float
    deletion: float
    role_deletion: float
    people: float
    person: float
    call: float


EXPECTED = Timing(CREATION, DELETION, ROLE_DELETION, PERSON, 0.0, CALL)


class Moment(msgspec.Struct, frozen=True):
    """When a scenario begins and ends, what it starts and shares, and what it waits for."""

    begins: float
    ends: float
    started: tuple[InstanceNeed, ...]
    shared: int
    waits: tuple[str, ...]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the critical path.

    Attributes
    ----------
    what
        `calls`, `coming` or `going`.
    begins, minutes
        From the night's beginning, and how long.
    scenarios
        Those whose turn it is meanwhile, in order; none after the last one.
    alone
        Whether one of them bears no DB instance but its own, or none, so that none can come or go for others.
    instances
        How many come or go.

    """

    what: str
    begins: float
    minutes: float
    scenarios: tuple[str, ...] = ()
    alone: bool = False
    instances: int = 0


class Timetable(msgspec.Struct, frozen=True):
    """A night: its moments by scenario, its length in minutes, its critical path, and what it does to instances.

    Attributes
    ----------
    lives
        How long each instance lives, and whether in the second Region.
    events
        `C` for each instance whose creation is asked for, `D` for each deletion, in order.

    """

    moments: dict[str, Moment]
    minutes: float
    path: tuple[Step, ...]
    lives: tuple[tuple[bool, float], ...]
    events: str


class _Alive(msgspec.Struct, eq=False):
    """An instance, for as long as it lives; `gone` once its deletion was asked for."""

    need: InstanceNeed
    ready: float
    since: float
    gone: float | None = None


class _Night:
    def __init__(self, order: Sequence[str], needs: dict[str, Needs], timing: Timing) -> None:
        self.order, self.needs, self.timing = order, needs, timing
        self.clock = 0.0
        self.idle: list[_Alive] = []
        self.going: list[_Alive] = []
        self.begun: dict[str, list[_Alive]] = {}
        self.role = "absent"
        self.lives: list[tuple[bool, float]] = []
        self.waits: list[str] = []
        self.path: list[Step] = []
        self.events = ""
        self.turn: tuple[str, ...] = ()

    def table(self) -> Timetable:
        """Go through all of it."""
        moments = {one: self._moment(number, one) for number, one in enumerate(self.order)}
        self.turn = ()
        self._ask(list(self.idle))
        self._await_going()
        self._spend(CALLS, self.timing.role_deletion)
        return Timetable(moments, self.clock, tuple(self.path), tuple(self.lives), self.events)

    def _moment(self, number: int, one: str) -> Moment:
        begins, needed, self.turn, self.waits = self.clock, self.needs[one], (one,), []
        if number == 0:
            self._make_people()
        self._prepare(needed)
        group = [other for other in segment(self.order, self.needs, number) if other not in self.begun]
        started = self._start(starts(group, self.needs, [found.need for found in self.idle]))
        if can_be_begun(group, self.needs):
            self._begin(group)
        self._spend(CALLS, self.timing.call * len(needed.operations) * 2 + self.timing.person * len(needed.people))
        begun = one in self.begun
        used = self.begun.pop(one) if begun else [self._used(need) for need in needed.instances]
        if any(need.event for need in needed.instances):
            waiting = [*(found.need for found in self.idle), *surviving(needed)]
            started += self._start(starts(behind(self.order, self.needs, one), self.needs, waiting))
        shared = sum(found.since < begins for found in used)
        self._await(used)
        for found in used[: needed.deleted]:
            if found.gone is None:
                self._ask([found])
            self._await_gone([found])
        if needed.role_after == "deleted" or needed.disposable:
            self._spend(CALLS, self.timing.role_deletion)
        self._leave_role(needed)
        rest = used[needed.deleted :]
        self._ask([found for found in rest if found.need.someone])
        self.idle += [found for found in rest if not found.need.someone]
        after = self.order[number + 1 : number + 2]
        if not after or self.needs[after[0]].alone or self.role == "altered":
            self._await_going()
        return Moment(begins, self.clock, tuple(started), shared, tuple(self.waits))

    def _make_people(self) -> None:
        number = sum(len(self.needs[one].people) for one in self.order)
        if number:
            self._spend(CALLS, self.timing.people + self.timing.call * CALLS_FOR_A_PERSON * number)

    def _leave_role(self, needed: Needs) -> None:
        """Note how the role is left; who follows has left it to the one before."""
        if needed.role_after == "deleted" and not any(need.event for need in needed.instances):
            self.role = "absent"
        elif not needed.follows:  # and an instance has brought it back, if it was deleted
            self.role = "altered" if needed.role_after == "altered" else "kept"

    def _prepare(self, needed: Needs) -> None:
        own = [need.kind for need in needed.instances if not need.event]
        if needed.alone:
            self._ask([found for found in self.idle if not _take(own, found.need.kind)])
            self._await_going()
        if not needed.follows and self.role != "absent" and (needed.role == "absent" or self.role == "altered"):
            self._spend(CALLS, self.timing.role_deletion)
            self.role = "absent"

    def _start(self, needs: Sequence[InstanceNeed]) -> list[InstanceNeed]:
        self.idle += [self._created(need) for need in needs]
        return list(needs)

    def _created(self, need: InstanceNeed) -> _Alive:
        self.events += "C"
        return _Alive(need, self.clock + self.timing.creation, self.clock)

    def _begin(self, group: Sequence[str]) -> None:
        """Ask for the deletions of all scenarios that can be begun before their turn."""
        for one in group:
            if self.needs[one].ahead:
                self.begun[one] = used = [self._used(need) for need in self.needs[one].instances]
                self._await(used)
                self._ask(used)

    def _used(self, need: InstanceNeed) -> _Alive:
        if need.event:
            return self._created(need)
        found = next(found for found in self.idle if found.need.kind == need.kind)
        self.idle.remove(found)
        return found

    def _await(self, used: Sequence[_Alive]) -> None:
        coming = [found for found in used if found.ready > self.clock]
        if coming:
            self.waits.append("a DB instance becoming available")
            self._spend(COMING, max(found.ready for found in coming) - self.clock, len(coming))

    def _ask(self, leaving: Sequence[_Alive]) -> None:
        """Ask for the deletion of instances that exist, and wait for none of it."""
        for found in leaving:
            found.gone = self.clock + self.timing.deletion
            self.events += "D"
            self.lives.append((found.need.second, found.gone - found.since))
            self.going.append(found)
            if found in self.idle:
                self.idle.remove(found)

    def _await_going(self) -> None:
        self._await_gone(self.going)
        self.going = []

    def _await_gone(self, leaving: Sequence[_Alive]) -> None:
        late = [found for found in leaving if (found.gone or 0.0) > self.clock]
        if late:
            together = [found for found in self.going if (found.gone or 0.0) > self.clock]
            self.waits.append(f"deleting {len(together)} DB instance{'s' if len(together) > 1 else ''}")
            self._spend(GOING, max(found.gone or 0.0 for found in late) - self.clock, len(together))

    def _spend(self, what: str, minutes: float, instances: int = 0) -> None:
        """Let time go by, and note for what; calls that follow each other are one step."""
        alone = any(self.needs[one].alone for one in self.turn)
        last = self.path[-1] if self.path else None
        begins, self.clock = self.clock, self.clock + minutes
        if last is not None and last.what == what == CALLS:
            self.path[-1] = msgspec.structs.replace(
                last,
                minutes=last.minutes + minutes,
                scenarios=tuple(dict.fromkeys((*last.scenarios, *self.turn))),
                alone=last.alone or alone,
            )
            return
        step = Step(
            what=what, begins=begins, minutes=minutes, scenarios=self.turn, alone=alone, instances=instances
        )
        self.path.append(step)


def simulate(order: Sequence[str], needs: dict[str, Needs], timing: Timing) -> Timetable:
    """Return the timetable of a night."""
    return _Night(order, needs, timing).table()


def _take(kinds: list[tuple[bool, bool]], kind: tuple[bool, bool]) -> bool:
    if kind not in kinds:
        return False
    kinds.remove(kind)
    return True
