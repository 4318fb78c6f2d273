"""The matrices as a whole, for people: `python -m tests.sandbox.matrix kill|sweep|fault …`; the tests run parts.

Prints a line for each row, marked where it is not as it should be, and the figures at the end. All rows of all
situations take a day; SLRSPEC_MATRIX_EVERY=29 does every 29th of them.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from queue import Queue

import click

from slrspec.sandbox.disposable import COMMAND
from tests.forkserver import IMPORTED, MODELS, OF_AN_ACCOUNT, fork_server
from tests.sandbox.bench import KILLS, Bench, Row, Situation, our_role, their_role
from tests.sandbox.faulty_proxy import FAULTS, FOREVER, Plan, expired
from tests.sandbox.places import DOCUMENTED, serving

WORKERS = int(os.environ.get("SLRSPEC_MATRIX_WORKERS", "2"))
EVERY = int(os.environ.get("SLRSPEC_MATRIX_EVERY", "1"))
CREATING = ("--creating", "1", "--deleting", "1", "--pending", "1")
SITUATIONS = {
    "instance": Situation(("RDS-DEL-01",)),
    "owned": Situation(("RDS-CRE-06",), our_role),
    "things": Situation(("RDS-INT-11", "RDS-EDT-08"), our_role),
    "people": Situation(("RDS-PER-13", "RDS-DEL-18")),
    "deletions": Situation(("RDS-DEL-18", "RDS-DEL-20")),
    "disposable": Situation(("SLR-PRO-02", "SLR-DEL-01"), their_role, tuple(COMMAND.split())),
    "borrowed": Situation(("RDS-INT-09", "RDS-DEL-23", "RDS-COM-12"), their_role),
}
# Where the server breaks every rule of the situation: whatever call is spoiled, none may pass.
BROKEN = {
    "broken-instance": (SITUATIONS["instance"], ("instances-do-not-block",)),
    "broken-things": (SITUATIONS["things"], ("profile-entered", "profile-left", "reserved-policy-on-group")),
    "broken-disposable": (replace(SITUATIONS["disposable"], rules=("SLR-PRO-02",)), ("policy-attached",)),
}
Job = Callable[[Bench], Row]


def kill_jobs(calls: Iterable[int], *, all_of_them: bool) -> Iterator[Job]:
    """Each call × before and after × journal kept or lost × the sweep left alone or killed, each time elsewhere.

    Unless it is all of them, every second: the sweep is killed where the journal is lost before, or kept after.
    """
    for at, when, journal, sweep_too in itertools.product(calls, KILLS, (True, False), (True, False)):
        sweep_at = 5 + (7 * at + 3 * journal + (when == "after")) % 60 if sweep_too else 0
        if all_of_them or sweep_too == (journal == (when == "after")):
            yield _kill(at, when, journal, sweep_at)


def _kill(at: int, when: str, journal: bool, sweep_at: int) -> Job:
    sweep_when = "before" if at % 2 else "after"
    return lambda bench: bench.killed(at, when, journal=journal, sweep_at=sweep_at, sweep_when=sweep_when)


def sweep_jobs(at: int, calls: Iterable[int]) -> Iterator[Job]:
    """The run killed at one call, and the sweep at every call of its own, before and after."""
    for sweep_at in calls:
        for when in KILLS:
            yield lambda b, sweep_at=sweep_at, when=when: b.killed(  # type: ignore[misc]
                at, "after", journal=False, sweep_at=sweep_at, sweep_when=when
            )


def fault_jobs(calls: Iterable[int]) -> Iterator[Job]:
    """Every fault at every call; credentials that expire at every call; reads that lag."""
    for at in calls:
        for name, fault in FAULTS.items():
            yield lambda b, at=at, name=name, fault=fault: b.spoiled(name, Plan(fault, at))  # type: ignore[misc]
        yield lambda b, at=at: b.spoiled("expired from", Plan(expired, at, FOREVER))  # type: ignore[misc]
    for lag in (1, 2, 3):
        yield lambda b, lag=lag: b.spoiled(f"reads lag {lag} behind", Plan(lag=lag))  # type: ignore[misc]


def run(
    jobs: Iterator[Job], situation: Situation, server: tuple[str, ...], note: Callable[[Row], None]
) -> list[Row]:
    """Do jobs on several benches at once, and return their rows."""
    queue: Queue[Job | None] = Queue()
    for job in jobs:
        queue.put(job)
    rows: list[Row] = []
    crashed: list[BaseException] = []

    def work() -> None:
        try:
            with ExitStack() as opened:
                url = opened.enter_context(serving(server))
                fork = opened.enter_context(fork_server((*IMPORTED, *OF_AN_ACCOUNT), MODELS))
                folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
                bench = Bench(url, fork, folder / "machine", situation)
                while not queue.empty() and not crashed:
                    job = queue.get()
                    assert job is not None
                    row = job(bench)
                    rows.append(row)
                    note(row)
        except BaseException as error:
            crashed.append(error)
            raise

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if crashed:
        raise crashed[0]
    return rows


def told(rows: list[Row]) -> str:
    """The figures of a matrix."""
    met = [row for row in rows if row.met]
    verdicts = Counter(verdict for row in met for verdict in row.verdicts.values() or ["no verdict"])
    exits = Counter(row.done.returncode for row in met)
    return (
        f"{len(met)} rows ({len(rows) - len(met)} without such a call), {sum(bool(r.dirty) for r in met)} dirty before "
        f"the sweep, {sum(bool(r.unclean) for r in met)} unclean after; sweeps ended with "
        f"{dict(Counter(row.sweeps[-1] for row in met if row.sweeps))}; runs with {dict(sorted(exits.items()))}; "
        f"verdicts {dict(verdicts)}"
    )


def with_faults(names: Iterable[str]) -> tuple[str, ...]:
    """The server's arguments for some faults of its own."""
    return tuple(part for name in names for part in ("--fault", name))


def numbers(text: str) -> list[int]:
    """Read `3,12-15` as 3, 12, 13, 14, 15."""
    spans = [part.partition("-")[::2] for part in text.split(",")]
    return [number for first, last in spans for number in range(int(first), int(last or first) + 1)]


def main(kind: str, name: str, calls: str, *more: str) -> None:
    begun = time.monotonic()
    situation, faults = BROKEN[name] if name in BROKEN else (SITUATIONS[name], ())
    server = (*DOCUMENTED, *with_faults(faults), *more)
    span = numbers(calls)
    jobs: dict[str, Callable[[], Iterator[Job]]] = {
        "kill": lambda: kill_jobs(span, all_of_them=True),
        "half": lambda: kill_jobs(span, all_of_them=False),
        "sweep": lambda: sweep_jobs(span[0], span[1:]),
        "fault": lambda: fault_jobs(span),
    }

    done = itertools.count(1)

    def note(row: Row) -> None:
        verdicts = set(row.verdicts.values())
        false = "pass" in verdicts if "--fault" in server else "fail" in verdicts
        silent = row.done.returncode in {0, 1} and row.dirty
        wrong = row.met and (row.unclean or false or silent or any(row.sweeps[-1:]))
        click.echo(
            f"{next(done):4} {'!!' if wrong else '  '} {row.what}: {row.verdicts or ''} exit {row.done.returncode}"
        )
        if wrong:
            click.echo(f"dirty {row.dirty}\nunclean {row.unclean}\nsweeps {row.sweeps}\n{row.said}")

    rows = run(itertools.islice(jobs[kind](), 0, None, EVERY), situation, server, note)
    click.echo(f"{kind} {situation}: {told(rows)}, {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
