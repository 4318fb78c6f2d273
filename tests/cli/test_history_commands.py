"""`slrspec diff` and `slrspec gate`, as a pipeline calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slrspec.history.folder import append
from slrspec.running.results import encode
from tests.conftest import slrspec
from tests.recorded.runs import a_run

A, B = "RDS-DEL-01", "RDS-DEL-02"
GOOD = a_run({A: {"moto": "pass"}, B: {"moto": "fail"}})
WORSE = a_run({A: {"moto": "fail"}, B: {"moto": "pass"}}, day=2)
PART = a_run({B: {"moto": "fail"}}, day=3, complete=False)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    for name, run in (("good", GOOD), ("worse", WORSE), ("part", PART)):
        (folder / f"{name}.json").write_bytes(encode(run))
        append(folder / ".slrspec" / "history", run)
    return folder


def test_diff_tells_both_ways(runs: Path) -> None:
    done = slrspec("diff", "good.json", "worse.json", cwd=runs)
    assert done.returncode == 1
    assert "regressed (1)\n  RDS-DEL-01 on moto: pass -> fail" in done.stdout
    assert "fixed (1)\n  RDS-DEL-02 on moto: fail -> pass" in done.stdout
    assert slrspec("diff", "good.json", "good.json", cwd=runs).returncode == 0


def test_diff_takes_ids_of_the_history(runs: Path) -> None:
    told = json.loads(slrspec("diff", "20261101", "20261102", "--format", "json", cwd=runs).stdout)
    assert [change["kind"] for change in told["changes"]] == ["regressed", "fixed"]


def test_a_gate_stops_on_a_regression_and_prints_what_passed(runs: Path) -> None:
    done = slrspec("gate", "--baseline", "good.json", "worse.json", cwd=runs)
    assert done.returncode == 1
    assert "✗ stopped: no rule regressed\n    regressed: RDS-DEL-01 on moto" in done.stdout
    assert "✓ passed: every verdict can be told" in done.stdout


def test_a_gate_lets_an_equal_run_through(runs: Path) -> None:
    done = slrspec("gate", "--baseline", "good.json", "good.json", cwd=runs)
    assert (done.returncode, done.stdout.count("✓ passed")) == (0, 3)


def test_a_partial_run_is_labelled_and_no_fall(runs: Path) -> None:
    done = slrspec("gate", "--baseline", "good.json", "part.json", cwd=runs)
    assert done.returncode == 0
    assert "(partial)" in done.stdout
    assert "what it left out is no change" in done.stdout


@pytest.mark.parametrize("form", ["markdown", "json"])
def test_other_formats(runs: Path, form: str) -> None:
    done = slrspec("gate", "--baseline", "good.json", "worse.json", "--format", form, cwd=runs)
    assert done.returncode == 1
    assert json.loads(done.stdout)["exit_code"] == 1 if form == "json" else done.stdout.startswith("## ")


def test_bad_input_is_one_line(runs: Path) -> None:
    for arguments in (("diff", "2019"), ("gate", "--baseline", "none.json"), ("gate",), ("diff", "2026")):
        done = slrspec(*arguments, cwd=runs)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1


def test_runs_of_two_documents_are_not_compared(runs: Path) -> None:
    other = json.loads((runs / "good.json").read_text())
    other["document"]["id"] = "elasticache"
    (runs / "other.json").write_text(json.dumps(other))
    run = slrspec("gate", "other.json", "--baseline", "good.json", cwd=runs)
    assert (run.returncode, run.stdout) == (2, "")
    assert "good.json is a run of the document rds, other.json one of elasticache" in run.stderr
