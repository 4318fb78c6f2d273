"""A run's evidence on disk: what a scenario leaves is read again when it is looked at, and not kept until then.

A large run leaves some ten kilobytes of JSON for each scenario, and several times as much as objects.
"""

from __future__ import annotations

import tempfile
import weakref
from array import array
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar, overload

import msgspec

from slrspec.running.results import ScenarioResult
from slrspec.running.verdict import Verdict
from slrspec.spec.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


R = TypeVar("R")
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
    """A nameless file of lines, which the system takes away when nobody holds it any more."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it is held as long as the run is
        self._end = 0
        self._reading = False
        weakref.finalize(self, self._file.close)

    def add(self, *lines: bytes) -> int:
        """Write lines, and return where the first of them starts."""
        if self._reading:  # otherwise the file is there already, and going there would flush it
            self._file.seek(self._end)
            self._reading = False
        start = self._end
        self._end += self._file.write(END.join((*lines, b"")))
        return start

    def read(self, start: int, further: int = 0) -> bytes:
        """Read back the line that starts there, or one some lines further on."""
        self._reading = True
        self._file.seek(start)
        for _ in range(further):
            self._file.readline()
        return self._file.readline().removesuffix(END)


class Records(Sequence[R]):
    """Records in an order, each of which is read whenever it is looked at.

    Parameters
    ----------
    spool
        Where they lie, as JSON.
    starts
        Where each of them starts, in order.
    kind
        Their type.
    further
        How many lines behind its start each of them lies.

    """

    def __init__(self, spool: Spool, starts: Iterable[int], kind: type[R], further: int = 0) -> None:
        self._spool = spool
        self._starts = array("Q", starts)
        self._kind = kind
        self._further = further

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def encoded(self) -> Iterator[bytes]:
        """The JSON of each, in order, as it was written."""
        return (self._spool.read(start, self._further) for start in self._starts)

    @overload
    def __getitem__(self, index: int) -> R: ...

    @overload
    def __getitem__(self, index: slice) -> list[R]: ...

    def __getitem__(self, index: int | slice) -> R | list[R]:
        if isinstance(index, slice):
            return [self._read(start) for start in self._starts[index]]
        return self._read(self._starts[index])

    def __iter__(self) -> Iterator[R]:
        return map(self._read, self._starts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # like a list

    def _read(self, start: int) -> R:
        return msgspec.json.decode(self._spool.read(start, self._further), type=self._kind)


class Evidence(Records[ScenarioResult]):
    """Results of scenarios in an order; in the spool, a line of what it tells comes before each."""

    def __init__(self, spool: Spool, starts: Iterable[int]) -> None:
        super().__init__(spool, starts, ScenarioResult, further=1)

    @property
    def judged(self) -> Iterator[Judged]:
        """What each result tells, in order."""
        return (_told(self._spool, start) for start in self._starts)

    @property
    def rules(self) -> Iterator[tuple[str, str]]:
        """Rule and provider of each result, in order; none is read whole for that."""
        return ((one.rule, one.provider) for one in self.judged)


def _told(spool: Spool, start: int) -> Judged:
    return msgspec.json.decode(spool.read(start), type=Judged)


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
        start = self._spool.add(msgspec.json.encode(judged), finished.encoded)
        self._starts[_name(judged.provider, judged.scenario)] = start

    def __contains__(self, one: tuple[str, str]) -> bool:
        """Say whether anything was judged of a provider's scenario."""
        return _name(*one) in self._starts

    def get(self, provider: str, scenario: str) -> Judged | None:
        """Return what was judged of a scenario on a provider; None if nothing was."""
        try:
            start = self._starts[_name(provider, scenario)]
        except KeyError:
            return None
        return _told(self._spool, start)

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def scenarios(self) -> set[str]:
        """The ids of the scenarios that anything was judged of."""
        return {_told(self._spool, start).scenario for start in self._starts}

    def in_order(self, wanted: Iterable[tuple[str, str]]) -> Evidence:
        """Return the results of providers' scenarios, each of which has one."""
        return Evidence(self._spool, (self._starts[_name(*one)] for one in wanted))

    def aside(self, records: Iterable[R], kind: type[R]) -> Records[R]:
        """Put records of another kind beside the results."""
        return Records(self._spool, (self._spool.add(msgspec.json.encode(one)) for one in records), kind)


def _name(provider: str, scenario: str) -> str:
    return f"{provider}\0{scenario}"
