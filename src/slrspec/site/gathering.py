"""Reading what a report is made from: runs, each with the document that it is of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from slrspec.errors import UsageError
from slrspec.history.folder import History, find_run, read_history
from slrspec.running.fault_results import read_fault_results
from slrspec.running.results import read_run
from slrspec.running.withheld import read_withheld
from slrspec.sandbox.ledger import read_ledger
from slrspec.site.report import Neighbour, Sources
from slrspec.spec.gherkin import read_specification
from slrspec.spec.location import document_ids, features_folder
from slrspec.tracing.editions import lists_editions, read_editions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from slrspec.running.results import Run
    from slrspec.running.withheld import Withheld
    from slrspec.spec.rules import Specification


@dataclass(frozen=True)
class Beside:
    """Where to look for what goes with runs.

    Attributes
    ----------
    history
        The folder of earlier runs, given the first file of a document's runs; need not be there.
    faults
        What `slrspec faults` wrote, likewise; None for nothing.
    source, live
        A copy of the page, and of the live policy, of the first document; None for nothing.

    """

    history: Callable[[Path], Path]
    faults: Callable[[Path], Path | None]
    source: Path | None = None
    live: Path | None = None


def gather(runs: Iterable[Path], beside: Beside) -> tuple[Sources, ...]:
    """Read runs and what goes with them: one for each document, in the order of slrspec's documents.

    Parameters
    ----------
    runs
        Results files, or ids of runs in the history.

    Raises
    ------
    UsageError
        For runs of a document that this slrspec does not have.
    ResultsError, SpecificationError
        If one of the files cannot be read.

    """
    from slrspec.tracing.live import read_policy
    from slrspec.tracing.page import read_page

    read: dict[str, list[tuple[Path, Run]]] = {}
    for spelling in runs:
        file = find_run(spelling, beside.history(spelling))
        run = read_run(file)
        read.setdefault(run.document.id, []).append((spelling, run))
    known = document_ids()
    for document in read:
        features_folder(document)
    ordered = sorted(read, key=known.index)
    found = [_sources(read[document], beside) for document in ordered]
    if found:
        found[0] = replace(
            found[0],
            page=read_page(beside.source) if beside.source else None,
            live=read_policy(beside.live) if beside.live else None,
        )
    if len(found) == 1:
        return tuple(found)
    neighbours = tuple(
        Neighbour(document, one.specification.document.title, f"{document}/" if number else "")
        for number, (document, one) in enumerate(zip(ordered, found, strict=True))
    )
    return tuple(replace(one, neighbours=neighbours) for one in found)


def _sources(read: list[tuple[Path, Run]], beside: Beside) -> Sources:
    first, runs = read[0][0], tuple(run for _, run in read)
    document = runs[0].document.id
    history, faults = read_history(beside.history(first)), beside.faults(first)
    ours = tuple(run for run in history.runs if run.document.id == document)
    folder = features_folder(document)
    return Sources(
        runs=runs,
        specification=_specification(runs, folder),
        editions=read_editions(folder) if lists_editions(folder) else None,
        history=History(ours, history.passed_over),
        faults=read_fault_results(faults) if faults else None,
        ledger=read_ledger(),
    )


def _specification(runs: tuple[Run, ...], folder: Path) -> Specification:
    edition = max(runs, key=lambda run: run.run.started).document.edition
    try:
        return read_specification(folder, edition)
    except UsageError:  # a run of an edition that these features do not know; its rules are shown by id
        return read_specification(folder)


def withheld_beside(runs: Iterable[Path], beside: Beside) -> tuple[list[Withheld], list[Path]]:
    """Return the digests that lie beside results, and the results without any."""
    found: list[Withheld] = []
    without: list[Path] = []
    for spelling in runs:
        file = find_run(spelling, beside.history(spelling))
        one = read_withheld(file.parent)
        if one is None:
            without.append(file)
        else:
            found.append(one)
    return found, without
