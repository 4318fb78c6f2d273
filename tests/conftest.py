"""What several folders of tests need: the real specification, and one real run of it on moto."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from slrspec.providers.aws_cli import VARIABLE, find_cli
from slrspec.running.garbage import hardly_collect
from slrspec.spec.gherkin import read_specification
from slrspec.spec.location import features_folder
from slrspec.spec.rules import Specification
from tests.forkserver import IMPORTED, MODELS, OF_A_RUN, OF_MOTO, ForkServer, shared

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
# Commands take seconds, and whether there is a CLI depends on the machine: only the tests of it have one.
AWS_CLI = os.environ.setdefault("SLRSPEC_TESTS_AWS_CLI", find_cli())
os.environ[VARIABLE] = ""
hardly_collect()  # as the command does
# What a shell starts in the background is deaf to Ctrl-C, and so is whatever it starts; the tests of Ctrl-C are not.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Divide the tests by what they share; `--dist` asks for something else."""
    from tests.scheduling import ByWhatTheyShare

    return ByWhatTheyShare(config, log) if config.getoption("dist") == "load" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest tests first where there are several processes."""
    if hasattr(config, "workerinput"):
        from tests.scheduling import in_order

        items[:] = in_order(items)


def slrspec(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, with nothing of the pytest around it; see `tests.forkserver`."""
    if any(name.startswith("PYTHON") for name in environment):  # Python itself reads them, when it starts
        return run_module("slrspec", *arguments, cwd=cwd, timeout=900, **environment)
    return forked()([*map(str, arguments)], cwd, outside_pytest() | environment, timeout=900)


def forked() -> ForkServer:
    """The server that runs the commands of this process's tests."""
    return shared(*IMPORTED, *OF_MOTO, *OF_A_RUN, models=MODELS)


def run_pytest(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run pytest itself in a process of its own."""
    return run_module("pytest", "-p", "no:cacheprovider", *arguments, cwd=cwd, timeout=300, **environment)


def run_module(
    name: str, *arguments: str | Path, cwd: Path, timeout: float, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `python -m` in a process of its own, with nothing of the pytest around it."""
    return subprocess.run(
        [sys.executable, "-m", name, *map(str, arguments)],
        cwd=cwd,
        env=outside_pytest() | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )


def outside_pytest() -> dict[str, str]:
    """The environment without what pytest and the measuring of coverage have put there."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV_"))}


def timeless(value: Any) -> Any:
    """Return results without the only fields that differ between two equal runs: times, and the run's id."""
    if isinstance(value, dict):
        if set(value) >= {"started", "complete", "selection"}:
            value = {key: item for key, item in value.items() if key != "id"}
        return {key: timeless(item) for key, item in value.items() if key not in {"started", "duration_ms"}}
    return [timeless(item) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="session")
def aws_cli() -> str:
    """The path of a real AWS CLI."""
    if not AWS_CLI:
        pytest.skip(f"no AWS CLI is here; .ci/run installs one and names it by {VARIABLE}")
    return AWS_CLI


@pytest.fixture(scope="session")
def specification() -> Specification:
    return read_specification(features_folder())


@pytest.fixture(scope="session")
def moto_results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The results of one whole run on stock moto."""
    run = slrspec("run", "--format", "json", cwd=tmp_path_factory.mktemp("moto-run"))
    assert run.returncode == 0, run.stderr
    results: dict[str, Any] = json.loads(run.stdout)
    return results
