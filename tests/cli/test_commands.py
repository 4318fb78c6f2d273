"""The commands around a run."""

from __future__ import annotations

import ast
import json
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from slrspec import commands
from slrspec.cli import command
from slrspec.spec.rules import Specification
from tests.conftest import ROOT, slrspec


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ran")
    assert slrspec("run", "--section", "deleting", "--no-deviations", cwd=folder).returncode == 1
    return folder


def test_rules_lists_every_rule(tmp_path: Path, specification: Specification) -> None:
    listed = slrspec("rules", cwd=tmp_path).stdout
    assert all(rule.id in listed for rule in specification.rules)
    assert max(map(len, listed.splitlines())) <= 100


def test_rules_as_json_has_scenarios_or_reasons(tmp_path: Path) -> None:
    rules = json.loads(slrspec("rules", "--format", "json", cwd=tmp_path).stdout)
    assert all(bool(rule["scenarios"]) != bool(rule["not_checked"]) for rule in rules)


def test_a_named_rule_is_shown_as_gherkin(tmp_path: Path) -> None:
    shown = slrspec("rules", "RDS-PER-06", cwd=tmp_path).stdout
    assert "Then the permissions policy grants" in shown
    assert "| sns:Publish | *        |" in shown


def test_show_has_verdicts_checks_and_exchanges(ran: Path) -> None:
    shown = slrspec("show", "rds-del-01", cwd=ran).stdout
    assert "moto: ✗ fail" in shown
    assert "call 1: CreateDBInstance in us-east-1" in shown
    assert "expected FAILED" in shown
    assert "[not reached]" in shown
    assert "call 1:" not in slrspec("show", "RDS-DEL-01", "--no-exchanges", cwd=ran).stdout


def test_show_as_json(ran: Path) -> None:
    shown = json.loads(slrspec("show", "RDS-DEL-01", "--format", "json", cwd=ran).stdout)
    assert shown["verdicts"][0]["verdict"] == "fail"
    assert shown["results"][0]["exchanges"]


def test_show_without_results_says_how_to_get_them(tmp_path: Path) -> None:
    run = slrspec("show", "RDS-DEL-01", cwd=tmp_path)
    assert run.returncode == 0
    assert "slrspec run --rule RDS-DEL-01" in run.stdout


def test_every_phrase_is_used(tmp_path: Path) -> None:
    listed = slrspec("steps", cwd=tmp_path).stdout
    assert "the service-linked role" in listed
    assert "unused" not in listed


def test_deviations_are_listed_and_checked(tmp_path: Path) -> None:
    run = slrspec("deviations", "--check", cwd=tmp_path)
    assert run.returncode == 0
    assert "RDS-DEL-01  fail" in run.stdout


def test_an_expired_deviation_fails_the_check(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        '[[deviation]]\nrule = "RDS-DEL-01"\nverdict = "fail"\nreason = "x"\nsince = 2020-01-01\nexpires = 2020-02-01\n'
    )
    run = slrspec("deviations", "--check", "--file", "mine.toml", cwd=tmp_path)
    assert run.returncode == 1
    assert "EXPIRED" in run.stdout


def test_drafts_are_refused_until_completed(ran: Path) -> None:
    drafted = slrspec("deviations", "--update", "--file", "new.toml", cwd=ran)
    assert drafted.returncode == 0
    assert "2 drafts added" in drafted.stdout
    assert slrspec("run", "--deviations", "new.toml", cwd=ran).returncode == 2
    file = ran / "new.toml"
    file.write_text(file.read_text().replace("TODO: ", "It is known that: "))
    assert slrspec("run", "--section", "deleting", "--deviations", "new.toml", cwd=ran).returncode == 0
    again = slrspec("deviations", "--update", "--file", "new.toml", cwd=ran)
    assert "nothing to draft" in again.stderr


def test_providers_say_what_they_are(tmp_path: Path) -> None:
    listed = slrspec("providers", cwd=tmp_path).stdout
    assert "moto: moto 5.2.5, in this process" in listed
    assert "MOTO_EC2_LOAD_DEFAULT_AMIS: false" in listed


def test_the_published_schema_is_current(tmp_path: Path) -> None:
    published = json.loads((ROOT / "docs" / "schema" / "results-1.json").read_text())
    assert json.loads(slrspec("schema", cwd=tmp_path).stdout) == published


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_command(shell: str, tmp_path: Path) -> None:
    assert "_SLRSPEC_COMPLETE" in slrspec("completion", shell, cwd=tmp_path).stdout


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("slrspec run --rule RDS-DEL-2", "RDS-DEL-23"),
        ("slrspec run --provider m", "moto"),
        ("slrspec run --section ed", "editing"),
    ],
)
def test_names_are_completed(words: str, found: str, tmp_path: Path) -> None:
    run = slrspec(
        cwd=tmp_path, _SLRSPEC_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(words.count(" "))
    )
    assert f"plain,{found}" in run.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["--help"],
        ["rules"],
        ["show", "RDS-DEL-01"],
        ["deviations"],
        ["providers"],
        ["plan", "--cells", "--provider", "documented", "--provider", "endpoint:http://127.0.0.1:5000"],
        ["merge", "nothing.bundle.json.gz"],
    ],
)
def test_starting_up_imports_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    program = (
        "import sys\nfrom slrspec.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit:\n    pass\n"
        "print('LOADED', [m for m in ('boto3', 'botocore', 'moto', 'pytest', '_pytest') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "LOADED []" in run.stdout


@pytest.mark.parametrize(
    "name", ["run", "rules", "show", "steps", "deviations", "providers", "schema", "completion", "plan", "merge"]
)
def test_every_command_has_help(name: str, tmp_path: Path) -> None:
    run = slrspec(name, "--help", cwd=tmp_path)
    assert run.returncode == 0
    assert "Usage: slrspec" in run.stdout


def test_each_command_of_a_module_is_found_by_its_name() -> None:
    modules = [import_module(f"{commands.__name__}.{one.name}") for one in pkgutil.iter_modules(commands.__path__)]
    defined = [one for module in modules for one in vars(module).values() if isinstance(one, click.Command)]
    within = [id(one) for group in defined if isinstance(group, click.Group) for one in group.commands.values()]
    context = click.Context(command)
    own = {one.name: one for one in defined if id(one) not in within}
    assert len(own) > 15
    assert {name: command.get_command(context, name) for name in own if name} == own
    assert set(own) < set(command.list_commands(context))


def test_a_command_does_not_import_the_others(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom slrspec.cli import main\ntry:\n    main(['merge', '--help'])\nexcept SystemExit:\n"
        "    print([name for name in sys.modules if name.startswith('slrspec.commands.')])"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    needed = {f"slrspec.commands.{name}" for name in ("lazily", "places", "standard_output", "merge")}
    assert set(ast.literal_eval(run.stdout.splitlines()[-1])) == needed
