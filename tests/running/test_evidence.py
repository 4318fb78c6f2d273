"""What a real run on moto leaves as evidence."""

from __future__ import annotations

from typing import Any

import jsonschema

from slrspec.running.results import schema
from slrspec.spec.rules import Specification
from tests.conftest import ROOT, SHARED

Results = dict[str, Any]


def test_every_rule_is_in_the_results(moto_results: Results, specification: Specification) -> None:
    assert [rule["id"] for rule in moto_results["rules"]] == [rule.id for rule in specification.rules]
    assert moto_results["run"]["complete"]


def test_the_results_keep_to_the_published_schema(moto_results: Results) -> None:
    validator = jsonschema.Draft202012Validator(schema())
    assert list(validator.iter_errors(moto_results)) == []


def test_moto_is_judged_without_error(moto_results: Results) -> None:
    (totals,) = moto_results["totals"]
    assert totals["error"] == 0
    assert totals["problems"] == 0
    assert (totals["rules"], totals["passed"], totals["not_run"]) == (90, 24, 16)


def test_no_scenario_passes_vacuously(moto_results: Results) -> None:
    passed = [s for s in moto_results["scenarios"] if s["verdict"] == "pass"]
    assert passed
    for scenario in passed:
        made = {exchange["number"] for exchange in scenario["exchanges"]}
        for step in scenario["steps"]:
            assert step["verdict"] == "pass"
            for check in step["checks"]:
                assert check["ok"]
                assert check["exchanges"]
                assert set(check["exchanges"]) <= made
        assert any(step["checks"] for step in scenario["steps"]), scenario["scenario"]


def test_every_step_that_asserts_has_looked_at_something(moto_results: Results) -> None:
    for scenario in moto_results["scenarios"]:
        asserting = False
        for step in scenario["steps"]:
            asserting = step["keyword"] == "Then" or (asserting and step["keyword"] in {"And", "But"})
            if asserting and step["verdict"] == "pass":
                assert step["checks"], f"{scenario['scenario']}: {step['text']}"


def test_each_exchange_belongs_to_one_step(moto_results: Results) -> None:
    for scenario in moto_results["scenarios"]:
        owned = [number for step in scenario["steps"] for number in step["exchanges"]]
        assert owned == [exchange["number"] for exchange in scenario["exchanges"]], scenario["scenario"]


def test_steps_after_a_failure_were_not_reached(moto_results: Results) -> None:
    for scenario in moto_results["scenarios"]:
        verdicts = [step["verdict"] for step in scenario["steps"]]
        if scenario["verdict"] in {"fail", "unsupported"}:
            stop = verdicts.index(scenario["verdict"])
            assert set(verdicts[:stop]) <= {"pass"}
            assert set(verdicts[stop + 1 :]) <= {None}


def test_a_failure_shows_expected_and_actual(moto_results: Results) -> None:
    for scenario in moto_results["scenarios"]:
        if scenario["verdict"] == "fail":
            assert scenario["reason"]


def test_what_only_a_person_could_check_is_there_as_not_run(
    moto_results: Results, specification: Specification
) -> None:
    manual = {rule.id for rule in specification.rules if rule.not_checked}
    assert len(manual) == 9
    commands = {rule.id for rule in specification.rules if rule.seen == "cli"}
    assert set(moto_results["not_verified"]) == manual | commands  # tests have no AWS CLI, but those of it


def test_settings_that_differ_from_the_products_are_in_the_results(moto_results: Results) -> None:
    (provider,) = moto_results["providers"]
    assert provider["settings"]["MOTO_EC2_LOAD_DEFAULT_AMIS"] == "false"
    assert provider["version"] == "5.2.5"


def test_no_secret_is_in_the_results(moto_results: Results) -> None:
    written = str(moto_results)
    assert "not-a-real-password" not in written
    assert "AKIA" not in written


def test_the_verdicts_are_those_of_the_forecast_but_for_the_explained_ones(moto_results: Results) -> None:
    """Section 17 of the facts forecast moto's verdicts by hand; `docs/moto.md` explains the differences."""
    facts = SHARED / "facts" / "aws-behaviour.md"
    if not facts.is_file():
        import pytest

        pytest.skip("the forecast is not here")
    explained = (ROOT / "docs" / "moto.md").read_text()
    names = [("INT", 12), ("PER", 20), ("CRE", 6), ("EDT", 11), ("DEL", 23)]
    ids = [f"RDS-{name}-{n:02}" for name, count in names for n in range(1, count + 1)]
    verdicts = {rule["id"]: rule["verdicts"][0]["verdict"] for rule in moto_results["rules"]}
    compared = 0
    for line in facts.read_text().splitlines():
        cells = [cell.strip().replace("*", "") for cell in line.strip().strip("|").split("|")]
        if cells[0][:1] == "R" and cells[0][1:].isdigit() and len(cells) > 4:
            rule = ids[int(cells[0][1:]) - 1]
            forecast = "unsupported" if cells[4] == "not implemented" else cells[4].split(" ")[0].strip("(")
            if forecast not in {"pass", "fail", "unsupported", "vacuous"}:
                assert verdicts[rule] == "not-run", rule
            elif forecast != verdicts[rule]:
                assert rule in explained or f"-{rule[-2:]}" in explained, rule
            compared += 1
    assert compared == 72
