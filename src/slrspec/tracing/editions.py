"""The editions of the page as `document.toml` lists them: every sentence by its fingerprint, and what it states."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from slrspec.errors import SpecificationError, UsageError
from slrspec.spec.grants import Grant
from slrspec.toml import read_toml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "document.toml"


@dataclass(frozen=True)
class Traced:
    """A sentence of an edition, without its text.

    Attributes
    ----------
    rules
        Ids of the rules that it states; empty if it states none.
    kind, reason
        What it is otherwise, and why; empty if it states rules.

    """

    section: int
    ordinal: int
    fingerprint: str
    rules: tuple[str, ...]
    kind: str
    reason: str

    @property
    def place(self) -> str:
        """Section and ordinal, `2.4`."""
        return f"{self.section}.{self.ordinal}"


@dataclass(frozen=True)
class TracedBlock:
    """A JSON block of an edition: the rules that state its grants, and the grants where no table lists them."""

    section: int
    rules: tuple[str, ...]
    kind: str
    grants: frozenset[Grant]


@dataclass(frozen=True)
class Review:
    """Somebody's word that a rule holds in an edition although its sentence has changed."""

    rule: str
    edition: str
    by: str
    on: str


@dataclass(frozen=True)
class Edition:
    """One dated edition of the page."""

    date: str
    source: str
    sentences: tuple[Traced, ...]
    blocks: tuple[TracedBlock, ...]

    @property
    def normative(self) -> tuple[Traced, ...]:
        """The sentences that state rules."""
        return tuple(sentence for sentence in self.sentences if sentence.rules)

    @property
    def rules(self) -> frozenset[str]:
        """Ids of all rules that it states, in a sentence or a block."""
        found = {rule for sentence in self.sentences for rule in sentence.rules}
        return frozenset(found | {rule for block in self.blocks for rule in block.rules})


@dataclass(frozen=True)
class Editions:
    """All editions of a document, oldest first, and what was reviewed."""

    file: Path
    editions: tuple[Edition, ...]
    reviews: tuple[Review, ...]

    def of(self, day: str) -> Edition:
        """Return the edition of a day.

        Raises
        ------
        UsageError
            If there is none.

        """
        for edition in self.editions:
            if edition.date == day:
                return edition
        known = ", ".join(edition.date for edition in self.editions)
        raise UsageError(f"unknown edition {day!r}", hint=f"known: {known}")

    def nearest(self, fingerprints: set[str]) -> Edition:
        """Return the edition that shares most sentences with a copy of the page; an empty one if none is listed."""

        def likeness(edition: Edition) -> float:
            theirs = {sentence.fingerprint for sentence in edition.sentences}
            return len(theirs & fingerprints) / len(theirs | fingerprints)

        return max(self.editions, key=likeness, default=Edition("", "", (), ()))


def lists_editions(folder: Path) -> bool:
    """Tell whether a folder's document is a page, whose sentences are listed; the catalogue is none."""
    try:
        return bool(tomllib.loads((folder / FILE).read_text(encoding="utf-8")).get("editions"))
    except (OSError, tomllib.TOMLDecodeError):
        return True  # reading it will say what is wrong


def read_editions(folder: Path, *, may_be_first: bool = False) -> Editions:
    """Read the editions from the `document.toml` of a folder of features.

    Parameters
    ----------
    folder
        Where it lies.
    may_be_first
        Whether it may list none yet.

    Raises
    ------
    SpecificationError
        If the file lists no edition, or one that lacks something.

    """
    file = folder / FILE
    if not file.exists():
        raise SpecificationError("no document.toml beside the features", where=(folder, None))
    _, data = read_toml(file, SpecificationError)
    try:
        editions = tuple(sorted((_edition(one) for one in data.get("editions", [])), key=lambda one: one.date))
        reviews = tuple(
            Review(one["rule"], str(one["edition"]), one["by"], str(one["on"])) for one in data.get("reviews", [])
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SpecificationError(
            f"an edition or review is not as it should be: {error}", where=(file, None)
        ) from error
    if not editions and not may_be_first:
        raise SpecificationError("no edition is listed", where=(file, None), hint="add [[editions]]")
    return Editions(file, editions, reviews)


def _edition(one: Mapping[str, Any]) -> Edition:
    day = str(one["date"])
    date.fromisoformat(day)
    sentences = tuple(
        Traced(
            section=_number(s["section"]),
            ordinal=_number(s["ordinal"]),
            fingerprint=s["fingerprint"],
            rules=tuple(s.get("rules", ())),
            kind=s.get("kind", ""),
            reason=s.get("reason", ""),
        )
        for s in one["sentences"]
    )
    return Edition(day, one["source"], sentences, tuple(map(_block, one.get("blocks", ()))))


def _number(value: object) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is no number of a section or sentence")
    return value


def _block(one: Mapping[str, Any]) -> TracedBlock:
    grants = frozenset(Grant(g["action"], g["resource"], g.get("condition", "")) for g in one.get("grants", ()))
    return TracedBlock(_number(one["section"]), tuple(one.get("rules", ())), one.get("kind", ""), grants)
