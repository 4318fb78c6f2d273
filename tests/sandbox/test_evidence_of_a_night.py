"""What a night leaves is judged again, offline, to the byte; and a rehearsal confirms nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.faulty_proxy import proxied
from tests.sandbox.places import DOCUMENTED, Place, serving
from tests.sandbox.rehearsal import ANYTHING, Rehearsal

# One that shares an instance, one that makes people, one whose role is deleted, one that edits in vain.
RULES = ("RDS-DEL-01", "RDS-PER-13", "RDS-CRE-06", "RDS-EDT-01", "RDS-COM-12")


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Rehearsal, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("night")
    with serving(DOCUMENTED) as url:
        rehearsal = Rehearsal(Place(url), folder, url)
        run = rehearsal.run(*(argument for rule in RULES for argument in ("--rule", rule)))
        assert run.returncode == 0, run.stdout + run.stderr
    return rehearsal, rehearsal.results()  # the server is gone: what follows is offline


def evidence(results: dict[str, Any]) -> list[str]:
    return [json.dumps({k: v for k, v in one.items() if k != "provider"}) for one in results["scenarios"]]


def test_each_answered_call_has_its_request_id(night: tuple[Rehearsal, dict[str, Any]]) -> None:
    _, results = night
    exchanges = [exchange for scenario in results["scenarios"] for exchange in scenario["exchanges"]]
    assert len(exchanges) > 30
    assert [exchange for exchange in exchanges if not exchange["request_id"]] == []


def test_it_is_judged_again_to_the_byte(night: tuple[Rehearsal, dict[str, Any]]) -> None:
    rehearsal, results = night
    rehearsal.slrspec("run", "--provider", "replay:.slrspec/results.json", "--out", "again", "--no-history", "-q")
    again = json.loads((rehearsal.folder / "again" / "results.json").read_text())
    again["scenarios"] = [one for one in again["scenarios"] if one["rule"] in RULES]
    assert evidence(again) == evidence(results)


def test_a_rehearsal_confirms_nothing(night: tuple[Rehearsal, dict[str, Any]], tmp_path: Path) -> None:
    rehearsal, _ = night
    ledger = tmp_path / "confirmed.toml"
    run = rehearsal.slrspec("confirm", "--ledger", str(ledger))
    assert run.returncode == 3
    assert "a rehearsal says nothing about AWS" in run.stderr
    assert not ledger.exists()


def test_every_user_of_a_night_has_the_boundary(documented_place: Place, tmp_path: Path) -> None:
    """Those whom the provider makes, and those whom a step makes, which knows of no boundary."""
    policy = {"PolicyName": "people", "Path": "/slrspec/", "PolicyDocument": json.dumps(ANYTHING)}
    boundary = documented_place.iam.create_policy(**policy)["Policy"]["Arn"]
    with proxied(documented_place.url, documented_place.account) as proxy:
        rehearsal = Rehearsal(documented_place, tmp_path, proxy.url)
        rehearsal.configure(boundary=boundary)
        run = rehearsal.run("--rule", "RDS-INT-10", "--rule", "RDS-PER-13", "-q")
        assert run.returncode == 0, run.stdout + run.stderr
        made = [call.parameters for call in proxy.writes if call.operation == "CreateUser"]
    assert len(made) == 3
    assert {one["PermissionsBoundary"] for one in made} == {boundary}


def test_open_questions_are_asked_at_night_too(documented_place: Place, tmp_path: Path) -> None:
    rehearsal = Rehearsal(documented_place, tmp_path, documented_place.url)
    run = rehearsal.run("--document", "questions", "--out", ".slrspec", "-q")
    assert run.returncode == 0, run.stdout + run.stderr
    results = rehearsal.results()
    assert {one["verdict"] for one in results["scenarios"]} == {"not-run"}
    asked = [one for one in results["scenarios"] if one["reason"].startswith("recorded, not judged")]
    assert len(asked) == len(results["scenarios"])
    assert all(one["exchanges"] for one in asked)
