"""Several processes for one run: forks of a session that has read everything and imported what is heavy.

A new process would import and read once more, which takes as long as some hundred scenarios.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from slrspec.running.interruption import INTERRUPTIONS
from slrspec.running.plain import plain_wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

    from slrspec.providers.contract import Provider

    Send = Callable[[bytes], None]

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


class Lost(Struct, frozen=True):
    """A process that ended before its share was done.

    Attributes
    ----------
    share
        Number of its share, from 0.
    how
        What ended it, in words.

    """

    share: int
    how: str


def in_forks(shares: int, work: Callable[[int, Send], None], take: Callable[[bytes], None]) -> list[Lost]:
    """Do each share of some work in a fork of this process, and take what they send as it arrives.

    Parameters
    ----------
    shares
        Number of processes.
    work
        Does the share of a number, from 0, and sends what it has to say.
    take
        Called here with whatever any of them has sent.

    Returns
    -------
    list
        The processes that did not do all of their share; what they had sent until then was taken.

    """
    from multiprocessing import connection

    gc.freeze()  # a collection in a fork would write to, and so copy, all pages that it shares
    with _started(shares, work) as processes:
        lost: list[Lost] = []
        share_of = {receiver: share for share, (_, receiver) in enumerate(processes)}
        while share_of:
            for ready in connection.wait(list(share_of)):
                assert isinstance(ready, connection.Connection)
                try:
                    message = ready.recv_bytes()
                except EOFError:
                    share = share_of.pop(ready)
                    lost.append(Lost(share, _how(processes[share][0])))
                    continue
                if message:
                    take(message)
                else:  # all is done
                    del share_of[ready]
    return sorted(lost, key=lambda one: one.share)


@contextmanager
def _started(
    shares: int, work: Callable[[int, Send], None]
) -> Iterator[list[tuple[ForkProcess, Connection[bytes, bytes]]]]:
    from multiprocessing import get_context

    context = get_context("fork")
    processes: list[tuple[ForkProcess, Connection[bytes, bytes]]] = []
    try:
        with no_interruption():
            for share in range(shares):
                receiver, sender = context.Pipe(duplex=False)
                ours = [receiver, *(one for _, one in processes)]
                process = context.Process(target=_share, args=(share, work, sender, ours), daemon=True)
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


def _share(
    share: int,
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
        work(share, send)
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
