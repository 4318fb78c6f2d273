"""Garbage, collected ten times less often than is Python's habit: most of what a run makes is gone without it.

Not less often than that: every 100,000 objects takes as long as every 10,000, and 13 MB more. What happens to be in
use during a collection, some 5,000 objects of an account, is looked at again only when everything is; were that as
rare as it is Python's habit, once in 2,600 scenarios, memory would grow by 4 KB for each of them until then.
"""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HARDLY = (200_000, 50, 100)
RARELY = (10_000, 10, 1)


def hardly_collect() -> None:
    """Collect hardly ever from now on, while nearly all that is made is imported, and stays."""
    gc.set_threshold(*HARDLY)


@contextmanager
def rare_collection() -> Iterator[None]:
    """Collect rarely for as long as the context lasts, and the first time never what is there already."""
    before = gc.get_threshold()
    _freeze_once()
    gc.set_threshold(*RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@cache
def _freeze_once() -> None:
    """Freeze what is there; to ask Python whether that was done already would walk all of it."""
    gc.freeze()


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
