"""Where each of many named things lies: a few bytes of memory for each, all in one piece.

A dict of as many texts and numbers takes three hundred bytes each, in small pieces that live as long as the run.
Strewn among what scenarios leave behind, they also keep Python from giving that memory back.
"""

from __future__ import annotations

from array import array
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALLEST = 64  # slots, a power of two as all its doublings are
FULL = 3, 4  # of the slots taken: with more of them, the next free one is far
FREE = 0  # as a key


class Places:
    """Numbers by name, as a dict has them, except that no name is kept.

    Names are told apart by 64 bits of their digest: of 10,000 names, two are alike once in 300 thousand million
    times.
    """

    def __init__(self) -> None:
        self._keys = array("Q", [FREE]) * SMALLEST
        self._places = array("Q", [0]) * SMALLEST
        self._taken = 0

    def __len__(self) -> int:
        return self._taken

    def __iter__(self) -> Iterator[int]:
        return (place for key, place in zip(self._keys, self._places, strict=True) if key != FREE)

    def __setitem__(self, name: str, place: int) -> None:
        key = _key(name)
        slot = self._slot(key)
        if self._keys[slot] == FREE:
            self._taken += 1
        self._keys[slot], self._places[slot] = key, place
        if self._taken * FULL[1] > len(self._keys) * FULL[0]:
            self._double()

    def __contains__(self, name: str) -> bool:
        return self._keys[self._slot(_key(name))] != FREE

    def __getitem__(self, name: str) -> int:
        slot = self._slot(_key(name))
        if self._keys[slot] == FREE:
            raise KeyError(name)
        return self._places[slot]

    def _slot(self, key: int) -> int:
        """Return the slot of a key, or the free one where it belongs."""
        last = len(self._keys) - 1
        slot = key & last
        while self._keys[slot] not in (FREE, key):
            slot = (slot + 1) & last
        return slot

    def _double(self) -> None:
        keys, places = self._keys, self._places
        self._keys = array("Q", [FREE]) * (2 * len(keys))
        self._places = array("Q", [0]) * (2 * len(keys))
        for key, place in zip(keys, places, strict=True):
            if key != FREE:
                slot = self._slot(key)
                self._keys[slot], self._places[slot] = key, place


def _key(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big") or 1
