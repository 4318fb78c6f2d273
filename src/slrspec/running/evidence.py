"""A run's evidence on disk: what a scenario leaves is read again when it is looked at, and not kept until then.

A large run leaves some ten kilobytes of JSON for each scenario, and several times as much as objects.
"""

from __future__ import annotations

import tempfile
import weakref
from collections import defaultdict
from collections.abc import Sequence
from sys import intern
from typing import TYPE_CHECKING, overload

import msgspec

from slrspec.running.results import ScenarioResult
from slrspec.running.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


END = b"\n"  # of a result: no JSON of msgspec's has a line break in it


class Told(msgspec.Struct, frozen=True):
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


class Finished(Told, frozen=True):
    """What a finished scenario hands over, be it to this process or to the one that sums up.

    Attributes
    ----------
    encoded
        The result itself, as JSON.
    withheld
        Digests of the values that it withholds.

    """

    encoded: bytes
    withheld: list[str]

    @classmethod
    def of(cls, result: ScenarioResult, withheld: Iterable[str] = ()) -> Finished:
        """Return what a result is handed over as."""
        return cls(
            provider=result.provider,
            scenario=result.scenario,
            verdict=result.verdict,
            reason=result.reason,
            ran=bool(result.exchanges),
            encoded=msgspec.json.encode(result),
            withheld=list(withheld),
        )


class Judged(Told, frozen=True, gc=False):
    """What is kept of a scenario's result in memory, where each text is only once.

    Attributes
    ----------
    start
        Where the result lies: its first byte.

    """

    start: int


class Spool:
    """A nameless file of results, which the system takes away when nobody holds it any more."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it is held as long as the run is
        self._end = 0
        weakref.finalize(self, self._file.close)

    def add(self, finished: Finished) -> Judged:
        """Write a result, and return what is to be kept of it."""
        self._file.seek(self._end)
        self._file.write(finished.encoded + END)
        judged = Judged(
            provider=intern(finished.provider),
            scenario=finished.scenario,  # it is nowhere else
            verdict=finished.verdict,
            reason=intern(finished.reason),
            ran=finished.ran,
            start=self._end,
        )
        self._end += len(finished.encoded) + len(END)
        return judged

    def encoded(self, judged: Judged) -> bytes:
        """Read a result's JSON back."""
        self._file.seek(judged.start)
        return self._file.readline().removesuffix(END)

    def read(self, judged: Judged) -> ScenarioResult:
        """Read a result back."""
        return msgspec.json.decode(self.encoded(judged), type=ScenarioResult)


class Evidence(Sequence[ScenarioResult]):
    """Results in an order, each of which is read whenever it is looked at.

    Parameters
    ----------
    spool
        Where they lie.
    judged
        Which, in order.

    """

    def __init__(self, spool: Spool, judged: Iterable[Judged]) -> None:
        self._spool = spool
        self._judged = tuple(judged)

    def __len__(self) -> int:
        return len(self._judged)

    @property
    def rules(self) -> Iterator[tuple[str, str]]:
        """Rule and provider of each result, in order; none is read for that."""
        return ((one.rule, one.provider) for one in self._judged)

    @property
    def encoded(self) -> Iterator[bytes]:
        """The JSON of each result, in order, as it was written."""
        return map(self._spool.encoded, self._judged)

    @overload
    def __getitem__(self, index: int) -> ScenarioResult: ...

    @overload
    def __getitem__(self, index: slice) -> list[ScenarioResult]: ...

    def __getitem__(self, index: int | slice) -> ScenarioResult | list[ScenarioResult]:
        if isinstance(index, slice):
            return [self._spool.read(one) for one in self._judged[index]]
        return self._spool.read(self._judged[index])

    def __iter__(self) -> Iterator[ScenarioResult]:
        return map(self._spool.read, self._judged)

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
        self._of: dict[str, dict[str, Judged]] = {}  # by provider, then by scenario

    def add(self, finished: Finished) -> Judged:
        """Take a result, and return what is kept of it in memory."""
        judged = self._spool.add(finished)
        self._of.setdefault(judged.provider, {})[judged.scenario] = judged
        return judged

    def get(self, provider: str, scenario: str) -> Judged | None:
        """Return what was judged of a scenario on a provider; None if nothing was."""
        return self._of.get(provider, {}).get(scenario)

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))

    @property
    def scenarios(self) -> set[str]:
        """The ids of the scenarios that anything was judged of."""
        return set().union(*self._of.values())

    def in_order(self, judged: Iterable[Judged]) -> Evidence:
        """Return the results behind what was judged."""
        return Evidence(self._spool, judged)
