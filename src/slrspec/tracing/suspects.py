"""Rules whose sentence has changed from one edition to the next, and that nobody has reviewed since."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slrspec.errors import SpecificationError, UsageError

if TYPE_CHECKING:
    from slrspec.tracing.editions import Edition, Editions


@dataclass(frozen=True)
class Suspect:
    """A rule to be looked at again: since which edition, and the places that changed in the one before."""

    rule: str
    edition: str
    places: tuple[str, ...]


def unreviewed(editions: Editions, edition: Edition, rules: frozenset[str]) -> list[Suspect]:
    """Return the rules of an edition whose sentences in the edition before are not in it as they were.

    Parameters
    ----------
    editions
        All editions, and the reviews.
    edition
        The one in question.
    rules
        Ids of the rules that hold in it.

    """
    earlier = [one for one in editions.editions if one.date < edition.date]
    if not earlier:
        return []
    former = earlier[-1]
    still = {sentence.fingerprint for sentence in edition.sentences}
    reviewed = {review.rule for review in editions.reviews if review.edition == edition.date}
    changed: dict[str, list[str]] = {}
    for sentence in former.sentences:
        if sentence.fingerprint not in still:
            for rule in sentence.rules:
                changed.setdefault(rule, []).append(sentence.place)
    return [
        Suspect(rule, edition.date, tuple(places))
        for rule, places in sorted(changed.items())
        if rule in rules and rule not in reviewed
    ]


def record_review(editions: Editions, rule: str, day: str, by: str) -> None:
    """Append a review to `document.toml`.

    Raises
    ------
    UsageError
        For an edition or rule that there is not.
    SpecificationError
        If the file cannot be written.

    """
    edition = editions.of(day)
    if rule not in {known for one in editions.editions for known in one.rules}:
        raise UsageError(f"no sentence of any edition states {rule!r}", hint="slrspec rules lists them")
    entry = {"rule": rule, "edition": edition.date, "by": by, "on": dt.date.today().isoformat()}  # noqa: DTZ011
    lines = [
        "",
        "[[reviews]]",
        *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in entry.items()),
    ]
    try:
        with editions.file.open("a", encoding="utf-8") as stream:
            stream.write("\n".join(lines) + "\n")
    except OSError as error:
        raise SpecificationError(f"cannot be written: {error.strerror}", where=(editions.file, None)) from error
