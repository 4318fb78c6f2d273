"""What the tests run in place of the command is the command: it says the same, and ends the same way."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import forked, outside_pytest, run_module, slrspec


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--version"],
        ["rules", "--section", "deleting"],
        ["rules", "--section", "nowhere"],
        ["run", "--rule", "RDS-DEL-01", "--no-deviations"],
        ["run", "--rule", "RDS-DEL-01", "--provider", "documented", "--format", "junit"],
        ["run", "--provider", "nobody.there:Provider"],
        ["faults", "--own", "--rule", "RDS-EDT-01", "--workers", "2"],
    ],
    ids=" ".join,
)
def test_a_forked_command_is_the_real_one(arguments: list[str], tmp_path: Path) -> None:
    real = run_module("slrspec", *arguments, cwd=tmp_path, timeout=900)
    ours = slrspec(*arguments, cwd=tmp_path)
    assert (ours.returncode, lasting(ours.stdout), lasting(ours.stderr)) == (
        real.returncode,
        lasting(real.stdout),
        lasting(real.stderr),
    )


def test_a_forked_command_that_takes_too_long_is_killed_and_said(tmp_path: Path) -> None:
    fork = forked()
    with pytest.raises(subprocess.TimeoutExpired):
        fork(["serve", "--port", "0"], tmp_path, outside_pytest(), timeout=1)
    assert fork(["--version"], tmp_path, outside_pytest(), timeout=900).returncode == 0


def lasting(text: str) -> str:
    """Without what differs between any two runs: how long it took, when that was, and its id."""
    return re.sub(
        r'\d+(\.\d+)? m?s\b|time="[^"]*"|timestamp="[^"]*"|\d{8}T\d{6}Z-\w+|duration_ms="[^"]*"', "", text
    )
