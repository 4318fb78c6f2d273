"""moto and the model side by side: the model passes every checkable rule, and each difference is a known deviation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from slrspec.spec.rules import Specification
from tests.conftest import slrspec


def test_each_difference_to_moto_is_a_known_deviation(specification: Specification, tmp_path: Path) -> None:
    run = slrspec("run", "--provider", "moto", "--provider", "documented", "--format", "json", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    results: dict[str, Any] = json.loads(run.stdout)
    assert [provider["name"] for provider in results["providers"]] == ["moto", "documented"]
    verdicts = {rule["id"]: {v["provider"]: v for v in rule["verdicts"]} for rule in results["rules"]}
    different = 0
    for rule in specification.rules:
        moto, documented = verdicts[rule.id]["moto"], verdicts[rule.id]["documented"]
        assert documented["verdict"] == ("pass" if rule.scenarios and rule.seen != "cli" else "not-run"), rule.id
        if moto["verdict"] != documented["verdict"]:
            different += 1
            assert moto["known"]["reason"], rule.id
    assert different == 50


def test_what_moto_is_stays_stock_beside_the_model(moto_results: dict[str, Any], tmp_path: Path) -> None:
    """The model is in moto only while an account of its own is open."""
    run = slrspec("run", "--provider", "documented", "--provider", "moto", "--format", "json", cwd=tmp_path)
    beside = {r["id"]: v["verdict"] for r in json.loads(run.stdout)["rules"] for v in r["verdicts"][1:]}
    alone = {r["id"]: r["verdicts"][0]["verdict"] for r in moto_results["rules"]}
    assert beside == alone
