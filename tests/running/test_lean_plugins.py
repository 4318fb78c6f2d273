"""What a run has no use for in pytest and pytest-bdd is not imported, and is there for whoever uses it after all."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from pytest_bdd import reporting

from slrspec.running.engine import Observer, Request, execute
from slrspec.running.lean_plugins import PLAINLY, UNNEEDED
from slrspec.running.put_off import put_off
from slrspec.running.selection import Selection
from tests.conftest import slrspec

if TYPE_CHECKING:
    from pathlib import Path

ONE = ["run", "-q", "--rule", "RDS-PER-01"]
RUN = f"from slrspec.cli import main\ntry:\n    main({ONE!r})\nexcept SystemExit as ended:\n    assert ended.code == 0\n"


def printed(program: str, cwd: Path) -> str:
    run = subprocess.run([sys.executable, "-c", program], cwd=cwd, capture_output=True, text=True, check=True)
    return run.stdout.splitlines()[-1]


def test_a_run_imports_neither_templates_nor_highlighting_nor_plugins_that_it_leaves_out(tmp_path: Path) -> None:
    heavy = ("mako.", "pygments.lex", "pygments.formatters", "_pytest.pytester", "_pytest.subtests", "pdb")
    program = RUN + f"import sys\nprint([name for name in sys.modules if name.startswith({heavy!r})])"
    assert ast.literal_eval(printed(program, tmp_path)) == []


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        (
            "from pytest_bdd.generation import template_lookup as t; print(t.get_template('test.py.mak'))",
            "Template",
        ),
        (
            "from _pytest._io import TerminalWriter as W; w = W(); w.hasmarkup = 1; print(repr(w._highlight('import os')))",
            "\\x1b[94mimport",
        ),
        *(
            (f"import importlib; print(importlib.import_module({name!r}).__file__)", ".py")
            for name in UNNEEDED
            if find_spec(name)  # pytest 8.4 has no subtests
        ),
    ],
)
def test_whoever_uses_them_after_all_has_the_real_ones(use: str, expected: str, tmp_path: Path) -> None:
    assert expected in printed(RUN + use, tmp_path)


def test_only_a_module_that_nobody_has_imported_is_put_off() -> None:
    assert "sched" not in sys.modules
    with put_off("sched", "json"):
        assert sys.modules["json"] is json
        from sched import scheduler

        made = scheduler()
    assert "sched" not in sys.modules
    assert made.empty()
    assert sys.modules["sched"].scheduler is not scheduler


@pytest.mark.parametrize("plain", ["", "1"])
def test_nobody_keeps_reports_of_steps_unless_all_is_to_be_plain(
    plain: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[object] = []
    keep = reporting.before_scenario

    def noted(request: pytest.FixtureRequest, *more: object) -> None:
        kept.append(request)
        keep(request, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(reporting, "before_scenario", noted)
    monkeypatch.setenv("SLRSPEC_PLAIN", plain)
    run = execute(Request(("moto",), Selection(rules=("RDS-PER-01",))), Observer(lambda _: None))
    assert run.scenarios[0].exchanges
    assert len(kept) == (len(run.scenarios) if plain else 0)


def test_a_version_in_which_stand_ins_would_not_do_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "from slrspec.running import put_off\n"
        "put_off.StandIn.__getattr__ = lambda *_: 'nothing that could be called'\n"
    )
    plain = slrspec(*ONE, "--format", "json", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    lean = slrspec(*ONE, "--format", "json", cwd=tmp_path)
    assert (plain.returncode, lean.returncode) == (0, 0)
    told, not_told = (json.loads(run.stdout) for run in (plain, lean))
    assert told["environment"] == not_told["environment"] | PLAINLY
    assert told["totals"] == not_told["totals"]
    assert not PLAINLY.keys() & not_told["environment"].keys()
