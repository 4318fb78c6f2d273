"""Reading what a report is made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slrspec.errors import UsageError
from slrspec.history.folder import find_run, read_history
from slrspec.running.fault_results import read_fault_results
from slrspec.running.results import read_run
from slrspec.running.withheld import read_withheld
from slrspec.sandbox.ledger import read_ledger
from slrspec.site.report import Sources
from slrspec.spec.gherkin import read_specification
from slrspec.spec.location import features_folder
from slrspec.tracing.editions import read_editions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from slrspec.running.results import Run
    from slrspec.running.withheld import Withheld
    from slrspec.spec.rules import Specification


def gather(
    runs: Iterable[Path], *, history: Path, faults: Path | None, source: Path | None, live: Path | None
) -> Sources:
    """Read runs and what goes with them.

    Parameters
    ----------
    runs
        Results files, or ids of runs in the history.
    history
        A folder of runs; need not be there.
    faults
        What `slrspec faults` wrote; None for nothing.
    source, live
        A copy of the page, and of the live policy; None for nothing.

    Raises
    ------
    ResultsError, SpecificationError
        If one of the files cannot be read.

    """
    from slrspec.tracing.live import read_policy
    from slrspec.tracing.page import read_page

    read = tuple(read_run(find_run(spelling, history)) for spelling in runs)
    return Sources(
        runs=read,
        specification=_specification(read),
        editions=read_editions(features_folder()),
        history=read_history(history),
        faults=read_fault_results(faults) if faults else None,
        page=read_page(source) if source else None,
        live=read_policy(live) if live else None,
        ledger=read_ledger(),
    )


def _specification(runs: tuple[Run, ...]) -> Specification:
    edition = max(runs, key=lambda run: run.run.started).document.edition if runs else ""
    try:
        return read_specification(features_folder(), edition)
    except UsageError:  # a run of an edition that these features do not know; its rules are shown by id
        return read_specification(features_folder())


def withheld_beside(runs: Iterable[Path], history: Path) -> tuple[list[Withheld], list[Path]]:
    """Return the digests that lie beside results, and the results without any."""
    found: list[Withheld] = []
    without: list[Path] = []
    for spelling in runs:
        file = find_run(spelling, history)
        one = read_withheld(file.parent)
        if one is None:
            without.append(file)
        else:
            found.append(one)
    return found, without
