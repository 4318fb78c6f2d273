"""The shipped features are a specification of the whole page."""

from __future__ import annotations

import json

import pytest

from slrspec.spec import gherkin
from slrspec.spec.gherkin import read_specification
from slrspec.spec.grants import Grant, grants_of
from slrspec.spec.location import features_folder
from slrspec.spec.rules import Specification
from tests.conftest import SHARED

PAGE = {"INT": 12, "PER": 20, "CRE": 6, "EDT": 11, "DEL": 29}


def test_every_atomic_rule_of_the_page_has_its_block(specification: Specification) -> None:
    wanted = {f"RDS-{section}-{n:02}" for section, count in PAGE.items() for n in range(1, count + 1)}
    assert len(wanted) == 78
    assert {rule.id for rule in specification.rules if not rule.companion} == wanted


def test_the_rules_stand_in_the_order_of_their_ids_within_each_section(specification: Specification) -> None:
    for section in specification.sections:
        ids = [rule.id for rule in section.rules]
        assert ids == sorted(ids)


def test_companions_are_in_a_feature_of_their_own(specification: Specification) -> None:
    assert {rule.section for rule in specification.rules if rule.companion} == {"companions"}
    assert all(rule.id.startswith("RDS-COM-") for rule in specification.rules if rule.companion)


def test_every_rule_has_scenarios_or_says_why_not(specification: Specification) -> None:
    for rule in specification.rules:
        assert bool(rule.scenarios) != bool(rule.not_checked)
        assert (rule.seen == "manual") == bool(rule.not_checked)


def test_each_row_of_an_outline_is_a_scenario_of_its_own(specification: Specification) -> None:
    boundary = specification.by_id["RDS-EDT-06"].scenarios
    assert [scenario.name for scenario in boundary] == [
        "A permissions boundary: setting it",
        "A permissions boundary: removing it",
    ]
    assert len({scenario.id for scenario in boundary}) == 2
    assert all("<" not in step.text for scenario in boundary for step in scenario.steps)


def test_scenario_ids_are_unique(specification: Specification) -> None:
    ids = [scenario.id for scenario in specification.scenarios]
    assert len(ids) == len(set(ids))


def test_what_is_said_of_the_aws_cli_is_said_of_the_api_in_the_same_steps(specification: Specification) -> None:
    """So that a difference between the two is one of the interface, never one of the story."""
    by_api = [[s.text for s in scenario.steps] for scenario in specification.scenarios if "api" in scenario.tags]
    by_cli = [scenario for scenario in specification.scenarios if "cli" in scenario.tags]
    assert len(by_cli) == 7
    for scenario in by_cli:
        assert [step.text for step in scenario.steps] in by_api, scenario.id
        assert "command-line" in scenario.needs, scenario.id


def test_scenarios_that_make_instances_say_so(specification: Specification) -> None:
    for scenario in specification.scenarios:
        makes = any(
            "DB instance" in step.text and step.keyword in {"Given", "When", "And"} for step in scenario.steps
        )
        if makes and "create a DB instance" not in " ".join(step.text for step in scenario.steps):
            assert "creates-instance" in scenario.tags, scenario.id


def test_a_refusal_comes_with_a_positive_control(specification: Specification) -> None:
    """A scenario that ends with a refusal alone would pass for the wrong reason."""
    one_way = {"RDS-COM-01"}  # creating it the first time is what its Given does
    for scenario in specification.scenarios:
        if any(step.text.startswith("it is refused") for step in scenario.steps) and scenario.rule not in one_way:
            assert scenario.steps[-1].keyword == "But", scenario.id


def test_a_failed_deletion_is_followed_by_the_role_being_unchanged(specification: Specification) -> None:
    for scenario in specification.scenarios:
        texts = [step.text for step in scenario.steps]
        if "the deletion fails" in texts and scenario.rule != "RDS-DEL-11":
            assert texts[texts.index("the deletion fails") + 1] == "the role is unchanged", scenario.id


def test_the_tables_are_exactly_the_grants_of_the_policy_that_the_page_prints(specification: Specification) -> None:
    file = SHARED / "facts" / "policy-versions" / "v6.json"
    if not file.is_file():
        pytest.skip("the recorded policy versions are not here")
    documented = grants_of(json.loads(file.read_text())["document"])
    rows = [
        Grant(action, resource)
        for scenario in specification.scenarios
        for step in scenario.steps
        if step.text == "the permissions policy grants"
        for action, resource in step.table[1:]
    ]
    assert len(rows) == 40
    assert set(rows) == documented


def test_the_scope_rules_name_the_resources_of_the_granted_rows(specification: Specification) -> None:
    granted = {
        resource
        for scenario in specification.scenarios
        for step in scenario.steps
        if step.text == "the permissions policy grants"
        for action, resource in step.table[1:]
        if action.startswith(("logs:", "kinesis:"))
    }
    scoped = {
        row[0] for s in specification.by_id["RDS-PER-10"].scenarios for step in s.steps for row in step.table[1:]
    }
    assert scoped == granted


@pytest.mark.parametrize("document", ["rds", "catalogue"])  # one has rules without scenarios, one such a tag
def test_its_tags_are_those_of_rules_and_of_single_scenarios(document: str) -> None:
    specification = read_specification(features_folder(document))
    of_rules = {tag for rule in specification.rules for tag in rule.tags}
    of_scenarios = {tag for scenario in specification.scenarios for tag in scenario.tags}
    assert of_rules != of_scenarios
    assert specification.tags == of_rules | of_scenarios


def test_what_is_said_many_times_is_once_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as it is not put aside, to which enough other tests' features may have led."""
    monkeypatch.setattr(gherkin, "_sections", {})
    specification = read_specification(features_folder())
    texts: dict[str, set[int]] = {}
    for scenario in specification.scenarios:
        for text in (
            scenario.title,
            *(step.keyword for step in scenario.steps),
            *(step.text for step in scenario.steps),
        ):
            texts.setdefault(text, set()).add(id(text))
    assert {text: len(places) for text, places in texts.items() if len(places) > 1} == {}
    for rule in specification.rules:
        assert all(scenario.tags is rule.tags for scenario in rule.scenarios if scenario.tags == rule.tags)
