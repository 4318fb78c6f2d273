"""Every single expectation can fail: spoil it, and its scenario no longer passes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROVIDERS = ("moto",)

# Runs the suite once for each k, spoiling the k-th check of every scenario; one process, because imports cost most.
SPOILER = """
import json, sys
from slrspec.running.engine import Observer, Request, execute

class Spoiler(Observer):
    def __init__(self, k):
        super().__init__(lambda result: None)
        self.k = k

    def spoil(self, scenario):
        seen = []

        def expected(what, value):
            seen.append(what)
            if len(seen) != self.k:
                return value
            if isinstance(value, list):
                return ["<spoiled>"]
            return -1 if isinstance(value, int) else "<spoiled>"

        return expected

provider = sys.argv[1]
whole = execute(Request((provider,)), Observer(lambda result: None))
checks = {s.scenario: sum(len(step.checks) for step in s.steps) for s in whole.scenarios if s.verdict == "pass"}
survivors, spoiled = [], 0
for k in range(1, max(checks.values()) + 1):
    run = execute(Request((provider,)), Spoiler(k))
    for result in run.scenarios:
        if checks.get(result.scenario, 0) >= k:
            spoiled += 1
            if result.verdict != "fail":
                survivors.append(f"{result.scenario}, check {k}: {result.verdict} {result.reason}")
print(json.dumps({"scenarios": len(checks), "spoiled": spoiled, "survivors": survivors}))
"""


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_scenario_passes_with_any_of_its_expectations_spoiled(provider: str, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", SPOILER, provider],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    found: dict[str, Any] = json.loads(run.stdout)
    assert found["survivors"] == []
    assert found["spoiled"] >= found["scenarios"] >= 24
