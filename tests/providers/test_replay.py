"""A recorded run judged again, offline: to the byte, unless the calls are others, which is an error and no failure."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import slrspec

Results = dict[str, Any]
SLOW = "documented:lag=2,pending=3,creating=2,deleting=2,seed=7"

# Records every twentieth fault's own rules and replays them; one process, because imports cost most.
FAULTS = """
import gc, json, sys
from pathlib import Path
import msgspec
from slrspec.documented.faults import faults
from slrspec.running.engine import Observer, Request, execute
from slrspec.running.results import encode
from slrspec.running.selection import Selection

differing, failed = [], 0
for fault in faults()[::20]:
    def run(provider):
        request = Request((provider,), selection=Selection(fault.rules), edition=fault.edition, no_deviations=True)
        return execute(request, Observer(lambda result: None))
    recorded = run(f"documented:{fault.id}")
    Path("fault.json").write_bytes(encode(recorded))
    again = run("replay:fault.json")
    bytes_of = lambda run: [msgspec.json.encode(msgspec.structs.replace(s, provider="")) for s in run.scenarios]
    failed += sum(s.verdict == "fail" for s in again.scenarios)
    if bytes_of(recorded) != bytes_of(again):
        differing.append(fault.id)
    gc.collect()
print(json.dumps({"differing": differing, "failed": failed}))
"""

OTHERS = """
import contextlib
import dataclasses
import slrspec
from slrspec.running.trouble import ProviderTrouble
from slrspec.providers.moto import MotoAccount, MotoProvider

class Lonely(MotoProvider):
    name = "lonely"

    @contextlib.contextmanager
    def open_account(self, scenario):
        with super().open_account(scenario) as account:
            yield Alone(account.provider, account.account_id)

class Alone(MotoAccount):
    def principal(self, name, policy):
        self.client("iam").get_user(UserName="nobody")

class Hurried(MotoProvider):
    name = "hurried"

    @contextlib.contextmanager
    def open_account(self, scenario):
        with super().open_account(scenario) as account:
            yield dataclasses.replace(account, patience=Impatient(3, 1, lambda seconds: None))

class Impatient(slrspec.Patience):
    def until(self, done, read):
        reading = super().until(done, read)
        if not done(reading):
            raise ProviderTrouble("time was up")
        return reading
"""


def replayed(results: Results, folder: Path, *arguments: str) -> Results:
    """Replay results by the command, and return what came of it."""
    file = folder / "record.json"
    file.write_text(json.dumps(results))
    run = slrspec("run", "--provider", f"replay:{file}", "--format", "json", "--no-history", *arguments, cwd=folder)
    assert run.stdout, run.stderr
    found: Results = json.loads(run.stdout)
    return found


def evidence(results: Results) -> list[str]:
    """Everything of each scenario but the name of the provider, as it is written."""
    return [json.dumps({k: v for k, v in one.items() if k != "provider"}) for one in results["scenarios"]]


Change = Callable[[Results], object]


def of_operation(scenario: Results, operation: str) -> Results:
    found: Results = next(e for e in scenario["exchanges"] if e["operation"] == operation)
    return found


def repeat_the_last(scenario: Results) -> None:
    last = scenario["exchanges"][-1]
    scenario["exchanges"].append(copy.deepcopy(last) | {"number": last["number"] + 1})


def without_steps(scenario: Results, verdict: str, reason: str) -> None:
    scenario.update(verdict=verdict, reason=reason, steps=[], exchanges=[])


# What is altered in the record of one rule, and what has to come of it when the rule is judged again.
CHANGES: dict[str, tuple[str, Change, str, str]] = {
    "another answer, which is judged": (
        "RDS-DEL-03",
        lambda s: of_operation(s, "GetServiceLinkedRoleDeletionStatus")["answer"].update(Status="FAILED"),
        "fail",
        "the deletion task: expected SUCCEEDED, got FAILED",
    ),
    "another operation": (
        "RDS-EDT-10",
        lambda s: of_operation(s, "UpdateRole").update(operation="GetUser"),
        "error",
        "differs from the record at exchange 7: the record has iam GetUser, and not iam UpdateRole",
    ),
    "another service": (
        "RDS-EDT-11",
        lambda s: s["exchanges"][0].update(service="rds"),
        "error",
        "differs from the record at exchange 1: the record has rds ListRoles, and not iam ListRoles",
    ),
    "another Region": (
        "RDS-COM-12",
        lambda s: s["exchanges"][0].update(region="eu-north-1"),
        "error",
        "differs from the record at exchange 1: rds DeleteDBInstance: the region was 'eu-north-1' and is 'us-east-1'",
    ),
    "another principal": (
        "RDS-INT-01",
        lambda s: s["exchanges"][0].update(principal="x"),
        "error",
        "iam CreateServiceLinkedRole: the principal was 'x' and is 'administrator'",
    ),
    "a parameter less": (
        "RDS-INT-02",
        lambda s: s["exchanges"][0]["parameters"].update(Suffix="x"),
        "error",
        "differs from the record at exchange 1: iam CreateServiceLinkedRole: Suffix was 'x' and is 'left out'",
    ),
    "a call more": (
        "RDS-DEL-15",
        lambda s: s["exchanges"].pop(),
        "error",
        "differs from the record, which ends before rds DescribeDBInstances",
    ),
    "a call less": (
        "RDS-COM-10",
        repeat_the_last,
        "error",
        "differs from the record, which goes on with exchange 10, iam ListInstanceProfilesForRole",
    ),
    "a name more": (
        "RDS-DEL-19",
        lambda s: s.update(names=[]),
        "error",
        "differs from the record, which has no further name for: instance",
    ),
    "what was not run": (
        "RDS-INT-05",
        lambda s: without_steps(s, "not-run", "the role is not ours"),
        "not-run",
        "the role is not ours",
    ),
    "what could not begin": (
        "RDS-PER-03",
        lambda s: without_steps(s, "error", "no account could be opened"),
        "error",
        "no account could be opened",
    ),
    "what could not be cleaned up": (
        "RDS-PER-04",
        lambda s: s.update(verdict="error", reason="could not be cleaned up: a role stays"),
        "error",
        "could not be cleaned up: a role stays",
    ),
}


@pytest.fixture(scope="module")
def altered(moto_results: Results, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The run on moto, altered in as many rules as there are changes, and judged again."""
    record = copy.deepcopy(moto_results)
    for rule, change, _, _ in CHANGES.values():
        (scenario,) = (one for one in record["scenarios"] if one["rule"] == rule)
        assert scenario["verdict"] == "pass", rule
        change(scenario)
    return replayed(record, tmp_path_factory.mktemp("altered"))


def test_a_run_on_moto_is_judged_again_to_the_byte(moto_results: Results, tmp_path: Path) -> None:
    again = replayed(moto_results, tmp_path)
    assert evidence(again) == evidence(moto_results)
    for was, now in zip(moto_results["rules"], again["rules"], strict=True):
        assert [v["verdict"] for v in now["verdicts"]] == [v["verdict"] for v in was["verdicts"]]
        assert [v["known"] for v in now["verdicts"]] == [v["known"] for v in was["verdicts"]]
    assert again["exit_code"] == moto_results["exit_code"] == 0


@pytest.mark.parametrize("provider", [SLOW, "documented:edition=v14,lag=1"])
def test_a_run_that_had_to_wait_is_judged_again_to_the_byte(provider: str, tmp_path: Path) -> None:
    recorded = json.loads(slrspec("run", "--provider", provider, "--format", "json", cwd=tmp_path).stdout)
    again = replayed(recorded, tmp_path)
    assert evidence(again) == evidence(recorded)
    assert max(wait["readings"] for one in again["scenarios"] for wait in one["waits"]) > 1


def test_each_failure_is_found_again(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", FAULTS], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["differing"] == []
    assert found["failed"] >= 8


def test_a_replay_can_be_replayed_by_two_processes(moto_results: Results, tmp_path: Path) -> None:
    first = replayed(moto_results, tmp_path)
    second = replayed(first, tmp_path, "--workers", "2")
    assert evidence(second) == evidence(first)


@pytest.mark.parametrize("change", CHANGES)
def test_answers_are_judged_and_calls_that_differ_are_an_error(altered: Results, change: str) -> None:
    rule, _, verdict, reason = CHANGES[change]
    (one,) = (one for one in altered["scenarios"] if one["rule"] == rule)
    assert one["verdict"] == verdict
    assert reason in one["reason"]


def test_what_the_record_does_not_have_is_not_run(moto_results: Results, tmp_path: Path) -> None:
    record = copy.deepcopy(moto_results)
    record["scenarios"] = [one for one in record["scenarios"] if one["rule"] == "RDS-DEL-03"]
    (other,) = replayed(record, tmp_path, "--rule", "RDS-DEL-01")["scenarios"]
    assert (other["verdict"], other["reason"]) == ("not-run", "the record has no such scenario")


@pytest.mark.parametrize(
    ("provider", "rules", "verdict"),
    [("lonely", ["RDS-PER-13", "RDS-PER-14"], "error"), ("hurried", ["RDS-CRE-02", "RDS-EDT-10"], "error")],
)
def test_what_is_no_call_ends_a_scenario_as_it_did(
    tmp_path: Path, provider: str, rules: list[str], verdict: str
) -> None:
    """Neither somebody who cannot be made nor time that is up leaves an exchange, so nothing else could tell."""
    site = tmp_path / "site"
    info = site / "others-0.1.dist-info"
    info.mkdir(parents=True)
    (site / "others.py").write_text(OTHERS)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(
        "[slrspec.providers]\nlonely = others:Lonely\nhurried = others:Hurried\n"
    )
    chosen = [argument for rule in rules for argument in ("--rule", rule)]
    run = slrspec("run", "--provider", provider, *chosen, "--format", "json", cwd=tmp_path, PYTHONPATH=str(site))
    recorded = json.loads(run.stdout)
    assert verdict in {one["verdict"] for one in recorded["scenarios"]}
    assert evidence(replayed(recorded, tmp_path, *chosen)) == evidence(recorded)


def test_a_record_of_several_providers_needs_a_name(moto_results: Results, tmp_path: Path) -> None:
    record = copy.deepcopy(moto_results)
    record["providers"].append(record["providers"][0] | {"name": "other"})
    (tmp_path / "two.json").write_text(json.dumps(record))
    run = slrspec("run", "--provider", "replay:two.json", cwd=tmp_path)
    assert run.returncode == 2
    assert run.stderr == (
        "slrspec: two.json: the record is of several providers (replay:two.json#moto or replay:two.json#other)\n"
    )
    named = slrspec("run", "--provider", "replay:two.json#moto", "--rule", "RDS-DEL-03", cwd=tmp_path)
    assert named.returncode == 0, named.stderr


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        ("replay", "replay needs the results of a run (--provider replay:.slrspec/results.json)"),
        ("replay:none.json", "none.json: no results here yet (slrspec run writes them)"),
    ],
)
def test_what_cannot_be_replayed_is_one_line(tmp_path: Path, provider: str, said: str) -> None:
    run = slrspec("run", "--provider", provider, cwd=tmp_path)
    assert (run.returncode, run.stderr) == (2, f"slrspec: {said}\n")


def test_a_replay_is_not_written_over_its_record(moto_results: Results, tmp_path: Path) -> None:
    record = tmp_path / ".slrspec" / "results.json"
    record.parent.mkdir()
    record.write_text(json.dumps(moto_results))
    run = slrspec("run", "--provider", "replay:.slrspec/results.json", cwd=tmp_path)
    assert run.returncode == 2
    assert "the replay would be written over its own record" in run.stderr
    assert json.loads(record.read_text()) == moto_results


def test_the_record_says_what_was_recorded(moto_results: Results, tmp_path: Path) -> None:
    again = replayed(moto_results, tmp_path, "--rule", "RDS-DEL-03")
    (provider,) = again["providers"]
    assert provider["product"] == "moto"
    assert provider["started_by"] == f"replayed from run {moto_results['run']['id']}"
    assert provider["name"].startswith("replay:")
