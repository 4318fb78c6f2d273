"""What the tests run in place of the command is the command: it says the same, and ends the same way."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import slrspec


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
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV_"))}
    real = subprocess.run(
        [sys.executable, "-m", "slrspec", *arguments],
        cwd=tmp_path,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )
    forked = slrspec(*arguments, cwd=tmp_path)
    assert (forked.returncode, lasting(forked.stdout), lasting(forked.stderr)) == (
        real.returncode,
        lasting(real.stdout),
        lasting(real.stderr),
    )


def lasting(text: str) -> str:
    """Without what differs between any two runs: how long it took, when that was, and its id."""
    return re.sub(
        r'\d+(\.\d+)? m?s\b|time="[^"]*"|timestamp="[^"]*"|\d{8}T\d{6}Z-\w+|duration_ms="[^"]*"', "", text
    )
