"""Putting the bundles of a plan together: the same bytes in whatever order they arrive.

A bundle that does not belong is refused by name, and what is left is merged: the verdicts of a cell without a
bundle are `not-run`, never anything else.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from slrspec.cells.bundle import salt_of
from slrspec.cells.plan import contradiction
from slrspec.errors import PlanError
from slrspec.running.assemble import sum_up
from slrspec.running.results import ProviderInfo, RuleResult, RuleVerdict, RunInfo, ScenarioResult
from slrspec.running.verdict import Verdict
from slrspec.running.withheld import Digests, Withheld

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from slrspec.cells.bundle import Bundle
    from slrspec.cells.plan import Cell, Plan, PlannedDocument, PlannedRule
    from slrspec.running.results import Run

SHORT = 12
"""So many digits of a plan's hash are told."""
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Refused:
    """A bundle that is left out: its file, and why."""

    file: str
    why: str

    def __str__(self) -> str:
        return f"{self.file}: {self.why}"


@dataclass(frozen=True)
class Chosen:
    """The bundles that are merged.

    Attributes
    ----------
    bundles
        By the ids of their cells.
    doubled
        Ids of cells of which more than one bundle came, so that none could be taken.
    refused
        The others, sorted by file.

    """

    plan: Plan
    bundles: Mapping[str, Bundle]
    doubled: frozenset[str] = frozenset()
    refused: tuple[Refused, ...] = field(default=())

    @property
    def missing(self) -> tuple[Cell, ...]:
        """The cells without a bundle, in the plan's order."""
        return tuple(cell for cell in self.plan.cells if cell.id not in self.bundles)

    def reason(self, cell: Cell) -> str:
        """Return why a cell has no bundle."""
        if cell.id in self.doubled:
            return f"more than one bundle of the cell {cell.id} arrived"
        return f"no bundle of the cell {cell.id} arrived"


def choose(bundles: Iterable[tuple[str, Bundle]], plan: Plan | None = None) -> Chosen:
    """Pick the bundles that can be merged.

    Parameters
    ----------
    bundles
        File and content of each that is whole, in any order.
    plan
        The plan that they have to be of; None for that of most of them.

    Raises
    ------
    PlanError
        If no plan is given, and there are no bundles or no plan has more of them than any other; or if the plan
        contradicts itself.

    """
    given = sorted(bundles, key=lambda one: (one[0], one[1].digest))
    plan = plan or _most_common([bundle for _, bundle in given])
    if said := contradiction(plan):
        raise PlanError(f"the bundles' plan is none: {said}")
    wanted = plan.hash
    refused: list[Refused] = []
    of: dict[str, list[tuple[str, Bundle]]] = defaultdict(list)
    for file, bundle in given:
        if bundle.plan_hash == wanted:
            of[bundle.cell].append((file, bundle))
        else:
            refused.append(Refused(file, f"foreign: of the plan {bundle.plan_hash[:SHORT]}, not {wanted[:SHORT]}"))
    for cell, several in of.items():
        for file, _ in several if len(several) > 1 else ():
            others = [other for other, _ in several]
            others.remove(file)
            refused.append(Refused(file, f"duplicate: {', '.join(others)} is of the cell {cell}, too"))
    return Chosen(
        plan,
        {cell: several[0][1] for cell, several in of.items() if len(several) == 1},
        frozenset(cell for cell, several in of.items() if len(several) > 1),
        tuple(sorted(refused, key=str)),
    )


def _most_common(bundles: list[Bundle]) -> Plan:
    count = Counter(bundle.plan_hash for bundle in bundles).most_common()
    if not count:
        raise PlanError("not one bundle is whole, so nobody knows the plan", hint="--cells FILE names it")
    if len(count) > 1 and count[0][1] == count[1][1]:
        alike = ", ".join(sorted(name[:SHORT] for name, number in count if number == count[0][1]))
        raise PlanError(f"bundles of several plans, as many of each: {alike}", hint="--cells FILE says which")
    return next(bundle.plan for bundle in bundles if bundle.plan_hash == count[0][0])


def merge(chosen: Chosen) -> dict[str, Run]:
    """Return the results of every document of the plan, as if one machine had run all of it.

    Raises
    ------
    PlanError
        If there is not one bundle.

    """
    if not chosen.bundles:
        raise PlanError("no bundle of the plan is left, so there is nothing to merge")
    return {one.document.id: _merged(chosen, one) for one in chosen.plan.documents}


def merged_withheld(chosen: Chosen) -> Withheld:
    """Return the digests of the values that any of the cells has withheld."""
    found = (bundle.withheld.digests for bundle in chosen.bundles.values())
    return Withheld(salt_of(chosen.plan), Digests(sorted(set[str]().union(*found))))


def _merged(chosen: Chosen, planned: PlannedDocument) -> Run:
    cells = [cell for cell in chosen.plan.cells if cell.document == planned.document.id]
    columns: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        columns[cell.column].append(cell)
    of = {(cell.column, rule.id): cell for cell in cells for rule in chosen.plan.rules_of(cell)}
    judged = {
        (cell.column, result.scenario): msgspec.structs.replace(result, provider=cell.column)
        for cell in cells
        if (bundle := chosen.bundles.get(cell.id)) is not None
        for result in bundle.run.scenarios
    }
    found = {cell: _verdicts(bundle) for cell, bundle in chosen.bundles.items()}
    scenarios = [
        judged.get((name, scenario.id)) or _not_run(scenario.id, scenario.name, rule, of[name, rule.id], chosen)
        for name in columns
        for rule in planned.rules
        for scenario in rule.scenarios
    ]
    return sum_up(
        info=_info(chosen, cells),
        suite=planned.suite,
        document=planned.document,
        environment=_joined(b.run.environment for c in cells if (b := chosen.bundles.get(c.id))),
        providers=[_provider(name, chosen, shards) for name, shards in columns.items()],
        rules=[_rule(rule, [of[name, rule.id] for name in columns], found, chosen) for rule in planned.rules],
        scenarios=scenarios,
        ran=any(result.verdict is not Verdict.NOT_RUN or result.exchanges for result in scenarios),
    )


def _verdicts(bundle: Bundle) -> dict[str, RuleVerdict]:
    """Return a bundle's verdicts by rule; of a large suite nobody could look for each among all."""
    return {result.id: verdict for result in bundle.run.rules for verdict in result.verdicts}


def _rule(
    rule: PlannedRule, cells: list[Cell], found: Mapping[str, Mapping[str, RuleVerdict]], chosen: Chosen
) -> RuleResult:
    return RuleResult(
        id=rule.id,
        section=rule.section,
        statement=rule.statement,
        level=rule.level,
        seen=rule.seen,
        companion=rule.companion,
        verdicts=[_verdict(rule.id, cell, found.get(cell.id), chosen) for cell in cells],
    )


def _verdict(rule: str, cell: Cell, found: Mapping[str, RuleVerdict] | None, chosen: Chosen) -> RuleVerdict:
    if found is None:
        return RuleVerdict(provider=cell.column, verdict=Verdict.NOT_RUN, reason=chosen.reason(cell))
    return msgspec.structs.replace(found[rule], provider=cell.column)


def _not_run(scenario: str, name: str, rule: PlannedRule, cell: Cell, chosen: Chosen) -> ScenarioResult:
    return ScenarioResult(
        scenario=scenario,
        rule=rule.id,
        provider=cell.column,
        name=name,
        verdict=Verdict.NOT_RUN,
        reason=chosen.reason(cell),
    )


def _provider(name: str, chosen: Chosen, shards: list[Cell]) -> ProviderInfo:
    """Return what a column's provider says of itself; what its shards do not agree on stands there side by side."""
    told = [b.run.providers[0] for cell in shards if (b := chosen.bundles.get(cell.id)) is not None]
    settings = _joined(one.settings for one in told)
    if shards[0].column != shards[0].provider:
        settings["Region"] = shards[0].region
    return ProviderInfo(
        name=name,
        product=_either(one.product for one in told),
        version=_either(one.version for one in told),
        started_by=_either(one.started_by for one in told),
        capabilities=sorted({capability for one in told for capability in one.capabilities}),
        settings=settings,
    )


def _joined(tables: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return all that several tables say, by key in the order of the first table that has it."""
    values: dict[str, set[str]] = defaultdict(set)
    for table in tables:
        for key, value in table.items():
            values[key].add(value)
    return {key: ", ".join(sorted(said)) for key, said in values.items()}


def _either(values: Iterable[str]) -> str:
    return ", ".join(sorted(set(values))) or UNKNOWN


def _info(chosen: Chosen, cells: list[Cell]) -> RunInfo:
    runs = {cell: bundle.run.run for cell, bundle in chosen.bundles.items()}
    begun = [datetime.fromisoformat(info.started) for info in runs.values()]
    ended = [
        start + timedelta(milliseconds=info.duration_ms) for start, info in zip(begun, runs.values(), strict=True)
    ]
    started = min(begun)
    parts = "\n".join([chosen.plan.hash, *sorted(f"{cell} {info.id}" for cell, info in runs.items())])
    whole = all((bundle := chosen.bundles.get(cell.id)) is not None and bundle.whole for cell in cells)
    return RunInfo(
        id=f"{started:%Y%m%dT%H%M%SZ}-{hashlib.sha256(parts.encode()).hexdigest()[:6]}",
        started=started.isoformat(timespec="milliseconds"),
        duration_ms=round((max(ended) - started) / timedelta(milliseconds=1), 3),
        complete=whole and not chosen.plan.selection,
        selection=chosen.plan.selection,
        interrupted=any(
            (bundle := chosen.bundles.get(cell.id)) is None or bundle.run.run.interrupted for cell in cells
        ),
    )
