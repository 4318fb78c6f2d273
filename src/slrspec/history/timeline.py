"""What past runs say of a rule on a provider: since when it has its verdict, and what it had before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from slrspec.history.changes import BROKEN
from slrspec.running.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slrspec.running.results import ProviderInfo, RunSummary


@dataclass(frozen=True)
class Point:
    """The verdict of one run: when it started, as ISO 8601 in UTC, with which version of the provider."""

    run: str
    started: str
    version: str
    verdict: Verdict
    known: bool = False


@dataclass(frozen=True)
class Timeline:
    """The verdicts of one rule on one provider, oldest first. Runs that left the rule out have no point."""

    points: tuple[Point, ...]

    @property
    def since(self) -> str:
        """When the run started that first had the present verdict, without another one since."""
        begun = ""
        for point in reversed(self.points):
            if point.verdict is not self.points[-1].verdict:
                break
            begun = point.started
        return begun

    def until(self, moment: str) -> Timeline:
        """Return the timeline up to the run that started at a moment."""
        return Timeline(tuple(point for point in self.points if point.started <= moment))

    def last(self, number: int) -> tuple[Point, ...]:
        """Return the last points."""
        return self.points[-number:]


class Timelines:
    """The timelines of all rules, from runs in any order.

    Parameters
    ----------
    runs
        Without doubles.

    """

    def __init__(self, runs: Iterable[RunSummary]) -> None:
        self.runs: Sequence[RunSummary] = sorted(runs, key=lambda run: (run.run.started, run.run.id))
        points: dict[tuple[str, str], list[Point]] = {}
        for run in self.runs:
            versions = {provider.name: version_of(provider) for provider in run.providers}
            for rule in run.rules:
                for verdict in rule.verdicts:
                    if verdict.verdict is Verdict.NOT_RUN and not run.run.complete:
                        continue
                    points.setdefault((rule.id, verdict.provider), []).append(
                        Point(
                            run=run.run.id,
                            started=run.run.started,
                            version=versions.get(verdict.provider, ""),
                            verdict=verdict.verdict,
                            known=verdict.known is not None,
                        )
                    )
        self._points = points

    def of(self, rule: str, provider: str) -> Timeline:
        """Return one rule's timeline on one provider; without points if it never was judged there."""
        return Timeline(tuple(self._points.get((rule, provider), ())))

    def ages(self, provider: str, rules: Iterable[str], today: datetime) -> dict[str, int]:
        """Return for each rule that a provider breaks how many days it has done so, as far as the runs tell."""
        ages: dict[str, int] = {}
        for rule in rules:
            timeline = self.of(rule, provider)
            if timeline.points and timeline.points[-1].verdict in BROKEN:
                ages[rule] = max(0, (today - datetime.fromisoformat(timeline.since)).days)
        return ages


def version_of(provider: ProviderInfo) -> str:
    """Return product and version in one."""
    return f"{provider.product} {provider.version}"
