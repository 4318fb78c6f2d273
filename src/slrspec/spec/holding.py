"""The rules of a section: of many sections, those looked at last are held, and the others lie on disk.

A scenario takes two kilobytes as objects, which a suite of ten thousand would notice. No document of ours has as
many sections as are held, so none of them is ever put aside.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, overload

import msgspec

from slrspec.spec.aside import Aside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from slrspec.spec.rules import Rule

MOST = 32  # sections whose rules are held
FASTEST = 1  # of zlib's levels
T = TypeVar("T")


class Holding:
    """The rules of one section, which are unpacked when they are looked at.

    Parameters
    ----------
    rules
        The rules, in the file's order.

    """

    __slots__ = ("_aside", "_rules")

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._aside: Aside | None = None
        self._hold(rules)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules, in the file's order; two readings may give equal objects instead of the same."""
        rules = self._rules
        if rules is None:
            assert self._aside is not None  # by `put_aside`
            rules = _unpacked(self._aside.read())
        return self._hold(rules)

    def _hold(self, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        self._rules: tuple[Rule, ...] | None = rules
        _held.pop(self, None)
        _held[self] = None  # behind all others
        if len(_held) > MOST:
            oldest = next(iter(_held))
            del _held[oldest]
            oldest.put_aside()
        return rules

    def put_aside(self) -> None:
        """Let the objects go."""
        if self._rules is not None and self._aside is None:
            self._aside = Aside(zlib.compress(msgspec.msgpack.encode(self._rules, enc_hook=str), FASTEST))
        self._rules = None


_held: dict[Holding, None] = {}  # the one looked at last comes last


def _unpacked(packed: bytes) -> tuple[Rule, ...]:
    from slrspec.spec.rules import Rule

    return msgspec.msgpack.decode(
        zlib.decompress(packed), type=tuple[Rule, ...], dec_hook=lambda _, told: _path(told)
    )


_path = lru_cache(MOST)(Path)  # of a rule's file, which all rules of a section have in common


class Each(Sequence[T]):
    """A sequence that is made anew whenever it is gone through, and of which nothing is kept but its length.

    Parameters
    ----------
    made
        Makes it; equal each time.

    """

    def __init__(self, made: Callable[[], Iterable[T]]) -> None:
        self._made = made
        self._length: int | None = None

    def __iter__(self) -> Iterator[T]:
        return iter(self._made())

    def __len__(self) -> int:
        if self._length is None:
            self._length = sum(1 for _ in self)
        return self._length

    def __bool__(self) -> bool:
        return any(True for _ in self)

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...

    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        if isinstance(index, slice):
            return tuple(self)[index]
        place = index if index >= 0 else len(self) + index
        for one in islice(self, place, None) if place >= 0 else ():
            return one
        raise IndexError(index)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # like a list
