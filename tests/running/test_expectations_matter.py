"""Every single expectation can fail: spoil it, and its scenario no longer passes.

On stock moto for the scenarios that pass there, and on AWS's recorded answers for all of them, since moto stops the
others before they have looked at everything.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from slrspec.spec.rules import Specification
from tests.conftest import ROOT

PROVIDERS = ("moto", "documented", "recorded-aws")

# Runs the suite once for each k, spoiling the k-th check of every scenario that has so many; one process, because imports
# cost most.
SPOILER = """
import json, sys
import slrspec.running.session as session
from slrspec.running.engine import Observer, Request, execute
from slrspec.running.selection import Selection
from slrspec.providers.registry import find_provider
from tests.recorded.aws import RecordedAws

session.find_provider = lambda name: RecordedAws() if name == "recorded-aws" else find_provider(name)

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
others = {s.scenario: f"{s.verdict}: {s.reason}" for s in whole.scenarios if s.verdict not in {"pass", "not-run"}}
survivors, spoiled = [], 0
for k in range(1, max(checks.values()) + 1):
    rules = {s.rule for s in whole.scenarios if checks.get(s.scenario, 0) >= k}
    run = execute(Request((provider,), selection=Selection(tuple(sorted(rules)))), Spoiler(k))
    for result in run.scenarios:
        if checks.get(result.scenario, 0) >= k:
            spoiled += 1
            if result.verdict != "fail":
                survivors.append(f"{result.scenario}, check {k}: {result.verdict} {result.reason}")
print(json.dumps({"checks": checks, "others": others, "spoiled": spoiled, "survivors": survivors}))
"""


@pytest.fixture(scope="module", params=PROVIDERS)
def spoiled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    run = subprocess.run(
        [sys.executable, "-c", SPOILER, request.param],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found | {"provider": request.param}


def test_no_scenario_passes_with_any_of_its_expectations_spoiled(spoiled: dict[str, Any]) -> None:
    assert spoiled["survivors"] == []
    assert spoiled["spoiled"] == sum(spoiled["checks"].values()) >= len(spoiled["checks"]) > 0


def test_what_is_not_run_are_the_scenarios_of_the_aws_cli(
    spoiled: dict[str, Any], specification: Specification
) -> None:
    """They say in the same steps what scenarios of the API say, whose every expectation is spoiled here."""
    left_out = {s.id for s in specification.scenarios} - spoiled["checks"].keys() - spoiled["others"].keys()
    assert left_out == {s.id for s in specification.scenarios if "cli" in s.tags}


def test_on_the_answers_that_aws_gave_every_scenario_passes(spoiled: dict[str, Any]) -> None:
    """So each expectation of each scenario was reached, and each was spoiled above."""
    if spoiled["provider"] != "moto":
        assert spoiled["others"] == {}
