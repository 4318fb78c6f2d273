"""Garbage, collected rarely: a run makes little of it, and every collection walks all that moto has imported."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# What is in use when the young are collected grows old and dies with its scenario: some three thousand objects each
# time, which would pile up if the middle-aged were not collected more often than is usual.
RARELY = (100_000, 5, 10)


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
