"""`slrspec run --watch`: judging again what a changed file touches, with everything heavy loaded already."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from contextlib import closing
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

import click
from msgspec.structs import replace

from slrspec.errors import SlrspecError, UsageError
from slrspec.running.forking import no_interruption
from slrspec.running.interruption import INTERRUPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from slrspec.running.engine import Request
    from slrspec.spec.rules import Specification

    Judge = Callable[[Request], int]

BETWEEN_LOOKS = 0.1
# What takes longest to import, and does not change while somebody writes a rule. The steps do.
HEAVY = ("pytest", "pytest_bdd.plugin", "gherkin.parser", "slrspec.running.session", "slrspec.history.folder")


def watch(request: Request, judge: Judge) -> NoReturn:
    """Judge once, and then, whenever a file changes, the rules that it touches; until Ctrl-C.

    Parameters
    ----------
    request
        What to judge. Each run is a fork of this process, so that it finds boto3 and moto imported, and the
        features and steps as they are now.
    judge
        Runs a request in the fork, prints what came of it, and returns the exit code.

    Raises
    ------
    UsageError
        Where processes cannot be forked.

    """
    if not hasattr(os, "fork"):
        raise UsageError("--watch needs a system that forks processes", hint="run it again by hand")
    from slrspec.spec.gherkin import read_specification

    folder = request.folder
    before = read_specification(folder, request.edition)
    _preload(request)
    try:
        _forked(lambda: judge(request))
        seen = _stamps(folder)
        while True:
            click.echo(f"Watching {folder} and the steps, until Ctrl-C", err=True)
            changed, seen = _wait(folder, seen)
            click.echo(f"Changed: {', '.join(sorted(file.name for file in changed))}", err=True)
            try:
                now = read_specification(folder, request.edition)
            except SlrspecError as error:
                click.echo(f"slrspec: {error}", err=True)
                continue
            if _forked(lambda: _again(request, before, now, changed, judge)):  # noqa: B023 - it ends right here
                before = now
    except KeyboardInterrupt:
        click.echo("", err=True)
        sys.exit(0)


def _preload(request: Request) -> None:
    from slrspec.providers.registry import find_provider
    from slrspec.running.botocore_models import models_read_once
    from slrspec.running.forking import preload

    for name in HEAVY:
        import_module(name)
    for name in request.providers:
        with models_read_once(), closing(find_provider(name)) as provider:
            preload(provider)
    gc.freeze()  # a collection in a fork would write to, and so copy, all that it shares


def _again(request: Request, before: Specification, now: Specification, changed: set[Path], judge: Judge) -> int:
    from slrspec.running.touched import touched_rules

    rules = touched_rules(before, now, changed)
    if request.selection.rules:
        rules = [rule for rule in rules if rule in {name.upper() for name in request.selection.rules}]
    if not rules:
        click.echo("No rule is touched by that.", err=True)
        return 0
    return judge(replace(request, selection=replace(request.selection, rules=tuple(rules))))


def _forked(work: Callable[[], int]) -> bool:
    """Do the work in a fork of this process; return whether it came to an end that says something."""
    sys.stdout.flush()
    sys.stderr.flush()
    with no_interruption():
        child = os.fork()
        if not child:
            _work_and_end(work)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) in {0, 1, 4, 5}


def _work_and_end(work: Callable[[], int]) -> NoReturn:
    """Do the work in a fork, and end it: what this process was about to do is its parent's to do."""
    code = 2
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTIONS)
        code = work()
    except SlrspecError as error:
        click.echo(f"slrspec: {error}", err=True)
    except KeyboardInterrupt:
        code = 130
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _wait(folder: Path, seen: dict[Path, int]) -> tuple[set[Path], dict[Path, int]]:
    """Wait until a file changes, comes or goes, and for whatever changes along with it."""
    while (now := _stamps(folder)) == seen:
        time.sleep(BETWEEN_LOOKS)
    while (later := _stamps(folder)) != now:
        now = later
        time.sleep(BETWEEN_LOOKS)
    return {file for file in seen.keys() | now.keys() if seen.get(file) != now.get(file)}, now


def _stamps(folder: Path) -> dict[Path, int]:
    from slrspec.running.touched import step_files

    stamps = {}
    for file in (*folder.iterdir(), *step_files()):
        if file.suffix not in {".feature", ".toml", ".tsv", ".py"}:
            continue
        try:
            stamps[file] = file.stat().st_mtime_ns
        except FileNotFoundError:  # an editor is putting another in its place
            continue
    return stamps
