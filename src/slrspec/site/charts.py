"""The geometry of the charts; the templates draw them, and say the numbers beside them as a table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slrspec.reporting.look import KNOWN, LOOKS, UNEXPECTED, look_of
from slrspec.running.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slrspec.running.results import RunSummary

# From the bottom of a bar to its top: what a reader hopes for stands on the ground.
ABOVE = (Verdict.UNSUPPORTED, Verdict.FAIL, Verdict.ERROR, Verdict.NOT_RUN)
ORDER = tuple(
    look.word for look in (LOOKS[Verdict.PASS], KNOWN, UNEXPECTED, *(LOOKS[verdict] for verdict in ABOVE))
)


@dataclass(frozen=True)
class Scale:
    """Width of a bar, space between two, height of the highest, and how many of the last runs have one."""

    bar: int
    gap: int
    height: int
    last: int


@dataclass(frozen=True)
class Part:
    """One count of a bar: `word` as in `ORDER`, place and height in units of the drawing."""

    word: str
    count: int
    y: float
    height: float


@dataclass(frozen=True)
class Bar:
    """One run: its parts from the bottom up, and its counts in one line."""

    x: float
    run: RunSummary
    parts: tuple[Part, ...]
    said: str


@dataclass(frozen=True)
class Chart:
    """Stacked bars, one for each run, all sizes in units of the drawing."""

    width: float
    scale: Scale
    bars: tuple[Bar, ...]


def counts(run: RunSummary, provider: str) -> dict[str, int]:
    """Return how many rules look how on a provider; a failure that is known counts as known only."""
    found = Counter(
        look_of(verdict).word for rule in run.rules for verdict in rule.verdicts if verdict.provider == provider
    )
    return {word: found[word] for word in ORDER if found[word]}


def chart(runs: Sequence[RunSummary], provider: str, scale: Scale) -> Chart:
    """Return the chart of a provider's runs, oldest first."""
    shown = [(run, counts(run, provider)) for run in runs[-scale.last :]]
    highest = max((sum(found.values()) for _, found in shown), default=0)
    bars = []
    for number, (run, found) in enumerate(shown):
        y: float = scale.height
        parts = []
        for word, count in found.items():
            size = count / max(1, highest) * scale.height
            y -= size
            parts.append(Part(word, count, round(y, 2), round(size, 2)))
        said = ", ".join(f"{count} {word}" for word, count in found.items())
        bars.append(Bar(round(number * (scale.bar + scale.gap), 2), run, tuple(parts), said))
    return Chart(max(1, len(bars)) * (scale.bar + scale.gap), scale, tuple(bars))
