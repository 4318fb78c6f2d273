"""A provider of somebody else's package runs side by side with moto, and says what it cannot do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, slrspec

MODULE = """
import contextlib

import slrspec
from slrspec.providers.moto import MotoProvider


class Modest(MotoProvider):
    name = "modest"

    def describe(self):
        return slrspec.Description(product="modest", version="0.1", started_by="a test")


class Broken(Modest):
    name = "broken"

    def open_account(self, scenario):
        raise ConnectionError("nobody there")


class Messy(Modest):
    name = "messy"

    @contextlib.contextmanager
    def open_account(self, scenario):
        with super().open_account(scenario) as account:
            yield account
        raise RuntimeError("something is left")


class Forgetful(MotoProvider):
    name = "forgetful"

    def __init__(self, argument=""):
        super().__init__()
        self.argument = argument

    def describe(self):
        return slrspec.Description(product="forgetful", version=self.argument, started_by="a test")


class Tidy(Modest):
    name = "tidy"

    def close(self):
        super().close()
        print("tidied up")
"""
ENTRY_POINTS = """[slrspec.providers]
modest = somebody:Modest
broken = somebody:Broken
messy = somebody:Messy
forgetful = somebody:Forgetful
tidy = somebody:Tidy
missing = somebody:Nobody
"""


@pytest.fixture
def installed(tmp_path: Path) -> str:
    """A folder on the path with a distribution in it, as an installer would leave it."""
    site = tmp_path / "site"
    info = site / "somebody-0.1.dist-info"
    info.mkdir(parents=True)
    (site / "somebody.py").write_text(MODULE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: somebody\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    return str(site)


def verdicts(results: dict[str, Any], rule: str) -> dict[str, tuple[str, str]]:
    found = next(r for r in results["rules"] if r["id"] == rule)
    return {v["provider"]: (v["verdict"], v["reason"]) for v in found["verdicts"]}


def test_two_providers_run_side_by_side(installed: str, tmp_path: Path) -> None:
    arguments = ["run", "--provider", "moto", "--provider", "modest", "--section", "deleting", "--no-deviations"]
    run = slrspec(*arguments, cwd=tmp_path, PYTHONPATH=installed)
    assert run.returncode == 1, run.stderr
    header, *rows = run.stdout.splitlines()
    assert header.split() == ["moto", "modest"]
    row = next(line for line in rows if line.startswith("RDS-DEL-01"))
    assert row.count("✗ fail") == 2
    assert max(map(len, run.stdout.splitlines()[:5])) <= 100


def test_what_a_provider_lacks_is_not_run_with_the_reason_and_before_any_call(
    installed: str, tmp_path: Path
) -> None:
    run = slrspec(
        "run",
        "--provider",
        "modest",
        "--rule",
        "RDS-PER-13",
        "--format",
        "json",
        cwd=tmp_path,
        PYTHONPATH=installed,
    )
    results = json.loads(run.stdout)
    assert verdicts(results, "RDS-PER-13") == {"modest": ("not-run", "the provider lacks iam-enforcement")}
    assert results["scenarios"][0]["exchanges"] == []
    assert run.returncode == 5


def test_a_provider_that_cannot_be_opened_is_an_error_and_no_failure(installed: str, tmp_path: Path) -> None:
    run = slrspec(
        "run",
        "--provider",
        "broken",
        "--rule",
        "RDS-DEL-03",
        "--format",
        "json",
        cwd=tmp_path,
        PYTHONPATH=installed,
    )
    assert verdicts(json.loads(run.stdout), "RDS-DEL-03") == {"broken": ("error", "nobody there")}
    assert run.returncode == 4


def test_an_account_that_cannot_be_given_back_is_reported_and_hides_no_failure(
    installed: str, tmp_path: Path
) -> None:
    arguments = ["run", "--provider", "messy", "--section", "deleting", "--tag", "not needs-second-region"]
    run = slrspec(*arguments, "--no-deviations", "--format", "json", cwd=tmp_path, PYTHONPATH=installed)
    results = json.loads(run.stdout)
    assert verdicts(results, "RDS-DEL-03")["messy"] == ("error", "could not be cleaned up: something is left")
    verdict, reason = verdicts(results, "RDS-DEL-01")["messy"]
    assert verdict == "fail"
    assert reason.startswith("the deletion task: expected FAILED")
    assert reason.endswith("could not be cleaned up: something is left")
    assert run.returncode == 1


def test_what_stands_behind_the_colon_reaches_the_provider(installed: str, tmp_path: Path) -> None:
    run = slrspec(
        "run",
        "--provider",
        "forgetful:x:1",
        "--rule",
        "RDS-DEL-03",
        "--format",
        "json",
        cwd=tmp_path,
        PYTHONPATH=installed,
    )
    results = json.loads(run.stdout)
    assert results["providers"][0]["version"] == "x:1"
    assert verdicts(results, "RDS-DEL-03") == {"forgetful:x:1": ("pass", "")}


def test_a_provider_that_is_not_where_it_should_be_is_one_line(installed: str, tmp_path: Path) -> None:
    run = slrspec("run", "--provider", "missing", cwd=tmp_path, PYTHONPATH=installed)
    assert run.returncode == 2
    assert "the provider 'missing' cannot be used" in run.stderr
    assert run.stderr.count("\n") == 1


def test_the_documented_example_installs_and_runs(tmp_path: Path) -> None:
    """As its reader would: an installer puts it on the path, and the rules are run on it."""
    example = ROOT / "examples" / "provider"
    assert len((example / "myemulator_slrspec.py").read_text().splitlines()) <= 30
    site = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", site, example],
        check=True,
        capture_output=True,
    )
    listed = slrspec("providers", cwd=tmp_path, PYTHONPATH=str(site)).stdout
    assert "myemulator: My emulator 1.0" in listed
    arguments = ["run", "--provider", "myemulator", "--section", "editing", "--no-deviations", "--format", "json"]
    results = json.loads(slrspec(*arguments, cwd=tmp_path, PYTHONPATH=str(site)).stdout)
    assert verdicts(results, "RDS-EDT-01")["myemulator"][0] == "fail"
    assert not [s for s in results["scenarios"] if s["verdict"] == "error"]


def test_who_is_only_asked_what_they_are_is_closed_too(installed: str, tmp_path: Path) -> None:
    """One may have started a server to answer, and it would stay."""
    listed = slrspec("providers", cwd=tmp_path, PYTHONPATH=installed)
    assert listed.stdout.splitlines().count("tidied up") == 1
