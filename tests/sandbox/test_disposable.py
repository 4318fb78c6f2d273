"""Roles with a suffix of the run's own: made and deleted where all other roles are somebody else's, and stay."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from slrspec.errors import CallRefusedByGuard
from slrspec.sandbox import disposable
from slrspec.sandbox.disposable import COMMAND, SERVICE, role_of
from slrspec.sandbox.guard import Guard
from slrspec.sandbox.journal import Intent, Journal, read_journal
from slrspec.sandbox.ledger import read_ledger
from slrspec.sandbox.names import OwnTags, name
from slrspec.sandbox.operations import read_operations
from slrspec.sandbox.planning import make_plan
from slrspec.spec.gherkin import read_specification
from slrspec.spec.location import features_folder
from tests.conftest import slrspec
from tests.sandbox.bench import Bench, their_role
from tests.sandbox.faulty_proxy import FAULTS, Call, Plan, kill_after, proxied
from tests.sandbox.matrix import SITUATIONS
from tests.sandbox.places import DOCUMENTED, REGIONS, Place, clean_environment, serving
from tests.sandbox.rehearsal import ALIAS, Rehearsal, forked
from tests.sandbox.test_planning import SETTINGS
from tests.sandbox.test_sweep import RUN, TAGS, lease_of_a_dead_run, swept
from tests.sandbox.whole_account import differences, everything, of_somebody_else

SELECTED = tuple(COMMAND.split())
OWN = name(RUN, 1)
NOTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}


# ---- the plan


def test_on_an_account_of_anybodys_all_of_them_are_run_and_create_no_instance() -> None:
    catalogue = read_specification(features_folder("catalogue"))
    plan = make_plan(SETTINGS, catalogue, catalogue.scenarios, "free")
    assert {one.scenario for one in plan.run} == {
        one for one, needs in read_operations().scenarios.items() if needs.disposable
    }
    assert {one.rule for one in plan.run} == {rule.id for rule in catalogue.rules} - {
        "SLR-CRE-01",
        "SLR-CRE-02",
        "SLR-DEF-01",
    }
    assert (plan.instances, plan.usd) == (0, 0)


def test_what_needs_a_services_one_role_is_not_run_and_says_so() -> None:
    catalogue = read_specification(features_folder("catalogue"))
    plan = make_plan(SETTINGS, catalogue, catalogue.scenarios)
    reasons = {one.scenario: one.not_run for one in plan.scenarios if one.not_run}
    assert reasons["SLR-DEL-01/deleting-s-role#ecs-amazonaws-com"] == (
        "it needs the account's one role of ecs.amazonaws.com, which slrspec leaves alone"
    )
    assert reasons["SLR-DEL-01/deleting-a-role-of-with-a-suffix#connect-amazonaws-com"] == (
        "slrspec makes no disposable role of connect.amazonaws.com"
    )


def test_the_plan_of_a_borrowed_role_says_what_else_can_be_run(tmp_path: Path, documented_url: str) -> None:
    found = Rehearsal(Place(documented_url), tmp_path, documented_url)
    shown = found.slrspec("plan", "--lane", "free")
    assert f"  {found_disposable()} more need nothing but a role of {SERVICE}" in shown.stdout
    assert f"slrspec run --provider aws {COMMAND} --max-usd 0" in shown.stdout
    assert COMMAND not in found.slrspec("plan").stdout


def found_disposable() -> int:
    return sum(needs.disposable for needs in read_operations().scenarios.values())


# ---- the guard


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("CreateServiceLinkedRole", {"AWSServiceName": SERVICE}),
        ("CreateServiceLinkedRole", {"AWSServiceName": SERVICE, "CustomSuffix": "slrspec"}),
        ("CreateServiceLinkedRole", {"AWSServiceName": SERVICE, "CustomSuffix": name("261124-eeeeee", 1)}),
        ("CreateServiceLinkedRole", {"AWSServiceName": "lexv2.amazonaws.com", "CustomSuffix": OWN}),
        ("DeleteServiceLinkedRole", {"RoleName": disposable.ROLE}),
        ("DeleteServiceLinkedRole", {"RoleName": f"{disposable.ROLE}_theirs"}),
        ("DeleteServiceLinkedRole", {"RoleName": role_of(name("261124-eeeeee", 1))}),
        ("DeleteServiceLinkedRole", {"RoleName": f"AWSServiceRoleForLexV2Bots_{OWN}"}),
        ("DeleteRole", {"RoleName": disposable.ROLE}),
        ("TagRole", {"RoleName": f"{disposable.ROLE}_theirs", "Tags": []}),
    ],
)
def test_no_role_without_the_runs_own_suffix_is_written_to(operation: str, given: dict[str, Any]) -> None:
    guard = Guard(RUN, "111122223333", REGIONS)
    with guard.permitted("a test", frozenset({f"iam:{operation}"})), pytest.raises(CallRefusedByGuard):
        guard.check("iam", operation, REGIONS[0], given)


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("CreateServiceLinkedRole", {"AWSServiceName": SERVICE, "CustomSuffix": OWN}),
        ("DeleteServiceLinkedRole", {"RoleName": role_of(OWN)}),
        ("DeleteRole", {"RoleName": role_of(OWN)}),
    ],
)
def test_the_runs_own_may_be(operation: str, given: dict[str, Any]) -> None:
    guard = Guard(RUN, "111122223333", REGIONS)
    with guard.permitted("a test", frozenset({f"iam:{operation}"})):
        guard.check("iam", operation, REGIONS[0], given)


# ---- a night in which everything else is somebody else's


@pytest.fixture(scope="module")
def night(documented_url: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Rehearsal, list[str], list[Call]]:
    place = Place(documented_url)
    of_somebody_else(place)
    their_role(place)
    with proxied(documented_url, place.account) as proxy:
        found = Rehearsal(place, tmp_path_factory.mktemp("night"), proxy.url)
        before = everything(place)
        done = found.slrspec(
            "run", "--provider", "aws", *SELECTED, "--max-usd", "0", "--confirm", ALIAS, "--no-history", "-q"
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return found, differences(before, everything(place)), proxy.writes


def results(found: Rehearsal) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((found.folder / ".slrspec" / "catalogue" / "results.json").read_text())
    return told


def test_every_rule_passes_and_costs_nothing(night: tuple[Rehearsal, list[str], list[Call]]) -> None:
    found, _, _ = night
    assert {one["verdict"] for one in results(found)["scenarios"]} == {"pass"}
    told = json.loads((found.folder / ".slrspec" / "catalogue" / "night.json").read_text())
    assert (told["lane"], told["limit_usd"], told["reserved_usd"], told["left"]) == ("free", 0, 0, [])
    assert told["refused_by_the_guard"] == []


def test_the_account_ends_as_it_began(night: tuple[Rehearsal, list[str], list[Call]]) -> None:
    assert night[1] == []


def test_only_roles_with_the_runs_suffix_were_asked_to_change(
    night: tuple[Rehearsal, list[str], list[Call]],
) -> None:
    run = json.loads((night[0].folder / ".slrspec" / "catalogue" / "night.json").read_text())["run"]
    roles = {str(call.parameters["RoleName"]) for call in night[2] if "RoleName" in call.parameters}
    assert len({role for role in roles if role.startswith(disposable.ROLE)}) == found_disposable()
    assert {role for role in roles if f"slrspec-{run}-" not in role} == set()


def test_had_it_been_aws_its_scenarios_would_be_confirmed_and_no_rule_as_a_whole(
    night: tuple[Rehearsal, list[str], list[Call]], tmp_path: Path
) -> None:
    told = results(night[0])
    told["providers"][0]["product"] = "AWS"
    del told["providers"][0]["settings"]["rehearsal"]
    for exchange in (exchange for one in told["scenarios"] for exchange in one["exchanges"]):
        exchange["request_id"] = "0f1e2d3c-0000-4000-8000-000000000001"
    (tmp_path / "night.json").write_text(json.dumps(told))
    run = slrspec("confirm", "night.json", "--ledger", "confirmed.toml", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert f"{found_disposable()} scenarios confirmed on AWS, 0 contradicted" in run.stdout
    ledger = read_ledger(tmp_path / "confirmed.toml")
    assert set(ledger.confirmed) == {one["scenario"] for one in told["scenarios"]}
    standing = ledger.standing("SLR-DEL-01", date.fromisoformat(told["run"]["started"][:10]))
    assert standing.state == "partly"
    assert "in part: deleting-a-role-of-with-a-suffix#autoscaling-amazonaws-com" in standing.said
    assert ledger.standing("SLR-CRE-01", date(2026, 11, 26)).state == "never"


def test_there_is_only_one_at_a_time(night: tuple[Rehearsal, list[str], list[Call]]) -> None:
    """Each scenario's is gone before the next makes its own."""
    made: list[str] = []
    for call in night[2]:
        if call.operation == "CreateServiceLinkedRole":
            assert made == []
            made.append(role_of(call.parameters["CustomSuffix"]))
        elif call.operation == "DeleteServiceLinkedRole":
            made.remove(call.parameters["RoleName"])
    assert made == []


# ---- killed, and swept


@pytest.fixture(scope="module")
def bench(documented_url: str, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("bench") / "machine"
    return Bench(documented_url, forked(), folder, SITUATIONS["disposable"])


@pytest.mark.parametrize(
    ("operation", "when", "journal"),
    [
        ("CreateServiceLinkedRole", "after", True),
        ("CreateServiceLinkedRole", "after", False),
        ("TagRole", "after", False),
        ("AttachRolePolicy", "before", False),
        ("DeleteServiceLinkedRole", "before", True),
    ],
)
def test_whatever_it_is_killed_at_the_sweep_leaves_nothing_and_touches_nothing_else(
    bench: Bench, operation: str, when: str, journal: bool
) -> None:
    with bench._proxied(Plan()) as proxy:
        assert bench.run().returncode == 0
    at = next(call.number for call in proxy.calls if call.operation == operation)
    row = bench.killed(at, when, journal=journal)
    assert row.met
    assert any(disposable.ROLE in change and change.endswith("is left") for change in row.dirty), row.dirty
    assert (row.unclean, row.sweeps) == ((), (0,)), row


def test_a_lost_answer_is_looked_for_under_the_very_name(bench: Bench) -> None:
    """The service has other roles, which say nothing about this one."""
    for fault, said in (("answer lost", "resolved"), ("500", "absent")):
        plan = Plan(FAULTS[fault], concerns=lambda call: call.operation == "CreateServiceLinkedRole")
        row = bench.spoiled(fault, plan)
        journal = read_journal(bench.folder / ".slrspec" / "catalogue" / "journal.jsonl")
        creation = next(one for one in journal if one.operation == "CreateServiceLinkedRole")
        assert (creation.state, row.unclean) == (said, ()), row
        assert sorted(row.verdicts.values()) == ["error", "pass"]


def test_a_role_that_is_made_without_its_suffix_fails_the_rule_and_does_not_stay(tmp_path: Path) -> None:
    with serving((*DOCUMENTED, "--fault", "suffix-left-out")) as url:
        place = Place(url)
        found = Rehearsal(place, tmp_path, url)
        before = everything(place)
        found.run("-q", *SELECTED, "--rule", "SLR-CRE-03", "--rule", "SLR-DEF-02")
        verdicts = {one["rule"]: one["verdict"] for one in results(found)["scenarios"]}
        assert verdicts == {"SLR-CRE-03": "fail", "SLR-DEF-02": "pass"}
        assert differences(before, everything(place)) == []


# ---- whose a role is


def a_role(place: Place, suffix: str, tags: list[dict[str, str]] | None = None) -> None:
    place.iam.create_service_linked_role(AWSServiceName=SERVICE, CustomSuffix=suffix)
    if tags:
        place.iam.tag_role(RoleName=role_of(suffix), Tags=tags)


def test_without_lease_and_journal_name_and_tags_are_enough(documented_place: Place) -> None:
    a_role(documented_place, OWN, TAGS.listed())
    assert swept(documented_place).gone == (f"service-linked role {role_of(OWN)} (name and tags)",)
    assert everything(documented_place) == {"aliases": []}


def test_what_a_broken_service_let_somebody_put_on_it_and_lets_nobody_take_off_goes_with_it() -> None:
    with serving((*DOCUMENTED, "--fault", "inline-policy-added")) as url:
        place = Place(url)
        a_role(place, OWN, TAGS.listed())
        place.iam.put_role_policy(RoleName=role_of(OWN), PolicyName="added", PolicyDocument=json.dumps(NOTHING))
        report = swept(place)
        assert report.gone == (f"service-linked role {role_of(OWN)} (name and tags)",)
        assert report.exit_code == 0, report
        assert everything(place) == {"aliases": []}


def test_without_them_and_without_tags_the_name_is_only_suspicious(documented_place: Place) -> None:
    a_role(documented_place, OWN)
    other = OwnTags("261124-eeeeee", 1, datetime.now(UTC) + timedelta(hours=1))
    a_role(documented_place, name(RUN, 2), other.listed())
    before = everything(documented_place)
    report = swept(documented_place)
    assert (len(report.suspicious), report.exit_code) == (2, 4)
    assert {one for one in differences(before, everything(documented_place)) if "parameter" not in one} == set()


def announced(folder: Path, suffix: str, *later: str) -> list[Intent]:
    """A journal of a run that asked for a role with a suffix, and died, or went on to write to that role."""
    file = folder / "journal.jsonl"
    with Journal(file, RUN, 1) as journal:
        given = {"service": "iam", "region": REGIONS[0]}
        journal.intend(operation="CreateServiceLinkedRole", name=suffix, **given)
        for operation in later:
            journal.intend(operation=operation, name=role_of(suffix), **given)
    return read_journal(file)


def test_one_that_was_made_without_the_suffix_is_named_and_left_alone(tmp_path: Path) -> None:
    """The run is killed just then: nothing but its journal knows, and that does not prove whose the role is."""
    with serving((*DOCUMENTED, "--fault", "suffix-left-out")) as url:
        place = Place(url)
        found = Rehearsal(place, tmp_path, url)
        plan = Plan(kill_after, concerns=lambda call: call.operation == "CreateServiceLinkedRole")
        with proxied(url, place.account, plan) as proxy:
            proxy.victim = lambda: forked().running
            found.configure(rehearsal=proxy.url)
            given = ("--provider", "aws", "--max-usd", "0", "--confirm", ALIAS, "--no-history", "-q")
            forked()(("run", *given, *SELECTED), tmp_path, clean_environment() | found.credentials, timeout=300)
        assert proxy.killed
        found.configure(rehearsal=url)
        done = found.slrspec("sweep", "--apply", "--take-over", "--confirm", ALIAS)
        assert done.returncode == 4, done.stdout + done.stderr
        assert f"service-linked role {disposable.ROLE}: a run asked for one with the suffix slrspec-" in done.stdout
        assert disposable.ROLE in str(everything(place))


@pytest.mark.parametrize("case", ["no journal", "older", "given"])
def test_somebody_elses_without_a_suffix_is_not_even_named(
    documented_place: Place, tmp_path: Path, case: str
) -> None:
    documented_place.iam.create_service_linked_role(AWSServiceName=SERVICE)
    journal = announced(tmp_path, OWN, *(["TagRole"] if case == "given" else []))
    if case == "older":
        journal = [replace(one, time=(datetime.now(UTC) + timedelta(minutes=2)).isoformat()) for one in journal]
    report = swept(documented_place, journals=[] if case == "no journal" else journal)
    assert (report.exit_code, report.suspicious) == (0, ())


def test_a_role_of_a_services_own_stays_whatever_tags_it_has(documented_place: Place) -> None:
    a_role(documented_place, "theirs", TAGS.listed())
    documented_place.iam.create_service_linked_role(AWSServiceName=SERVICE)
    documented_place.iam.tag_role(RoleName=disposable.ROLE, Tags=TAGS.listed())
    before = everything(documented_place)
    lease_of_a_dead_run(documented_place)
    swept(documented_place)
    assert differences(before, everything(documented_place)) == []
