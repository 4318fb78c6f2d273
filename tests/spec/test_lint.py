"""The features read as a specification should, and the lint notices where they would not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import ROOT, slrspec


@pytest.fixture
def features(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "features" / "rds", tmp_path / "features"))


def test_the_specification_has_no_finding(tmp_path: Path) -> None:
    run = slrspec("lint", cwd=tmp_path)
    assert run.returncode == 0, run.stdout
    assert run.stdout.startswith("rds, catalogue, elasticache, questions: ")
    assert run.stdout.endswith(" scenarios: no findings\n")


DAMAGES = {
    "two claims": (
        "Rule: The description can be edited\n",
        "Rule: The description can be edited. It may be long\n",
        "more than one claim",
    ),
    "a provider": (
        "Scenario: Changing the description",
        "Scenario: Changing the description on moto",
        "names moto",
    ),
    "the API": (
        "Rule: The description can be edited\n",
        "Rule: UpdateRole edits the description\n",
        "spells UpdateRole",
    ),
    "boto3's spelling": ("Scenario: Changing the description", "Scenario: With update_role", "spells update_role"),
    "ids out of order": ("@RDS-EDT-10 ", "@RDS-EDT-04 ", None),
    "a section of two kinds": ("@RDS-EDT-10 ", "@RDS-XXX-10 ", "begin alike"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_what_a_reader_would_stumble_over(name: str, features: Path, tmp_path: Path) -> None:
    old, new, said = DAMAGES[name]
    file = features / "4_editing.feature"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    run = slrspec("lint", "--features", features, cwd=tmp_path)
    if said is None:  # an id twice is no specification at all
        assert run.returncode == 2
        return
    assert run.returncode == 1
    assert said in run.stdout
    assert "4_editing.feature:" in run.stdout


def test_a_scenario_that_asserts_nothing_and_a_phrase_that_nothing_uses(features: Path, tmp_path: Path) -> None:
    file = features / "8_companions.feature"
    text = file.read_text()
    asserted = "      Then both requests are answered with the same task\n"
    assert asserted in text
    file.write_text(text.replace(asserted, ""))
    run = slrspec("lint", "--features", features, cwd=tmp_path)
    assert "RDS-COM-06: nothing is asserted" in run.stdout
    assert "no scenario uses the phrase 'then' 'both requests are answered with the same task'" in run.stdout


def test_a_new_rule_is_numbered_on_and_accepted_once_it_is_filled_in(features: Path, tmp_path: Path) -> None:
    run = slrspec("new-rule", "editing", "--statement", "It can be painted.", "--features", features, cwd=tmp_path)
    assert run.stdout.startswith("  @RDS-EDT-12 @must @api\n  Rule: It can be painted\n")
    written = slrspec(
        "new-rule",
        "editing",
        "--statement",
        "It is green",
        "--not-run",
        "colour",
        "--write",
        "--features",
        features,
        cwd=tmp_path,
    )
    assert written.returncode == 0, written.stderr
    assert "RDS-EDT-12" in slrspec("rules", "RDS-EDT-12", "--features", features, cwd=tmp_path).stdout
    assert slrspec("new-rule", "editin", "--statement", "x", "--features", features, cwd=tmp_path).returncode == 2


def test_the_catalogue_of_phrases_in_the_docs_is_that_of_the_steps(tmp_path: Path) -> None:
    catalogue = slrspec("steps", "--format", "markdown", cwd=tmp_path).stdout
    assert catalogue in (ROOT / "docs" / "phrases.md").read_text(encoding="utf-8")
