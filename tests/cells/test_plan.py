"""What is run where: cells, their ids, and the shards of a document."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slrspec.cells.places import places_of
from slrspec.cells.plan import Place, Plan, contradiction, encode, make_plan, read_plan
from slrspec.cells.sharding import shard_of
from slrspec.errors import PlanError, UsageError
from slrspec.running.selection import Selection
from slrspec.spec.gherkin import read_specification
from slrspec.spec.location import features_folder
from slrspec.spec.rules import Specification
from tests.conftest import slrspec

RULES = st.from_regex(r"[A-Z]{3}-[A-Z]{3}-\d{2}", fullmatch=True)


def plan_of(specification: Specification, *places: Place, shards: int = 1, **selection: tuple[str, ...]) -> Plan:
    return make_plan([specification], Selection(**selection), places, shards=shards, version="0")


MOTO = Place("moto", "us-east-1")


@given(RULES, st.integers(1, 40))
def test_one_shard_more_moves_rules_to_it_and_nowhere_else(rule: str, shards: int) -> None:
    assert shard_of(rule, shards + 1) in {shard_of(rule, shards), shards + 1}


@given(RULES, st.integers(1, 40))
def test_a_shard_is_one_of_those_that_there_are(rule: str, shards: int) -> None:
    assert 1 <= shard_of(rule, shards) <= shards


def test_where_a_rule_falls_is_the_same_on_every_machine_and_day() -> None:
    assert [shard_of(f"RDS-DEL-{number:02}", 4) for number in range(1, 9)] == [2, 3, 3, 3, 2, 1, 1, 3]


@pytest.mark.parametrize("shards", [1, 2, 7, 84, 200])
def test_the_cells_judge_every_rule_once(specification: Specification, shards: int) -> None:
    plan = plan_of(specification, MOTO, shards=shards)
    judged = [rule.id for cell in plan.cells for rule in plan.rules_of(cell)]
    assert sorted(judged) == sorted(rule.id for rule in specification.rules)
    assert all(plan.rules_of(cell) for cell in plan.cells)


def test_only_those_scenarios_of_a_rule_are_planned_that_are_asked_for() -> None:
    catalogue = read_specification(features_folder("catalogue"))
    [document] = plan_of(catalogue, MOTO, services=("rds", "ssm")).documents
    each = next(rule for rule in document.rules if rule.id == "SLR-DEF-01")
    assert [one.id.partition("#")[2] for one in each.scenarios] == ["rds-amazonaws-com", "ssm-amazonaws-com"]


def test_a_plan_made_twice_is_the_same_to_the_byte(specification: Specification) -> None:
    assert encode(plan_of(specification, MOTO, shards=5)) == encode(plan_of(specification, MOTO, shards=5))


@pytest.mark.parametrize(
    "other", [{"shards": 6}, {"rules": ("RDS-DEL-01",)}, {"tags": ("must",)}, {"place": Place("moto", "eu-west-1")}]
)
def test_another_plan_has_another_hash(specification: Specification, other: dict[str, object]) -> None:
    wanted: dict[str, object] = {"shards": 5, "place": MOTO} | other
    changed = plan_of(specification, wanted.pop("place"), **wanted)  # type: ignore[arg-type]
    assert changed.hash != plan_of(specification, MOTO, shards=5).hash


def test_ids_are_safe_as_names_of_files_and_artefacts_and_differ(specification: Specification) -> None:
    providers = [
        "moto",
        "documented:lag=2,seed=7",
        "documented:lag-2,seed-7",
        "endpoint:http://127.0.0.1:5000",
        "MOTO",
    ]
    places = [Place(name, "us-east-1") for name in providers]
    places += [Place("aws", region, account) for region in ("a", "b") for account in ("1" * 12, "2" * 12)]
    cells = plan_of(specification, *places).cells
    assert len({cell.id for cell in cells}) == len(places)
    assert all(re.fullmatch(r"[a-z0-9._-]+", cell.id) for cell in cells)


def test_an_account_id_stands_in_no_name_that_everybody_sees(specification: Specification) -> None:
    account = "210987654321"
    for place in (Place("aws", "eu-west-1", account), Place("aws", "eu-west-1", account, "blue")):
        (cell,) = plan_of(specification, place).cells
        assert cell.account == account
        assert account not in cell.id + cell.column + cell.label


def test_a_real_account_is_not_cut_into_shards(specification: Specification) -> None:
    plan = plan_of(specification, MOTO, Place("aws", "eu-west-1", "1" * 12), shards=3)
    assert [cell.shards for cell in plan.cells] == [3, 3, 3, 1]


def test_each_account_has_one_place() -> None:
    found = places_of(["aws"], ["blue=111111111111", "222222222222"], ["eu-west-1"])
    assert [(p.account[:1], p.label, p.region) for p in found] == [
        ("1", "blue", "eu-west-1"),
        ("2", "", "eu-west-1"),
    ]
    with pytest.raises(UsageError, match="an account has one cell, in one Region, not in eu-west-1, us-east-1"):
        places_of(["aws"], ["111111111111"], ["eu-west-1", "us-east-1"])


def test_account_and_regions_come_from_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slrspec.toml").write_text(
        '[sandbox]\naccount-id = "111111111111"\nalias = "blue"\nregions = ["eu-west-1", "us-east-2"]\n'
        'role-arn = "arn:aws:iam::111111111111:role/runner"\nblocklist = ["222222222222"]\n'
    )
    monkeypatch.chdir(tmp_path)
    assert places_of(["aws"]) == [Place("aws", "eu-west-1", "111111111111", "blue")]
    assert places_of(["aws"], regions=["us-east-1"]) == [Place("aws", "us-east-1", "111111111111", "blue")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plan"], "names no sandbox account"),
        (["plan", "--shards", "2"], "--shards is for --cells"),
        (["plan", "--cells", "--calls"], "--calls is not for --cells"),
        (["plan", "--cells", "--provider", "mota"], "unknown provider 'mota'"),
        (["plan", "--cells", "--account", "111111111111"], "are for the provider aws"),
        (["plan", "--cells", "--provider", "aws"], "need --account"),
        (["plan", "--cells", "--provider", "aws", "--account", "111111111111"], "need --region"),
        (
            ["plan", "--cells", "--provider", "aws", "--account", "12", "--region", "eu-west-1"],
            "'12' is no account",
        ),
        (
            ["plan", "--cells", "--provider", "aws", "--account", "111111111111", "--region", "there"],
            "'there' is no Region",
        ),
        (
            [
                *("plan", "--cells", "--provider", "aws", "--region", "eu-west-1"),
                *("--account", "a=111111111111", "--account", "b=111111111111"),
            ],
            "given before",
        ),
        (["plan", "--cells", "--rule", "RDS-DEL-99"], "unknown rule"),
        (["plan", "--cells", "--shards", "0"], "0 is not in the range"),
        (["plan", "--cells", "--out", "/dev/null/x"], "cannot be written"),
        (["run", "--cell", "rds_moto_us-east-1"], "no plan here (slrspec plan --cells writes it)"),
        (["run", "--cells", "cells.json"], "--cells is for one cell"),
        (["run", "--cell", "x", "--rule", "RDS-DEL-01"], "--cell and --rule exclude each other"),
    ],
)
def test_what_cannot_be_planned_is_one_line(arguments: list[str], said: str, tmp_path: Path) -> None:
    run = slrspec(*arguments, cwd=tmp_path)
    assert run.returncode == 2
    assert said in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_more_cells_than_github_takes_are_refused_and_no_plan_is_left(tmp_path: Path) -> None:
    providers = [word for lag in range(1, 5) for word in ("--provider", f"documented:lag={lag}")]
    run = slrspec("plan", "--cells", *providers, "--shards", "1000", "--format", "github-matrix", cwd=tmp_path)
    assert run.returncode == 2
    assert "GitHub makes 256 jobs of a matrix at most" in run.stderr
    assert not (tmp_path / ".slrspec").exists()


def test_the_matrix_is_one_line_that_names_every_cell(tmp_path: Path) -> None:
    run = slrspec("plan", "--cells", "--shards", "3", "--format", "github-matrix", cwd=tmp_path)
    (line,) = run.stdout.splitlines()
    plan = read_plan(tmp_path / ".slrspec" / "cells.json")
    assert [entry["cell"] for entry in json.loads(line)["include"]] == [cell.id for cell in plan.cells]
    assert len(plan.cells) == 3


def test_json_is_the_plan_as_it_is_written(tmp_path: Path) -> None:
    run = slrspec("plan", "--cells", "--format", "json", cwd=tmp_path)
    assert run.stdout.encode() == (tmp_path / ".slrspec" / "cells.json").read_bytes()


def test_a_cell_is_found_by_its_id_and_by_its_number(specification: Specification) -> None:
    plan = plan_of(specification, MOTO, shards=3)
    assert plan.cell(plan.cells[2].id) == plan.cell("2") == plan.cells[2]
    for name in ("3", "-1", "moto"):
        with pytest.raises(UsageError, match="no cell"):
            plan.cell(name)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (('"shard": 1', '"shard": 2'), "do not judge each rule once"),
        (('"id": "rds_moto_us-east-1_1of2"', '"id": "../1of2"'), "is no cell of the plan's documents"),
        (('"document": "rds"', '"document": "mds"'), "is no cell of the plan's documents"),
        (('"id": "rds_moto_us-east-1_1of2"', '"id": "rds_moto_us-east-1_2of2"'), "two cells have the same id"),
        (('"cells"', '"sells"'), "not a plan of slrspec"),
    ],
)
def test_a_plan_that_somebody_edited_is_refused(
    specification: Specification, tmp_path: Path, edit: tuple[str, str], said: str
) -> None:
    plan = plan_of(specification, MOTO, shards=2)
    assert contradiction(plan) == ""
    text = encode(plan).decode()
    assert edit[0] in text
    file = tmp_path / "cells.json"
    file.write_text(text.replace(*edit, 1))
    with pytest.raises(PlanError, match=said):
        read_plan(file)
