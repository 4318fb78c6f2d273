"""Keeping what was measured: a line for each figure, with day and commit, in `bench/measured.tsv`.

Every benchmark has `--keep`, and keeps nothing without it: only what a quiet machine gave is worth it.
`tools/performance_page.py` makes the tables and pictures of docs/performance.md from the file.
"""

from __future__ import annotations

import statistics
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

FILE = Path(__file__).with_suffix(".tsv")
COLUMNS = ("day", "commit", "what", "size", "value", "lowest", "highest")


def add_option(parser: argparse.ArgumentParser) -> None:
    """Give a benchmark its option."""
    parser.add_argument("--keep", action="store_true", help=f"add the figures to {FILE.name}")


def keep(options: argparse.Namespace, what: str, size: int, values: list[float]) -> float:
    """Return the median of readings, and add it to the file if that is asked for.

    Parameters
    ----------
    what
        Which figure, with its unit if it is no ratio: `peak memory, MB`.
    size
        Number of scenarios, results or pages.
    values
        The readings, at least one.

    """
    middle = statistics.median(values)
    if options.keep:
        day = f"{datetime.now(UTC):%Y-%m-%d}"
        commit = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=FILE.parent, capture_output=True, text=True, check=True
        ).stdout.strip()
        figures = [f"{value:.4g}" for value in (middle, min(values), max(values))]
        if not FILE.exists():
            FILE.write_text("\t".join(COLUMNS) + "\n", encoding="utf-8")
        with FILE.open("a", encoding="utf-8") as stream:
            stream.write("\t".join((day, commit, what, str(size), *figures)) + "\n")
    return middle
