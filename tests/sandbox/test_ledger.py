"""What AWS has said of each rule is entered from nights on AWS alone, and grows stale."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from slrspec.errors import LedgerError, SafetyRefusal, SlrspecError, UsageError
from slrspec.running.results import Run
from slrspec.sandbox.ledger import Entered, Entry, Ledger, encode_ledger, read_ledger, what_aws_said
from slrspec.spec.gherkin import EVERY_EDITION, read_specification
from slrspec.spec.location import features_folder
from slrspec.spec.rules import Specification
from tests.conftest import slrspec

A, B = "RDS-DEL-01", "RDS-DEL-02"
EARLY, LATE = (Entry(date(2026, 11, day), f"202611{day:02}T030000Z-abc", "2020-10-09") for day in (1, 9))
Results = dict[str, Any]


def at_night(results: Results) -> Results:
    """The results of a run on moto, written as a night on AWS would have written them."""
    results = json.loads(json.dumps(results).replace('"provider": "moto"', '"provider": "aws"'))
    results["providers"][0] |= {"name": "aws", "product": "AWS"}
    for scenario in results["scenarios"]:
        for exchange in scenario["exchanges"]:
            exchange["request_id"] = "0f1e2d3c-0000-4000-8000-000000000001"
    return results


@pytest.fixture
def night(moto_results: Results) -> Results:
    return at_night(moto_results)


def as_run(results: Results) -> Run:
    return msgspec.convert(results, Run)


def test_a_night_confirms_what_passed_as_a_whole_and_contradicts_what_failed(
    night: Results, specification: Specification
) -> None:
    said = what_aws_said(as_run(night), specification)
    verdicts = {rule["id"]: rule["verdicts"][0]["verdict"] for rule in night["rules"]}
    assert set(said.confirmed) == {rule for rule, verdict in verdicts.items() if verdict == "pass"}
    assert set(said.contradicted) == {rule for rule, verdict in verdicts.items() if verdict == "fail"}
    assert said.entry.run == night["run"]["id"]
    assert said.entry.edition == "2020-10-09"


def test_half_of_a_rule_confirms_nothing(night: Results, specification: Specification) -> None:
    tagging = [one for one in night["scenarios"] if one["rule"] == "RDS-COM-09"]
    assert len(tagging) == 2
    night["scenarios"].remove(tagging[0])
    assert "RDS-COM-09" not in what_aws_said(as_run(night), specification).confirmed


def test_errors_say_nothing(night: Results, specification: Specification) -> None:
    for scenario in night["scenarios"]:
        scenario["verdict"] = "error"
    said = what_aws_said(as_run(night), specification)
    assert (said.confirmed, said.contradicted) == ((), ())


def rehearsed(night: Results) -> None:
    night["providers"][0]["settings"]["rehearsal"] = "http://127.0.0.1:5000"


def of_another_product(night: Results) -> None:
    night["providers"][0]["product"] = "a rehearsal of AWS"


def replayed(night: Results) -> None:
    night["providers"][0]["name"] = "replay:night.json"


def on_moto(night: Results) -> None:
    night["providers"][0]["name"] = "moto"


def of_other_rules(night: Results) -> None:
    night["suite"]["digest"] = "0" * 64


def unsigned(night: Results) -> None:
    night["scenarios"][5]["exchanges"][0]["request_id"] = ""


@pytest.mark.parametrize(
    ("spoil", "kind", "said"),
    [
        (rehearsed, SafetyRefusal, "a rehearsal says nothing about AWS"),
        (of_another_product, SafetyRefusal, "a rehearsal says nothing about AWS"),
        (replayed, UsageError, "a replay confirms nothing"),
        (on_moto, UsageError, "was not on AWS"),
        (of_other_rules, UsageError, "judged other rules"),
        (unsigned, SafetyRefusal, "has no request id: nothing shows that AWS answered"),
    ],
)
def test_what_is_no_night_on_aws_is_refused(
    night: Results,
    specification: Specification,
    spoil: Callable[[Results], None],
    kind: type[SlrspecError],
    said: str,
) -> None:
    spoil(night)
    with pytest.raises(kind, match=said):
        what_aws_said(as_run(night), specification)


def test_the_last_word_counts_and_an_old_run_changes_nothing() -> None:
    ledger = Ledger().after(Entered(LATE, confirmed=(A,), contradicted=(B,)))
    assert ledger.after(Entered(EARLY, confirmed=(B,), contradicted=(A,))) == ledger
    turned = ledger.after(Entered(Entry(date(2026, 11, 20), "20261120", "x"), confirmed=(B,), contradicted=(A,)))
    standing = turned.standing(A, date(2026, 11, 21))
    assert (standing.state, standing.days, standing.before) == ("contradicted", 1, LATE)
    assert turned.standing(B, date(2026, 11, 20)).state == "confirmed"


@pytest.mark.parametrize(("day", "state"), [(date(2026, 12, 1), "confirmed"), (date(2026, 12, 2), "stale")])
def test_a_confirmation_grows_stale(day: date, state: str) -> None:
    assert Ledger(confirmed={A: EARLY}, stale_after_days=30).standing(A, day).state == state


def test_of_a_rule_for_many_services_each_scenario_stands_for_itself() -> None:
    first, second = "SLR-DEL-01/deleting#one", "SLR-DEL-01/deleting#two"
    ledger = Ledger({first: EARLY, second: LATE})
    assert ledger.standing("SLR-DEL-01", LATE.day).said == (
        f"confirmed on AWS 8 days ago, in part: 2 scenarios (run {EARLY.run}, edition of 2020-10-09)"
    )
    assert ledger.standing("SLR-DEL-01", date(2026, 12, 2)).state == "stale"
    assert ledger.standing("SLR-DEL-0", LATE.day).state == "never"
    turned = ledger.after(Entered(LATE, confirmed=(), contradicted=(first,)))
    assert turned.standing("SLR-DEL-01", LATE.day).said.startswith(
        "contradicted on AWS today, in part: deleting#one "
    )


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "confirmed.toml"
    ledger = Ledger({A: EARLY, B: LATE, f"{A}/the-name#of-it": LATE}, {B: LATE}, 14)
    file.write_text(encode_ledger(ledger))
    assert read_ledger(file) == ledger
    assert encode_ledger(read_ledger(file)) == file.read_text()


@pytest.mark.parametrize(
    "text",
    [
        "stale_after_days = 0",
        "[sworn]",
        "[confirmed]\nRDS-DEL-01 = 3",
        "[confirmed]\nRDS-DEL-01 = {day = 2026-11-01, run = 'x'}",
        "confirmed = 1",
        "=",
    ],
)
def test_a_ledger_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "confirmed.toml"
    file.write_text(text)
    with pytest.raises(LedgerError, match="confirmed.toml:"):
        read_ledger(file)


def test_the_shipped_ledger_names_rules_that_there_are(specification: Specification) -> None:
    ledger = read_ledger()
    catalogue = read_specification(features_folder("catalogue"), EVERY_EDITION)
    known = {one.id for one in catalogue.scenarios} | set(specification.by_id) | specification.other_editions
    assert set(ledger.confirmed) | set(ledger.contradicted) <= known


def test_the_command_enters_a_night_and_refuses_a_rehearsal(night: Results, tmp_path: Path) -> None:
    (tmp_path / "night.json").write_text(json.dumps(night))
    run = slrspec("confirm", "night.json", "--ledger", "confirmed.toml", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert "24 rules confirmed on AWS, 49 contradicted" in run.stdout
    assert len(read_ledger(tmp_path / "confirmed.toml").confirmed) == 24
    rehearsed(night)
    (tmp_path / "night.json").write_text(json.dumps(night))
    before = (tmp_path / "confirmed.toml").read_text()
    run = slrspec("confirm", "night.json", "--ledger", "confirmed.toml", cwd=tmp_path)
    assert run.returncode == 3
    assert "http://127.0.0.1:5000" in run.stderr
    assert (tmp_path / "confirmed.toml").read_text() == before


def test_every_expectation_says_whether_it_was_ever_confirmed(tmp_path: Path) -> None:
    rules = json.loads(slrspec("rules", "--format", "json", cwd=tmp_path).stdout)
    assert all(rule["aws"]["said"] for rule in rules)
    shown = slrspec("show", "RDS-DEL-01", cwd=tmp_path).stdout
    assert rules[0]["aws"]["state"] in {"never", "confirmed", "stale", "contradicted"}
    assert "onfirmed on AWS" in shown or "ontradicted on AWS" in shown
