"""`slrspec merge`: what the cells of a plan brought back, as the results of one run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from slrspec.commands.places import DEFAULT_OUT, HISTORY, RESULTS
from slrspec.errors import BundleError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slrspec.cells.bundle import Bundle
    from slrspec.cells.merging import Chosen, Refused
    from slrspec.running.results import Run
    from slrspec.running.withheld import Withheld

PATH = click.Path(path_type=Path)
REFUSED = 2
SHOWN = 10


@click.command()
@click.argument("bundles", nargs=-1, required=True, type=PATH, metavar="BUNDLE...")
@click.option(
    "--cells", "cells_file", type=PATH, default=None, metavar="FILE", help="The plan; else that of most bundles."
)
@click.option(
    "--out", type=PATH, default=DEFAULT_OUT, show_default=True, metavar="DIR", help="Folder for results.json."
)
@click.pass_context
def merge(context: click.Context, bundles: tuple[Path, ...], cells_file: Path | None, out: Path) -> None:
    """Merge what the cells of a plan brought back into one results.json.

    BUNDLE is a file that slrspec run --cell has written, or a folder with any number of them. The results are the
    same to the byte in whatever order they come. Rules of a cell without a bundle are not-run, with the reason. A
    bundle that is damaged, of another plan, or one of two of a cell is refused in a line of its own, and the rest
    is merged without it.

    Exits 2 if a bundle was refused, 4 if one is missing, and else as slrspec run does.

    \b
    Examples:
      slrspec merge bundles
      slrspec merge bundles/*.bundle.json.gz --cells .slrspec/cells.json --out merged
    """  # noqa: D301
    from slrspec.cells.merging import choose, merged_withheld
    from slrspec.cells.merging import merge as merge_bundles
    from slrspec.cells.plan import read_plan

    plan = read_plan(cells_file) if cells_file else None
    read, refused = _read(bundles)
    for line in refused:
        click.echo(f"slrspec: {line}", err=True)
    chosen = choose(read, plan)
    for line in chosen.refused:
        click.echo(f"slrspec: {line}", err=True)
    runs = merge_bundles(chosen)
    whole = not chosen.missing
    for document, run in runs.items():
        folder = out if len(runs) == 1 else out / document
        _write(folder, run, chosen, merged_withheld(chosen), kept=whole and not refused)
    context.exit(REFUSED if refused or chosen.refused else _worst(run.exit_code for run in runs.values()))


def _read(spellings: Iterable[Path]) -> tuple[list[tuple[str, Bundle]], list[Refused]]:
    """Return the bundles that are whole, each with its file, and those that are not."""
    from slrspec.cells.bundle import read_bundle
    from slrspec.cells.merging import Refused

    read: list[tuple[str, Bundle]] = []
    refused: list[Refused] = []
    for file in _files(spellings):
        try:
            read.append((str(file), read_bundle(file)))
        except BundleError as error:
            refused.append(Refused(str(file), error.what))
    return read, sorted(refused, key=str)


def _files(spellings: Iterable[Path]) -> list[Path]:
    from slrspec.cells.bundle import ENDING

    files: dict[Path, Path] = {}  # a folder and a file in it may both be named; that is still one bundle
    for spelling in spellings:
        if not spelling.is_dir():
            files.setdefault(spelling.resolve(), spelling)
            continue
        found = sorted(file for file in spelling.rglob(f"*{ENDING}") if not file.name.startswith("."))
        if not found:
            raise UsageError("no bundle in this folder", where=(spelling, None), hint=f"they end in {ENDING}")
        for file in found:
            files.setdefault(file.resolve(), file)
    return [*files.values()]


def _write(out: Path, run: Run, chosen: Chosen, withheld: Withheld, *, kept: bool) -> None:
    from slrspec.commands.keeping import writable
    from slrspec.history.folder import append
    from slrspec.reporting.terminal import totals_line
    from slrspec.running.results import write_run
    from slrspec.running.withheld import write_withheld

    target = writable(out)
    write_run(target, run)
    write_withheld(out, withheld)
    if kept:
        append(out / HISTORY, run)
    for totals in run.totals:
        click.echo(totals_line(totals))
    missing = [cell.id for cell in chosen.missing if cell.document == run.document.id]
    cells = sum(cell.document == run.document.id for cell in chosen.plan.cells)
    click.echo(f"{cells - len(missing)} of {cells} cells merged.")
    if missing:
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        click.echo(f"Not run: {', '.join(missing[:SHOWN])}{more}")
    click.echo(f"Results: {out / RESULTS}")


def _worst(codes: Iterable[int]) -> int:
    """Return the exit code of several documents: a certain failure first, then what nobody can tell."""
    found = set(codes)
    return next((code for code in (1, 4, 0) if code in found), 5)
