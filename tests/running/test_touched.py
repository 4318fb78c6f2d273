"""What a changed file touches: the rules that say it, or whose steps it defines, and no others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from slrspec.running.touched import importers_of, step_files, touched_rules
from slrspec.spec.gherkin import read_specification
from slrspec.spec.rules import Specification
from tests.conftest import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "features" / "rds", tmp_path / "features"))


def changed(folder: Path, old: str, new: str) -> tuple[Specification, Specification, Path]:
    before = read_specification(folder)
    file = folder / "4_editing.feature"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    return before, read_specification(folder), file


def test_a_rule_is_touched_by_its_own_words(folder: Path) -> None:
    before, now, file = changed(folder, "Scenario: Changing the description", "Scenario: Changing it")
    assert touched_rules(before, now, [file]) == ["RDS-EDT-10"]


def test_a_rule_is_not_touched_by_what_stands_above_it(folder: Path) -> None:
    before, now, file = changed(folder, "Feature:", "# a remark\n\nFeature:")
    assert touched_rules(before, now, [file]) == []


def test_a_new_rule_is_touched(folder: Path) -> None:
    new = "\n  @RDS-EDT-77 @must @manual\n  Rule: A new one\n\n    Not run (history): no reason.\n"
    before = read_specification(folder)
    file = folder / "4_editing.feature"
    file.write_text(file.read_text() + new)
    assert touched_rules(before, read_specification(folder), [file]) == ["RDS-EDT-77"]


def test_the_document_touches_every_rule(folder: Path) -> None:
    specification = read_specification(folder)
    file = folder / "document.toml"
    assert touched_rules(specification, specification, [file]) == list(specification.by_id)


def test_a_module_of_steps_touches_the_rules_that_use_it_and_its_importers(folder: Path) -> None:
    specification = read_specification(folder)
    files = {file.stem: file for file in step_files()}
    assert touched_rules(specification, specification, [files["activity"]]) == ["RDS-DEL-07"]
    assert "principal" not in importers_of({"activity"})
    assert {"db_instance", "deletion"} <= importers_of({"db_instance"})
    by_instances = touched_rules(specification, specification, [files["db_instance"]])
    assert {"RDS-DEL-15", "RDS-DEL-01"} <= set(by_instances)
    assert "RDS-EDT-01" not in by_instances
