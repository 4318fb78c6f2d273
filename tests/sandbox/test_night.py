"""Whole rehearsals: the plan that was shown is executed, the verdicts are right, the account ends as it began."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from slrspec.sandbox.journal import read_journal
from slrspec.sandbox.operations import effective, needs_of
from slrspec.sandbox.prices import InstanceKind, price
from slrspec.sandbox.timetable import EXPECTED, simulate
from slrspec.spec.gherkin import read_specification
from slrspec.spec.location import features_folder
from tests.sandbox.faulty_proxy import FAULTS, Call, FaultyProxy, Plan, proxied, until
from tests.sandbox.places import DOCUMENTED, REGIONS, Place, clean_environment, serving
from tests.sandbox.rehearsal import ALIAS, Rehearsal
from tests.sandbox.whole_account import everything

SLOW = (*DOCUMENTED, "--creating", "2", "--deleting", "2", "--pending", "2", "--lag", "1")


def rehearsal(place: Place, folder: Path, url: str = "") -> Rehearsal:
    return Rehearsal(place, folder, url or place.url)


def night(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / ".slrspec" / "night.json").read_text())
    return told


def verdicts(found: Rehearsal) -> dict[str, str]:
    return {one["scenario"]: one["verdict"] for one in found.results()["scenarios"]}


@pytest.fixture(scope="module")
def whole(documented_url: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Rehearsal, dict[str, Any]]:
    """One night of all scenarios, and what was in the account before."""
    found = rehearsal(Place(documented_url), tmp_path_factory.mktemp("night"))
    before = everything(found.place)
    run = found.run("-q")
    assert run.returncode == 0, run.stdout + run.stderr
    return found, before


def test_every_scenario_passes_where_aws_is_as_documented(whole: tuple[Rehearsal, dict[str, Any]]) -> None:
    found = {name: verdict for name, verdict in verdicts(whole[0]).items() if verdict != "pass"}
    by_command = {one.id for one in read_specification(features_folder()).scenarios if "command-line" in one.needs}
    assert found == dict.fromkeys(by_command, "not-run")


def test_the_account_ends_as_it_began(whole: tuple[Rehearsal, dict[str, Any]]) -> None:
    assert everything(whole[0].place) == whole[1]


def test_the_results_say_that_it_was_a_rehearsal(whole: tuple[Rehearsal, dict[str, Any]]) -> None:
    (provider,) = whole[0].results()["providers"]
    assert provider["product"] == "a rehearsal of AWS"
    assert provider["settings"]["rehearsal"] == whole[0].url
    assert provider["settings"]["lane"] == "full"


def test_the_plan_that_was_shown_is_the_one_that_was_executed(whole: tuple[Rehearsal, dict[str, Any]]) -> None:
    found, _ = whole
    shown = found.slrspec("plan", "--format", "json")
    plan = json.loads(shown.stdout)
    assert plan["digest"] == night(found.folder)["plan"]
    assert plan["digest"] == found.results()["providers"][0]["settings"]["plan"]
    started = {one["scenario"]: one["started"] for one in found.results()["scenarios"] if one["started"]}
    planned = [one["scenario"] for one in plan["scenarios"] if not one.get("not_run")]
    assert planned == sorted(started, key=lambda one: started[one])


def test_as_many_instances_were_created_as_planned(whole: tuple[Rehearsal, dict[str, Any]]) -> None:
    found, _ = whole
    plan = json.loads(found.slrspec("plan", "--format", "json").stdout)
    journal = read_journal(found.folder / ".slrspec" / "journal.jsonl")
    created = [one for one in journal if one.operation == "CreateDBInstance" and one.state == "ok"]
    assert len(created) == plan["instances"]


def test_instances_came_and_went_in_the_order_of_the_plan(whole: tuple[Rehearsal, dict[str, Any]]) -> None:
    """Whatever takes time is asked for in the order that the critical path was reckoned with."""
    found, _ = whole
    plan = json.loads(found.slrspec("plan", "--format", "json").stdout)
    order = [one["scenario"] for one in plan["scenarios"] if not one.get("not_run")]
    expected = simulate(order, effective({one: needs_of(one) for one in order}), EXPECTED)
    assert expected.minutes == pytest.approx(plan["minutes"], abs=0.1)
    letters = {"CreateDBInstance": "C", "DeleteDBInstance": "D"}
    journal = read_journal(found.folder / ".slrspec" / "journal.jsonl")
    assert "".join(letters.get(one.operation, "") for one in journal if one.state == "ok") == expected.events


def test_everybody_is_made_before_the_first_scenario_and_used_by_the_one_that_needs_them(
    whole: tuple[Rehearsal, dict[str, Any]],
) -> None:
    """Or more would have been made: one in place of each who did not fit."""
    found, _ = whole
    planned = json.loads(found.slrspec("plan", "--format", "json").stdout)["scenarios"]
    journal = read_journal(found.folder / ".slrspec" / "journal.jsonl")
    keys = [one.time for one in journal if one.operation == "CreateAccessKey"]
    acts = [one.time for one in journal if one.operation in {"CreateServiceLinkedRole", "CreateDBInstance"}]
    assert len(keys) == sum(one["people"] for one in planned) == 12
    assert max(keys) < min(acts)


def test_deletions_were_asked_for_before_the_scenarios_that_look_at_them(
    whole: tuple[Rehearsal, dict[str, Any]],
) -> None:
    found, _ = whole
    asked = {
        one.name: one.time
        for one in read_journal(found.folder / ".slrspec" / "journal.jsonl")
        if one.operation == "DeleteDBInstance"
    }
    begun = [one for one in found.results()["scenarios"] if one["started"] and needs_of(one["scenario"]).ahead]
    assert len(begun) == 8
    for one in begun:
        named = [
            exchange["parameters"]["DBInstanceIdentifier"]
            for exchange in one["exchanges"]
            if exchange["operation"] == "DeleteDBInstance"
        ]
        assert asked[named[-1]] < one["started"], one["scenario"]


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        ("snapshot-undecided", {"RDS-DEL-20", "RDS-DEL-21"}),
        *(
            pytest.param(fault, broken, marks=pytest.mark.long)
            for fault, broken in (
                ("snapshot-undecided-all-the-same", {"RDS-DEL-20", "RDS-DEL-21"}),
                ("protection-ignored", {"RDS-COM-11"}),
                ("protection-sticks", {"RDS-COM-11"}),
                ("snapshot-forgotten", {"RDS-DEL-18"}),
            )
        ),
    ],
)
def test_a_rule_that_is_broken_fails_though_its_calls_were_made_before_its_turn(
    fault: str, broken: set[str], tmp_path: Path
) -> None:
    with serving((*DOCUMENTED, "--fault", fault)) as url:
        found = rehearsal(Place(url), tmp_path)
        found.run("-q", *(part for rule in AHEAD for part in ("--rule", rule)))
        failed = {one["rule"]: one["verdict"] for one in found.results()["scenarios"] if one["verdict"] != "pass"}
        assert failed == dict.fromkeys(broken, "fail")


AHEAD = ("RDS-DEL-15", "RDS-DEL-18", "RDS-DEL-20", "RDS-DEL-21", "RDS-COM-11", "RDS-COM-12")


def test_every_write_has_its_outcome_in_the_journal(whole: tuple[Rehearsal, dict[str, Any]]) -> None:
    journal = read_journal(whole[0].folder / ".slrspec" / "journal.jsonl")
    assert journal
    assert [one for one in journal if not one.state] == []


def test_nobody_called_what_was_not_planned(whole: tuple[Rehearsal, dict[str, Any]]) -> None:
    assert night(whole[0].folder)["refused_by_the_guard"] == []
    for one in filter(lambda one: one["exchanges"], whole[0].results()["scenarios"]):
        called = {f"{exchange['service']}:{exchange['operation']}" for exchange in one["exchanges"]}
        assert called <= set(needs_of(one["scenario"]).operations)


def test_the_runs_own_tags_are_no_part_of_the_evidence_of_a_role(whole: tuple[Rehearsal, dict[str, Any]]) -> None:
    roles = [
        exchange["answer"]["Role"]
        for one in whole[0].results()["scenarios"]
        for exchange in one["exchanges"]
        if exchange["operation"] == "GetRole" and exchange["answer"]
    ]
    assert roles
    assert not [tag for role in roles for tag in role.get("Tags") or () if tag["Key"].startswith("slrspec-")]


def test_the_credentials_are_in_no_file(whole: tuple[Rehearsal, dict[str, Any]]) -> None:
    found, _ = whole
    secrets = [value for name, value in found.credentials.items() if name != "AWS_CREDENTIAL_EXPIRATION"]
    for file in (found.folder / ".slrspec").rglob("*"):
        if file.is_file():
            text = file.read_text(encoding="utf-8")
            assert not [one for one in secrets if one in text], file


@pytest.mark.long
def test_a_slow_account_changes_no_verdict(tmp_path: Path) -> None:
    with serving(SLOW) as url:
        found = rehearsal(Place(url), tmp_path)
        before = everything(found.place)
        run = found.run("-q")
        assert run.returncode == 0, run.stdout + run.stderr
        assert set(verdicts(found).values()) == {"pass"}
        assert everything(found.place) == before
        assert any(wait["on"] == "DescribeDBInstances" for wait in night(tmp_path)["waits"])


@pytest.mark.long
@pytest.mark.parametrize("lag", [1, 2, 3])
def test_in_no_scenario_a_read_that_lags_behind_is_a_broken_rule(
    lag: int, documented_place: Place, tmp_path: Path
) -> None:
    with proxied(documented_place.url, documented_place.account, Plan(lag=lag)) as proxy:
        found = rehearsal(documented_place, tmp_path, proxy.url)
        found.run("-q")
    told = verdicts(found)
    assert [one for one, verdict in told.items() if verdict == "fail"] == []
    assert list(told.values()).count("pass") > len(told) * 3 // 4


@pytest.mark.long
def test_stock_moto_ends_as_it_began_whatever_it_lets_happen(moto_place: Place, tmp_path: Path) -> None:
    found = rehearsal(moto_place, tmp_path)
    before = everything(found.place)
    run = found.run("-q")
    assert run.returncode == 1, run.stdout + run.stderr
    assert {"pass", "fail"} <= set(verdicts(found).values())
    assert everything(found.place) == before


# ---- a role that was there before


def test_a_role_that_was_there_is_never_touched_and_less_is_run(documented_place: Place, tmp_path: Path) -> None:
    found = rehearsal(documented_place, tmp_path)
    found.place.iam.create_service_linked_role(AWSServiceName="rds.amazonaws.com", Description="theirs")
    before = everything(found.place)
    run = found.run("-q", "--tag", "not creates-instance")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "only the free lane: the service-linked role was there before" in run.stderr
    assert set(verdicts(found).values()) == {"pass", "not-run"}
    assert everything(found.place) == before
    journal = read_journal(tmp_path / ".slrspec" / "journal.jsonl")
    writes = [one.operation for one in journal if "AWSServiceRole" in one.name and one.operation != "AssumeRole"]
    assert writes == []


def test_a_role_that_slrspec_may_delete_is_put_back_as_it_was(documented_place: Place, tmp_path: Path) -> None:
    found = rehearsal(documented_place, tmp_path)
    iam = found.place.iam
    iam.create_service_linked_role(AWSServiceName="rds.amazonaws.com", Description="ours to break")
    name = "AWSServiceRoleForRDS"
    iam.tag_role(RoleName=name, Tags=[{"Key": "slrspec-suite", "Value": "rds-slr"}, {"Key": "team", "Value": "db"}])
    run = found.run("-q", "--rule", "RDS-DEL-03", "--rule", "RDS-EDT-10", "--rule", "RDS-COM-10")
    assert run.returncode == 0, run.stdout + run.stderr
    role = iam.get_role(RoleName=name)["Role"]
    assert role["Description"] == "ours to break"
    tags = {tag["Key"]: tag["Value"] for tag in role["Tags"]}
    assert tags == {"slrspec-suite": "rds-slr", "team": "db"}


def test_what_its_owner_does_to_a_role_meanwhile_is_told_and_stays(documented_place: Place, tmp_path: Path) -> None:
    iam = documented_place.iam
    name = iam.create_service_linked_role(AWSServiceName="rds.amazonaws.com")["Role"]["RoleName"]

    def edit(proxy: FaultyProxy, call: Call, forward: Callable[[], Any]) -> Any:
        iam.update_role(RoleName=name, Description="of the team data")
        return forward()

    plan = Plan(edit, concerns=_that("ListInstanceProfiles"))  # which only a sweep calls, so no verdict is about it
    with proxied(documented_place.url, documented_place.account, plan) as proxy:
        run = rehearsal(documented_place, tmp_path, proxy.url).run("-q", "--rule", "RDS-INT-06")
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"left alone in the account: the service-linked role {name}: it is somebody else's" in run.stderr
    assert iam.get_role(RoleName=name)["Role"]["Description"] == "of the team data"
    assert documented_place.ssm.get_parameters_by_path(Path="/slrspec/lease")["Parameters"] == []


def test_a_role_that_appears_after_the_preflight_has_looked_is_never_touched(
    documented_place: Place, tmp_path: Path
) -> None:
    """Somebody's first DB instance brings it, just before the lease is taken."""

    def appear(proxy: FaultyProxy, call: Call, forward: Callable[[], Any]) -> Any:
        documented_place.iam.create_service_linked_role(AWSServiceName="rds.amazonaws.com", Description="theirs")
        before.append(everything(documented_place))
        return forward()

    before: list[Any] = []
    plan = Plan(appear, concerns=_that("GetParametersByPath"))
    with proxied(documented_place.url, documented_place.account, plan) as proxy:
        run = rehearsal(documented_place, tmp_path, proxy.url).run("-q", "--rule", "RDS-COM-10")
        assert [call.operation for call in proxy.writes] == ["PutParameter", "DeleteParameter"]
    assert run.returncode == 3, run.stdout + run.stderr
    assert "that is not slrspec's has appeared since the plan was made" in run.stderr
    assert [everything(documented_place)] == before


def test_where_others_use_rds_the_role_is_left_alone(documented_place: Place, tmp_path: Path) -> None:
    found = rehearsal(documented_place, tmp_path)
    from slrspec.steps.db_instance import SMALLEST

    found.place.rds("eu-west-1").create_db_instance(DBInstanceIdentifier="customers", **{**SMALLEST, "Tags": []})
    before = everything(found.place)
    run = found.run("-q", "--rule", "RDS-DEL-03", "--rule", "RDS-INT-06")
    assert run.returncode == 0, run.stdout + run.stderr
    assert verdicts(found) == {
        "RDS-DEL-03/nothing-relies-on-the-role": "not-run",
        "RDS-INT-06/the-account-asks-for-the-role-s-credentials": "pass",
    }
    assert everything(found.place) == before


# ---- questions


def test_questions_are_asked_and_not_judged(documented_place: Place, tmp_path: Path) -> None:
    found = rehearsal(documented_place, tmp_path)
    before = everything(found.place)
    run = found.run("-q", "--features", str(features_folder("questions")))
    assert run.returncode == 0, run.stdout + run.stderr
    assert {one["reason"] for one in found.results()["scenarios"]} == {"recorded, not judged"}
    assert everything(found.place) == before


# ---- the budget


def test_over_the_budget_nothing_is_created_and_nothing_passes(documented_place: Place, tmp_path: Path) -> None:
    found = rehearsal(documented_place, tmp_path)
    run = found.run(
        "-q", "--max-usd", "0.05", "--rule", "RDS-DEL-15", "--rule", "RDS-DEL-14", "--rule", "RDS-EDT-01"
    )
    assert run.returncode == 0, run.stdout + run.stderr
    reasons = {one["rule"]: (one["verdict"], one["reason"]) for one in found.results()["scenarios"]}
    assert reasons["RDS-EDT-01"][0] == "pass"
    assert reasons["RDS-DEL-14"] == ("not-run", "over the budget of 0.05 USD")
    assert night(tmp_path)["reserved_usd"] <= 0.05


ONE = price(InstanceKind("us-east-1"), 120) or 0.0


def created(found: Rehearsal) -> int:
    journal = read_journal(found.folder / ".slrspec" / "journal.jsonl")
    return len([one for one in journal if one.operation == "CreateDBInstance" and one.state == "ok"])


def test_an_instance_whose_creation_is_looked_at_is_reckoned_with_too(
    documented_place: Place, tmp_path: Path
) -> None:
    found = rehearsal(documented_place, tmp_path)
    limit = round(ONE * 1.05, 4)
    rules = [part for rule in ("RDS-CRE-05", "RDS-PER-16", "RDS-DEL-02") for part in ("--rule", rule)]
    run = found.run("-q", "--max-usd", str(limit), *rules)
    assert run.returncode == 0, run.stdout + run.stderr
    assert created(found) == 1
    assert night(tmp_path)["reserved_usd"] == pytest.approx(ONE, abs=0.0001)
    assert sorted(verdicts(found).values()) == ["not-run", "not-run", "pass"]


def test_a_creation_that_is_refused_costs_nothing(documented_place: Place, tmp_path: Path) -> None:
    """PER-16 asks twice: in vain at first."""
    found = rehearsal(documented_place, tmp_path)
    run = found.run("-q", "--max-usd", str(round(ONE * 1.05, 4)), "--rule", "RDS-PER-16")
    assert run.returncode == 0, run.stdout + run.stderr
    assert created(found) == 1
    assert night(tmp_path)["reserved_usd"] == pytest.approx(ONE, abs=0.0001)


# ---- an interruption


def interrupted(
    found: Rehearsal, number: signal.Signals, done: Callable[[list[dict[str, Any]]], bool], *rules: str
) -> tuple[subprocess.Popen[str], str]:
    """Interrupt a night of some rules once its instances are as they have to be; return it and what it has said."""
    command = ("run", "--provider", "aws", "--max-usd", "9", "--confirm", ALIAS, "--no-history", "-q")
    with subprocess.Popen(
        [sys.executable, "-m", "slrspec", *command, *(part for rule in rules for part in ("--rule", rule))],
        cwd=found.folder,
        env=clean_environment() | found.credentials,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert until(lambda: done(found.place.rds().describe_db_instances()["DBInstances"]), 60)
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
    return process, said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_night_asks_for_deletions_and_waits_for_none(number: signal.Signals, tmp_path: Path) -> None:
    with serving((*DOCUMENTED, "--creating", "100000", "--deleting", "100000")) as url:
        found = rehearsal(Place(url), tmp_path)
        found.configure(instance_minutes=30)
        process, said = interrupted(found, number, bool, "RDS-DEL-15")
        (instance,) = found.place.rds().describe_db_instances()["DBInstances"]
    assert process.returncode == 4, said
    assert instance["DBInstanceStatus"] == "deleting"
    assert "left in the account: " in said
    assert "Traceback" not in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_night_that_is_interrupted_in_a_scenario_has_results_and_tells_what_is_left(
    number: signal.Signals, tmp_path: Path
) -> None:
    with serving((*DOCUMENTED, "--deleting", "100000")) as url:
        found = rehearsal(Place(url), tmp_path)
        found.configure(instance_minutes=30)
        process, said = interrupted(found, number, is_waited_for, *ONE_AND_ONE)
    assert process.returncode == 4, said
    assert "left in the account: DB instance " in said
    assert "Traceback" not in said
    assert found.results()["run"]["interrupted"]
    told = {one["rule"]: one["verdict"] for one in found.results()["scenarios"]}
    assert told == {"RDS-EDT-01": "pass", "RDS-DEL-15": "not-run"}
    assert night(tmp_path)["left"]


ONE_AND_ONE = ("RDS-EDT-01", "RDS-DEL-15")


def is_waited_for(there: list[dict[str, Any]]) -> bool:
    """Tell whether the deletion was asked for, and leave time for the scenario before the one that looks at it."""
    asked = "deleting" in [one["DBInstanceStatus"] for one in there]
    time.sleep(4 if asked else 0)
    return asked


# ---- answers that are lost


LOST = ("answer lost", "500 after", "body cut, length right")
WRITES = ("CreateDBInstance", "CreateRole", "CreateServiceLinkedRole")
QUICK = {("CreateDBInstance", "answer lost"), ("CreateServiceLinkedRole", "body cut, length right")}


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        pytest.param(write, fault, marks=[] if (write, fault) in QUICK else [pytest.mark.long])
        for write in WRITES
        for fault in LOST
    ],
)
def test_a_lost_answer_is_an_error_and_is_never_sent_again(
    operation: str, fault: str, documented_place: Place, tmp_path: Path
) -> None:
    rule = {
        "CreateDBInstance": "RDS-DEL-15",
        "CreateRole": "RDS-EDT-01",
        "CreateServiceLinkedRole": "RDS-INT-01",
    }[operation]
    concerns = _that(operation)
    with proxied(documented_place.url, documented_place.account, Plan(FAULTS[fault], concerns=concerns)) as proxy:
        found = rehearsal(documented_place, tmp_path, proxy.url)
        before = everything(found.place)
        run = found.run("-q", "--rule", rule)
    assert run.returncode == 4, run.stdout + run.stderr
    (one,) = found.results()["scenarios"]
    assert one["verdict"] == "error"
    assert "read back: it had happened" in one["reason"]
    assert len([call for call in proxy.calls if call.operation == operation]) == 1
    assert everything(found.place) == before


@pytest.mark.parametrize(
    "operation",
    [
        "CreateAccessKey",
        pytest.param("CreateUser", marks=pytest.mark.long),
        pytest.param("PutUserPolicy", marks=pytest.mark.long),
    ],
)
def test_who_could_not_be_made_ahead_is_made_in_their_turn(
    operation: str, documented_place: Place, tmp_path: Path
) -> None:
    """Somebody else than before: what came of the first one nobody relies on, and it is taken away."""
    plan = Plan(FAULTS["answer lost"], concerns=_that(operation))
    with proxied(documented_place.url, documented_place.account, plan) as proxy:
        found = rehearsal(documented_place, tmp_path, proxy.url)
        before = everything(found.place)
        run = found.run("-q", "--rule", "RDS-PER-18")
    assert run.returncode == 0, run.stdout + run.stderr
    made = [call.parameters["UserName"] for call in proxy.calls if call.operation == "CreateUser"]
    assert len(made) == len(set(made)) == 2
    assert everything(found.place) == before


def _that(operation: str) -> Any:
    return lambda call: call.operation == operation


def test_a_throttled_write_was_not_done_and_is_sent_again(documented_place: Place, tmp_path: Path) -> None:
    plan = Plan(FAULTS["throttled"], times=2, concerns=_that("CreateServiceLinkedRole"))
    with proxied(documented_place.url, documented_place.account, plan) as proxy:
        found = rehearsal(documented_place, tmp_path, proxy.url)
        assert found.run("-q", "--rule", "RDS-INT-01").returncode == 0
    assert len([call for call in proxy.calls if call.operation == "CreateServiceLinkedRole"]) == 3


def test_a_read_is_tried_again(documented_place: Place, tmp_path: Path) -> None:
    plan = Plan(FAULTS["503"], times=2, concerns=_that("GetRole"))
    with proxied(documented_place.url, documented_place.account, plan) as proxy:
        found = rehearsal(documented_place, tmp_path, proxy.url)
        assert found.run("-q", "--rule", "RDS-INT-01").returncode == 0
        assert len(proxy.spoiled) == 2


def test_one_lost_answer_does_not_spoil_what_others_could_judge_by_themselves(
    documented_place: Place, tmp_path: Path
) -> None:
    plan = Plan(FAULTS["answer lost"], concerns=_that("CreateServiceLinkedRole"))
    with proxied(documented_place.url, documented_place.account, plan) as proxy:
        found = rehearsal(documented_place, tmp_path, proxy.url)
        run = found.run("-q", "--rule", "RDS-COM-10", "--rule", "RDS-INT-01", "--rule", "RDS-INT-02")
    assert run.returncode == 4, run.stdout + run.stderr
    assert sorted(verdicts(found).values()) == ["error", "pass", "pass"]
    assert len([call for call in proxy.calls if call.operation == "CreateServiceLinkedRole"]) == 2


def test_an_account_that_somebody_has_taken_over_is_not_given_back_by_us(
    documented_place: Place, tmp_path: Path
) -> None:
    """Somebody's lease with a higher number appears in the middle of the night."""

    def take_over(proxy: FaultyProxy, call: Call, forward: Callable[[], Any]) -> Any:
        answer = forward()
        value = documented_place.ssm.get_parameter(Name="/slrspec/lease/1")["Parameter"]["Value"]
        documented_place.ssm.put_parameter(Name="/slrspec/lease/2", Value=value, Type="String")
        return answer

    plan = Plan(take_over, concerns=_that("CreateServiceLinkedRole"))
    with proxied(documented_place.url, documented_place.account, plan) as proxy:
        found = rehearsal(documented_place, tmp_path, proxy.url)
        run = found.run("-q", "--rule", "RDS-INT-01")
    assert run.returncode == 4, run.stdout + run.stderr
    assert "somebody has taken over from the lease" in run.stderr
    leases = documented_place.ssm.get_parameters_by_path(Path="/slrspec/lease")["Parameters"]
    assert [lease["Name"] for lease in leases] == ["/slrspec/lease/1", "/slrspec/lease/2"]


def test_a_cell_of_the_account_is_a_night_and_one_of_another_is_refused(
    documented_url: str, tmp_path: Path
) -> None:
    found = rehearsal(Place(documented_url), tmp_path)
    before = everything(found.place)
    planned = found.slrspec("plan", "--cells", "--provider", "aws", "--rule", "RDS-EDT-01", "--format", "json")
    assert planned.returncode == 0, planned.stderr
    (first,) = (cell["id"] for cell in json.loads(planned.stdout)["cells"])
    allowed = ("--max-usd", "1", "--confirm", ALIAS, "--out", "bundles", "-q")
    run = found.slrspec("run", "--cell", first, *allowed)
    assert run.returncode == 0, run.stdout + run.stderr
    assert everything(found.place) == before
    found.configure(regions=list(reversed(REGIONS)))
    refused = found.slrspec("run", "--cell", first, *allowed)
    assert refused.returncode == 3
    assert "put it first in regions" in refused.stderr
    found.configure(account_id="000000000002", role_arn="arn:aws:iam::000000000002:role/slrspec-runner")
    refused = found.slrspec("run", "--cell", first, *allowed)
    assert refused.returncode == 3
    assert "is of another account than the sandbox" in refused.stderr
    merged = found.slrspec("merge", "bundles", "--out", "merged")
    assert merged.returncode == 0, merged.stdout + merged.stderr
    assert "1 of 1 cells merged" in merged.stdout
