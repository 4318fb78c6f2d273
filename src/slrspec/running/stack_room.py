"""Room on Python's stack: deep calls that do not ask the system for memory, and give it back, each time.

CPython keeps the frames of calls in pieces of 16 KB. Where a loop happens to call across the end of one, each call
maps a new piece and unmaps it on return; between pytest and moto there are some two hundred frames, so there is
always such a loop, and it costs a run an eighth of its time. A frame that needs much room gets one large piece, in
which all calls below it find room as well; what of it is never used is never touched.

Source: CPython, `push_chunk` and `_PyThreadState_PopFrame` in `Python/pystate.c`, measured on 3.11, 3.12 and 3.13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

# Of eight bytes each, just over half a megabyte: CPython takes the next power of two, so as much is left below, and
# all the thousand calls that may be nested take a third of it.
SLOTS = 66_000


def with_room(call: Callable[[], T]) -> T:
    """Call something in a frame below which there is much room, and return what it returns."""

    def below() -> T:
        return call()

    below.__code__ = below.__code__.replace(co_stacksize=SLOTS)
    return below()
