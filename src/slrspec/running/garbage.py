"""Garbage, collected rarely: a run makes little of it, and every collection walks all that moto has imported."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

RARELY = (100_000, 50, 100)


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
