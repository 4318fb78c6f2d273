"""Garbage, collected ten times less often than is Python's habit: most of what a run makes is gone before.

Not less often than that: what waits grows cold, and whatever comes after it pays for cold memory. Collections every
100,000 objects take more time than every 10,000, and 14 MB more.
"""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

RARELY = (10_000, 10, 10)


def collect_rarely() -> None:
    """Collect rarely from now on, to the end of the process."""
    gc.set_threshold(*RARELY)


@contextmanager
def rare_collection() -> Iterator[None]:
    """Collect rarely for as long as the context lasts; at its end all that has piled up is collected at once."""
    before = gc.get_threshold()
    collect_rarely()
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def no_collection_importing(module: str) -> Iterator[None]:
    """Pause collections while a large module is imported: they would walk the growing heap again and again.

    What is there at its end stays, so no later collection looks at it. A module that is imported already costs
    nothing, and nothing is done for it.
    """
    if module in sys.modules:
        yield
        return
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()
