"""Compare the suite on stock moto with the usual ways to make the very same calls from Gherkin.

    pip install --editable '.[dev,bench]'
    python bench/against_usual.py --scenarios 30 300 --rounds 3

The other sides, all generated, all with the calls of the suite's scenarios in the same order, each scenario one
of three steps (AWS is mocked, its calls are made, they were made), and none with evidence, checks or verdicts:

* behave 1.3.3 as usually written: `mock_aws` started and stopped by the hooks before and after each scenario, new
  clients by `boto3.client` in each, moto's defaults (default images of EC2 loaded), `--format progress`;
* plain pytest-bdd: the same by a fixture, with pytest's own plugins, and no other;
* behave with all our tuning (`bench/usual.py`, Tuned): one mock, one set of clients, an account for each scenario.

Ours is `slrspec run`, by one worker and by two, with the suite tiled to as many scenarios (`bench/tiling.py`: whole
copies, or for fewer the sections that come nearest), with evidence and verdicts; the calls of exactly those
scenarios are recorded for the other sides. Whole processes, in turn (A B C A B C …); printed are the medians of
paired ratios, and seconds only to show the size.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measured import add_option, keep
from recording import environment_of, record
from tiling import tile

OURS = {"slrspec": ["--workers", "1"], "slrspec with two workers": ["--workers", "2"]}
SCENARIO = """
  Scenario: Number {number}
    Given AWS is mocked
    When the calls of scenario {number} are made
    Then there were calls
"""
BEHAVE_HOOKS = """
from usual import Mocked

def before_scenario(context, scenario):
    context.aws = Mocked()

def after_scenario(context, scenario):
    context.aws.stop()
"""
TUNED_HOOKS = """
import gc
from usual import Tuned

def before_all(context):
    context.aws = Tuned()

def after_all(context):
    gc.freeze()
"""
BEHAVE_STEPS = """
from behave import given, then, when

@given("AWS is mocked")
def mocked(context):
    assert context.aws

@when("the calls of scenario {number:d} are made")
def make(context, number):
    context.made = context.aws.make_calls(number)

@then("there were calls")
def made(context):
    assert context.made
"""
PYTEST_BDD = """
import pytest
from pytest_bdd import given, parsers, scenarios, then, when
from usual import Mocked

scenarios("usual.feature")

@pytest.fixture
def aws():
    mocked = Mocked()
    yield mocked
    mocked.stop()

@given("AWS is mocked")
def mocked(aws):
    assert aws

@when(parsers.parse("the calls of scenario {number:d} are made"), target_fixture="number_made")
def make(aws, number):
    return aws.make_calls(number)

@then("there were calls")
def made(number_made):
    assert number_made
"""


def main() -> None:
    """Record the calls, generate the other sides, and print the ratios for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", type=int, nargs="+", default=[30, 300], help="sizes (default 30 and 300)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each (default 3)")
    parser.add_argument("--only", default="", help="only the other sides whose name has this text")
    add_option(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = environment_of(folder)
        for wanted in options.scenarios:
            tile(folder / "ours", wanted)
            number = len(record(folder, environment))
            commands = {
                side: command
                for side, command in commands_of(folder, number).items()
                if options.only in side or side in OURS
            }
            took: dict[str, list[float]] = {side: [] for side in commands}
            for _ in range(options.rounds):
                for side, command in commands.items():
                    took[side].append(_seconds(command, folder, environment))
            print(f"{number} scenarios")
            ours = {side: took.pop(side) for side in OURS}
            for side, seconds in ours.items():
                print(f"  {side}: {statistics.median(seconds):.1f} s")
                for other, theirs in took.items():
                    ratios = sorted(left / right for left, right in zip(theirs, seconds, strict=True))
                    keep(options, f"{other} / {side}", number, ratios)
                    print(
                        f"  {other} / {side}: {statistics.median(ratios):.2f}  (from {ratios[0]:.2f} to "
                        f"{ratios[-1]:.2f}; {statistics.median(theirs):.1f} s)",
                        flush=True,
                    )


def commands_of(folder: Path, number: int) -> dict[str, list[str]]:
    """Generate both other sides, and return the command of each side."""
    feature = "Feature: The calls of the suite\n" + "".join(SCENARIO.format(number=one) for one in range(number))
    behave, tuned, bdd = folder / "behave", folder / "tuned", folder / "bdd"
    for file, text in (
        (behave / "usual.feature", feature),
        (behave / "environment.py", BEHAVE_HOOKS),
        (behave / "steps" / "steps.py", BEHAVE_STEPS),
        (tuned / "usual.feature", feature),
        (tuned / "environment.py", TUNED_HOOKS),
        (tuned / "steps" / "steps.py", BEHAVE_STEPS),
        (bdd / "usual.feature", feature),
        (bdd / "test_usual.py", PYTEST_BDD),
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    python = sys.executable
    ours = ["-m", "slrspec", "run", "-q", "--no-history", "--no-deviations", "--features", "ours"]
    return {
        **{side: [python, *ours, *more] for side, more in OURS.items()},
        "behave with all our tuning": [python, "-m", "behave", "--format", "progress", "tuned"],
        "behave, mock_aws and new clients each": [python, "-m", "behave", "--format", "progress", "behave"],
        "pytest-bdd, mock_aws and new clients each": [
            *(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:slrspec"),
            *("-p", "no:slrspec-documented", "-p", "no:xdist", "bdd"),
        ],
    }


def _seconds(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    took = time.perf_counter() - begun
    if (
        done.returncode and "slrspec" not in command
    ):  # stock moto breaks rules, which is no failure of the benchmark
        raise SystemExit(f"{' '.join(command)}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return took


if __name__ == "__main__":
    main()
