"""Bad input gets one clear line, the documented exit code, and no traceback."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from slrspec.running.results import encode
from slrspec.spec.location import features_folder
from tests.conftest import slrspec
from tests.recorded.runs import a_run


def refused(*arguments: str | Path, cwd: Path, code: int = 2) -> str:
    run = slrspec(*arguments, cwd=cwd)
    assert run.returncode == code, run.stdout + run.stderr
    assert run.stderr.startswith("slrspec: ")
    assert run.stderr.count("\n") == 1, run.stderr
    assert run.stdout == ""
    return run.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--provider", "nope"], "unknown provider 'nope'"),
        (["run", "--rule", "RDS-DEL-99"], "did you mean RDS-DEL-"),
        (["run", "--tag", "creates-instanc"], "did you mean creates-instance?"),
        (["run", "--section", "edit"], "did you mean editing?"),
        (["run", "--format", "yaml"], "'yaml' is not one of"),
        (["run", "--nonsense"], "No such option"),
        (["run", "-q", "-v"], "exclude each other"),
        (["run", "--deviations", "nowhere.toml"], "nowhere.toml: cannot be read"),
        (["run", "--deviations", "x.toml", "--no-deviations"], "exclude each other"),
        (["run", "--features", "nowhere"], "no such folder"),
        (["run", "--workers", "0"], "not in the range"),
        (["run", "--provider", "moto:x"], "moto takes nothing behind the colon"),
        (["run", "--provider", "aws", "--max-usd", "nan"], "nan is no limit"),
        (["run", "--provider", "aws", "--max-usd", "inf"], "inf is no limit"),
        (["show", "RDS-XXX-01"], "unknown rule"),
        (["rules", "--section", "edit"], "did you mean editing?"),
        (["deviations", "--file", "nowhere.toml"], "cannot be read"),
        (["deviations", "--provider", "nope", "--check"], "unknown provider 'nope'"),
        (["show", "RDS-DEL-01", "--results", "nowhere.json"], "nowhere.json: no results here"),
        (["report", "--history", "nowhere"], "nowhere: no folder of runs"),
        (["run", "--tag", "nope"], "unknown tag 'nope' (known: api, "),
        (["trace", "--source", "nowhere.md"], "nowhere.md: cannot be read: No such file or directory"),
        (["new-rule", "deleting", "--statement", ""], "a rule's statement is one line"),
        (["new-rule", "deleting", "--statement", "one\ntwo"], "a rule's statement is one line"),
        (["new-rule", "deleting", "--statement", "One", "--not-run", ""], "--not-run needs a kind"),
        (["nonsense"], "No such command"),
        (["plann"], "Did you mean 'plan'?"),
        (["shwo"], "Did you mean 'show'?"),
        (["completion", "tcsh"], "'tcsh' is not one of"),
    ],
)
def test_it_is_refused_in_one_line(arguments: list[str], said: str, tmp_path: Path) -> None:
    assert said in refused(*arguments, cwd=tmp_path)


@pytest.mark.parametrize("command", [["smoke"], ["drift", "--provider"]])
def test_a_record_has_no_account_but_those_of_its_scenarios(command: list[str], tmp_path: Path) -> None:
    assert slrspec("run", "--rule", "RDS-INT-01", "--out", "out", cwd=tmp_path).returncode == 0
    said = refused(*command, "replay:out/results.json", cwd=tmp_path)
    assert "a record has no account but those of its scenarios" in said


@pytest.mark.parametrize("command", [["smoke"], ["drift", "--provider"]])
def test_a_real_account_is_for_a_run(command: list[str], tmp_path: Path) -> None:
    assert "writes to a real account" in refused(*command, "aws", cwd=tmp_path, code=3)


def test_a_document_that_nobody_has_observed_is_not_planned(tmp_path: Path) -> None:
    (tmp_path / "slrspec.toml").write_text(
        "[sandbox]\n"
        'account-id = "111122223333"\n'
        'alias = "slrspec-sandbox"\n'
        'regions = ["us-east-1"]\n'
        'role-arn = "arn:aws:iam::111122223333:role/slrspec/runner"\n'
        'blocklist = ["444455556666"]\n'
    )
    said = refused("plan", "--document", "elasticache", cwd=tmp_path)
    assert "documents that can be run on aws: rds, catalogue, questions" in said


def test_a_selection_of_nothing_has_its_own_code(tmp_path: Path) -> None:
    said = refused("run", "--section", "editing", "--tag", "creates-instance", cwd=tmp_path, code=5)
    assert "matches no rule" in said


def test_a_selection_that_nothing_can_check_ran_nothing(tmp_path: Path) -> None:
    assert slrspec("run", "--rule", "RDS-INT-04", cwd=tmp_path).returncode == 5


@pytest.mark.parametrize("out", ["a-file", "a-file/below"])
def test_an_output_folder_that_cannot_be_written_is_refused_before_anything_runs(out: str, tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("not a folder")
    assert "cannot write results" in refused("run", "--out", out, cwd=tmp_path)
    assert (tmp_path / "a-file").read_text() == "not a folder"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("      When the role's", "      Wenn the role's", "5_deleting.feature:10: not Gherkin"),
        (
            "Then the deletion fails",
            "Then the deletion flails",
            "no step is defined for 'Then' 'the deletion flails'",
        ),
        ("@RDS-DEL-02", "@RDS-DEL-01", "RDS-DEL-01 is already the id"),
        ("@needs-second-region", "@needs-luck", "unknown tag @needs-luck"),
    ],
)
def test_a_feature_that_is_no_specification_is_refused(old: str, new: str, said: str, tmp_path: Path) -> None:
    features = tmp_path / "features"
    shutil.copytree(features_folder(), features)
    file = features / "5_deleting.feature"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    assert said in refused("run", "--features", "features", cwd=tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('edition = "2020-10-09"', "edition = 3", "document.toml:5: edition has to be a text"),
        ('edition = "2020-10-09"', "edition = ", "document.toml:5: not TOML: Invalid value"),
        ('title = "Using', 'title = "\udcff', "document.toml: not UTF-8 text"),
    ],
)
def test_a_document_s_file_is_refused_with_the_line(old: str, new: str, said: str, tmp_path: Path) -> None:
    file = Path(shutil.copytree(features_folder(), tmp_path / "features")) / "document.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1), errors="surrogateescape")
    assert said in refused("rules", "--features", file.parent, cwd=tmp_path)


def test_a_folder_called_like_a_feature_is_refused(tmp_path: Path) -> None:
    features = Path(shutil.copytree(features_folder(), tmp_path / "features"))
    (features / "9_x.feature").mkdir()
    assert "9_x.feature: cannot be read: Is a directory" in refused("rules", "--features", features, cwd=tmp_path)


@pytest.mark.parametrize("table", ["providers", "sandbox"])
def test_a_table_that_is_none_is_refused_with_the_line(table: str, tmp_path: Path) -> None:
    (tmp_path / "slrspec.toml").write_text(f"\n{table} = 3\n")
    said = refused("run", "--provider", "mini", cwd=tmp_path)
    assert f"slrspec.toml:2: {table} has to be a table" in said


def test_a_file_that_ends_too_soon_is_refused_with_its_last_line(tmp_path: Path) -> None:
    (tmp_path / "slrspec.toml").write_text("\n[providers")
    assert "slrspec.toml:2: not TOML: " in refused("run", "--provider", "mini", cwd=tmp_path)


def test_a_tag_may_be_written_as_in_the_features(tmp_path: Path) -> None:
    assert slrspec("run", "-q", "--tag", "@companion", "--rule", "RDS-COM-01", cwd=tmp_path).returncode == 0


def test_a_rule_with_neither_scenario_nor_reason_is_refused(tmp_path: Path) -> None:
    features = tmp_path / "features"
    shutil.copytree(features_folder(), features)
    file = features / "3_creating.feature"
    file.write_text(file.read_text().replace("Not run (history): ", ""))
    assert "RDS-CRE-04 has no scenario" in refused("run", "--features", "features", cwd=tmp_path)


def test_a_deviation_for_a_rule_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[[deviation]]\nrule = "RDS-DEL-99"\nverdict = "fail"\nreason = "x"\nsince = 2026-01-01\nexpires = 2027-01-01\n'
    )
    assert "mine.toml:1: unknown rule 'RDS-DEL-99'" in refused("run", "--deviations", "mine.toml", cwd=tmp_path)
    assert "unknown rule" in refused("deviations", "--file", "mine.toml", cwd=tmp_path)


@pytest.mark.parametrize(("text", "place"), [("", "r.json: "), ("{}", "r.json: "), ("not JSON", "r.json:1: ")])
def test_results_that_are_none_are_refused(text: str, place: str, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(text)
    said = refused("show", "RDS-DEL-01", "--results", "r.json", cwd=tmp_path)
    assert place in said


def test_the_users_own_pytest_settings_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --nonsense\n")
    (tmp_path / "conftest.py").write_text("raise SystemExit('not yours')\n")
    run = slrspec(
        "run", "--rule", "RDS-DEL-03", cwd=tmp_path, PYTEST_ADDOPTS="--more-nonsense", PYTEST_PLUGINS="nonsense"
    )
    assert run.returncode == 0, run.stderr


LISTS = (
    ["rules"],
    ["rules", "--format", "json"],
    ["schema"],
    ["steps"],
    ["--help"],
    ["run", "--rule", "RDS-DEL-01", "--format", "json"],
)


def with_output(arguments: list[str], output: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in a shell, with standard output as the shell's redirection says."""
    line = f"{shlex.join([sys.executable, '-m', 'slrspec', *arguments])} {output}"
    return subprocess.run(line, shell=True, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", LISTS)
@pytest.mark.parametrize(
    ("output", "said"),
    [
        (">/dev/full", "No space left on device"),
        (">&-", "standard output is closed"),
        ("1</dev/null", "Bad file descriptor"),
    ],
)
def test_output_that_cannot_be_written_is_one_line(
    arguments: list[str], output: str, said: str, tmp_path: Path
) -> None:
    done = with_output(arguments, output, tmp_path)
    assert (done.returncode, done.stderr) == (2, f"slrspec: cannot write: {said}\n")


@pytest.mark.parametrize("arguments", LISTS)
def test_a_reader_that_has_ended_is_told_as_the_shell_tells_it(arguments: list[str], tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "slrspec", *arguments],
            cwd=tmp_path,
            stdout=pipe,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (141, "")


def test_what_was_wrong_has_its_code_where_nobody_can_be_told(tmp_path: Path) -> None:
    assert with_output(["rules", "--section", "nope"], "2>/dev/full", tmp_path).returncode == 2


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"suite"', None, "r.json:{0}: not a results file of slrspec: Input data was truncated"),
        ('"suite": {', '"suite" {', "r.json:{1}: not a results file of slrspec: JSON is malformed: expected ':'"),
        ('"interrupted": false', '"interrupted": 0', "r.json: not a results file of slrspec: Expected `bool`, got"),
    ],
)
def test_where_results_end_to_be_json_is_said(before: str, after: str | None, said: str, tmp_path: Path) -> None:
    whole = encode(a_run({"RDS-COM-06": {"moto": "pass"}})).decode()
    place = whole.index(before)
    line = whole.count("\n", 0, place) + 1
    (tmp_path / "r.json").write_text(whole[:place] + (whole[place:].replace(before, after, 1) if after else ""))
    for command in (
        ["show", "RDS-COM-06", "--results", "r.json"],
        ["site", "r.json"],
        ["gate", "--baseline", "r.json", "r.json"],
    ):
        assert refused(*command, cwd=tmp_path).startswith("slrspec: " + said.format(line - 1, line))
