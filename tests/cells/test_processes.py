"""Cells as processes of their own: some are killed, some come twice, some come damaged; the rest is what one run gives.

A handful in the ordinary suite; two hundred with SLRSPEC_TEST_200_CELLS=1, which takes some minutes.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from slrspec.cells.bundle import ENDING
from slrspec.cells.plan import Plan, read_plan
from slrspec.running.results import read_run
from tests.cells.many import FAULTS, SHARDS, cut, faulty_providers, flip
from tests.conftest import slrspec, timeless
from tests.providers.servers import answering

ALL = os.environ.get("SLRSPEC_TEST_200_CELLS") == "1"
PLAN = Path(".slrspec", "cells.json")


def planned(folder: Path, *arguments: str) -> Plan:
    assert slrspec("plan", "--cells", *arguments, cwd=folder).returncode == 0
    return read_plan(folder / PLAN)


def start(cell: str, folder: Path) -> subprocess.Popen[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "slrspec", "run", "--cell", cell, "--out", "bundles", "-q"],
        cwd=folder,
        env=clean,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_merged_cells_are_what_one_run_gives(moto_results: dict[str, Any], tmp_path: Path) -> None:
    plan = planned(tmp_path, "--provider", "moto", "--shards", "2")
    for cell in random.Random(1).sample(plan.cells, len(plan.cells)):
        run = slrspec("run", "--cell", cell.id, "--out", "bundles", cwd=tmp_path)
        assert run.returncode == 0, run.stderr
        assert f"Results: bundles/{cell.id}{ENDING}" in run.stdout
    run = slrspec("merge", "bundles", "--out", "merged", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    merged = tmp_path / "merged" / "results.json"
    assert timeless(json.loads(merged.read_bytes())) == timeless(moto_results)
    (tmp_path / "one.json").write_text(json.dumps(moto_results))
    assert slrspec("diff", "one.json", merged, cwd=tmp_path).returncode == 0
    assert slrspec("gate", "--baseline", "one.json", merged, cwd=tmp_path).returncode == 0
    report = slrspec("report", merged, "--out", "report", cwd=tmp_path)
    assert report.returncode == 0, report.stderr
    assert (tmp_path / "report" / "rules").is_dir()


def test_a_cell_that_is_killed_leaves_no_bundle(tmp_path: Path) -> None:
    asked, over = threading.Event(), threading.Event()

    def wait(_handler: BaseHTTPRequestHandler) -> None:
        asked.set()
        over.wait(60)

    with answering(wait) as url:
        (cell,) = planned(tmp_path, "--provider", f"endpoint:{url}").cells
        process = start(cell.id, tmp_path)
        try:
            assert asked.wait(60), process.communicate()
            process.send_signal(signal.SIGKILL)  # the first scenario is waiting for its answer
            process.communicate()
        finally:
            process.kill()
            over.set()
    assert list((tmp_path / "bundles").iterdir()) == []
    merged = slrspec("merge", "bundles", "--cells", PLAN, cwd=tmp_path)
    assert merged.returncode == 2
    assert "no bundle in this folder" in merged.stderr


def test_a_cell_that_is_interrupted_brings_back_what_it_has(tmp_path: Path) -> None:
    asked, over = threading.Event(), threading.Event()

    def wait(_handler: BaseHTTPRequestHandler) -> None:
        asked.set()
        over.wait(60)

    with answering(wait) as url:
        (cell,) = planned(tmp_path, "--provider", f"endpoint:{url}", "--section", "deleting").cells
        process = start(cell.id, tmp_path)
        try:
            assert asked.wait(60), process.communicate()
            process.send_signal(signal.SIGINT)
            over.set()
            printed, _ = process.communicate()
        finally:
            process.kill()
            over.set()
    assert process.returncode == 4, printed
    merged = slrspec("merge", "bundles", cwd=tmp_path)
    assert merged.returncode == 4, merged.stderr
    run = read_run(tmp_path / ".slrspec" / "results.json")
    assert run.run.interrupted
    assert {result.reason for result in run.scenarios} >= {"interrupted before it ran"}


def test_a_cell_of_another_slrspec_or_of_other_features_is_not_run(tmp_path: Path) -> None:
    (cell,) = planned(tmp_path, "--rule", "RDS-DEL-03").cells
    text = (tmp_path / PLAN).read_text()
    for old, new, said in (
        ('"version": "0', '"version": "9', "made by slrspec 9"),
        ('"digest": "', '"digest": "0', "made for other features than these"),
    ):
        assert old in text
        (tmp_path / PLAN).write_text(text.replace(old, new))
        run = slrspec("run", "--cell", cell.id, "--out", "bundles", cwd=tmp_path)
        assert (run.returncode, len(run.stderr.splitlines())) == (2, 1)
        assert said in run.stderr
    assert not list(tmp_path.glob("bundles/*"))


def test_a_cell_of_a_real_account_is_not_run_by_mistake(tmp_path: Path) -> None:
    (cell,) = planned(tmp_path, "--provider", "aws", "--account", "111111111111", "--region", "eu-west-1").cells
    run = slrspec("run", "--cell", cell.id, cwd=tmp_path)
    assert (run.returncode, len(run.stderr.splitlines())) == (2, 1)
    assert "names no sandbox account; there is no default" in run.stderr


@pytest.mark.parametrize(
    "cells",
    [6, pytest.param(200, marks=pytest.mark.skipif(not ALL, reason="SLRSPEC_TEST_200_CELLS=1 runs them"))],
)
def test_killed_doubled_and_damaged_cells_are_named_and_the_rest_is_merged(cells: int, tmp_path: Path) -> None:
    """Each cell is a process; they start in random order, two at a time, and every seventh is killed somewhere."""
    chance = random.Random(cells)
    providers, shards = (faulty_providers(FAULTS), SHARDS) if cells == 200 else (["moto", "documented"], 3)
    plan = planned(
        tmp_path, *(word for name in providers for word in ("--provider", name)), "--shards", str(shards)
    )
    assert len(plan.cells) == cells
    order = chance.sample(plan.cells, cells)
    doomed = {cell.id: chance.uniform(0.0, 2.0) for cell in order[::7]}

    def run(identifier: str) -> None:
        process = start(identifier, tmp_path)
        try:
            process.communicate(timeout=doomed.get(identifier, 300))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, [cell.id for cell in order]))
    bundles = {cell.id: tmp_path / "bundles" / f"{cell.id}{ENDING}" for cell in plan.cells}
    for identifier in doomed:  # one that was quicker than its executioner lost its bundle on the way
        bundles[identifier].unlink(missing_ok=True)
    assert {name for name, file in bundles.items() if file.is_file()} == set(bundles) - set(doomed)

    left = [cell.id for cell in order if cell.id not in doomed]
    number = max(1, cells // 20)
    twice, flipped, halved = left[:number], left[number : 2 * number], left[2 * number : 3 * number]
    twins = [shutil.copy(bundles[name], tmp_path / "bundles" / f"twin-of-{name}{ENDING}") for name in twice]
    for name in flipped:
        flip(bundles[name])
    for name in halved:
        cut(bundles[name])
    there = [*(bundles[name] for name in left), *twins]
    outcomes = []
    for attempt in range(2):
        merged = slrspec("merge", *chance.sample(there, len(there)), "--out", f"merged{attempt}", cwd=tmp_path)
        content = (tmp_path / f"merged{attempt}" / "results.json").read_bytes()
        outcomes.append((merged.returncode, merged.stderr, content))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0] == 2
    named = [line.removeprefix("slrspec: ").partition(": ")[0] for line in outcomes[0][1].splitlines()]
    assert sorted(named) == sorted(map(str, [*twins, *(bundles[name] for name in [*twice, *flipped, *halved])]))
    lost = {*doomed, *twice, *flipped, *halved}
    run_ = read_run(tmp_path / "merged0" / "results.json")
    reasons = {
        cell.id: {
            verdict.reason
            for rule in run_.rules
            if rule.id in {one.id for one in plan.rules_of(cell)}
            for verdict in rule.verdicts
            if verdict.provider == cell.column
        }
        for cell in plan.cells
    }
    for cell in plan.cells:
        word = "more than one" if cell.id in twice else "no"
        said = f"{word} bundle of the cell {cell.id} arrived"
        assert (reasons[cell.id] == {said}) is (cell.id in lost), cell.id
