"""What GitHub runs at night: its commands work, only one job has AWS's credentials, and what got worse is told."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.recorded.runs import a_run
from tests.sandbox.places import DOCUMENTED, Place, serving
from tests.sandbox.rehearsal import ALIAS, Rehearsal

yaml = pytest.importorskip("yaml")  # comes with MkDocs

WORKFLOWS = {name: ROOT / ".github" / "workflows" / f"{name}.yml" for name in ("nightly", "reaper")}
A = "RDS-DEL-01"

# GitHub's command line, of which only what it is asked for matters here.
GH = """#!/usr/bin/env bash
case "$1 $2" in
  "run list") echo 41 ;;
  "run download") cp -r "$BEFORE"/. "${@: -1}" ;;
  "issue list") echo "$OPEN_ISSUE" ;;
  "issue create" | "issue comment") printf '%s\\n' "$*" >> "$LOG"; cat "${@: -1}" >> "$LOG" ;;
  "pr list") echo "$OPEN_ISSUE" ;;
  "pr create") printf '%s\n' "$*" >> "$LOG" ;;
  *) echo "unknown: $*" >&2; exit 1 ;;
esac
"""


def jobs(workflow: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(WORKFLOWS[workflow].read_text(encoding="utf-8"))["jobs"]
    return found


def scripts(workflow: str, job: str) -> dict[str, str]:
    return {step.get("name", step["run"]): step["run"] for step in jobs(workflow)[job]["steps"] if "run" in step}


def in_the_shell(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub does."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTEST"))}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env=clean | {"PATH": path, "RUNNER_TEMP": str(folder / "temp"), "GITHUB_ENV": os.devnull} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_only_the_job_that_runs_has_credentials_of_aws() -> None:
    with_credentials = {
        f"{workflow}/{name}"
        for workflow in WORKFLOWS
        for name, job in jobs(workflow).items()
        if any("aws-actions" in step.get("uses", "") for step in job["steps"])
    }
    assert with_credentials == {"nightly/run", "reaper/sweep"}
    for workflow in WORKFLOWS:
        for name, job in jobs(workflow).items():
            may = job["permissions"]
            assert ("id-token" in may) == (f"{workflow}/{name}" in with_credentials or name == "publish")
            assert may.get("contents") != "write" or "id-token" not in may


def test_nothing_is_triggered_from_outside() -> None:
    for file in WORKFLOWS.values():
        text = file.read_text(encoding="utf-8")
        assert "pull_request" not in text
        assert "github.ref == 'refs/heads/main'" in text
        assert not re.search(r"uses: [^\s]+@(?![0-9a-f]{40} )", text)


def test_evidence_in_which_a_real_value_was_found_goes_nowhere() -> None:
    steps = jobs("nightly")["run"]["steps"]
    (search,) = [number for number, step in enumerate(steps) if step.get("id") == "search"]
    handed_on = [step for step in steps if "upload-artifact" in step.get("uses", "")]
    assert "slrspec site" in steps[search]["run"]
    assert [step["if"] for step in handed_on] == ["always() && steps.search.outcome == 'success'"]
    assert steps.index(handed_on[0]) > search


def test_the_session_outlasts_the_job() -> None:
    """What a job has begun it can end, and the template lets a session last so long."""
    text = WORKFLOWS["nightly"].read_text(encoding="utf-8")
    seconds = int(re.search(r'SESSION_SECONDS: "(\d+)"', text)[1])  # type: ignore[index]
    template = (ROOT / "infrastructure" / "template.yaml").read_text(encoding="utf-8")
    lasting = int(re.search(r"MaxSessionSeconds:.*?Default: (\d+)", template, re.DOTALL)[1])  # type: ignore[index]
    assert jobs("nightly")["run"]["timeout-minutes"] * 60 < seconds <= lasting


def cells(workflow: str, folder: Path, accounts: str) -> str:
    """Run the step that plans, and return what it has written for the other jobs."""
    folder.mkdir()
    output = folder / "output"
    output.touch()
    script = scripts(workflow, "cells")["Plan the cells"]
    given = {"ACCOUNTS": accounts, "REGION": "us-east-1", "GITHUB_OUTPUT": str(output)}
    done = in_the_shell(script, folder, **given)
    assert done.returncode == 0, done.stdout + done.stderr
    return output.read_text()


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_the_matrix_is_that_of_the_plan_with_an_environment_for_each_account(workflow: str, tmp_path: Path) -> None:
    said = cells(workflow, tmp_path / "two", "aws-sandbox=111122223333\naws-other=444455556666")
    assert "111122223333" not in said
    name, _, value = said.strip().partition("=")
    assert name == "matrix"
    matrix = json.loads(value)["include"]
    assert [(one["provider"], one["account"], one["region"]) for one in matrix] == [
        ("aws", "aws-sandbox", "us-east-1"),
        ("aws", "aws-other", "us-east-1"),
    ]
    assert cells(workflow, tmp_path / "none", "") == ""
    (job,) = [job for job in jobs(workflow).values() if "strategy" in job]
    assert job["needs"] == "cells"
    assert job["environment"] == "${{ matrix.account }}"
    assert job["strategy"]["matrix"] == "${{ fromJSON(needs.cells.outputs.matrix) }}"
    assert "needs.cells.outputs.matrix != ''" in job["if"]


def test_the_reaper_knows_the_words_of_a_lease_that_is_held() -> None:
    lease = (ROOT / "src" / "slrspec" / "sandbox" / "lease.py").read_text(encoding="utf-8")
    words = re.findall(r'-e "([^"]+)"', scripts("reaper", "sweep")["Sweep"])
    assert len(words) == 2
    assert all(word in lease for word in words)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The night's own commands, in a rehearsal; one section in place of all of them."""
    folder = tmp_path_factory.mktemp("nightly")
    commands = scripts("nightly", "run")
    with serving(DOCUMENTED) as url:
        rehearsal = Rehearsal(Place(url), folder, url)
        settings = (folder / "slrspec.toml").read_text()
        given = rehearsal.credentials | {
            "SLRSPEC_CONFIRM_ALIAS": ALIAS,
            "MAX_USD": "1.00",
            "SESSION_SECONDS": "9000",
        }
        for name, command in commands.items():
            if name == "Install":
                continue
            some = command.replace("run --provider aws --max", "run --provider aws --section editing --max")
            done = in_the_shell(some, folder, SETTINGS=settings, **given)
            assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
    return folder


def test_the_commands_of_the_night_work(night: Path) -> None:
    results = json.loads((night / "evidence" / "results.json").read_text())
    assert results["exit_code"] == 0
    catalogue = json.loads((night / "evidence" / "catalogue" / "results.json").read_text())
    assert {one["verdict"] for one in catalogue["scenarios"]} == {"pass"}
    assert (night / "temp" / "searched" / "index.html").is_file()


def test_the_evidence_is_judged_again_before_it_is_reported(night: Path, tmp_path: Path) -> None:
    cell = tmp_path / "nights" / "evidence-aws-sandbox"
    cell.mkdir(parents=True)
    text = (night / "evidence" / "results.json").read_text()
    (cell / "results.json").write_text(text)
    (cell / "catalogue").mkdir()
    (cell / "catalogue" / "results.json").write_bytes((night / "evidence/catalogue/results.json").read_bytes())
    script = scripts("nightly", "report")["Judge the evidence again, and confirm what AWS has said"]
    again = "\n".join(line for line in script.splitlines() if "pip install" not in line)
    again = again.replace('again "$night"\n', 'again "$night" --section editing\n')
    done = in_the_shell(again, tmp_path)
    assert done.returncode == 3, done.stdout + done.stderr  # a rehearsal is not confirmed
    assert "a rehearsal says nothing about AWS" in done.stderr
    # An answer that does not lead to the verdict in the file.
    results = json.loads(text)
    results["scenarios"][0]["verdict"] = "fail"
    (cell / "results.json").write_text(json.dumps(results))
    done = in_the_shell(again, tmp_path)
    assert done.returncode == 1
    assert "differ" in done.stdout


def test_what_ran_on_a_role_of_its_own_is_confirmed_too(night: Path, tmp_path: Path) -> None:
    catalogue = tmp_path / "nights" / "evidence-aws-sandbox" / "catalogue"
    catalogue.mkdir(parents=True)
    (catalogue / "results.json").write_bytes((night / "evidence/catalogue/results.json").read_bytes())
    script = scripts("nightly", "report")["Judge the evidence again, and confirm what AWS has said"]
    done = in_the_shell("\n".join(line for line in script.splitlines() if "pip install" not in line), tmp_path)
    assert done.returncode == 3, done.stdout + done.stderr  # a rehearsal is not confirmed
    assert "a rehearsal says nothing about AWS" in done.stderr


@pytest.fixture
def github(tmp_path: Path) -> dict[str, str]:
    """A folder with a `gh` that logs, this night's artifacts, and those of the night before."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "gh").write_text(GH)
    (tmp_path / "bin" / "gh").chmod(0o755)
    return {
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "BEFORE": str(tmp_path / "before"),
        "LOG": str(tmp_path / "log"),
        "OPEN_ISSUE": "",
    }


def told(folder: Path, github: dict[str, str], before: str, now: str) -> str:
    from slrspec.running.results import encode

    for when, verdict, day in (("before", before, 1), ("now", now, 2)):
        cell = folder / when / "evidence-aws-sandbox"
        cell.mkdir(parents=True)
        (cell / "results.json").write_bytes(encode(a_run({A: {"aws": verdict}}, day=day)))
    temporary = folder / "temporary"
    temporary.mkdir()
    script = f"bash {ROOT / 'infrastructure' / 'regressions.sh'} now"
    done = in_the_shell(script, folder, **github, TMPDIR=str(temporary))
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(temporary.iterdir()) == []
    log = Path(github["LOG"])
    return log.read_text() if log.exists() else ""


def test_a_rule_that_got_worse_becomes_an_issue(tmp_path: Path, github: dict[str, str]) -> None:
    said = told(tmp_path, github, "pass", "fail")
    assert said.startswith("issue create --title A rule got worse on AWS: aws-sandbox")
    assert A in said


def test_an_open_issue_is_added_to(tmp_path: Path, github: dict[str, str]) -> None:
    assert told(tmp_path, github | {"OPEN_ISSUE": "7"}, "pass", "fail").startswith("issue comment 7")


@pytest.mark.parametrize(
    ("before", "now"), [("pass", "pass"), ("fail", "pass"), ("fail", "fail"), ("pass", "error")]
)
def test_what_did_not_get_worse_is_no_issue(tmp_path: Path, github: dict[str, str], before: str, now: str) -> None:
    assert told(tmp_path, github, before, now) == ""


def git(folder: Path, *arguments: str) -> str:
    named = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    done = subprocess.run(["git", *named, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path, github: dict[str, str]) -> Path:
    """A checkout with a ledger in it; what is pushed to GitHub gets to a repository beside it."""
    home, hub = tmp_path / "checkout", tmp_path / "hub"
    ledger = home / LEDGER
    ledger.parent.mkdir(parents=True)
    ledger.write_text("stale_after_days = 30\n")
    git(tmp_path, "init", "--quiet", "--bare", str(hub))
    git(home, "init", "--quiet", "--initial-branch", "main")
    git(home, "add", ".")
    git(home, "commit", "--quiet", "--message", "a ledger")
    github |= {
        "GH_TOKEN": "t",
        "GITHUB_REPOSITORY": "me/slrspec",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{hub}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://x-access-token:t@github.com/me/slrspec",
    }
    return home


LEDGER = Path("src", "slrspec", "sandbox", "data", "confirmed.toml")
ENTERED = (
    'stale_after_days = 30\n\n[confirmed]\nRDS-DEL-01 = {day = 2026-11-26, run = "n", edition = "2020-10-09"}\n'
)


def proposed(repository: Path, github: dict[str, str], ledger: str) -> str:
    new = repository.parent / "new.toml"
    new.write_text(ledger)
    done = in_the_shell(f"bash {ROOT / 'infrastructure' / 'propose-ledger.sh'} {new}", repository, **github)
    assert done.returncode == 0, done.stdout + done.stderr
    log = Path(github["LOG"])
    return log.read_text() if log.exists() else ""


def test_a_ledger_with_something_new_becomes_a_pull_request(repository: Path, github: dict[str, str]) -> None:
    assert proposed(repository, github, ENTERED).startswith("pr create --head confirmations --base main")
    assert git(repository.parent / "hub", "show", f"confirmations:{LEDGER.as_posix()}") == ENTERED


def test_an_open_pull_request_only_gets_the_new_ledger(repository: Path, github: dict[str, str]) -> None:
    assert proposed(repository, github | {"OPEN_ISSUE": "8"}, ENTERED) == ""
    assert git(repository.parent / "hub", "show", f"confirmations:{LEDGER.as_posix()}") == ENTERED


def test_a_ledger_as_it_was_is_not_proposed(repository: Path, github: dict[str, str]) -> None:
    assert proposed(repository, github, "stale_after_days = 30\n") == ""
    assert git(repository.parent / "hub", "branch", "--list") == ""
