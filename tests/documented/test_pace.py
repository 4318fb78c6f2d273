"""The same verdicts whatever the pace: reads that lag behind, pending tasks, passing states, at 20 random seeds.

More with SLRSPEC_TEST_SEEDS=50; each takes some four seconds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

SEEDS = int(os.environ.get("SLRSPEC_TEST_SEEDS", "20"))
PARTS = 2  # a process for each: to begin one takes as long as two seeds
RUNNER = """
import json, sys
from slrspec.running.engine import Observer, Request, execute

found = {}
for seed in range(int(sys.argv[1]), int(sys.argv[2])):
    provider = f"documented:lag=3,pending=3,creating=3,deleting=3,seed={seed}"
    run = execute(Request((provider,), no_deviations=True), Observer(lambda result: None))
    found[seed] = [f"{s.scenario}: {s.verdict} {s.reason}" for s in run.scenarios if s.verdict not in {"pass", "not-run"}]
    found[seed] += ["nothing ran"] * (len(run.scenarios) < 70)
print(json.dumps(found))
"""


@pytest.mark.parametrize("part", range(PARTS))
def test_the_verdicts_do_not_depend_on_the_pace(part: int) -> None:
    size = SEEDS // PARTS
    run = subprocess.run(
        [sys.executable, "-c", RUNNER, str(part * size), str((part + 1) * size)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert len(found) == size
    assert {seed: broken for seed, broken in found.items() if broken} == {}
