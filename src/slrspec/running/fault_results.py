"""The file that `slrspec faults` leaves behind, for the site to show which rules' checks can fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

import slrspec
from slrspec.errors import ResultsError, UsageError
from slrspec.json_files import decoded
from slrspec.running.results import Record

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from slrspec.running.fault_matrix import Trial
    from slrspec.spec.rules import Specification


class FaultResult(Record, frozen=True, kw_only=True):
    """One fault: what it does, the rules that it breaks, and which scenarios of which rules noticed.

    `untried` are those of the rules whose scenarios could not be run there.
    """

    id: str
    what: str
    rules: list[str]
    verdict: str
    survived: list[str]
    killers: dict[str, list[str]]
    unsure: dict[str, list[str]]
    untried: list[str] = msgspec.field(default_factory=list)


class FaultResults(Record, frozen=True, kw_only=True):
    """All faults that were tried. `known` is how many there are; `digest` that of the features that tried them."""

    version: str
    digest: str
    known: int
    total: int
    killed: int
    faults: list[FaultResult]


def fault_results(trials: Iterable[Trial], specification: Specification, known: int) -> FaultResults:
    """Return the record of some trials."""
    found = [
        FaultResult(
            id=trial.fault.id,
            what=trial.fault.what,
            rules=list(trial.fault.rules),
            verdict="survived" if trial.survived else "killed",
            survived=list(trial.survived),
            killers={rule: list(names) for rule, names in sorted(trial.killers.items())},
            unsure={rule: list(names) for rule, names in sorted(trial.unsure.items())},
            untried=list(trial.untried),
        )
        for trial in trials
    ]
    return FaultResults(
        version=slrspec.__version__,
        digest=specification.digest,
        known=known,
        total=len(found),
        killed=sum(fault.verdict == "killed" for fault in found),
        faults=found,
    )


def encode(results: FaultResults) -> bytes:
    """Return the JSON of the file."""
    return msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n"


def write_fault_results(file: Path, results: FaultResults) -> None:
    """Write the file, and its folder if need be.

    Raises
    ------
    UsageError
        If it cannot be written.

    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(encode(results))
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=(file, None)) from error


def read_fault_results(file: Path) -> FaultResults:
    """Read the file.

    Raises
    ------
    ResultsError
        If it cannot be read, or is no such file.

    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ResultsError(
            f"cannot be read: {error.strerror}", where=(file, None), hint="slrspec faults writes it"
        ) from error
    return decoded(content, FaultResults, file, ResultsError, "not written by slrspec faults")
