"""`slrspec run` as a user meets it."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.conftest import slrspec

ESCAPE = "\x1b["


@pytest.fixture(scope="module")
def deleting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which one section was run with no failure taken for known."""
    folder = tmp_path_factory.mktemp("deleting")
    run = slrspec("run", "--section", "deleting", "--no-deviations", cwd=folder)
    assert run.returncode == 1
    (folder / "stdout").write_text(run.stdout)
    (folder / "stderr").write_text(run.stderr)
    return folder


def test_the_table_fits_a_hundred_columns(deleting: Path) -> None:
    lines = (deleting / "stdout").read_text().splitlines()
    assert any("RDS-DEL-01" in line and line.endswith("✗ fail") for line in lines)
    assert any("RDS-DEL-03" in line and line.endswith("✓ pass") for line in lines)
    assert max(len(line) for line in lines[: lines.index("")]) <= 100


def test_a_failure_shows_expected_against_actual_and_the_step(deleting: Path) -> None:
    text = (deleting / "stdout").read_text()
    assert "RDS-DEL-01 on moto: fail, new failure" in text
    assert re.search(r"And the deletion fails.*\n.*\n +expected FAILED\n +actual +SUCCEEDED", text)


def test_the_totals_are_one_line(deleting: Path) -> None:
    totals = [line for line in (deleting / "stdout").read_text().splitlines() if line.startswith("moto: ")]
    assert totals == ["moto: 3 rules: 1 passed, 2 failed or unsupported, and not listed, 2 to look at"]


def test_there_is_neither_colour_nor_progress_where_there_is_no_terminal(deleting: Path) -> None:
    assert ESCAPE not in (deleting / "stdout").read_text()
    assert (deleting / "stderr").read_text() == ""


def test_json_is_the_whole_result_and_nothing_else(tmp_path: Path) -> None:
    run = slrspec("run", "--rule", "RDS-DEL-03", "--format", "json", cwd=tmp_path)
    results: dict[str, Any] = json.loads(run.stdout)
    assert run.stdout.encode() == (tmp_path / ".slrspec" / "results.json").read_bytes()
    assert [rule["verdicts"][0]["verdict"] for rule in results["rules"]] == ["pass"]
    assert [scenario["verdict"] for scenario in results["scenarios"]] == ["pass"]


def test_junit_counts_skips_apart_from_passes(tmp_path: Path) -> None:
    run = slrspec("run", "--section", "cleaning-up", "--format", "junit", cwd=tmp_path)
    (suite,) = ET.fromstring(run.stdout)
    assert suite.get("failures") == "0"
    known = [case for case in suite if "known deviation" in str(getattr(case.find("skipped"), "attrib", ""))]
    assert len(known) == 6
    ids = {p.get("value") for p in suite.iter("property") if p.get("name") == "rule"}
    assert {"RDS-DEL-04", "RDS-DEL-14"} <= ids
    assert suite.get("skipped") == str(len(list(suite.iter("skipped"))))


def test_markdown_has_the_totals_and_every_rule(tmp_path: Path) -> None:
    run = slrspec("run", "--section", "deleting", "--no-deviations", "--format", "markdown", cwd=tmp_path)
    assert "| `moto` | 3 | 1 | 0 | 2 | 0 | 0 | 0 | 2 |" in run.stdout
    assert "- **RDS-DEL-01** on `moto`: fail" in run.stdout


def test_quiet_prints_totals_only_even_of_failures(tmp_path: Path) -> None:
    run = slrspec("run", "--rule", "RDS-DEL-01", "-q", "--no-deviations", cwd=tmp_path)
    assert run.stdout.splitlines()[0].startswith("moto: 1 rule: 0 passed, 1 failed")


def test_quiet_prints_no_rule(tmp_path: Path) -> None:
    run = slrspec("run", "--rule", "RDS-DEL-03", "-q", cwd=tmp_path)
    assert run.stdout.splitlines()[0] == "moto: 1 rule: 1 passed"
    assert "RDS-DEL-03" not in run.stdout


def test_verbose_lists_what_each_pass_looked_at(tmp_path: Path) -> None:
    run = slrspec("run", "--rule", "RDS-DEL-03", "-v", cwd=tmp_path)
    assert "looked at the deletion task: SUCCEEDED (calls" in run.stdout


def test_a_listed_rule_that_passes_is_an_unexpected_pass(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        '[[deviation]]\nrule = "RDS-DEL-03"\nverdict = "fail"\nreason = "x"\nsince = 2026-01-01\nexpires = 2099-01-01\n'
    )
    run = slrspec("run", "--rule", "RDS-DEL-03", "--deviations", "mine.toml", cwd=tmp_path)
    assert run.returncode == 1
    assert "passes, although it is listed as a deviation" in run.stdout


def test_an_expired_deviation_breaks_the_run(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        '[[deviation]]\nrule = "RDS-DEL-01"\nverdict = "fail"\nreason = "x"\nsince = 2020-01-01\nexpires = 2020-02-01\n'
    )
    run = slrspec("run", "--rule", "RDS-DEL-01", "--deviations", "mine.toml", cwd=tmp_path)
    assert run.returncode == 1
    assert "its deviation expired on 2020-02-01" in run.stdout


def test_ascii_is_enough(tmp_path: Path) -> None:
    run = slrspec("run", "--rule", "RDS-DEL-01", cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert run.returncode == 0, run.stderr
    assert "~ known" in run.stdout


def test_a_terminal_gets_progress_and_colour(tmp_path: Path) -> None:
    main, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "slrspec", "run", "--rule", "RDS-DEL-03"],
        cwd=tmp_path,
        stdout=child,
        stderr=child,
        env={name: value for name, value in os.environ.items() if name != "NO_COLOR"},
    )
    os.close(child)
    seen = b""
    while True:
        try:
            part = os.read(main, 65536)
        except OSError:  # Linux ends a pseudo-terminal like this
            break
        if not part:
            break
        seen += part
    assert process.wait() == 0
    text = seen.decode()
    assert "1/1 moto deleting" in text
    assert f"{ESCAPE}32m✓ pass" in text


def test_ctrl_c_keeps_what_was_judged(tmp_path: Path) -> None:
    """The signal comes when the first verdicts are in: the observer's progress line tells, on a pseudo-terminal."""
    main, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "slrspec", "run", "-q"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=child,
        text=True,
    )
    os.close(child)
    seen = b""
    while b"3/86" not in seen:
        seen += os.read(main, 1024)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    os.close(main)
    assert process.returncode == 4, out
    assert "The run was interrupted." in out
    results = json.loads((tmp_path / ".slrspec" / "results.json").read_text())
    verdicts = [scenario["verdict"] for scenario in results["scenarios"]]
    assert len(verdicts) == 86
    assert verdicts.count("not-run") > 0
    assert verdicts[0] == "pass"
    assert all(
        s["reason"] == "interrupted before it ran" for s in results["scenarios"] if s["verdict"] == "not-run"
    )
