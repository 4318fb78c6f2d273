"""One course of events, judged by several scenarios: the calls of one, as the others would have made them.

Creating and deleting an instance takes a quarter of an hour. Where two scenarios make the same writes in the same
order, the second one is answered what the first was, call by call, up to the last write. What it wants to know
beyond that it asks the account, which is as the first has left it. A call that does not fit ends it in an error.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from slrspec.running.trouble import ProviderTrouble, judged
from slrspec.sandbox.operations import is_read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from slrspec.sandbox.operations import Entry

Answered = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """A call that was made, and what it was answered: an answer, or the exception that it ended with."""

    service: str
    operation: str
    key: str
    answer: Answered | None = None
    error: Exception | None = None

    @property
    def reads(self) -> bool:
        """Whether it changed nothing."""
        return is_read(self.service, self.operation)


def key_of(operation: str, region: str, parameters: Mapping[str, Any], caller: str) -> str:
    """Return what tells one call from another."""
    return json.dumps([operation, region, caller, parameters], sort_keys=True, default=str)


@dataclass
class Course:
    """The calls of one scenario in order, and the names that it was given, by noun."""

    calls: list[Told] = field(default_factory=list)
    names: dict[str, list[str]] = field(default_factory=dict)

    def record(self, service: str, operation: str, key: str, make: Callable[[], Answered]) -> Answered:
        """Make a call, and remember how it ended."""
        try:
            answer = make()
        except Exception as error:
            self.calls.append(Told(service, operation, key, error=error))
            raise
        self.calls.append(Told(service, operation, key, copy.deepcopy(answer)))
        return answer

    def place_of(self, entry: Entry) -> int:
        """Return where a scenario begins that enters the course later; its end if that was never reached."""
        if not entry.creation:
            return 0
        first: dict[str, int] = {}  # one that was refused for the moment is asked for once more by the same call
        for number, told in enumerate(self.calls):
            if told.operation == "CreateDBInstance":
                first.setdefault(told.key, number)
        creations = list(first.values())
        reached = len(creations) >= entry.creation
        return creations[entry.creation - 1] - entry.reads if reached else len(self.calls)

    @property
    def broken(self) -> bool:
        """Whether an answer was lost, or was none: what followed nobody can judge by."""
        errors = [judged(told.error, told.operation) for told in self.calls if told.error is not None]
        return any(isinstance(error, ProviderTrouble) for error in errors)

    def name(self, noun: str, made: Callable[[], str]) -> str:
        """Give a name, and remember it."""
        name = made()
        self.names.setdefault(noun, []).append(name)
        return name


@dataclass
class Following:
    """A scenario on its way along the course of another one, or along one that was begun for it.

    Attributes
    ----------
    course
        What has happened.
    place
        How far the scenario has come.
    own
        Whether the course is the scenario's own beginning: what it does beyond that is done for it.
    unknown
        How many instances of the other one's the scenario knows nothing of; what was done to them it passes over.

    """

    course: Course
    place: int = 0
    own: bool = False
    unknown: int = 0
    _given: dict[str, int] = field(default_factory=dict)

    @property
    def arrived(self) -> bool:
        """Whether everything that changes something is behind it: the account is as it would be for itself."""
        return all(self._passes(told) for told in self.course.calls[self.place :])

    def _passes(self, told: Told) -> bool:
        """Tell whether a call of the other one's may have been made without the scenario's knowing."""
        strange = self.course.names.get("instance", ())[: self.unknown]
        return told.reads or any(json.dumps(name) in told.key for name in strange)

    def answer(self, service: str, operation: str, key: str, ask: Callable[[], Answered]) -> Answered:
        """Return what the call was answered in the course, or ask.

        Raises
        ------
        ProviderTrouble
            If the call is none that the other scenario has made, at a point where nobody can make it any more.

        """
        for number in range(self.place, len(self.course.calls)):
            told = self.course.calls[number]
            if told.key == key:
                self.place = number + 1
                if told.error is not None:
                    raise told.error
                return copy.deepcopy(told.answer or {})
            if not self._passes(told):
                break
        if self.arrived and (self.own or is_read(service, operation)):
            self.place = len(self.course.calls)
            return ask()
        raise ProviderTrouble(f"{operation}: the scenario whose course this one shares went another way")

    def name(self, noun: str, made: Callable[[], str]) -> str:
        """Return the name that was given at this point; beyond the end of the scenario's own course, a new one."""
        number = self._given.get(noun, self.unknown if noun == "instance" else 0)
        self._given[noun] = number + 1
        names = self.course.names.get(noun, ())
        if number >= len(names) and self.own:
            return made()
        if number >= len(names):
            raise ProviderTrouble("the scenario whose course this one shares had no such thing")
        return names[number]
