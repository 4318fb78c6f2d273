"""Ctrl-C: handled for a while, and not lost where something swallows it."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    Handler = Callable[[int, FrameType | None], None]


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

    A finaliser swallows what is raised in it, and so does somebody's `except` for everything. KeyboardInterrupt is
    raised at once, as ever.
    """
    seen = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal seen
        seen = True
        signal.default_int_handler(number, frame)

    # Whoever is deaf to it, as what a shell starts in the background, stays so.
    deaf = signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    with handled(() if deaf else (signal.SIGINT,), interrupt):
        yield lambda: seen
