"""Several processes: as many as are worth it, the same results, and nothing lost without a word."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from slrspec.providers.endpoint import EndpointProvider
from slrspec.running import forking, session
from slrspec.running.engine import Observer, Request, execute
from slrspec.running.forking import Lost, in_forks, number_of_forks
from slrspec.running.results import encode
from slrspec.running.selection import Selection
from slrspec.running.verdict import Verdict
from tests.conftest import timeless

if TYPE_CHECKING:
    from collections.abc import Callable

EDITING = Selection(sections=("editing", "companions"))


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a few scenarios forked, too."""
    monkeypatch.setattr(forking, "SCENARIOS_EACH", 5)


@pytest.mark.parametrize(
    ("wanted", "scenarios", "forks"),
    [(2, 59, 1), (2, 60, 2), (8, 100, 3), (3, 300, 3), (1, 300, 1), (4, 0, 1)],
)
def test_few_scenarios_have_few_processes(wanted: int, scenarios: int, forks: int) -> None:
    assert number_of_forks(wanted, scenarios) == forks


def test_where_calls_wait_fewer_scenarios_are_worth_a_process() -> None:
    assert EndpointProvider.calls_wait
    assert [number_of_forks(8, scenarios, waiting=True) for scenarios in (7, 8, 31, 32, 86)] == [1, 2, 7, 8, 8]


def test_what_each_sends_arrives_in_its_order() -> None:
    taken: list[bytes] = []

    def work(share: int, send: Callable[[bytes], None]) -> None:
        for number in range(100):
            send(b"%d-%d-%d" % (share, number, os.getpid()))

    assert in_forks(3, work, taken.append) == []
    parts = [tuple(map(int, message.split(b"-"))) for message in taken]
    for share in range(3):
        assert [number for one, number, _ in parts if one == share] == list(range(100))
    processes = {pid for *_, pid in parts}
    assert len(processes) == 3
    assert os.getpid() not in processes


def test_a_process_that_dies_is_told_with_its_end(capfd: pytest.CaptureFixture[str]) -> None:
    taken: list[bytes] = []

    def work(share: int, send: Callable[[bytes], None]) -> None:
        send(b"begun")
        if share == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if share == 2:
            raise ValueError("a defect")
        send(b"ended")

    assert in_forks(3, work, taken.append) == [Lost(1, "killed by SIGKILL"), Lost(2, "ended with 1")]
    assert sorted(taken) == [b"begun"] * 3 + [b"ended"]
    assert "a defect" in capfd.readouterr().err


@pytest.mark.usefixtures("forked")
def test_two_processes_have_the_results_of_one() -> None:
    one = execute(Request(("moto", "documented"), EDITING), Observer(lambda _: None))
    judged: list[str] = []
    two = execute(
        Request(("moto", "documented"), EDITING, workers=2), Observer(lambda r: judged.append(r.scenario))
    )
    assert timeless(json.loads(encode(two))) == timeless(json.loads(encode(one)))
    assert len(judged) == len(one.scenarios)


@pytest.mark.usefixtures("forked")
def test_rows_of_one_outline_may_run_in_different_processes() -> None:
    # Of no role with a suffix, for moto lists two roles in an order of chance.
    services = Selection(services=("rds.amazonaws.com", "elasticache.amazonaws.com"))
    one = execute(Request(("moto",), services, document="catalogue"), Observer(lambda _: None))
    two = execute(Request(("moto",), services, document="catalogue", workers=2), Observer(lambda _: None))
    assert len(one.scenarios) > 25
    assert timeless(json.loads(encode(two))) == timeless(json.loads(encode(one)))


@pytest.mark.usefixtures("forked")
def test_what_a_killed_process_never_came_to_is_an_error_and_the_rest_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parent = os.getpid()
    whole = session.SpecificationSession.pytest_runtest_logreport

    def dying(self: Any, report: Any) -> None:
        whole(self, report)
        if (
            os.getpid() != parent
            and hasattr(report, session.RESULT)
            and "RDS-EDT-05" in report.nodeid + str(getattr(report, session.RESULT))
        ):
            os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(session.SpecificationSession, "pytest_runtest_logreport", dying)
    run = execute(Request(("moto",), EDITING, workers=2), Observer(lambda _: None))
    lost = [result for result in run.scenarios if result.reason == "its process was killed by SIGKILL"]
    assert lost
    assert all(result.verdict is Verdict.ERROR and not result.exchanges for result in lost)
    (last,) = [result for result in run.scenarios if result.rule == "RDS-EDT-05"]
    assert last.exchanges
    assert len(lost) < len(run.scenarios) / 2
    assert run.exit_code == 4


def test_ctrl_c_leaves_no_process_and_keeps_what_was_judged(tmp_path: Path) -> None:
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "slrspec",
            "run",
            "--provider",
            "moto",
            "--provider",
            "documented",
            "--workers",
            "2",
        ],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("SLRSPEC_")}
        | {"SLRSPEC_AWS_CLI": ""},
    ) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while len(forks := children.read_text().split()) < 2 and process.poll() is None:
            time.sleep(0.01)
        assert len(forks) == 2, process.communicate()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 4, (out, err)
    assert "Traceback" not in out + err
    assert not any(Path("/proc", fork).exists() for fork in forks)
