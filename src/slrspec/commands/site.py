"""`slrspec report` and `slrspec site`: runs as pages, and the pages as a site."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from slrspec.commands.places import DEFAULT_OUT, FAULTS, HISTORY, RESULTS, documents_asked, out_of
from slrspec.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from slrspec.site.gathering import Beside
    from slrspec.site.report import Sources

PATH = click.Path(path_type=Path)
# Of several runs' exit codes, the one that comes first here is that of all of them.
GRAVEST = (1, 4, 5, 0)


def _sources(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the arguments that say what a report is made from."""
    options = (
        click.argument("runs", nargs=-1, type=PATH, metavar="[RUN]..."),
        click.option(
            "--history",
            type=PATH,
            default=None,
            metavar="DIR",
            help="Runs that came before; else the folder 'history' beside the first RUN.",
        ),
        click.option(
            "--faults",
            type=PATH,
            default=None,
            metavar="FILE",
            help="What slrspec faults wrote; else faults.json beside the first RUN.",
        ),
        click.option("--source", type=PATH, metavar="FILE", help="A copy of the page, to show its sentences."),
        click.option("--live", type=PATH, metavar="FILE", help="The policy as it is live, as JSON."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@_sources
@click.option(
    "--out", type=PATH, default=Path("docs", "report"), show_default=True, metavar="DIR", help="Where the pages go."
)
def report(
    runs: tuple[Path, ...],
    history: Path | None,
    faults: Path | None,
    source: Path | None,
    live: Path | None,
    out: Path,
) -> None:
    """Render runs to Markdown, for MkDocs to build.

    RUN is a results file, or the id of a run in the history; the last run unless told otherwise. Several are shown
    side by side, a column for each provider.

    \b
    Examples:
      slrspec report
      slrspec report moto.json aws.json --out docs/report
    """  # noqa: D301
    runs = runs or (DEFAULT_OUT / RESULTS,)
    files, seconds = _write(_gathered(runs, _beside(history, faults, source, live)), out)
    click.echo(f"Report: {out}, {files:,} files in {seconds:.1f} s")


@click.command()
@_sources
@click.option(
    "--provider", "providers", multiple=True, metavar="NAME", help="Run every rule here first; name several."
)
@click.option(
    "--document",
    "documents",
    multiple=True,
    metavar="ID",
    help="Whose rules to run, with --provider: rds unless told otherwise; several, or 'all'.",
)
@click.option("--config", type=PATH, metavar="FILE", help="Your mkdocs.yml; else the one in this folder, if any.")
@click.option("--out", type=PATH, default=None, metavar="DIR", help="Where the site goes; else as mkdocs.yml says.")
@click.option("--serve", is_flag=True, help="Show it on this machine, until Ctrl-C.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="For --serve; 0 for any."
)
@click.pass_context
def site(  # noqa: PLR0913, PLR0917 - an option each
    context: click.Context,
    runs: tuple[Path, ...],
    history: Path | None,
    faults: Path | None,
    source: Path | None,
    live: Path | None,
    providers: tuple[str, ...],
    documents: tuple[str, ...],
    config: Path | None,
    out: Path | None,
    port: int,
    *,
    serve: bool,
) -> None:
    """Render runs, and build the conformance site with MkDocs.

    Where there is a mkdocs.yml, the report becomes a part of that site; elsewhere it is a site of its own. The site
    is searched for the real values of the run before it takes the place of the old one. Exits as `slrspec run`
    does if it is told to run, and 3 if something must not be published.

    \b
    Examples:
      slrspec site
      slrspec site --provider moto --provider documented --serve
      slrspec site --provider moto --document rds --document catalogue
      slrspec site moto.json aws.json --out public
    """  # noqa: D301
    from dataclasses import replace

    from slrspec.site.building import build, project
    from slrspec.site.gathering import withheld_beside
    from slrspec.site.publishing import refuse_foreign

    if runs and providers:
        raise UsageError("name runs or providers, not both")
    found = project(config, Path(), DEFAULT_OUT / "report")
    found = replace(found, site=out) if out else found
    refuse_foreign(found.report)
    if documents and not providers:
        raise UsageError("--document is for runs that are made here", hint="name a --provider")
    wanted = documents_asked(documents)
    code = _run(providers, wanted) if providers else 0
    runs = runs or tuple(out_of(document) / RESULTS for document in wanted)
    beside = _beside(history, faults, source, live)
    sources = tuple(replace(one, place=found.place) for one in _gathered(runs, beside))
    files, seconds = _write(sources, found.report)
    click.echo(f"Report: {found.report}, {files:,} files in {seconds:.1f} s", err=True)
    withheld, without = withheld_beside(runs, beside)
    for file in without:
        click.echo(f"{file}: no digests of real values beside it; searching for patterns only", err=True)
    began = time.monotonic()
    pages, searched = build(found, withheld)
    took = time.monotonic() - began
    click.echo(f"Site: {found.site / 'index.html'}, {pages:,} pages in {took:.1f} s, {searched:,} files searched")
    if serve:
        from slrspec.site.serving import serve_folder

        serve_folder(found.site, port)
    context.exit(code)


def _gathered(runs: Sequence[Path], beside: Beside) -> tuple[Sources, ...]:
    from slrspec.site.gathering import gather

    return gather(runs, beside)


def _beside(history: Path | None, faults: Path | None, source: Path | None, live: Path | None) -> Beside:
    """Return where to look: as told, else beside the first run of each document."""
    from slrspec.site.gathering import Beside

    if history and not history.is_dir():
        raise UsageError("no folder of runs", where=(history, None))

    def faults_of(run: Path) -> Path | None:
        file = faults or _folder(run) / FAULTS
        return file if faults or file.is_file() else None

    return Beside(lambda run: history or _folder(run) / HISTORY, faults_of, source, live)


def _folder(run: Path) -> Path:
    """Return where a run's neighbours are; of one named by its id, where `slrspec run` would have put it."""
    folder = run.parent if run.suffix else DEFAULT_OUT
    return folder.parent if folder.name == HISTORY else folder


def _write(documents: Sequence[Sources], out: Path) -> tuple[int, float]:
    from slrspec.site.pages import every_file
    from slrspec.site.publishing import replacing
    from slrspec.site.report import Report

    began = time.monotonic()
    number = 0
    for passed in {passed.file: passed for one in documents for passed in one.history.passed_over}.values():
        click.echo(f"{passed.file}: not a run, passed over: {passed.why}", err=True)
    with replacing(out) as folder:
        for sources in documents:
            root = next((n.root for n in sources.neighbours if n.id == sources.specification.document.id), "")
            for name, content in every_file(Report(sources)):
                file = folder / root / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
                number += 1
    return number, time.monotonic() - began


def _run(providers: tuple[str, ...], documents: tuple[str, ...]) -> int:
    """Run each document on the providers, and return the exit code that says most: certain failures first."""
    from slrspec.commands.keeping import run_and_keep
    from slrspec.running.engine import Request

    codes = []
    for document in documents:
        request = Request(providers=tuple(dict.fromkeys(providers)), document=document, workers=None)
        done, _ = run_and_keep(request, out_of(document), kept=True)
        for totals in done.totals:
            click.echo(f"{document}: {totals.provider}: {totals.passed} of {totals.rules} rules pass", err=True)
        codes.append(done.exit_code)
    return min(codes, key=GRAVEST.index)
