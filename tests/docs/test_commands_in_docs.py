"""Every command that README and docs show works as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, slrspec

README = (ROOT / "README.md").read_text()
FILES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    """The lines of all shell blocks that call the tool; setting up is what CI does, by the README's own lines."""
    lines = [line for file in FILES for block in BLOCK.findall(file.read_text()) for line in block.splitlines()]
    return sorted({line.partition("  #")[0].strip() for line in lines if line.startswith(("slrspec ", "pytest "))})


def test_there_are_commands() -> None:
    assert len(commands()) >= 8


@pytest.mark.parametrize("command", commands())
def test_it_works(command: str, tmp_path: Path) -> None:
    run = by_fork(command, tmp_path) if is_plain(command) else by_shell(command, tmp_path)
    assert run.returncode == 0, run.stdout[-500:] + run.stderr
    assert "Traceback" not in run.stdout + run.stderr


def is_plain(command: str) -> bool:
    """Whether it needs no shell, and stands in the docs only: what the README shows is started as a user would."""
    return command.startswith("slrspec ") and not set("<>|$") & set(command) and command not in README


def by_fork(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run what stands between each `&&`, until one has failed."""
    for one in command.split(" && "):
        done = slrspec(*shlex.split(one)[1:], cwd=folder)
        if done.returncode:
            break
    return done


def by_shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=clean | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{clean['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


CONSOLE = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)


def commands_for_an_account() -> list[str]:
    """The tool's commands that cannot be run here: they need a real account."""
    lines = [line for file in FILES for block in CONSOLE.findall(file.read_text()) for line in block.splitlines()]
    return sorted(
        {found[1] for line in lines if (found := re.match(r"\$ (?:[A-Z_]+=\S+ )*slrspec ([^|>]+)", line))}
    )


def test_there_are_commands_for_an_account() -> None:
    assert len(commands_for_an_account()) >= 5


@pytest.mark.parametrize("line", commands_for_an_account())
def test_a_command_for_an_account_is_one_that_there_is(line: str) -> None:
    import click

    from slrspec.cli import command

    name, *arguments = shlex.split(line, comments=True)
    found = command.get_command(click.Context(command), name)
    assert found is not None, name
    found.make_context(name, arguments)  # refuses an option that there is not


def test_every_phrase_in_the_authoring_guide_exists() -> None:
    """The example rule of the guide is a rule of the specification, word for word."""
    guide = (ROOT / "docs" / "writing-rules.md").read_text()
    example = re.search(r"```gherkin\n(.*?)```", guide, re.DOTALL)
    assert example is not None
    feature = (ROOT / "features" / "rds" / "5_deleting.feature").read_text()
    for line in example[1].splitlines():
        assert line.strip() in feature, line
