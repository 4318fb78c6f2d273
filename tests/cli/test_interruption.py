"""Ctrl-C in the middle of the matrix of faults: one line, exit code 4, and nothing is claimed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from slrspec.cli import _interrupted
from slrspec.providers.moto import MotoProvider
from slrspec.running.engine import Observer, Request, execute
from slrspec.running.interruption import handled, remembered_interruption, terminated_like_ctrl_c
from slrspec.running.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from slrspec.running.evidence import Judged

EDITING = Request(("moto",), Selection(sections=("editing",)))


@contextlib.contextmanager
def matrix(workers: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Start the matrix of faults, and yield it once it, or its processes, are at work."""
    temporary = folder / "temporary"
    temporary.mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "slrspec", "faults", "--workers", workers],
        cwd=folder,
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        try:
            while not any(temporary.iterdir()) or (workers != "1" and not children.read_text()):
                assert process.poll() is None
                time.sleep(0.1)
            time.sleep(2)
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):  # whoever is left of it, and would be waited for
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize(("workers", "number"), [("1", signal.SIGINT), ("2", signal.SIGINT), ("2", signal.SIGTERM)])
def test_an_interrupted_matrix_claims_nothing(workers: str, number: int, tmp_path: Path) -> None:
    with matrix(workers, tmp_path) as process:
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (4, "")
    assert err.strip().splitlines()[-1] == "slrspec: interrupted"
    assert [path.name for path in (tmp_path / "temporary").iterdir()] == []


def test_a_killed_matrix_leaves_no_process(tmp_path: Path) -> None:
    with matrix("2", tmp_path) as process:
        process.kill()
        out, _ = process.communicate(timeout=60)  # its processes hold its ends of the pipes as long as they live
    assert (process.returncode, out) == (-signal.SIGKILL, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_that_something_swallows_is_not_lost(number: signal.Signals) -> None:
    with terminated_like_ctrl_c(), remembered_interruption() as interrupted:
        assert not interrupted()
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(number)
        assert interrupted()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_not_lost_either_where_somebody_else_handles_it(number: signal.Signals) -> None:
    """Whoever holds an account stops all waiting, and then interrupts as well."""
    told: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        told.append(number)
        signal.default_int_handler(number, frame)

    with handled((number,), stop), remembered_interruption() as interrupted:
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(number)
        assert interrupted()
        assert told == [number]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_is_deaf_to_an_interruption_stays_so(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_IGN)
    try:
        with terminated_like_ctrl_c(), remembered_interruption() as interrupted:
            signal.raise_signal(number)
            assert not interrupted()
    finally:
        signal.signal(number, before)


def test_a_run_ends_though_something_swallowed_its_interruption() -> None:
    judged: list[str] = []

    def judge(result: Judged) -> None:
        judged.append(result.scenario)
        if len(judged) == 2:
            with contextlib.suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)

    run = execute(EDITING, Observer(judge))
    assert run.run.interrupted
    assert len(judged) == 2


def test_a_run_that_is_interrupted_before_it_began_is_no_run_that_could_not_begin() -> None:
    class Hasty(Observer):
        def pytest_sessionstart(self) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(EDITING, Hasty(lambda _: None))


def test_a_run_ends_though_its_interruption_met_another_error_while_cleaning_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judged: list[str] = []
    plainly = MotoProvider.open_account

    @contextlib.contextmanager
    def opened(self: MotoProvider, scenario: str) -> Iterator[object]:
        with plainly(self, scenario) as account:
            yield account
        if len(judged) == 2:
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt as interruption:  # as pytest does where two of its finalizers fail
                raise BaseExceptionGroup("both", [interruption, OSError()]) from None

    monkeypatch.setattr(MotoProvider, "open_account", opened)
    run = execute(EDITING, Observer(lambda result: judged.append(result.scenario)))
    assert run.run.interrupted
    assert len(set(judged)) == 2


def stumble() -> None:
    """Fail while cleaning up after an interruption."""
    try:
        signal.raise_signal(signal.SIGINT)
    finally:
        len(None)  # type: ignore[arg-type]


def test_what_stumbles_over_an_interruption_is_one() -> None:
    with pytest.raises(TypeError) as caught:
        stumble()
    assert _interrupted(caught.value)
    assert not _interrupted(TypeError())
