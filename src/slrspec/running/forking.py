"""Several processes for one run: forks of a session that has read everything and imported what is heavy.

A new process would import and read once more, which takes as long as some hundred scenarios.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, TypeVar

from msgspec import Struct

from slrspec.running.interruption import INTERRUPTIONS
from slrspec.running.plain import plain_wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

    from slrspec.providers.contract import Provider

    Send = Callable[[bytes], None]

T = TypeVar("T")
BYTES = 8  # of a number

# With fewer for each, another process is not worth its beginning; where calls wait for another one, it is sooner.
SCENARIOS_EACH = 30
WAITING_EACH = 4
MOST_UNASKED = 8
PATIENCE = 10.0  # seconds for a process to clean up after Ctrl-C


def possible() -> bool:
    """Tell whether runs can be forked here: by the system, and by the wish of whoever set SLRSPEC_PLAIN."""
    return hasattr(os, "fork") and not plain_wanted()


def number_of_forks(wanted: int, scenarios: int, *, waiting: bool = False) -> int:
    """Return how many processes are never slower than one for so many scenarios, and not more than wanted.

    Parameters
    ----------
    waiting
        Whether the scenarios' calls are answered by another process, or across a network.

    """
    return max(1, min(wanted, scenarios // (WAITING_EACH if waiting else SCENARIOS_EACH)))


def unasked(providers: Iterable[Provider]) -> int:
    """Return how many processes a run may have if nobody says: one for each processor, up to eight.

    One where a provider does not say that it is made to be forked, by having a method `preload`: what waits for
    another process may not bear several callers, and others' may hold what a fork breaks. One, too, where a fork
    of a process that has used the network may crash, as on macOS.
    """
    if sys.platform != "linux" or not possible():
        return 1
    if not all(hasattr(provider, "preload") and not getattr(provider, "single", "") for provider in providers):
        return 1
    return min(len(os.sched_getaffinity(0)), MOST_UNASKED)


def preload(provider: Provider) -> None:
    """Let a provider load what first calls would, if it can, so that no fork of this process need do so."""
    load = getattr(provider, "preload", None)
    if load is not None:
        load()


class Turns:
    """Numbers from 0 up, each of which one process gets: the next for whoever asks next.

    Fixed shares would end with the slowest process, and processors of a virtual machine differ by half. The lock is
    one that the system takes from a process that is killed, and another gets the number.

    Parameters
    ----------
    file
        An empty file, opened before the processes part; keeps the number.

    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def of(self, things: Iterable[T]) -> Iterator[T]:
        """Yield those of some things whose numbers this process gets; all processes have the same things."""
        mine = self._next()
        for number, one in enumerate(things):
            if number == mine:
                yield one
                mine = self._next()

    def _next(self) -> int:
        import fcntl  # there is none where nothing can be forked

        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            number = int.from_bytes(os.pread(self._file.fileno(), BYTES, 0), sys.byteorder)
            os.pwrite(self._file.fileno(), (number + 1).to_bytes(BYTES, sys.byteorder), 0)
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)
        return number


@contextmanager
def taking_turns() -> Iterator[Turns]:
    """Yield the turns of forks that are made while the context lasts."""
    with tempfile.TemporaryFile(buffering=0) as file:
        yield Turns(file)


class Lost(Struct, frozen=True):
    """A fork that ended before its work was done.

    Attributes
    ----------
    fork
        Its number, from 0.
    how
        What ended it, in words.

    """

    fork: int
    how: str


def in_forks(forks: int, work: Callable[[int, Send], None], take: Callable[[bytes], None]) -> list[Lost]:
    """Do some work in several forks of this process, and take what they send as it arrives.

    Parameters
    ----------
    forks
        Number of processes.
    work
        Does the work of the fork of a number, from 0, and sends what it has to say.
    take
        Called here with whatever any of them has sent.

    Returns
    -------
    list
        The forks that did not do all of their work; what they had sent until then was taken.

    """
    from multiprocessing import connection

    gc.freeze()  # a collection in a fork would write to, and so copy, all pages that it shares
    with _started(forks, work) as processes:
        lost: list[Lost] = []
        fork_of = {receiver: fork for fork, (_, receiver) in enumerate(processes)}
        while fork_of:
            for ready in connection.wait(list(fork_of)):
                assert isinstance(ready, connection.Connection)
                try:
                    message = ready.recv_bytes()
                except EOFError:
                    fork = fork_of.pop(ready)
                    lost.append(Lost(fork, _how(processes[fork][0])))
                    continue
                if message:
                    take(message)
                else:  # all is done
                    del fork_of[ready]
    return sorted(lost, key=lambda one: one.fork)


@contextmanager
def _started(
    forks: int, work: Callable[[int, Send], None]
) -> Iterator[list[tuple[ForkProcess, Connection[bytes, bytes]]]]:
    from multiprocessing import get_context

    context = get_context("fork")
    processes: list[tuple[ForkProcess, Connection[bytes, bytes]]] = []
    try:
        with no_interruption():
            for fork in range(forks):
                receiver, sender = context.Pipe(duplex=False)
                ours = [receiver, *(one for _, one in processes)]
                process = context.Process(target=_fork, args=(fork, work, sender, ours), daemon=True)
                process.start()
                sender.close()  # so that its end is noticed here when the process ends
                processes.append((process, receiver))
        yield processes
    except BaseException:
        for process, _ in processes:
            if process.is_alive() and process.pid:
                os.kill(process.pid, signal.SIGINT)
        raise
    finally:
        for process, receiver in processes:
            process.join(PATIENCE)
            if process.is_alive():
                process.kill()
                process.join()
            receiver.close()


@contextmanager
def no_interruption() -> Iterator[None]:
    """Put interruptions off: Python loses one that comes while it puts itself in order after a fork."""
    signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTIONS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTIONS)


def _fork(
    fork: int,
    work: Callable[[int, Send], None],
    sender: Connection[bytes, bytes],
    receivers: list[Connection[bytes, bytes]],
) -> None:
    for receiver in receivers:  # held here, too, they would hide that nobody listens any more
        receiver.close()

    def send(message: bytes) -> None:
        try:
            sender.send_bytes(message)
        except BrokenPipeError:  # whoever began this was killed
            raise KeyboardInterrupt from None

    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTIONS)
        work(fork, send)
        send(b"")
    except KeyboardInterrupt:  # the session itself says so
        pass
    finally:
        sender.close()


def _how(process: ForkProcess) -> str:
    process.join(PATIENCE)
    code = process.exitcode
    if code is not None and code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"ended with {code}"
