"""The real values behind a run's references, kept as salted digests: what is published can be searched for them.

Nothing here tells a value. The file lies beside the results, readable by its owner only, and is not for
publication: an account id has so few digits that whoever has the salt could try them all.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

import msgspec

from slrspec.spec.places import Places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

FILE = "withheld.json"
SIZE = hashlib.sha256().digest_size
# The password of every DB instance that the scenarios create. It protects nothing, and stands in the docs.
NO_SECRET = "not-a-real-password"  # noqa: S105
# Shorter ones would be found by chance.
SHORTEST = 8
# Whatever a secret, a key or an account id may stand in, and its parts that may be the value itself.
CHARACTERS = "A-Za-z0-9+/=_@!.-"
RUN = re.compile(f"[{CHARACTERS}]{{{SHORTEST},}}")
# For `bytes.translate`: a space for every byte that belongs to no run.
BLANKED = re.sub(f"[^{CHARACTERS}]".encode(), b" ", bytes(range(256)))
PARTS = (
    re.compile(rf"[A-Za-z0-9+/=]{{{SHORTEST},}}"),
    re.compile(rf"[A-Za-z0-9]{{{SHORTEST},}}"),
    re.compile(r"(?<!\d)\d{12}(?!\d)"),
)


class Digests(AbstractSet[str]):
    """A set of digests, some 80 bytes each in a few large pieces: a set of texts has twice as many, in small ones.

    Parameters
    ----------
    digests
        The first ones, as hexadecimal digits.

    """

    def __init__(self, digests: Iterable[str] = ()) -> None:
        self._packed = bytearray()
        self._places = Places()
        self.update(digests)

    def update(self, digests: Iterable[str]) -> None:
        """Take some more."""
        for one in digests:
            if one not in self._places:
                self._places[one] = len(self._packed)
                self._packed += bytes.fromhex(one)

    def __contains__(self, one: object) -> bool:
        return isinstance(one, str) and one in self._places

    def __iter__(self) -> Iterator[str]:
        starts = range(0, len(self._packed), SIZE)
        return (self._packed[start : start + SIZE].hex() for start in starts)

    def __len__(self) -> int:
        return len(self._places)


class Withheld(msgspec.Struct, frozen=True):
    """Salted digests (SHA-256) of the values that a run has replaced by references."""

    salt: str = msgspec.field(default_factory=lambda: secrets.token_hex(16))
    digests: AbstractSet[str] = frozenset()

    def __contains__(self, value: str) -> bool:
        return digest(self.salt, value) in self.digests


class Search:
    """Looks for withheld values in any number of texts; what was looked up once is not looked up again.

    Parameters
    ----------
    withheld
        Of one run or several.

    """

    def __init__(self, withheld: Iterable[Withheld]) -> None:
        # A set of texts is the faster one to ask, and is asked for every word of a site.
        self._withheld = tuple(Withheld(one.salt, frozenset(one.digests)) for one in withheld if one.digests)
        self._known: dict[bytes, bool] = {}

    def found_in(self, text: str) -> Iterator[int]:
        """Yield where in a text one of the values stands."""
        if not self._withheld:
            return
        # Twice as fast as a pattern's matches; nothing else takes as long when a site is published.
        words = set(text.encode(errors="replace").translate(BLANKED).split())
        held = {word for word in words if len(word) >= SHORTEST and self._is_held(word)}
        if held:
            yield from (match.start() for match in RUN.finditer(text) if match[0].encode() in held)

    def _is_held(self, run: bytes) -> bool:
        if run not in self._known:
            self._known[run] = self._holds(run.decode())
        return self._known[run]

    def _holds(self, run: str) -> bool:
        parts = {run}.union(*(pattern.findall(run) for pattern in PARTS))
        return any(part in one for part in parts for one in self._withheld)


def digest(salt: str, value: str) -> str:
    """Return the digest of a value under a salt."""
    return hashlib.sha256(f"{salt}:{value}".encode()).hexdigest()


def digests(salt: str, values: Iterable[str]) -> list[str]:
    """Return the digests of all values that are long enough to be looked for, sorted."""
    return sorted(digest(salt, value) for value in values if len(value) >= SHORTEST and value != NO_SECRET)


def write_withheld(folder: Path, withheld: Withheld) -> None:
    """Write the digests beside the results, for nobody but the owner to read."""
    target = folder / FILE
    target.unlink(missing_ok=True)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.writelines(_encoded(withheld))


def _encoded(withheld: Withheld) -> Iterator[bytes]:
    """Yield the JSON of digests, piece by piece."""
    head, none, tail = msgspec.json.encode(msgspec.structs.replace(withheld, digests=frozenset())).rpartition(b"[]")
    assert none  # they are the last field
    yield head + b"["
    between = b""
    for one in withheld.digests:
        yield between + msgspec.json.encode(one)
        between = b","
    yield b"]" + tail


def read_withheld(folder: Path) -> Withheld | None:
    """Return what was written beside the results; None if there is no such file, or it cannot be read."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Withheld)
    except (OSError, msgspec.MsgspecError):
        return None
