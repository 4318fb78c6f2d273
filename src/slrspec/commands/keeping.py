"""Running, with progress on a terminal, and keeping what came of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from slrspec.commands.places import DEFAULT_OUT, HISTORY, RESULTS
from slrspec.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from slrspec.running.engine import Request
    from slrspec.running.evidence import Judged
    from slrspec.running.results import Run
    from slrspec.spec.rules import Specification

REPLAY = "replay:"


def run_and_keep(request: Request, out: Path, *, kept: bool) -> tuple[Run, Specification]:
    """Run, write the results and the digests of what they withhold, and add the run to the history.

    Parameters
    ----------
    out
        The folder for all of it.
    kept
        Whether the history gets the run.

    Raises
    ------
    UsageError
        If the folder cannot be written to, or holds the very record that is to be replayed; before anything runs.

    """
    from slrspec.running.engine import Observer, check, execute
    from slrspec.running.results import write_run
    from slrspec.running.withheld import write_withheld

    specification, total = check(request)
    _refuse_own_record(request.providers, out / RESULTS)
    target = writable(out)
    progress = Progress(specification, total)
    observer = Observer(progress.judged)
    done = execute(request, observer)
    progress.clear()
    write_run(target, done)
    write_withheld(out, observer.withheld)
    if kept:
        from slrspec.history.folder import append

        append(out / HISTORY, done)
    return done, specification


class Progress:
    """One line on standard error that follows the run; nothing at all where that is no terminal."""

    def __init__(self, specification: Specification, total: int) -> None:
        self._shown = sys.stderr.isatty()
        self._sections = {rule.id: rule.section for rule in specification.rules} if self._shown else {}
        self._total = total
        self._done = 0

    def judged(self, one: Judged) -> None:
        """Show that another scenario was judged."""
        self._done += 1
        if self._shown:
            section = self._sections.get(one.rule, "")
            sys.__stderr__.write(f"\r\x1b[K{self._done}/{self._total} {one.provider} {section}")  # type: ignore[union-attr]
            sys.__stderr__.flush()  # type: ignore[union-attr]

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)


def _refuse_own_record(providers: Iterable[str], target: Path) -> None:
    """Refuse to write a replay over the record that it was made from: the record is the evidence."""
    for argument in (name.removeprefix(REPLAY) for name in providers if name.startswith(REPLAY)):
        from slrspec.providers.replay import split

        if target.exists() and target.samefile(split(argument)[0]):
            raise UsageError(
                "the replay would be written over its own record", where=(target, None), hint="choose another --out"
            )


def writable(out: Path) -> Path:
    """Return where the results go, having made sure that they can be written there before anything runs."""
    target = out / RESULTS
    try:
        out.mkdir(parents=True, exist_ok=True)
        if out == DEFAULT_OUT:  # like pytest's cache, nothing that anybody wants in a repository
            (out / ".gitignore").write_text("*\n", encoding="utf-8")
        with target.open("ab"):
            pass
    except OSError as error:
        raise UsageError(
            f"cannot write results: {error.strerror}", where=(out, None), hint="choose another --out"
        ) from error
    return target
