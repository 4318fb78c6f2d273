"""Open questions are asked everywhere, and judged nowhere: what is answered is written down."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from slrspec.running.scenario_run import DEFECT, RECORDED, unjudged
from slrspec.running.verdict import Verdict
from slrspec.spec.gherkin import read_specification
from slrspec.spec.location import features_folder
from tests.conftest import slrspec

Results = dict[str, Any]
# Section 18 of the facts has as many.
QUESTIONS = 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the questions were put to moto, and to AWS as documented."""
    folder = tmp_path_factory.mktemp("questions")
    asked = [
        "run",
        "--features",
        str(features_folder("questions")),
        "--provider",
        "moto",
        "--provider",
        "documented",
    ]
    run = slrspec(*asked, "-q", cwd=folder)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


@pytest.fixture(scope="module")
def answers(folder: Path) -> Results:
    found: Results = json.loads((folder / ".slrspec" / "results.json").read_text())
    return found


def words(page: str) -> str:
    """The text of a page."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_there_are_as_many_as_the_facts_list() -> None:
    specification = read_specification(features_folder("questions"))
    assert [rule.id for rule in specification.rules] == [f"RDS-ASK-{n:02}" for n in range(1, QUESTIONS + 1)]
    assert {rule.level for rule in specification.rules} == {"records"}


def test_no_answer_is_a_pass_or_a_failure(answers: Results) -> None:
    assert {one["verdict"] for one in answers["scenarios"]} == {"not-run"}
    assert all(one["reason"].startswith(RECORDED) for one in answers["scenarios"])
    assert len(answers["not_verified"]) == QUESTIONS
    assert not answers["conformant"]


def test_what_is_answered_is_kept(answers: Results) -> None:
    for one in answers["scenarios"]:
        assert one["exchanges"], one["scenario"]
        recorded = [check for step in one["steps"] for check in step["checks"]]
        assert recorded or one["reason"] != RECORDED, one["scenario"]
        assert {check["expected"] for check in recorded} <= {"whatever it is"}
    said = {
        one["provider"]: check["actual"]
        for one in answers["scenarios"]
        if one["rule"] == "RDS-ASK-12"
        for step in one["steps"]
        for check in step["checks"]
    }
    assert said["moto"].startswith("NoSuchEntity (404)")
    assert said["moto"] != said["documented"]


def test_what_a_provider_does_not_have_is_recorded_as_far_as_it_came(answers: Results) -> None:
    (advisor,) = (
        one
        for one in answers["scenarios"]
        if one["provider"] == "moto" and one["scenario"] == "RDS-ASK-07/its-recent-activity-is-asked-for"
    )
    assert advisor["reason"].startswith(f"{RECORDED}, as far as it came: GenerateServiceLastAccessedDetails")
    assert [step["verdict"] for step in advisor["steps"]] == ["pass", "unsupported", None]


@pytest.mark.parametrize("verdict", Verdict)
def test_a_question_has_no_verdict_unless_slrspec_is_wrong(verdict: Verdict) -> None:
    assert unjudged(verdict, "why")[0] is Verdict.NOT_RUN
    assert unjudged(Verdict.ERROR, f"{DEFECT}: x") == (Verdict.ERROR, f"{DEFECT}: x")


def test_answers_are_replayed_to_the_byte(folder: Path, answers: Results) -> None:
    arguments = ["run", "--features", str(features_folder("questions")), "--out", "again", "-q", "--no-history"]
    run = slrspec(*arguments, "--provider", "replay:.slrspec/results.json#documented", cwd=folder)
    assert run.returncode == 0, run.stdout + run.stderr
    again = json.loads((folder / "again" / "results.json").read_text())
    before = [one for one in answers["scenarios"] if one["provider"] == "documented"]
    for one in (*before, *again["scenarios"]):
        one.pop("provider")
    assert json.dumps(again["scenarios"]) == json.dumps(before)


def test_the_answers_stand_on_a_page_of_the_report(folder: Path) -> None:
    run = slrspec("report", "--out", "report", cwd=folder)
    assert run.returncode == 0, run.stderr
    page, front = (words((folder / "report" / f"{name}.md").read_text()) for name in ("questions", "index"))
    for number in range(1, QUESTIONS + 1):
        assert f"RDS-ASK-{number:02}" in page
    assert "Cannot find Service Linked Role template" in page
    assert "Not asked. cannot be undone yet" in page
    assert "Open questions" in front
