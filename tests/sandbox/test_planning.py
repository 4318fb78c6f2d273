"""The plan: the order, what is shared, how long it takes and what it costs."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from slrspec.sandbox.budget import Budget
from slrspec.sandbox.operations import Call, InstanceNeed, Needs, encode_operations, is_read, read_operations
from slrspec.sandbox.order import can_be_begun, in_order, starts
from slrspec.sandbox.planning import NO_BOUNDARY, Plan, digest_of, lacking, make_plan, worst_timing
from slrspec.sandbox.prices import HOURLY, InstanceKind, price
from slrspec.sandbox.settings import SandboxSettings
from slrspec.sandbox.timetable import EXPECTED, simulate
from slrspec.spec.gherkin import EVERY_EDITION, read_specification
from slrspec.spec.location import features_folder
from slrspec.spec.rules import Specification
from slrspec.steps.principal import policy_of

SETTINGS = SandboxSettings(
    account_id="111122223333",
    alias="slrspec-sandbox",
    regions=("us-east-1", "eu-west-1"),
    role_arn="arn:aws:iam::111122223333:role/slrspec-runner",
    blocklist=("000000000001",),
    file=Path("slrspec.toml"),
    boundary="arn:aws:iam::111122223333:policy/boundary",
)
INSTANCE = InstanceNeed(number=1)


NO_COMMANDS = "the provider lacks command-line"


def by_command(specification: Specification) -> set[str]:
    return {scenario.id for scenario in specification.scenarios if "command-line" in scenario.needs}


def whole(specification: Specification, lane: str = "full", settings: SandboxSettings = SETTINGS) -> Plan:
    return make_plan(settings, specification, specification.scenarios, lane)


def test_every_scenario_is_in_the_plan_once(specification: Specification) -> None:
    planned = [one.scenario for one in whole(specification).scenarios]
    assert sorted(planned) == sorted(scenario.id for scenario in specification.scenarios)


def test_every_question_is_in_its_plan_once() -> None:
    questions = read_specification(features_folder("questions"), EVERY_EDITION)
    planned = [one.scenario for one in make_plan(SETTINGS, questions, questions.scenarios).scenarios]
    assert sorted(planned) == sorted(scenario.id for scenario in questions.scenarios)


def test_on_an_account_of_our_own_everything_is_run(specification: Specification) -> None:
    assert {one.not_run for one in whole(specification).scenarios if one.not_run} == {NO_COMMANDS}
    assert {one.scenario for one in whole(specification).scenarios if one.not_run} == by_command(specification)


def test_the_plan_is_known_by_its_digest(specification: Specification) -> None:
    plan = whole(specification)
    assert plan.digest == whole(specification).digest == digest_of(plan)
    assert plan.digest != whole(specification, "free").digest
    assert (
        plan.digest != whole(specification, settings=replace(SETTINGS, regions=("us-east-1", "us-west-2"))).digest
    )
    less = msgspec.structs.replace(plan, scenarios=plan.scenarios[1:])
    assert digest_of(less) != plan.digest


def test_scenarios_follow_each_other_in_time(specification: Specification) -> None:
    for first, second in pairwise(whole(specification).run):
        assert first.begins <= first.ends <= second.begins


def test_nothing_is_started_before_a_scenario_that_must_not_find_the_role(specification: Specification) -> None:
    """Nor in it, unless it has created the instance that it looks at: then the next one's may come into being."""
    plan = whole(specification)
    needs = read_operations().scenarios
    without_role = [one for one in plan.run if needs[one.scenario].role == "absent"]
    starting = {one.rule for one in without_role if one.starts}
    assert starting == {"RDS-PER-16"}
    for one in without_role:
        events = sum(need.event for need in needs[one.scenario].instances)
        assert not one.starts or events, one.scenario


def test_instances_are_shared(specification: Specification) -> None:
    plan = whole(specification)
    uses = sum(len(read_operations().scenarios[one.scenario].instances) for one in plan.run)
    assert plan.instances < uses
    assert sum(one.shares for one in plan.run) > 0


def test_all_instances_of_the_last_block_are_started_at_once(specification: Specification) -> None:
    assert max(len(one.starts) for one in whole(specification).run) >= 8


def test_a_night_with_sharing_is_shorter_than_one_without(specification: Specification) -> None:
    order = [one.scenario for one in whole(specification).run]
    needs = read_operations().scenarios
    alone = sum(simulate([one], needs, EXPECTED).minutes for one in order)
    assert whole(specification).minutes < alone / 2


def test_the_critical_path_is_the_whole_night(specification: Specification) -> None:
    plan = whole(specification)
    clock = 0.0
    for step in plan.path:
        assert step.begins == pytest.approx(clock, abs=0.05)
        assert step.minutes > 0
        clock += step.minutes
    assert clock == pytest.approx(plan.minutes, abs=0.2)


def test_instances_that_scenarios_delete_one_after_the_other_go_at_the_same_time(
    specification: Specification,
) -> None:
    together = [step for step in whole(specification).path if step.instances > 1]
    assert [(step.what, step.alone) for step in together] == [("going", False)]
    assert together[0].instances >= 7


def test_what_comes_and_goes_by_itself_is_for_a_scenario_that_bears_no_other(specification: Specification) -> None:
    """Or the night could be shorter."""
    for step in whole(specification).path:
        assert step.what == "calls" or step.alone or step.instances > 1, step


def test_the_plan_shows_its_critical_path(specification: Specification) -> None:
    from slrspec.reporting.plan_text import path

    plan = whole(specification)
    said = "\n".join(path(plan))
    assert f"the critical path, {plan.minutes:.0f} minutes" in said
    assert "DB instances at once go: RDS-DEL-15" in said
    assert "a DB instance comes into being: RDS-PER-16, alone" in said


def test_what_follows_comes_right_behind_and_creates_nothing(specification: Specification) -> None:
    last = ""
    for one in whole(specification).run:
        if one.follows:
            assert one.follows == last, one.scenario
            assert one.creates == (), one.scenario
        else:
            last = one.scenario


def test_without_its_leader_a_scenario_goes_its_own_way(specification: Specification) -> None:
    (alone,) = [one for one in specification.scenarios if one.rule == "RDS-INT-12"]
    (planned,) = make_plan(SETTINGS, specification, [alone]).run
    assert planned.follows == ""
    assert planned.creates == ("us-east-1",)


def test_what_takes_longer_costs_more(specification: Specification) -> None:
    patient = whole(specification, settings=replace(SETTINGS, instance_minutes=60))
    plan = whole(specification)
    assert plan.usd is not None
    assert patient.usd is not None
    assert plan.minutes < plan.worst_minutes < patient.worst_minutes
    assert 0 < plan.usd < patient.usd


def test_without_a_price_there_is_no_cost(specification: Specification) -> None:
    assert whole(specification, settings=replace(SETTINGS, regions=("ap-south-2", "eu-west-1"))).usd is None


def test_the_free_lane_never_writes_to_the_role(specification: Specification) -> None:
    needs = read_operations().scenarios
    plan = whole(specification, "free")
    assert len(plan.run) >= 10
    for one in plan.run:
        assert not needs[one.scenario].writes_role, one.scenario
        assert needs[one.scenario].role_after == "kept", one.scenario
    for one in plan.scenarios:
        assert one.not_run or one in plan.run


def test_without_a_boundary_nobody_is_made_on_aws(specification: Specification) -> None:
    plan = whole(specification, settings=replace(SETTINGS, boundary=""))
    assert {one.not_run for one in plan.scenarios if one.not_run} == {NO_BOUNDARY, NO_COMMANDS}
    assert all(one.people == 0 and "iam:CreateUser" not in one.operations for one in plan.run)


def test_with_one_region_the_rules_about_two_are_not_run(specification: Specification) -> None:
    plan = whole(specification, settings=replace(SETTINGS, regions=("us-east-1",)))
    found = {one.rule for one in plan.scenarios if one.not_run not in {"", NO_COMMANDS}}
    assert found == {"RDS-DEL-02", "RDS-DEL-11"}


def test_an_instance_that_survives_is_used_again() -> None:
    looking = Needs(operations=(), role="any", instances=(INSTANCE,))
    using = Needs(operations=(), role="any", instances=(INSTANCE,), deleted=1)
    needs = {"looking": looking, "using": using, "using-too": using}
    assert len(starts(["looking", "using"], needs, [])) == 1
    assert len(starts(["using", "using-too"], needs, [])) == 2
    assert starts(["using"], needs, [INSTANCE]) == []


def test_deletions_are_begun_where_nobody_needs_an_instance_for_anything_else() -> None:
    looking = Needs(operations=(), role="any", instances=(INSTANCE,))
    call = Call(operation="DeleteDBInstance", parameters={"DBInstanceIdentifier": "slrspec-instance-1"})
    using = Needs(operations=(), role="any", instances=(INSTANCE,), deleted=1, ahead=(call,))
    without = Needs(operations=(), role="any")
    needs = {"looking": looking, "without": without, "using": using}
    assert can_be_begun(["without", "using"], needs)
    assert not can_be_begun(["looking", "without", "using"], needs)
    assert not can_be_begun(["without"], needs)


def test_while_instances_go_what_needs_none_is_run(specification: Specification) -> None:
    plan = whole(specification)
    (together,) = [step for step in plan.path if step.instances > 1]
    assert together.minutes < EXPECTED.deletion - 1


def test_who_must_not_find_the_role_comes_after_who_has_deleted_it(specification: Specification) -> None:
    """A deletion that is a scenario's own act, or that an altered role needs anyhow, costs no more time."""
    needs = read_operations().scenarios
    leading = [needs[one.scenario] for one in whole(specification).run if not one.follows]
    found = [(before.role_after, after.role) for before, after in pairwise(leading)]
    assert ("kept", "absent") not in found


def test_who_follows_leaves_the_role_to_its_leader() -> None:
    deleting = Needs(operations=(), role="present", role_after="deleted")
    following = Needs(operations=(), role="any", follows="deleting")
    without = Needs(operations=(), role="absent")
    needs = {"deleting": deleting, "following": following, "without": without}
    night = simulate(["deleting", "following", "without"], needs, EXPECTED)
    assert night.moments["following"].ends == night.moments["without"].ends


def test_people_are_waited_for_once_however_many_there_are() -> None:
    def night(number: int) -> float:
        needs = {"one": Needs(operations=(), role="any", people=tuple(map(str, range(number))))}
        return simulate(["one"], needs, EXPECTED).minutes

    assert night(2) > night(1) > night(0)
    assert night(2) - night(1) < EXPECTED.people / 4


def test_everybody_who_is_needed_has_a_policy(specification: Specification) -> None:
    """By the name that the steps have for them, which is what the file of operations knows."""
    people = {name for needs in read_operations().scenarios.values() for name in needs.people}
    assert people
    document = specification.document
    found = {name: json.dumps(policy_of(name, document, document.services[0])) for name in people}
    assert len(set(found.values())) == len(people)


def test_a_protected_one_is_no_substitute_for_another() -> None:
    protected = Needs(operations=(), role="any", instances=(InstanceNeed(number=1, protected=True),))
    assert len(starts(["one"], {"one": protected}, [INSTANCE])) == 1


def test_who_leaves_instances_intact_comes_before_who_deletes_them() -> None:
    looking = Needs(operations=(), role="any", instances=(INSTANCE,))
    using = Needs(operations=(), role="any", instances=(INSTANCE,), deleted=1)
    assert in_order([("using", using), ("looking", looking)]) == ["looking", "using"]


def test_the_worst_is_what_the_settings_wait_for() -> None:
    assert worst_timing(SETTINGS).creation == worst_timing(SETTINGS).deletion == 30


# ---- prices and the budget


def test_ten_minutes_are_paid_at_least() -> None:
    kind = InstanceKind("us-east-1")
    assert price(kind, 1) == price(kind, 10)
    assert (price(kind, 20) or 0) > (price(kind, 10) or 0)


def test_a_price_that_nobody_knows_is_none() -> None:
    assert price(InstanceKind("us-east-1", "db.r6g.16xlarge"), 10) is None
    assert price(InstanceKind("mars-north-1"), 10) is None


@pytest.mark.parametrize(("region", "size"), sorted(HOURLY))
def test_the_table_is_of_the_smallest_only(region: str, size: str) -> None:
    assert size == "db.t4g.micro"
    assert 0.01 <= HOURLY[region, size] <= 0.05


def test_the_budget_stops_before_its_limit() -> None:
    one = price(InstanceKind("us-east-1"), 120) or 0
    budget = Budget(2.5 * one, 120)
    assert [budget.reserve("us-east-1") for _ in range(4)] == [True, True, False, False]
    assert budget.reserved <= budget.limit


def test_an_unknown_price_is_never_within_the_budget() -> None:
    assert not Budget(1e9, 120).reserve("mars-north-1")


def test_no_budget_affords_nothing() -> None:
    assert not Budget(0, 120).affords(["us-east-1"])
    assert Budget(0, 120).affords([])


# ---- the operations file


def test_the_file_is_of_the_scenarios_that_there_are() -> None:
    every = [read_specification(features_folder(*named), EVERY_EDITION) for named in ((), ("questions",))]
    wanted = {scenario.id for one in every for scenario in one.scenarios} - by_command(every[0])
    catalogue = read_specification(features_folder("catalogue"), EVERY_EDITION)
    wanted |= {scenario.id for scenario in catalogue.scenarios if not lacking(scenario)}
    assert set(read_operations().scenarios) == wanted


def test_every_write_in_it_has_a_rule_of_the_guard() -> None:
    from slrspec.sandbox.guard import RULES

    named = {one for needs in read_operations().scenarios.values() for one in needs.operations}
    assert {one for one in named if not is_read(*one.split(":"))} <= set(RULES)


def test_the_file_is_fresh_at_once(tmp_path: Path) -> None:
    """At one pace; `-m long` looks at every pace."""
    from slrspec.sandbox.observing import observe

    known = read_operations().scenarios
    for one, seen in observe(["documented"]).scenarios.items():
        assert set(seen.operations) <= set(known[one].operations), one
        assert (seen.instances, seen.role) == (known[one].instances, known[one].role), one


@pytest.mark.long
def test_the_file_is_fresh_at_every_pace() -> None:
    from slrspec.sandbox.observing import observe

    assert encode_operations(observe()) == encode_operations(read_operations())
