"""The real command, killed and spoiled: a few telling calls here, every call by `pytest -m long tests/sandbox`."""

from __future__ import annotations

import http.client
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.forkserver import ForkServer
from tests.sandbox.bench import Bench, Row, Situation, our_role
from tests.sandbox.faulty_proxy import FAULTS, FOREVER, Call, Plan, expired
from tests.sandbox.matrix import BROKEN, SITUATIONS, fault_jobs, kill_jobs, run, sweep_jobs, told, with_faults
from tests.sandbox.places import DOCUMENTED, MOTO, clean_environment, serving
from tests.sandbox.rehearsal import ALIAS, forked

INSTANCE = SITUATIONS["instance"]
(DOES_NOT_BLOCK,) = BROKEN["broken-instance"][1]


@pytest.fixture(scope="module")
def fork() -> ForkServer:
    return forked()


@pytest.fixture
def bench(documented_url: str, fork: ForkServer, tmp_path: Path) -> Bench:
    """An account with somebody else's things in it, for a run with a DB instance and the role's deletion."""
    return Bench(documented_url, fork, tmp_path / "machine", INSTANCE)


@pytest.fixture(scope="module")
def calls(documented_url: str, fork: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """The calls of a run that nothing goes wrong in."""
    return calls_of(Bench(documented_url, fork, tmp_path_factory.mktemp("calm") / "machine", INSTANCE))


def calls_of(bench: Bench) -> list[Call]:
    with bench._proxied(Plan()) as proxy:
        done = bench.run()
    assert (done.returncode, bench.changes()) == (0, ()), done
    return proxy.calls


def number_of(calls: list[Call], operation: str) -> int:
    return next(call.number for call in calls if call.operation == operation)


def assert_clean(row: Row) -> None:
    assert row.met, row
    assert row.unclean == (), row
    assert row.sweeps[-1:] in {(), (0,)}, row


# ---- killed


def test_a_run_that_was_killed_leaves_nothing_after_a_sweep(bench: Bench, calls: list[Call]) -> None:
    row = bench.killed(number_of(calls, "CreateDBInstance"), "after", journal=False)
    assert_clean(row)
    kinds = {change.rpartition(" ")[0].partition(" ")[0] for change in row.dirty}
    assert kinds == {"DB", "role", "parameter"}  # or there was nothing to sweep
    row = bench.killed(number_of(calls, "TagRole"), "before", journal=True, sweep_at=30, sweep_when="after")
    assert_clean(row)
    assert row.sweeps[0] == -9


@pytest.mark.long
def test_a_run_that_was_killed_before_its_first_write_has_left_nothing(bench: Bench) -> None:
    row = bench.killed(12, "before", journal=True)
    assert row.met
    assert row.dirty == ()


@pytest.mark.long
@pytest.mark.parametrize("name", SITUATIONS)
def test_whatever_call_a_run_is_killed_at_nothing_is_left_after_a_sweep(
    documented_url: str, fork: ForkServer, tmp_path: Path, name: str
) -> None:
    situation = SITUATIONS[name]
    calls = calls_of(Bench(documented_url, fork, tmp_path / "machine", situation))
    jobs = kill_jobs(range(1, len(calls) + 1), all_of_them=True)
    rows = run(jobs, situation, DOCUMENTED, lambda _: None)
    assert [row for row in rows if row.met and row.unclean] == [], told(rows)
    assert sum(bool(row.dirty) for row in rows) > len(calls), told(rows)


@pytest.mark.long
def test_whatever_call_a_sweep_is_killed_at_the_next_one_ends_it(
    documented_url: str, fork: ForkServer, tmp_path: Path
) -> None:
    bench = Bench(documented_url, fork, tmp_path / "machine", SITUATIONS["people"])
    calls = calls_of(bench)
    jobs = sweep_jobs(number_of(calls, "CreateAccessKey") + 1, range(1, 100))
    rows = run(jobs, SITUATIONS["people"], DOCUMENTED, lambda _: None)
    assert [row for row in rows if row.unclean] == [], told(rows)


# ---- spoiled


def test_no_fault_at_one_call_makes_a_rule_fail(bench: Bench, calls: list[Call]) -> None:
    for name, operation in (("answer lost", "CreateDBInstance"), ("500 after", "DeleteServiceLinkedRole")):
        row = bench.spoiled(name, Plan(FAULTS[name], number_of(calls, operation)))
        assert_clean(row)
        assert row.verdicts == {"RDS-DEL-01": "error"}, row


def test_credentials_that_expire_are_an_error_and_the_next_sweep_tidies_up(bench: Bench, calls: list[Call]) -> None:
    row = bench.spoiled("expired", Plan(expired, number_of(calls, "DeleteServiceLinkedRole"), FOREVER))
    assert_clean(row)
    assert row.verdicts == {"RDS-DEL-01": "error"}
    assert row.done.returncode == 4
    assert row.dirty
    assert row.sweeps == (0,)


@pytest.mark.long
def test_reads_that_lag_behind_make_no_rule_fail(bench: Bench) -> None:
    row = bench.spoiled("lag", Plan(lag=2))
    assert_clean(row)
    assert row.verdicts.get("RDS-DEL-01") in {"pass", "error"}, row


@pytest.mark.parametrize("name", ["owned", "things"])
def test_where_reads_lag_what_was_written_is_waited_for(
    documented_url: str, fork: ForkServer, tmp_path: Path, name: str
) -> None:
    """The old role's id, and what was attached to a group."""
    row = Bench(documented_url, fork, tmp_path / "machine", SITUATIONS[name]).spoiled("lag", Plan(lag=1))
    assert set(row.verdicts.values()) == {"pass"}, row


def test_no_fault_makes_a_rule_pass_that_is_broken(bench: Bench) -> None:
    with broken(bench.url):
        with bench._proxied(Plan()) as proxy:
            bench.run()
        assert bench.verdicts() == {"RDS-DEL-01": "fail"}
        at = number_of(proxy.calls, "DeleteServiceLinkedRole")
        row = bench.spoiled("answer lost", Plan(FAULTS["answer lost"], at))
    assert row.verdicts.get("RDS-DEL-01") in {"fail", "error"}, row
    assert row.unclean == (), row


@contextmanager
def broken(url: str) -> Iterator[None]:
    """Let the server break a rule meanwhile."""

    def tell(method: str) -> None:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
        connection.request(method, f"/slrspec/faults/{DOES_NOT_BLOCK}")
        assert connection.getresponse().status == 200
        connection.close()

    tell("POST")
    try:
        yield
    finally:
        tell("DELETE")


@pytest.mark.long
@pytest.mark.parametrize("name", SITUATIONS)
def test_no_fault_at_any_call_makes_a_rule_fail(
    documented_url: str, fork: ForkServer, tmp_path: Path, name: str
) -> None:
    situation = SITUATIONS[name]
    calls = calls_of(Bench(documented_url, fork, tmp_path / "machine", situation))
    rows = run(fault_jobs(range(1, len(calls) + 1)), situation, DOCUMENTED, lambda _: None)
    assert [row for row in rows if "fail" in row.verdicts.values()] == [], told(rows)
    assert [row for row in rows if row.met and row.unclean] == [], told(rows)
    assert [row for row in rows if row.done.returncode in {0, 1} and row.dirty] == [], told(rows)


@pytest.mark.long
@pytest.mark.parametrize("name", BROKEN)
def test_no_fault_at_any_call_makes_a_broken_rule_pass(fork: ForkServer, tmp_path: Path, name: str) -> None:
    situation, faults = BROKEN[name]
    server = (*DOCUMENTED, *with_faults(faults))
    with serving(server) as url:
        bench = Bench(url, fork, tmp_path / "machine", situation)
        with bench._proxied(Plan()) as proxy:
            bench.run()
        assert set(bench.verdicts().values()) == {"fail"}, bench.verdicts()
    rows = run(fault_jobs(range(1, len(proxy.calls) + 1)), situation, server, lambda _: None)
    assert [row for row in rows if "pass" in row.verdicts.values()] == [], told(rows)


@pytest.mark.long
def test_stock_moto_leaves_nothing_either() -> None:
    """It lets a run do what AWS refuses, so there is more to undo."""
    jobs = kill_jobs(range(12, 40), all_of_them=False)
    rows = run(jobs, Situation(("RDS-EDT-01", "RDS-EDT-08"), our_role), MOTO, lambda _: None)
    assert [row for row in rows if row.met and row.unclean] == [], told(rows)


# ---- the command by itself


def test_a_sweep_that_nobody_has_confirmed_writes_nothing(bench: Bench) -> None:
    with bench._proxied(Plan()) as proxy:
        done = bench.slrspec("sweep", "--apply", "--confirm", "another-alias")
        assert (done.returncode, done.stdout) == (3, "")
        assert "confirmation: " in done.stderr
        assert proxy.writes == []


def test_a_sweep_leaves_a_run_alone_unless_it_is_named(bench: Bench) -> None:
    bench.killed_only("CreateDBInstance")
    with bench._proxied(Plan()) as proxy:
        done = bench.slrspec("sweep")
        assert proxy.writes == []
        assert done.returncode == 4
        assert "a run's: DB instance slrspec-" in done.stdout
        assert "nothing was written; --apply takes it away" in done.stdout
        done = bench.slrspec("sweep", "--apply", "--confirm", ALIAS)
        assert done.returncode == 3
        assert "has the account until" in done.stderr
        run_id = done.stderr.partition("run ")[2].split()[0]
        assert bench.slrspec("sweep", "--apply", "--confirm", ALIAS, "--run", run_id).returncode == 0
    assert bench.changes() == ()


@pytest.mark.long
def test_the_fork_servers_command_is_the_real_one(bench: Bench) -> None:
    with bench._proxied(Plan()):
        found = bench.slrspec("sweep", "--format", "json")
        real = subprocess.run(
            [sys.executable, "-m", "slrspec", "sweep", "--format", "json"],
            cwd=bench.folder,
            env=clean_environment() | bench.rehearsal.credentials,
            capture_output=True,
            text=True,
            check=False,
        )
    assert (found.returncode, found.stdout, found.stderr) == (real.returncode, real.stdout, real.stderr)
