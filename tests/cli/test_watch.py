"""`slrspec run --watch`, as somebody uses it who writes a rule."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, slrspec

BEFORE, AFTER = "Scenario: Adding an inline policy", "Scenario: Adding one"


@pytest.fixture
def features(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "features" / "rds", tmp_path / "features"))


@pytest.fixture
def watching(features: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    rules = ["--rule", "RDS-EDT-01", "--rule", "RDS-EDT-02"]
    # Whoever starts the tests in the background may have SIGINT ignored, and so would the command.
    heeding = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    heeding += "from slrspec.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", heeding, "run", "--watch", "--features", str(features), *rules]
    process = subprocess.Popen(
        [*command, "--provider", "documented"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def said_until(process: subprocess.Popen[str], word: str) -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if word in line:
            return "".join(lines)
    raise AssertionError(f"ended without {word!r}: {''.join(lines)}")


def test_a_changed_rule_is_judged_again_alone_and_a_mistake_ends_nothing(
    watching: subprocess.Popen[str], features: Path
) -> None:
    assert "2 rules: 2 passed" in said_until(watching, "Watching")
    file = features / "4_editing.feature"
    text = file.read_text()
    assert BEFORE in text
    file.write_text(text.replace(BEFORE, AFTER))
    said = said_until(watching, "Watching")
    assert "Changed: 4_editing.feature" in said
    assert "1 rule: 1 passed" in said
    file.write_text(text + "\nnonsense\n")
    assert "4_editing.feature:125: not Gherkin" in said_until(watching, "Watching")
    file.write_text(text.replace("Then it is refused because the role is protected", "Then it is accepted", 1))
    assert "RDS-EDT-01 on documented: fail" in said_until(watching, "Watching")
    watching.send_signal(signal.SIGINT)
    assert watching.wait(timeout=60) == 0


def test_what_cannot_be_run_at_all_is_one_line(tmp_path: Path) -> None:
    run = slrspec("run", "--watch", "--features", tmp_path / "nowhere", cwd=tmp_path)
    assert run.returncode == 2
    assert run.stderr.count("\n") == 1
    assert "no such folder of features" in run.stderr
