"""`slrspec report` and `slrspec site`: runs as pages, and the pages as a site."""

from __future__ import annotations

import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from slrspec.commands.places import DEFAULT_OUT, FAULTS, HISTORY, RESULTS
from slrspec.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from slrspec.site.report import Sources

PATH = click.Path(path_type=Path)
LOOPBACK = "127.0.0.1"


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
    files, seconds = _write(_gathered(runs, history, faults, source, live), out)
    click.echo(f"Report: {out}, {files:,} files in {seconds:.1f} s")


@click.command()
@_sources
@click.option(
    "--provider", "providers", multiple=True, metavar="NAME", help="Run every rule here first; name several."
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
    code = _run(providers) if providers else 0
    runs = runs or (DEFAULT_OUT / RESULTS,)
    files, seconds = _write(_gathered(runs, history, faults, source, live), found.report)
    click.echo(f"Report: {found.report}, {files:,} files in {seconds:.1f} s", err=True)
    withheld, without = withheld_beside(runs, history or _beside(runs, HISTORY))
    for file in without:
        click.echo(f"{file}: no digests of real values beside it; searching for patterns only", err=True)
    began = time.monotonic()
    pages, searched = build(found, withheld)
    took = time.monotonic() - began
    click.echo(f"Site: {found.site / 'index.html'}, {pages:,} pages in {took:.1f} s, {searched:,} files searched")
    if serve:
        _serve(found.site, port)
    context.exit(code)


def _gathered(
    runs: Sequence[Path], history: Path | None, faults: Path | None, source: Path | None, live: Path | None
) -> Sources:
    from slrspec.site.gathering import gather

    default = _beside(runs, FAULTS)
    return gather(
        runs,
        history=history or _beside(runs, HISTORY),
        faults=faults or (default if default.is_file() else None),
        source=source,
        live=live,
    )


def _beside(runs: Sequence[Path], name: str) -> Path:
    """Return a neighbour of the first run; of one that is named by its id, what `slrspec run` would have used."""
    folder = runs[0].parent if runs[0].suffix else DEFAULT_OUT
    return (folder.parent if folder.name == HISTORY else folder) / name


def _write(sources: Sources, out: Path) -> tuple[int, float]:
    from slrspec.site.pages import every_file
    from slrspec.site.publishing import replacing
    from slrspec.site.report import Report

    began = time.monotonic()
    number = 0
    shown = Report(sources)
    for passed in sources.history.passed_over:
        click.echo(f"{passed.file}: not a run, passed over: {passed.why}", err=True)
    with replacing(out) as folder:
        for name, content in every_file(shown):
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            number += 1
    return number, time.monotonic() - began


def _run(providers: tuple[str, ...]) -> int:
    from slrspec.commands.keeping import run_and_keep
    from slrspec.running.engine import Request

    done, _ = run_and_keep(Request(providers=tuple(dict.fromkeys(providers))), DEFAULT_OUT, kept=True)
    for totals in done.totals:
        click.echo(f"{totals.provider}: {totals.passed} of {totals.rules} rules pass", err=True)
    return done.exit_code


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:  # noqa: ANN401 - as the base class has it
        """Say nothing of each request."""


def _serve(folder: Path, port: int) -> None:
    try:
        server = ThreadingHTTPServer((LOOPBACK, port), partial(_Handler, directory=str(folder)))
    except OSError as error:
        raise UsageError(f"port {port} cannot be used: {error.strerror}", hint="choose another --port") from error
    with server:
        click.echo(f"Serving on http://{LOOPBACK}:{server.server_port}/ until Ctrl-C")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("")
