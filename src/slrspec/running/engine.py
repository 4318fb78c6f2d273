"""Running pytest for `slrspec run`: in this process, deaf to the user's own pytest settings, and silent."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from slrspec.errors import SlrspecError, UsageError
from slrspec.providers.registry import find_provider
from slrspec.running import forking, lean_plugins
from slrspec.running.deviations import read_deviations
from slrspec.running.garbage import rare_collection
from slrspec.running.selection import Selection
from slrspec.running.withheld import Withheld
from slrspec.spec.gherkin import read_specification
from slrspec.spec.location import features_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from slrspec.running.evidence import Judged
    from slrspec.running.results import Run
    from slrspec.spec.rules import Specification

# Of pytest's own plugins only what running a function with fixtures takes.
UNUSED = (
    "assertion",
    "cacheprovider",
    "capture",
    "debugging",
    "doctest",
    "faulthandler",
    "junitxml",
    "legacypath",
    "logging",
    "monkeypatch",
    "nose",
    "pastebin",
    "recwarn",
    "setuponly",
    "setupplan",
    "skipping",
    "stepwise",
    "subtests",
    "terminalreporter",
    "threadexception",
    "tmpdir",
    "unittest",
    "unraisableexception",
    "warnings",
)


class Request(Struct, frozen=True):
    """What is to be run.

    Attributes
    ----------
    providers
        Names of providers, in the order of the columns.
    selection
        Which rules.
    document
        Id of the document whose rules to run; empty for the RDS page.
    features
        Folder of features in place of slrspec's own; None for those.
    edition
        Day of the edition of the page whose rules to run; empty for the one in force.
    deviations
        File of deviations in place of the shipped ones; None for those.
    no_deviations
        Take no failure for known.
    workers
        Number of processes, at most: few scenarios have fewer, so that more are never slower than one. Where
        processes cannot be forked, more than one needs pytest-xdist. None for as many as `forking.unasked` says.
    salt
        For the digests of what the results withhold; empty for a random one.

    """

    providers: tuple[str, ...]
    selection: Selection = field(default_factory=Selection)
    document: str = ""
    features: Path | None = None
    edition: str = ""
    deviations: Path | None = None
    no_deviations: bool = False
    workers: int | None = 1
    salt: str = ""

    @property
    def folder(self) -> Path:
        """Where the features lie."""
        return self.features or features_folder(self.document)


class Observer:
    """Receives what a session judges, and the run at its end.

    Parameters
    ----------
    judged
        Called with what is kept of each scenario's result, as it arrives.

    """

    def __init__(self, judged: Callable[[Judged], None]) -> None:
        self.judged = judged
        self.run: Run | None = None
        self.plainly: dict[str, str] = {}  # for the results: which shortcuts there could not be
        self.withheld = Withheld()

    def finished(self, run: Run, withheld: Withheld) -> None:
        """Take the run, and the digests of the values that its records have references for."""
        self.run = run
        self.withheld = withheld


def check(request: Request) -> tuple[Specification, int]:
    """Refuse whatever is wrong with a request before anything is run.

    Returns
    -------
    tuple
        The specification, and how many scenarios will run, over all providers.

    Raises
    ------
    SlrspecError
        For an unknown provider, rule, tag or section, features that are no specification, deviations that cannot
        be read, or a selection that matches nothing.

    """
    lean_plugins.plugins()  # before anybody else imports pytest
    from slrspec.running.phrases import refuse_undefined_steps

    several = request.workers is not None and request.workers > 1
    if several and not forking.possible() and find_spec("xdist") is None:
        raise UsageError("more than one worker needs pytest-xdist", hint="pip install pytest-xdist")
    for name in request.providers:
        provider = find_provider(name)
        if several and (why := getattr(provider, "single", "")):
            provider.close()
            raise UsageError(f"{name} takes one worker only: {why}", hint="leave out --workers")
    specification = read_specification(request.folder, request.edition)
    rules, scenarios = request.selection.checked(specification).select(specification)
    if request.deviations is not None:
        read_deviations(request.deviations, specification)
    refuse_undefined_steps(rules)
    return specification, len(scenarios) * len(request.providers)


def execute(request: Request, observer: Observer) -> Run:
    """Run what was asked for, and return the results.

    Raises
    ------
    SlrspecError
        If pytest could not be brought to run at all.
    KeyboardInterrupt
        If it was interrupted before it ran: there is nothing to return.

    """
    plugins, observer.plainly = lean_plugins.plugins()
    import pytest

    from slrspec.running.session import OBSERVER

    class Registration:
        """Puts the observer where the session looks for it."""

        @staticmethod
        def pytest_configure(config: pytest.Config) -> None:
            config.pluginmanager.register(observer, OBSERVER)

        @staticmethod
        def pytest_keyboard_interrupt(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
            interruptions.append(excinfo.value)

    interruptions: list[BaseException] = []
    with tempfile.TemporaryDirectory() as root, _no_autoload(), rare_collection(), _silence() as said:
        status = pytest.main(_arguments(request, root), plugins=[Registration(), *plugins])
    if observer.run is None:
        if any(type(one) is KeyboardInterrupt for one in interruptions):  # a kind of it is pytest's own for trouble
            raise KeyboardInterrupt
        last = [line for line in said() if line.strip()] or [f"pytest ended with {status}"]
        raise SlrspecError(f"the run could not start: {last[-1].removeprefix('ERROR: ')}")
    return observer.run


def _arguments(request: Request, root: str) -> list[str]:
    arguments = ["-q", "--noconftest", "--strict-markers"]
    arguments += ["-c", os.devnull, "--rootdir", root]
    # Otherwise pytest looks through every folder on the way to the features.
    arguments += ["--confcutdir", str(request.folder)]
    for plugin in UNUSED:
        arguments += ["-p", f"no:{plugin}"]
    workers = request.workers or forking.unasked(map(find_provider, request.providers))
    if workers > 1 and not forking.possible():
        for plugin in (*lean_plugins.PLUGINS, "xdist.plugin"):  # by name, which is what its workers are told
            arguments += ["-p", plugin]
        arguments += ["-n", str(workers)]
    else:
        arguments += ["--slr-forks", str(workers)]
    for option, names in (
        ("--provider", request.providers),
        ("--slr-rule", request.selection.rules),
        ("--slr-tag", request.selection.tags),
        ("--slr-section", request.selection.sections),
        ("--slr-service", request.selection.services),
        ("--slr-document", [request.document]),
        ("--slr-features", [str(request.features or "")]),
        ("--slr-edition", [request.edition]),
        ("--slr-deviations", [str(request.deviations.resolve()) if request.deviations else ""]),
        ("--slr-salt", [request.salt]),
    ):
        for name in filter(None, names):
            arguments.append(
                f"{option}={name}"
            )  # in one word: pytest takes one that begins with @ for a file's name
    if request.no_deviations:
        arguments.append("--slr-no-deviations")
    return arguments


@contextlib.contextmanager
def _no_autoload() -> Iterator[None]:
    """Keep the user's pytest plugins and options out: they could change what is run."""
    before = {name: os.environ.pop(name, None) for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")}
    before["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextlib.contextmanager
def _silence() -> Iterator[Callable[[], list[str]]]:
    """Take what pytest prints; yield what returns it, line by line."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as taken:
        lines: list[str] = []
        out, err = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = taken
        try:
            yield lambda: lines
        finally:
            sys.stdout, sys.stderr = out, err
            taken.seek(0)
            lines.extend(taken.read().splitlines())
