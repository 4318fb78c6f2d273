"""A run's evidence on disk: what a scenario leaves is read again when it is looked at, and not kept until then.

A large run leaves some ten kilobytes of JSON for each scenario, and several times as much as objects.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from array import array
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

import msgspec

from slrspec.running.places import Places
from slrspec.running.results import ScenarioResult
from slrspec.running.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


END = b"\n"  # of a record: no JSON of msgspec's has a line break in it


class Judged(msgspec.Struct, frozen=True, gc=False):
    """What a scenario's result tells at first sight.

    Attributes
    ----------
    provider, scenario, verdict, reason
        As in the result.
    ran
        Whether anything was called.

    """

    provider: str
    scenario: str
    verdict: Verdict
    reason: str
    ran: bool

    @property
    def rule(self) -> str:
        """The id of the scenario's rule."""
        return self.scenario.partition("/")[0]


class Finished(msgspec.Struct, frozen=True):
    """What a finished scenario hands over, be it to this process or to the one that sums up.

    Attributes
    ----------
    judged
        What the result tells.
    encoded
        The result itself, as JSON.
    withheld
        Digests of the values that it withholds.

    """

    judged: Judged
    encoded: bytes
    withheld: list[str]

    @classmethod
    def of(cls, result: ScenarioResult, withheld: Iterable[str] = ()) -> Finished:
        """Return what a result is handed over as."""
        judged = Judged(
            provider=result.provider,
            scenario=result.scenario,
            verdict=result.verdict,
            reason=result.reason,
            ran=bool(result.exchanges),
        )
        return cls(judged=judged, encoded=msgspec.json.encode(result), withheld=list(withheld))


class Spool:
    """A nameless file of results, which the system takes away when nobody holds it any more.

    Each is a line of what it tells and a line of its own, found by where the first of them starts.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it is held as long as the run is
        weakref.finalize(self, self._file.close)

    def add(self, finished: Finished) -> int:
        """Write a result, and return where it starts."""
        start = self._file.seek(0, os.SEEK_END)
        self._file.write(msgspec.json.encode(finished.judged) + END + finished.encoded + END)
        return start

    def judged(self, start: int) -> Judged:
        """Read what a result tells."""
        self._file.seek(start)
        return msgspec.json.decode(self._file.readline(), type=Judged)

    def encoded(self, start: int) -> bytes:
        """Read a result's JSON back."""
        self._file.seek(start)
        self._file.readline()
        return self._file.readline().removesuffix(END)

    def read(self, start: int) -> ScenarioResult:
        """Read a result back."""
        return msgspec.json.decode(self.encoded(start), type=ScenarioResult)


class Evidence(Sequence[ScenarioResult]):
    """Results in an order, each of which is read whenever it is looked at.

    Parameters
    ----------
    spool
        Where they lie.
    starts
        Where each of them starts, in order.

    """

    def __init__(self, spool: Spool, starts: Iterable[int]) -> None:
        self._spool = spool
        self._starts = array("Q", starts)

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def judged(self) -> Iterator[Judged]:
        """What each result tells, in order."""
        return map(self._spool.judged, self._starts)

    @property
    def rules(self) -> Iterator[tuple[str, str]]:
        """Rule and provider of each result, in order; none is read whole for that."""
        return ((one.rule, one.provider) for one in self.judged)

    @property
    def encoded(self) -> Iterator[bytes]:
        """The JSON of each result, in order, as it was written."""
        return map(self._spool.encoded, self._starts)

    @overload
    def __getitem__(self, index: int) -> ScenarioResult: ...

    @overload
    def __getitem__(self, index: slice) -> list[ScenarioResult]: ...

    def __getitem__(self, index: int | slice) -> ScenarioResult | list[ScenarioResult]:
        if isinstance(index, slice):
            return [self._spool.read(one) for one in self._starts[index]]
        return self._spool.read(self._starts[index])

    def __iter__(self) -> Iterator[ScenarioResult]:
        return map(self._spool.read, self._starts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # like a list


def by_rule(results: Sequence[ScenarioResult]) -> Callable[[str, str], list[ScenarioResult]]:
    """Return what gives the results of a rule on a provider, without looking at all the others each time."""
    rules = results.rules if isinstance(results, Evidence) else ((one.rule, one.provider) for one in results)
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, one in enumerate(rules):
        places[one].append(place)
    return lambda rule, provider: [results[place] for place in places.get((rule, provider), ())]


class Results:
    """The results of a session as they arrive. The last one of a scenario on a provider is the one that counts."""

    def __init__(self) -> None:
        self._spool = Spool()
        self._starts = Places()

    def add(self, finished: Finished) -> None:
        """Take a result."""
        judged = finished.judged
        self._starts[_name(judged.provider, judged.scenario)] = self._spool.add(finished)

    def __contains__(self, one: tuple[str, str]) -> bool:
        """Say whether anything was judged of a provider's scenario."""
        return _name(*one) in self._starts

    def get(self, provider: str, scenario: str) -> Judged | None:
        """Return what was judged of a scenario on a provider; None if nothing was."""
        if (provider, scenario) not in self:
            return None
        return self._spool.judged(self._starts[_name(provider, scenario)])

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def scenarios(self) -> set[str]:
        """The ids of the scenarios that anything was judged of."""
        return {self._spool.judged(start).scenario for start in self._starts}

    def in_order(self, wanted: Iterable[tuple[str, str]]) -> Evidence:
        """Return the results of providers' scenarios, each of which has one."""
        return Evidence(self._spool, (self._starts[_name(*one)] for one in wanted))


def _name(provider: str, scenario: str) -> str:
    return f"{provider}\0{scenario}"
