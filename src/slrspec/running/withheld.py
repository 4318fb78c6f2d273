"""The real values behind a run's references, kept as salted digests: what is published can be searched for them.

Nothing here tells a value. The file lies beside the results, readable by its owner only, and is not for
publication: an account id has so few digits that whoever has the salt could try them all.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

FILE = "withheld.json"
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


class Withheld(msgspec.Struct, frozen=True):
    """Salted digests (SHA-256) of the values that a run has replaced by references."""

    salt: str = msgspec.field(default_factory=lambda: secrets.token_hex(16))
    digests: frozenset[str] = frozenset()

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
        self._withheld = tuple(one for one in withheld if one.digests)
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


class Digests:
    """Digests as they come in from scenarios: 32 bytes each, in one piece, and no objects until all are wanted."""

    def __init__(self) -> None:
        self._packed = bytearray()

    def add(self, digests: Iterable[str]) -> None:
        """Take some, which may have come before."""
        self._packed += b"".join(map(bytes.fromhex, digests))

    def all(self) -> frozenset[str]:
        """Return each of them once."""
        size = hashlib.sha256().digest_size
        starts = range(0, len(self._packed), size)
        return frozenset(self._packed[start : start + size].hex() for start in starts)


def write_withheld(folder: Path, withheld: Withheld) -> None:
    """Write the digests beside the results, for nobody but the owner to read."""
    target = folder / FILE
    target.unlink(missing_ok=True)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(msgspec.json.encode(withheld, order="deterministic"))


def read_withheld(folder: Path) -> Withheld | None:
    """Return what was written beside the results; None if there is no such file, or it cannot be read."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Withheld)
    except (OSError, msgspec.MsgspecError):
        return None
