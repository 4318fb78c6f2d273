"""Every rule of the catalogue has faults, and its own scenarios notice each of them."""

from __future__ import annotations

import json
from pathlib import Path

from slrspec.documented.behaviour import DOCUMENTED
from slrspec.documented.faults import faults
from slrspec.spec.gherkin import read_specification
from slrspec.spec.location import features_folder
from tests.conftest import slrspec


def test_each_rule_has_a_fault_and_each_fault_changes_something() -> None:
    specification = read_specification(features_folder("catalogue"))
    found = faults("catalogue")
    assert {rule for fault in found for rule in fault.rules} == set(specification.by_id)
    assert [fault.id for fault in found if fault.applied_to(DOCUMENTED) == DOCUMENTED] == []


def test_each_fault_is_noticed_by_its_own_rules(tmp_path: Path) -> None:
    run = slrspec("faults", "--document", "catalogue", "--own", "--workers", "2", "--format", "json", cwd=tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    matrix = json.loads(run.stdout)
    assert matrix["killed"] == matrix["total"] == len(faults("catalogue"))
    assert (tmp_path / ".slrspec" / "catalogue" / "faults.json").is_file()
