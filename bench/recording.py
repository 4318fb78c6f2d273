"""The calls that the suite makes, recorded for the other sides, and the variables that all sides run with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def environment_of(folder: Path) -> dict[str, str]:
    """Return the variables of all sides: none of AWS's, moto's or pytest's from outside."""
    dropped = ("AWS_", "MOTO_", "PYTEST_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return kept | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PYTHONPATH": str(HERE),
        "SLRSPEC_AWS_CLI": "",  # the other sides give no commands
        "SLRSPEC_BENCH_CALLS": str(folder / "calls.json"),
    }


def record(folder: Path, environment: dict[str, str]) -> list[dict[str, Any]]:
    """Record the calls of the features in the folder `ours`; return them by scenario, for those that make any."""
    calls = folder / "calls.json"
    calls.unlink(missing_ok=True)
    line = [sys.executable, "-m", "pytest", "-p", "calls", "--provider", "moto", "-q", "-p", "no:cacheprovider"]
    line += ["--slr-features", "ours", "--slr-no-deviations"]
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1}:  # stock moto breaks rules
        raise SystemExit(done.stdout + done.stderr)
    scenarios: list[dict[str, Any]] = json.loads(calls.read_text(encoding="utf-8"))
    return scenarios
