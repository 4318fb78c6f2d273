"""Ctrl-C, and SIGTERM as the same: handled for a while, and not lost where something swallows it."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    Handler = Callable[[int, FrameType | None], None]

INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def handled(signals: tuple[signal.Signals, ...], handler: Handler) -> Iterator[None]:
    """Have signals handled for as long as the context lasts; nothing changes outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {one: signal.signal(one, handler) for one in signals}
    try:
        yield
    finally:
        for one, handler_before in before.items():
            signal.signal(one, handler_before)


@contextmanager
def remembered_interruption() -> Iterator[Callable[[], bool]]:
    """Remember an interruption for as long as the context lasts; yield what tells whether there was one.

    A finaliser swallows what is raised in it, and so does somebody's `except` for everything. Whoever has handled
    it so far still does, at once: KeyboardInterrupt is raised, and who holds an account stops waiting.
    """
    seen = False
    before = {one: signal.getsignal(one) for one in INTERRUPTIONS}

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal seen
        seen = True
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    # Whoever is deaf to one, as what a shell starts in the background, stays so.
    heard = (one for one, handler in before.items() if callable(handler))
    with handled(tuple(heard), interrupt):
        yield lambda: seen


@contextmanager
def terminated_like_ctrl_c() -> Iterator[None]:
    """Take SIGTERM for Ctrl-C as long as the context lasts: servers end what takes too long by it.

    Otherwise nothing would be cleaned up: an emulator that was started for the run would go on for ever.
    """
    deaf = signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    with handled(() if deaf else (signal.SIGTERM,), signal.default_int_handler):
        yield
