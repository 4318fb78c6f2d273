"""The workflow of the documentation does what it says, and may do no more than it needs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from slrspec.cells.bundle import ENDING
from slrspec.running.results import read_run
from tests.conftest import ROOT

WORKFLOW = ROOT / "examples" / "github" / "cells.yml"
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text())
    return read


def commands(workflow: dict[str, Any], job: str) -> list[str]:
    """The shell lines of a job that call slrspec; setting up is what CI does."""
    steps = workflow["jobs"][job]["steps"]
    return [step["run"] for step in steps if "slrspec " in step.get("run", "")]


def bash(script: str, cwd: Path, **environment: str) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{clean['PATH']}"
    run = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=cwd,
        env=clean | {"PATH": path} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 0, f"{script}\n{run.stdout[-500:]}{run.stderr}"


def test_its_commands_plan_run_merge_and_show(workflow: dict[str, Any], tmp_path: Path) -> None:
    output = tmp_path / "output"
    for script in commands(workflow, "plan"):
        bash(script, tmp_path, GITHUB_OUTPUT=str(output))
    name, _, matrix = output.read_text().strip().partition("=")
    assert name == "matrix"
    cells = [entry["cell"] for entry in json.loads(matrix)["include"]]
    assert len(cells) == 4
    for cell in reversed(cells):
        for script in commands(workflow, "cell"):
            bash(script, tmp_path, CELL=cell)
    assert {file.name for file in (tmp_path / "bundles").iterdir()} == {f"{cell}{ENDING}" for cell in cells}
    for script in commands(workflow, "merge"):
        bash(script, tmp_path)
    assert read_run(tmp_path / "merged" / "results.json").run.complete
    assert (tmp_path / "public" / "index.html").is_file()


def test_every_action_is_pinned_by_its_sha(workflow: dict[str, Any]) -> None:
    used = re.findall(r"uses: (.*)", WORKFLOW.read_text())
    assert len(used) == sum("uses" in step for job in workflow["jobs"].values() for step in job["steps"])
    assert [one for one in used if not PINNED.fullmatch(one)] == []


def test_no_job_may_do_more_than_read(workflow: dict[str, Any]) -> None:
    assert workflow["permissions"] == {}
    assert {json.dumps(job["permissions"]) for job in workflow["jobs"].values()} == {'{"contents": "read"}'}
    checkouts = [
        step
        for job in workflow["jobs"].values()
        for step in job["steps"]
        if "actions/checkout" in step.get("uses", "")
    ]
    assert all(step["with"] == {"persist-credentials": False} for step in checkouts)


def test_nothing_from_outside_stands_in_a_shell_line(workflow: dict[str, Any]) -> None:
    scripts = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    assert [script for script in scripts if "${{" in script] == []
    assert scripts


def test_the_definition_for_step_functions_is_json_of_a_distributed_map() -> None:
    shown = re.search(
        r'```json title="slrspec.asl.json"\n(.*?)```', (ROOT / "docs" / "scale.md").read_text(), re.DOTALL
    )
    assert shown is not None
    machine = json.loads(shown[1])
    (state,) = machine["States"].values()
    assert machine["StartAt"] in machine["States"]
    assert state["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
