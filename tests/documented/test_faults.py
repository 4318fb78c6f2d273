"""Every checkable rule has faults, and its own scenarios notice each of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from slrspec.documented.behaviour import DOCUMENTED
from slrspec.documented.faults import behaviour_with, faults
from slrspec.documented.refusals import REFUSALS
from slrspec.spec.gherkin import EVERY_EDITION, read_specification
from slrspec.spec.location import features_folder
from slrspec.spec.rules import Specification
from tests.conftest import ROOT, slrspec

# Together they break every rule that is seen by commands, of which each takes as long as several faults.
BY_COMMAND = (
    "deleted-like-ordinary",
    "instance-stays",
    "never-deletable",
    "succeeds-but-keeps",
    "succeeds-in-use",
)


def tried(*arguments: str, cwd: Path, aws_cli: str = "") -> dict[str, Any]:
    """What became of faults, and the command's exit code."""
    run = slrspec("faults", *arguments, "--own", "--format", "json", cwd=cwd, SLRSPEC_AWS_CLI=aws_cli)
    assert run.stdout, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found | {"code": run.returncode}


def seen_by_commands() -> set[str]:
    rules = read_specification(features_folder(), EVERY_EDITION).rules
    return {rule.id for rule in rules if rule.seen == "cli"}


def test_each_fault_is_noticed_by_its_own_rules(tmp_path: Path) -> None:
    """By all of them but those that are seen by commands, which have the next test."""
    matrix = tried("--workers", "2", cwd=tmp_path)
    assert [one["id"] for one in matrix["faults"] if one["survived"]] == []
    assert matrix["code"] == 0
    assert matrix["killed"] == matrix["total"] == len(faults())
    commands = seen_by_commands()
    untried = {one["id"]: {*one["untried"]} for one in matrix["faults"] if one["untried"]}
    assert untried == {fault.id: broken for fault in faults() if (broken := commands & {*fault.rules})}


def test_each_rule_that_is_seen_by_commands_notices_a_fault(aws_cli: str, tmp_path: Path) -> None:
    matrix = tried(*BY_COMMAND, cwd=tmp_path, aws_cli=aws_cli)
    assert [one["id"] for one in matrix["faults"] if one["survived"] or one["untried"]] == []
    assert matrix["code"] == 0
    assert matrix["killed"] == matrix["total"] == len(BY_COMMAND)
    assert seen_by_commands() <= {rule for one in matrix["faults"] for rule in one["killers"]}


def test_a_rule_that_cannot_be_run_here_is_untried_and_survives_nothing(tmp_path: Path) -> None:
    run = slrspec("faults", "--own", "available-while-deleted", "--format", "json", cwd=tmp_path)
    (found,) = json.loads(run.stdout)["faults"]
    assert (found["untried"], found["survived"], run.returncode) == (["RDS-DEL-16"], [], 0)
    assert list(found["killers"]) == ["RDS-DEL-15"]


def test_each_checkable_rule_of_every_edition_has_a_fault() -> None:
    specification = read_specification(features_folder(), EVERY_EDITION)
    broken = {rule for fault in faults() for rule in fault.rules}
    assert broken == {rule.id for rule in specification.rules if rule.scenarios}


def test_each_fault_changes_something() -> None:
    for fault in faults():
        assert fault.applied_to(DOCUMENTED) != DOCUMENTED, fault.id


def test_faults_add_up() -> None:
    both = behaviour_with(["inline-policy-added", "policy-attached", "name-from-host"])
    assert both.accepted == {"PutRolePolicy", "AttachRolePolicy"}
    assert both.role_name == "AWSServiceRoleFor{host}"


def test_each_key_of_a_refusal_is_one(specification: Specification) -> None:
    for fault in faults():
        for name in ("accepted", "written", "everywhere", "rewords", "recoded"):
            assert set(fault.changes.get(name, ())) <= set(REFUSALS), fault.id
    of_rds = {one.rule for one in REFUSALS.values() if one.rule.startswith("RDS-")}
    assert of_rds <= set(specification.by_id)


def test_the_docs_list_every_fault() -> None:
    text = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    listed = {line.split("`")[1] for line in text.splitlines() if line.startswith("| ✓ | `")}
    assert listed == {fault.id for fault in faults()}


def test_a_survivor_names_its_rule_and_exits_1(tmp_path: Path) -> None:
    """A copy of the features, in which one scenario has lost the assertion that notices the fault."""
    from slrspec.documented.faults import Fault
    from slrspec.reporting.fault_table import text
    from slrspec.running.fault_matrix import Trial

    fault = next(fault for fault in faults() if fault.id == "tag-lost")
    assert isinstance(fault, Fault)
    printed = text([Trial(fault, {}, {})], read_specification(features_folder()))
    assert "RDS-COM-09 cannot fail: nothing noticed tag-lost" in printed
    assert "1 survived" in printed


def test_a_fault_that_there_is_not_is_a_usage_error(tmp_path: Path) -> None:
    run = slrspec("faults", "tag-lots", cwd=tmp_path)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "slrspec: unknown fault 'tag-lots' (did you mean tag-lost?)\n" or "tag-lost" in run.stderr
    assert slrspec("faults", "--rule", "RDS-XXX-99", cwd=tmp_path).returncode == 2
    assert slrspec("faults", "--rule", "RDS-PER-02", cwd=tmp_path).returncode == 2
    assert slrspec("run", "--provider", "documented:tag-lots", cwd=tmp_path).returncode == 2
    assert slrspec("run", "--provider", "documented:lag=x", cwd=tmp_path).returncode == 2


def test_the_list_runs_nothing(tmp_path: Path) -> None:
    listed = json.loads(slrspec("faults", "--list", "--format", "json", cwd=tmp_path).stdout)
    assert [one["id"] for one in listed] == [fault.id for fault in faults()]
    assert slrspec("faults", "--list", cwd=tmp_path).stdout.count("breaks RDS-") == len(faults())
