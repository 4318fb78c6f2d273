"""`pytest --provider` runs the specification; without it, pytest is as it was."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from slrspec.spec.location import features_folder
from tests.conftest import run_pytest


def results_of(tmp_path: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    file = tmp_path / "results.json"
    run = run_pytest("--provider", "moto", "--slr-results", file, *arguments, cwd=tmp_path)
    results: dict[str, Any] = json.loads(file.read_text())
    return run.returncode, results


def test_pytests_own_selection_by_words_works(tmp_path: Path) -> None:
    code, results = results_of(tmp_path, "-k", "Deciding and nothing")
    assert code == 0
    assert [rule["id"] for rule in results["rules"]] == ["RDS-DEL-20"]
    assert not results["run"]["complete"]


def test_pytests_own_selection_by_tag_works(tmp_path: Path) -> None:
    _, results = results_of(tmp_path, "-m", "companion and may")
    assert [rule["id"] for rule in results["rules"]] == ["RDS-COM-09"]


def test_a_new_failure_fails_the_session(tmp_path: Path) -> None:
    code, results = results_of(tmp_path, "--slr-no-deviations", "--slr-rule", "RDS-DEL-01")
    assert code == 1
    assert results["rules"][0]["verdicts"][0]["problem"] == "new failure"


def test_an_unknown_provider_is_one_line(tmp_path: Path) -> None:
    run = run_pytest("--provider", "nope", cwd=tmp_path)
    assert run.returncode == 4  # pytest's own code for usage
    assert "unknown provider 'nope'" in run.stderr
    assert "Traceback" not in run.stderr + run.stdout


def test_a_session_that_stops_early_is_no_complete_run(tmp_path: Path) -> None:
    _, results = results_of(tmp_path, "-x", "--slr-no-deviations")
    assert not results["run"]["complete"]
    left = [s for s in results["scenarios"] if s["reason"] == "no result arrived"]
    assert len(left) > 70
    assert {s["verdict"] for s in left} == {"not-run"}


def test_a_results_file_that_cannot_be_written_is_one_line_before_anything_runs(tmp_path: Path) -> None:
    run = run_pytest("--provider", "moto", "--slr-results", tmp_path / "nowhere" / "r.json", cwd=tmp_path)
    assert run.returncode == 4
    assert "cannot write results" in run.stderr
    assert "Traceback" not in run.stderr + run.stdout


def test_scenarios_run_provider_by_provider(tmp_path: Path) -> None:
    both = ("--provider", "moto", "--provider", "documented")
    run = run_pytest(*both, "--slr-section", "editing", "-v", cwd=tmp_path)
    ran = re.findall(r"\[(moto|documented)", run.stdout)
    each = len(ran) // 2
    assert each > 10
    assert ran == ["moto"] * each + ["documented"] * each


def test_pytests_reports_name_the_place_in_the_feature(tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    results_of(tmp_path, "--slr-section", "editing", f"--junitxml={junit}", "-o", "junit_family=xunit1")
    cases = ET.parse(junit).findall(".//testcase")
    lines = (features_folder() / "4_editing.feature").read_text(encoding="utf-8").splitlines()
    assert len(cases) > 10
    for case in cases:
        assert Path(case.attrib["file"]).name == "4_editing.feature"
        title = case.attrib["name"].partition("[")[0]
        assert lines[int(case.attrib["line"])].strip().partition(": ")[2] == title


FOREIGN = """
import sys

def pytest_sessionfinish(session):
    loaded = {"boto3", "moto", "msgspec", "slrspec.running.session"} & set(sys.modules)
    print("LOADED", sorted(loaded))
"""


def test_without_a_provider_pytest_is_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(FOREIGN)
    (tmp_path / "somebody.feature").write_text("Feature: Somebody else's\n")
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\n")
    run = run_pytest("-s", cwd=tmp_path)
    assert run.returncode == 0
    assert "1 passed" in run.stdout
    assert "LOADED []" in run.stdout


def test_somebodys_own_test_is_told_whom_the_fixtures_are_for(tmp_path: Path) -> None:
    names = ("account", "expect", "scenario_run", "service")
    (tmp_path / "test_own.py").write_text("".join(f"def test_{name}({name}): ...\n\n\n" for name in names))
    run = run_pytest("--provider", "moto", tmp_path, cwd=tmp_path)
    told = re.findall(r"^E +slrspec\.errors\.UsageError: (.+)$", run.stdout, re.MULTILINE)
    assert told == ["slrspec's fixtures are for its scenarios only"] * len(names)
    assert "KeyError" not in run.stdout


def test_somebodys_own_feature_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "somebody.feature").write_text("Feature: Somebody else's\n")
    run = run_pytest("--provider", "moto", tmp_path, cwd=tmp_path)
    assert "no tests ran" in run.stdout or "no tests collected" in run.stdout
