"""Several processes: as many as are worth it, the same results, and nothing lost without a word."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from slrspec.cli import command
from slrspec.commands import keeping
from slrspec.providers.documented import DocumentedProvider
from slrspec.providers.endpoint import EndpointProvider
from slrspec.providers.moto import MotoProvider
from slrspec.running import forking, session
from slrspec.running.engine import Observer, Request, execute
from slrspec.running.forking import Lost, in_forks, number_of_forks, taking_turns, unasked
from slrspec.running.results import encode
from slrspec.running.selection import Selection
from slrspec.running.verdict import Verdict
from tests.conftest import timeless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from slrspec.providers.contract import Provider

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


class SomebodyElses:
    """A provider that does not say whether a fork breaks it."""


class HeldByOne(MotoProvider):
    """A provider that could be forked, and must not be."""

    single = "of one process only"


@pytest.mark.parametrize(
    ("providers", "processors", "plain", "processes"),
    [
        ([MotoProvider], 3, "", 3),
        ([MotoProvider, DocumentedProvider], 64, "", 8),
        ([MotoProvider], 1, "", 1),
        ([MotoProvider], 3, "1", 1),
        ([MotoProvider, SomebodyElses], 3, "", 1),
        ([HeldByOne], 3, "", 1),
        ([partial(EndpointProvider, "http://127.0.0.1:1")], 3, "", 1),
    ],
)
def test_a_process_for_each_processor_unasked_but_only_of_what_can_be_forked(
    monkeypatch: pytest.MonkeyPatch,
    providers: list[Callable[[], Provider]],
    processors: int,
    plain: str,
    processes: int,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processors)))
    monkeypatch.setenv("SLRSPEC_PLAIN", plain)
    assert unasked(make() for make in providers) == processes
    monkeypatch.setattr(sys, "platform", "darwin")
    assert unasked(make() for make in providers) == 1


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize(("workers", "processes"), [(None, [2]), (1, [])])
def test_a_run_has_them_unasked_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, workers: int | None, processes: list[int]
) -> None:
    forked: list[int] = []

    def noted(shares: int, *of: Any) -> list[Lost]:
        forked.append(shares)
        return in_forks(shares, *of)

    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(session, "in_forks", noted)
    run = execute(Request(("moto",), EDITING, workers=workers), Observer(lambda _: None))
    assert forked == processes
    assert all(result.exchanges for result in run.scenarios if result.verdict is not Verdict.NOT_RUN)


@pytest.mark.parametrize(
    ("asked", "workers"),
    [(["run"], None), (["run", "--workers", "1"], 1), (["site", "--provider", "moto"], None)],
)
def test_the_commands_leave_their_number_open(
    monkeypatch: pytest.MonkeyPatch, asked: list[str], workers: int | None
) -> None:
    class Seen(Exception):
        pass

    def noted(request: Request, *_: object, **__: object) -> None:
        assert request.workers == workers
        raise Seen

    monkeypatch.setattr(keeping, "run_and_keep", noted)
    with pytest.raises(Seen):
        command(asked, standalone_mode=False)


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


def test_each_number_is_one_process_s_turn_and_a_slow_one_gets_fewer() -> None:
    taken: list[tuple[int, int]] = []

    with taking_turns() as turns:

        def work(fork: int, send: Callable[[bytes], None]) -> None:
            for number in turns.of(range(2_000)):
                if fork == 0:
                    time.sleep(0.01)
                send(b"%d-%d" % (fork, number))

        assert in_forks(3, work, lambda message: taken.append(tuple(map(int, message.split(b"-"))))) == []  # type: ignore[arg-type]
    assert sorted(number for _, number in taken) == list(range(2_000))
    of = {fork: [number for one, number in taken if one == fork] for fork in range(3)}
    assert all(numbers == sorted(numbers) for numbers in of.values())
    assert len(of[0]) < len(of[1]) + len(of[2])


def test_a_process_that_is_killed_while_it_asks_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[bytes] = []
    write = os.pwrite

    with taking_turns() as turns:

        def work(fork: int, send: Callable[[bytes], None]) -> None:
            if fork == 0:  # it holds the lock, and has not said yet that the number is its own
                monkeypatch.setattr(os, "pwrite", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
            for number in turns.of(range(50)):
                send(b"%d" % number)

        assert in_forks(2, work, taken.append) == [Lost(0, "killed by SIGKILL")]
    assert os.pwrite is write
    assert [int(number) for number in taken] == list(range(50))


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
            and hasattr(report, session.FINISHED)
            and "RDS-EDT-05" in report.nodeid + str(getattr(report, session.FINISHED))
        ):
            os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(session.SpecificationSession, "pytest_runtest_logreport", dying)
    run = execute(Request(("moto",), EDITING, workers=2), Observer(lambda _: None))
    lost = [result for result in run.scenarios if result.reason == "its process was killed by SIGKILL"]
    assert lost
    assert all(result.verdict is Verdict.ERROR and not result.exchanges for result in lost)
    (last,) = [result for result in run.scenarios if result.rule == "RDS-EDT-05"]
    assert last.exchanges
    assert len(lost) <= 3  # the next one, whose item was made, and where a file ends the first of the next, too
    assert run.exit_code == 4


@contextlib.contextmanager
def two_processes(folder: Path) -> Iterator[tuple[subprocess.Popen[str], list[Path]]]:
    """Start a run that is forked twice, and yield it with its forks once both are there."""
    command = [sys.executable, "-m", "slrspec", "run", "--provider", "moto", "--provider", "documented"]
    with subprocess.Popen(
        [*command, "--workers", "2"],
        cwd=folder,
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
        yield process, [Path("/proc", fork) for fork in forks]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_process_and_keeps_what_was_judged(number: int, tmp_path: Path) -> None:
    with two_processes(tmp_path) as (process, forks):
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 4, (out, err)
    assert "Traceback" not in out + err
    assert not any(fork.exists() for fork in forks)


def test_a_killed_run_leaves_no_process(tmp_path: Path) -> None:
    with two_processes(tmp_path) as (process, forks):
        process.kill()
        out, err = process.communicate(timeout=60)  # they hold its ends of the pipes nearly as long as they live
    assert (out, err) == ("", "")
    until = time.monotonic() + 60
    while any(map(_lives, forks)):
        assert time.monotonic() < until
        time.sleep(0.01)


def _lives(process: Path) -> bool:
    try:
        return ") Z " not in (process / "stat").read_text()
    except OSError:
        return False
