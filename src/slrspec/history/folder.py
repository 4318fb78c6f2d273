"""A folder of runs: append-only, one compressed file a run.

There is no index that could disagree with the files. A file that is damaged or of somebody else is named and passed
over, for one bad file must not cost a team its history.
"""

from __future__ import annotations

import gzip
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slrspec.errors import ResultsError, UsageError
from slrspec.running.results import encoded, read_summary

if TYPE_CHECKING:
    from pathlib import Path

    from slrspec.running.results import Run, RunSummary

ENDING = ".json.gz"
SAFE_NAME = re.compile(r"[\w.-]+", re.ASCII)


@dataclass(frozen=True)
class PassedOver:
    """A file of the folder that is no run: which, and why, each fit to be shown."""

    file: Path
    why: str


@dataclass(frozen=True)
class History:
    """The runs of a folder, oldest first, each without its evidence."""

    runs: tuple[RunSummary, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()


def append(folder: Path, run: Run) -> Path:
    """Add a run to a folder, which is made if need be, and return its file. What is there is never written over.

    Raises
    ------
    ResultsError
        If the run's id is no file name, or the file cannot be written.

    """
    if not SAFE_NAME.fullmatch(run.run.id):
        raise ResultsError(f"run id {run.run.id!r} is no file name", where=(folder, None))
    file = folder / f"{run.run.id}{ENDING}"
    half = folder / f".{run.run.id}.half"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            # written whole, then given its name: a run that is cut off in between leaves no half of a file behind
            with half.open("wb") as stream, gzip.GzipFile("", "wb", 6, stream, mtime=0) as compressed:
                compressed.writelines(encoded(run))
            os.link(half, file)
    except FileExistsError:
        pass  # somebody else has just added the same run
    except OSError as error:
        raise ResultsError(f"cannot be written: {error.strerror}", where=(file, None)) from error
    finally:
        half.unlink(missing_ok=True)
    return file


def read_history(folder: Path) -> History:
    """Read every run of a folder; an absent folder is an empty history.

    Parameters
    ----------
    folder
        As written by `append`; `.json` files are read, too.

    """
    runs: dict[str, RunSummary] = {}
    passed_over: list[PassedOver] = []
    for file in sorted(folder.iterdir()) if folder.is_dir() else []:
        if file.name.startswith(".") or file.is_dir():
            continue
        if not file.name.endswith((".json", ENDING)):
            passed_over.append(PassedOver(file, "no .json or .json.gz"))
            continue
        try:
            summary = read_summary(file)
            runs.setdefault(summary.run.id, summary)
        except ResultsError as error:
            passed_over.append(PassedOver(file, error.what))
    return History(tuple(sorted(runs.values(), key=lambda run: (run.run.started, run.run.id))), tuple(passed_over))


def find_run(spelling: Path, folder: Path) -> Path:
    """Return the file of a run that was named by file, by id, or by the beginning of its id.

    Raises
    ------
    UsageError
        If there is no such file or id, or several ids begin so.

    """
    if spelling.exists() or spelling.suffix in {".json", ".gz"}:
        return spelling
    found = sorted(folder.glob(f"{spelling.name}*{ENDING}")) if SAFE_NAME.fullmatch(str(spelling)) else []
    if len(found) != 1:
        what = f"{len(found)} runs begin with {spelling.name!r}" if found else f"no file or run {str(spelling)!r}"
        raise UsageError(what, hint=f"name a results.json, or an id of a run in {folder}")
    return found[0]
