"""Real emulators side by side: what can be judged is, and what cannot is an error with its reason."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from slrspec.commands.matrix import matrix
from slrspec.emulators import judging
from slrspec.emulators.catalogue import EMULATORS, Emulator
from slrspec.emulators.issues import issue, reproduction, write_issues
from slrspec.emulators.judging import Judged, Unjudged
from slrspec.running.results import Run
from slrspec.running.verdict import Verdict
from tests.conftest import slrspec
from tests.providers.test_endpoint import started, stopped


@pytest.fixture(scope="module")
def moto_server() -> Iterator[str]:
    process, url = started(sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p")
    yield url
    stopped(process)


def judge(emulator: Emulator, out: Path, arguments: tuple[str, ...]) -> Judged:
    judged = judging.judge(emulator, out, arguments)
    assert isinstance(judged, Judged)
    return judged


def emulator(*command: str, requirements: tuple[str, ...] = ()) -> Emulator:
    return Emulator("mine", "mine", "1.0", requirements, command)


def test_one_command_judges_a_real_server_and_feeds_the_site(tmp_path: Path) -> None:
    done = slrspec("matrix", "slrspec-serve", "--section", "deleting", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "slrspec-serve: 3 of 3 kept, 0 broken" in done.stdout
    assert len(list((tmp_path / ".slrspec" / "history").iterdir())) == 1
    site = slrspec("report", ".slrspec/matrix/slrspec-serve/results.json", cwd=tmp_path)
    assert site.returncode == 0, site.stderr


def test_what_cannot_be_installed_is_an_error_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLRSPEC_CACHE", str(tmp_path / "cache"))
    judged = judge(
        emulator("{bin}/x", requirements=("slrspec-no-such-package==1",)),
        tmp_path / "out",
        ("--rule", "RDS-INT-01"),
    )
    (rule,) = judged.run.rules
    assert rule.verdicts[0].verdict is Verdict.ERROR
    assert "cannot be installed" in rule.verdicts[0].reason
    assert not list((tmp_path / "cache" / "environments").glob("*/slrspec-complete"))


def test_what_does_not_start_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    judged = judge(
        emulator("{bin}/python", "-c", "raise SystemExit('no licence')"), tmp_path, ("--rule", "RDS-INT-01")
    )
    assert "it ended with 1 instead of listening: no licence" in judged.run.rules[0].verdicts[0].reason
    assert judged.run.exit_code == 4


def test_an_old_run_is_not_taken_for_one_that_ended_without_results(tmp_path: Path) -> None:
    first = slrspec("run", "--rule", "RDS-INT-01", "--out", "out", "--no-history", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    judged = judging.judge(emulator("{bin}/python", "-c", ""), tmp_path / "out", ("--rule", "NOPE"))
    assert isinstance(judged, Unjudged)
    assert judged.reason.startswith("the run ended with 2 and without results: unknown rule 'NOPE'")
    assert not (tmp_path / "out" / "results.json").exists()


def test_where_a_run_ends_without_results_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert slrspec("run", "--rule", "RDS-INT-01", "--out", "out", "--no-history", cwd=tmp_path).returncode == 0

    def run(line: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        if "moto-5.2.5" in line:
            return subprocess.CompletedProcess(line, -9, "", "")
        shutil.copy("out/results.json", line[line.index("--out") + 1])
        return subprocess.CompletedProcess(line, 0, "", "")

    monkeypatch.setattr(judging, "programs_of", lambda _: tmp_path)
    monkeypatch.setattr(subprocess, "run", run)
    for form, said in (
        ("text", ("moto-5.2.5: the run ended with -9 and without results", "slrspec-serve: 1 of 1 kept, 0 broken")),
        ("json", ('"reason": "the run ended with -9', '"passed": 1')),
    ):
        done = CliRunner().invoke(matrix, ["moto-5.2.5", "slrspec-serve", "--format", form])
        assert done.exit_code == 4, done.output
        for part in said:
            assert part in done.output


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (["--rule", "NOPE"], "unknown rule 'NOPE'", 2),
        (["--section", "nope"], "unknown section 'nope'", 2),
        (["--rule", "RDS-DEL-01", "--section", "editing"], "matches no rule", 5),
        (["--out", "a-file"], "cannot write results", 2),
        (["--document", "nope", "--list"], "unknown document 'nope'", 2),
    ],
)
def test_what_no_run_would_take_is_refused_before_anything_is_installed(
    arguments: list[str], said: str, code: int, tmp_path: Path
) -> None:
    (tmp_path / "a-file").write_text("not a folder")
    done = slrspec("matrix", "moto-5.2.5", *arguments, cwd=tmp_path, SLRSPEC_CACHE=str(tmp_path / "cache"))
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "cache").exists()


def test_three_runs_in_a_row_have_the_same_verdicts(tmp_path: Path) -> None:
    moto = emulator("{bin}/python", "-m", "moto.server", "-H", "127.0.0.1", "-p", "{port}")
    found = [
        {rule.id: rule.verdicts[0].verdict for rule in judge(moto, tmp_path, ("--section", "editing")).run.rules}
        for _ in range(3)
    ]
    assert found[0] == found[1] == found[2]
    assert Verdict.FAIL in found[0].values()


def test_every_listed_emulator_says_how_it_is_started(tmp_path: Path) -> None:
    told = json.loads(slrspec("matrix", "--list", "--format", "json", cwd=tmp_path).stdout)
    assert len(told) == len(EMULATORS) >= 7
    for one in EMULATORS:
        words = (*one.command, *one.environment.values())
        assert any("{port}" in word for word in words), one.name
        assert not any("0.0.0.0" in word for word in words), one.name


def test_an_unknown_name_is_one_line(tmp_path: Path) -> None:
    done = slrspec("matrix", "motto-5", cwd=tmp_path)
    assert done.returncode == 2
    assert "unknown emulator 'motto-5' (known: moto-4.2.14" in done.stderr


@pytest.fixture(scope="module")
def moto_run(moto_results: dict[str, Any]) -> Run:
    return msgspec.convert(moto_results, Run)


def failures(run: Run) -> list[Any]:
    return [s for s in run.scenarios if s.verdict is Verdict.FAIL]


def test_each_failure_has_a_text_with_what_an_issue_needs(moto_run: Run, tmp_path: Path) -> None:
    number = write_issues(moto_run, tmp_path)
    broken = {s.rule for s in failures(moto_run)}
    assert number == len(broken) == len(list(tmp_path.iterdir()))
    text = (tmp_path / "RDS-DEL-01.md").read_text()
    for part in (
        "RDS-DEL-01",
        "moto 5.2.5",
        moto_run.document.url,
        "**Expected** the deletion task: `FAILED`",
        "**Actual** `SUCCEEDED`",
        "import boto3",
        "(not reached)",
    ):
        assert part in text, part


# Each in a fork: to import boto3 and to read the services' models would take ten times as long as the calls.
EACH_SCRIPT = """
import os, runpy, sys, traceback, urllib.request
import boto3

for service in ("iam", "rds", "sts"):
    boto3.client(service, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
reset, *scripts = sys.argv[1:]
for script in scripts:
    # moto tells accounts by a header that boto3 alone does not send, so the server is emptied instead
    urllib.request.urlopen(urllib.request.Request(reset, method="POST"), timeout=10).close()
    child = os.fork()
    if not child:
        sys.stdout = open(script + ".out", "w")
        sys.argv = [script]
        try:
            runpy.run_path(script, run_name="__main__")
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        sys.stdout.close()
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(f"{script}\\n{open(script).read()}")
"""


def test_every_reproduction_runs_on_the_real_product(moto_run: Run, moto_server: str, tmp_path: Path) -> None:
    """The scripts are run as they stand, but for the port; each against an account of its own."""
    scripts: list[Path] = []
    for number, result in enumerate(failures(moto_run)):
        if any(call.principal != "administrator" for call in result.exchanges):
            continue
        scripts.append(tmp_path / f"{number}.py")
        text = "\n".join(reproduction(result))
        scripts[-1].write_text(text.replace("http://127.0.0.1:5000", moto_server))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-c", EACH_SCRIPT, f"{moto_server}/moto-api/reset", *scripts],
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(scripts) > 20
    assert [script for script in scripts if not Path(f"{script}.out").read_text().strip()] == []


def test_a_reproduction_shows_the_failure(moto_run: Run) -> None:
    result = next(s for s in failures(moto_run) if s.rule == "RDS-DEL-01")
    text = issue(moto_run, next(r for r in moto_run.rules if r.id == "RDS-DEL-01"), result)
    assert "iam.get_service_linked_role_deletion_status(DeletionTaskId=answer" in text
    assert len(list(reproduction(result))) <= 10
