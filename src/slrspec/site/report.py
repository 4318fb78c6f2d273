"""What the pages show, put together from runs and from what is known of the rules: no mark-up, no files."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from slrspec.errors import UsageError
from slrspec.history.changes import Comparison, Kind, compare_runs, kind_of
from slrspec.history.folder import History
from slrspec.history.timeline import Point, Timeline, Timelines
from slrspec.reporting.conformance import Conformance, conformance
from slrspec.reporting.look import Look, look_of
from slrspec.running.verdict import Verdict
from slrspec.sandbox.ledger import Ledger, Standing
from slrspec.spec.rules import RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slrspec.running.fault_results import FaultResult, FaultResults
    from slrspec.running.results import (
        ProviderInfo,
        RuleResult,
        RuleVerdict,
        Run,
        RunSummary,
        ScenarioResult,
        Totals,
    )
    from slrspec.spec.rules import Rule, Specification
    from slrspec.tracing.drift import NamedPolicy
    from slrspec.tracing.editions import Edition, Editions, Traced
    from slrspec.tracing.page import Page

# How many earlier runs the strips and the page of changes go back.
STRIP = 14
EARLIER = 30
LONGEST_NAME = 100


@dataclass(frozen=True)
class Sources:
    """What a report is made from.

    Attributes
    ----------
    runs
        The runs to report, with their evidence; at least one.
    editions
        The document's sentences; None for one that is no page.
    history
        What came before; runs that are younger than the youngest reported one are left out.
    page
        A copy of the document, for its sentences to be shown; else only their fingerprints are.
    live
        The policy that an account holds now.
    neighbours
        All documents of the site in their order, this one too, if there are several.
    ledger
        What AWS itself has said of each rule.
    place
        Where the pages of the first document are in the site: `report/`, or empty in a site of their own.

    """

    runs: tuple[Run, ...]
    specification: Specification
    editions: Editions | None
    history: History = field(default_factory=History)
    faults: FaultResults | None = None
    page: Page | None = None
    live: NamedPolicy | None = None
    ledger: Ledger = field(default_factory=Ledger)
    neighbours: tuple[Neighbour, ...] = ()
    place: str = "report/"


@dataclass(frozen=True)
class Neighbour:
    """A document of the site. `root` is where its pages are, below those of the first: empty, or ends with `/`."""

    id: str
    title: str
    root: str


@dataclass(frozen=True)
class Column:
    """A provider, with the run that its verdicts are from. `slug` is its name in addresses."""

    provider: ProviderInfo
    slug: str
    run: Run
    conformance: Conformance
    totals: Totals

    @property
    def partial(self) -> bool:
        """Whether the run left rules out."""
        return not self.run.run.complete


@dataclass(frozen=True)
class Evidence:
    """What one scenario left behind on one provider.

    Attributes
    ----------
    slug
        Its name in addresses, below its provider's.
    service
        Where the document is about many services, the one of the scenario; its scenarios share a page.
    earlier
        How many scenarios of the same rule and service stand before it.

    """

    column: Column
    slug: str
    result: ScenarioResult
    service: str = ""
    earlier: int = 0

    @property
    def mark(self) -> str:
        """What its part of the service's page is called."""
        return slug(self.result.rule) + (f"-{self.earlier + 1}" if self.earlier else "")

    @property
    def file(self) -> str:
        """Its page below the report, without ending."""
        if self.service:
            return f"services/{self.column.slug}/{slug(self.service)}"
        return f"evidence/{self.column.slug}/{self.slug}"

    @property
    def address(self) -> str:
        """Where it is shown, below the report."""
        return f"{self.file}.html#rule-{self.mark}" if self.service else f"{self.file}.html"

    @property
    def look(self) -> Look:
        """How its verdict looks."""
        from slrspec.reporting.look import LOOKS

        return LOOKS[self.result.verdict]


@dataclass(frozen=True)
class Cell:
    """The verdict of one rule on one provider.

    Attributes
    ----------
    timeline
        The verdicts up to this one.
    kind
        What has changed since the verdict before; None for nothing, or if there is none before.

    """

    column: Column
    verdict: RuleVerdict
    evidence: tuple[Evidence, ...]
    timeline: Timeline

    @property
    def look(self) -> Look:
        """How the verdict looks."""
        return look_of(self.verdict)

    @property
    def before(self) -> Point | None:
        """The verdict of the run before."""
        return self.timeline.points[-2] if len(self.timeline.points) > 1 else None

    @property
    def kind(self) -> Kind | None:
        """What has changed since then."""
        return kind_of(self.before.verdict, self.verdict.verdict) if self.before else None


@dataclass(frozen=True)
class Row:
    """A rule with its verdicts.

    Attributes
    ----------
    rule
        As the features say it; None if those at hand do not have it any more.
    cells
        One for each column that has the rule.
    sentences
        Those of the edition that state it.
    faults
        Those that break it; None if no faults were tried.
    standing
        What AWS itself has said of it, as of the day of the latest run.

    """

    result: RuleResult
    rule: Rule | None
    cells: tuple[Cell, ...]
    sentences: tuple[Traced, ...]
    faults: tuple[FaultResult, ...] | None
    standing: Standing

    @property
    def id(self) -> str:
        """Id of the rule."""
        return self.result.id

    @property
    def slug(self) -> str:
        """Its name in addresses."""
        return slug(self.result.id)

    def cell(self, column: Column) -> Cell | None:
        """Return the verdict on one provider."""
        return next((cell for cell in self.cells if cell.column is column), None)

    @property
    def outcomes(self) -> tuple[tuple[Look, tuple[Cell, ...]], ...]:
        """The verdicts grouped by how they look, the worst first."""
        order = {verdict: number for number, verdict in enumerate(Verdict)}
        groups: dict[Look, list[Cell]] = defaultdict(list)
        for cell in sorted(self.cells, key=lambda cell: order[cell.verdict.verdict]):
            groups[cell.look].append(cell)
        return tuple((look, tuple(cells)) for look, cells in groups.items())


@dataclass(frozen=True)
class Section:
    """A section of the document with its rules."""

    key: str
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Reported:
    """A reported run: what changed since its predecessor, and since others before it, the latest first."""

    run: Run
    since: Comparison | None
    others: tuple[Comparison, ...]


class Report:
    """Everything the pages need, worked out once.

    Parameters
    ----------
    sources
        What it is made from.

    Raises
    ------
    UsageError
        If there is no run, or the runs are of different documents.

    """

    def __init__(self, sources: Sources) -> None:
        if not sources.runs:
            raise UsageError("no run to report", hint="slrspec run writes one")
        documents = sorted({run.document.id for run in sources.runs})
        if len(documents) > 1:
            raise UsageError(
                f"these runs are of different documents: {', '.join(documents)}", hint="report them apart"
            )
        self.sources = sources
        unique = {run.run.id: run for run in sources.runs}
        self.runs: tuple[Run, ...] = tuple(sorted(unique.values(), key=_moment))
        self.latest = self.runs[-1]
        self.specification = sources.specification
        self.faults = sources.faults

    @property
    def day(self) -> date:
        """The day of the latest run, UTC: what ages are counted to, so that a report is always the same."""
        return datetime.fromisoformat(self.latest.run.started).date()

    @cached_property
    def past(self) -> tuple[RunSummary, ...]:
        """All runs up to the latest reported one, oldest first."""
        known: dict[str, RunSummary] = {run.run.id: run for run in self.sources.history.runs}
        known.update({run.run.id: run for run in self.runs})
        return tuple(sorted((run for run in known.values() if _moment(run) <= _moment(self.latest)), key=_moment))

    @cached_property
    def questions(self) -> tuple[Row, ...]:
        """What is recorded and not judged."""
        return tuple(row for row in self.rows if row.result.level == RECORDS)

    @cached_property
    def timelines(self) -> Timelines:
        """The verdicts of all those runs."""
        return Timelines(self.past)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The providers, in the order in which the runs name them, each with its latest complete run."""
        chosen: dict[str, tuple[Run, Conformance]] = {}
        for run in sorted(self.runs, key=lambda run: (run.run.complete, _moment(run))):
            for one in conformance(run):
                chosen[one.provider.name] = (run, one)
        names = list(dict.fromkeys(provider.name for run in self.runs for provider in run.providers))
        slugs = unique_slugs(names)
        return tuple(
            Column(
                provider=chosen[name][1].provider,
                slug=slugs[name],
                run=chosen[name][0],
                conformance=chosen[name][1],
                totals=next(totals for totals in chosen[name][0].totals if totals.provider == name),
            )
            for name in names
        )

    @cached_property
    def evidence(self) -> dict[tuple[str, str], tuple[Evidence, ...]]:
        """The scenarios' evidence by provider and rule."""
        found: dict[tuple[str, str], list[Evidence]] = defaultdict(list)
        for column in self.columns:
            results = [r for r in column.run.scenarios if r.provider == column.provider.name]
            slugs = unique_slugs(result.scenario for result in results)
            for result in results:
                those, service = found[result.provider, result.rule], self._services.get(result.scenario, "")
                earlier = sum(one.service == service for one in those)
                those.append(Evidence(column, slugs[result.scenario], result, service, earlier))
        return {key: tuple(of) for key, of in found.items()}

    @cached_property
    def _services(self) -> dict[str, str]:
        """The service of each scenario, where the document is about several."""
        if len(self.specification.document.services) == 1:
            return {}
        of = self.specification.service_of
        return {scenario.id: of(scenario).principal for scenario in self.specification.scenarios}

    @cached_property
    def by_service(self) -> dict[str, dict[str, tuple[Evidence, ...]]]:
        """Where the document is about several services: the evidence by service and by the provider's slug."""
        services = self.specification.document.services if self._services else ()
        found: dict[str, dict[str, list[Evidence]]] = {service.principal: {} for service in services}
        for those in self.evidence.values():
            for one in those:
                if one.service:
                    found[one.service].setdefault(one.column.slug, []).append(one)
        return {
            service: {column: tuple(of) for column, of in columns.items()}
            for service, columns in found.items()
            if columns
        }

    @cached_property
    def edition(self) -> Edition | None:
        """The edition of the document that was judged, if its sentences are listed."""
        days = {one.date: one for one in self.sources.editions.editions} if self.sources.editions else {}
        return days.get(self.latest.document.edition)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """All rules, in the document's order; what only the runs know comes last."""
        results: dict[str, RuleResult] = {rule.id: rule for run in self.runs for rule in run.rules}
        order = {rule.id: number for number, rule in enumerate(self.specification.rules)}
        ids = sorted(results, key=lambda identifier: order.get(identifier, len(order)))
        verdicts = {
            (rule.id, column.provider.name): verdict
            for column in self.columns
            for rule, verdict in column.conformance.verdicts
        }
        return tuple(self._row(results[identifier], verdicts) for identifier in ids)

    def _row(self, result: RuleResult, verdicts: dict[tuple[str, str], RuleVerdict]) -> Row:
        cells = tuple(
            Cell(
                column,
                verdicts[result.id, column.provider.name],
                self.evidence.get((column.provider.name, result.id), ()),
                self.timelines.of(result.id, column.provider.name).until(column.run.run.started),
            )
            for column in self.columns
            if (result.id, column.provider.name) in verdicts
        )
        sentences = self.edition.sentences if self.edition else ()
        return Row(
            result=result,
            rule=self.specification.by_id.get(result.id),
            cells=cells,
            sentences=tuple(sentence for sentence in sentences if result.id in sentence.rules),
            faults=None
            if self.faults is None
            else tuple(fault for fault in self.faults.faults if result.id in fault.rules),
            standing=self.sources.ledger.standing(result.id, self.day),
        )

    @cached_property
    def by_id(self) -> dict[str, Row]:
        """The rows by the ids of their rules."""
        return {row.id: row for row in self.rows}

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The rules by section, in the document's order."""
        titles = {section.key: section.title for section in self.specification.sections}
        keys = dict.fromkeys(row.result.section for row in self.rows)
        return tuple(
            Section(key, titles.get(key, key), tuple(row for row in self.rows if row.result.section == key))
            for key in keys
        )

    @cached_property
    def reported(self) -> tuple[Reported, ...]:
        """The runs that columns are from, the latest first, each compared with what came before it."""
        shown = {column.run.run.id: column.run for column in self.columns}
        return tuple(self._reported(run) for run in sorted(shown.values(), key=_moment, reverse=True))

    def _reported(self, run: Run) -> Reported:
        ours, names = _who(run), {provider.name for provider in run.providers}
        earlier = [one for one in self.past if _moment(one) < _moment(run) and ours & _who(one)]
        # The latest whole run of the same providers says most; one that shares some of them is better than none.
        best = max(
            earlier,
            key=lambda one: (one.run.complete, len(names & {p.name for p in one.providers}), _moment(one)),
            default=None,
        )
        others = [one for one in reversed(earlier) if one is not best][:EARLIER]
        return Reported(
            run,
            compare_runs(best, run) if best else None,
            tuple(compare_runs(one, run) for one in others),
        )

    @cached_property
    def changes(self) -> int | None:
        """How many verdicts are marked as changed in the matrix; None if there is no run before."""
        if all(one.since is None for one in self.reported):
            return None
        return sum(cell.kind is not None for row in self.rows for cell in row.cells)

    def runs_of(self, column: Column) -> tuple[RunSummary, ...]:
        """Return the runs up to a column's that had its provider, oldest first."""
        return tuple(
            run
            for run in self.past
            if run.run.started <= column.run.run.started
            and column.provider.name in {provider.name for provider in run.providers}
        )


def _who(run: RunSummary) -> set[str]:
    """Return the names of a run's providers, and what each is, by which a renamed one is known."""
    names = {provider.name for provider in run.providers}
    return names | {f"{provider.product} {sorted(provider.settings.items())}" for provider in run.providers}


def _moment(run: RunSummary) -> tuple[str, str]:
    return run.run.started, run.run.id


def slug(text: str) -> str:
    """Return a name that is safe in any address and file system."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text.encode("ascii", "ignore").decode())[:LONGEST_NAME].strip("-") or "x"


def unique_slugs(names: Iterable[str]) -> dict[str, str]:
    """Return a name for each, no two of them equal even where letters' case does not count."""
    taken: set[str] = set()
    found: dict[str, str] = {}
    for name in names:
        wanted = made = slug(name)
        number = 1
        while made.casefold() in taken:
            number += 1
            made = f"{wanted}-{number}"
        taken.add(made.casefold())
        found[name] = made
    return found


def problems(rows: Sequence[Row], column: Column) -> tuple[tuple[Row, Cell], ...]:
    """Return the rules that a provider breaks, those that nobody has looked into first."""
    found = [
        (row, cell)
        for row in rows
        for cell in row.cells
        if cell.column is column and (cell.verdict.problem or cell.verdict.verdict not in KEPT)
    ]
    return tuple(sorted(found, key=lambda one: not one[1].verdict.problem))


KEPT = frozenset({Verdict.PASS, Verdict.NOT_RUN})
