"""Neither order nor parallelism nor chance changes a result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import run_pytest, slrspec, timeless

SHUFFLE = """
import random

def pytest_addoption(parser):
    parser.addoption("--seed", type=int)

def pytest_collection_modifyitems(config, items):
    random.Random(config.getoption("seed")).shuffle(items)
"""


def test_two_equal_runs_differ_in_times_and_the_runs_id_alone(moto_results: dict[str, Any], tmp_path: Path) -> None:
    again = slrspec("run", "--format", "json", cwd=tmp_path)
    assert json.dumps(timeless(json.loads(again.stdout))) == json.dumps(timeless(moto_results))


@pytest.mark.parametrize("seed", [1, 2])
def test_shuffled_scenarios_have_the_same_results(moto_results: dict[str, Any], tmp_path: Path, seed: int) -> None:
    (tmp_path / "shuffling.py").write_text(SHUFFLE)
    results = tmp_path / "results.json"
    run = run_pytest(
        "-p",
        "shuffling",
        "--provider",
        "moto",
        "--seed",
        str(seed),
        "--slr-results",
        results,
        cwd=tmp_path,
        PYTHONPATH=str(tmp_path),
    )
    assert run.returncode == 0, run.stdout
    assert timeless(json.loads(results.read_text())) == timeless(moto_results)


def test_two_processes_have_the_same_results(moto_results: dict[str, Any], tmp_path: Path) -> None:
    run = slrspec("run", "--format", "json", "--workers", "2", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert timeless(json.loads(run.stdout)) == timeless(moto_results)


def test_processes_that_are_not_forked_have_the_same_results(moto_results: dict[str, Any], tmp_path: Path) -> None:
    run = slrspec("run", "--format", "json", "--workers", "2", cwd=tmp_path, SLRSPEC_PLAIN="1")
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    shortcuts = ("plugins", "step lookup", "botocore's files", "PYTEST_CURRENT_TEST", "moto's look-ups")
    plainly = {key: found["environment"].pop(key) for key in shortcuts}
    assert all(plainly.values())
    assert timeless(found) == timeless(moto_results)


def test_a_provider_named_twice_is_run_once(tmp_path: Path) -> None:
    run = slrspec(
        "run", "--provider", "moto", "--provider", "moto", "--rule", "RDS-DEL-03", "--format", "json", cwd=tmp_path
    )
    assert len(json.loads(run.stdout)["scenarios"]) == 1
