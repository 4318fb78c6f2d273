"""Whether the features read as a specification should: one claim a rule, no plumbing, no spare phrases."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from slrspec.spec.rules import Rule, Specification

PROVIDERS = re.compile(r"\b(moto|localstack|ministack|boto3?|botocore|emulators?|mock\w*)\b", re.IGNORECASE)
# IAM's, RDS's and STS's operations, as the API spells them, and as boto3 does.
OPERATION = re.compile(
    r"\b(?:Add|Assume|Attach|Create|Delete|Describe|Detach|Generate|Get|List|Modify|Put|Remove|Simulate|Tag|Untag|"
    r"Update)(?:[A-Z][A-Za-z]+)+\b|\b[a-z]+(?:_[a-z]+)*_(?:role|policy|user|group|instance|task|boundary)\b"
)
LONGEST_SCENARIO = 8
ALIKE = 0.95
# Words that make no difference between two phrases.
SMALL = frozenset(
    ("a", "an", "the", "of", "is", "are", "was", "been", "it", "its", "in", "on", "by", "to", "has", "have")
)


@dataclass(frozen=True)
class Finding:
    """Something that a reader would stumble over."""

    file: Path
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file.name}:{self.line}: {self.what}"


def lint(specifications: Sequence[Specification], phrases: Iterable[tuple[str, str, int]]) -> list[Finding]:
    """Return what could be better, in the order of the files.

    Parameters
    ----------
    specifications
        The rules of all editions, a specification for each document.
    phrases
        Kind, text and number of uses of every phrase that some step defines.

    """
    found: list[Finding] = []
    for specification in specifications:
        found += [finding for rule in specification.rules for finding in _rule(rule)]
        found += _places(specification)
    return found + list(_phrases(list(phrases)))


def _rule(rule: Rule) -> Iterator[Finding]:
    def at(line: int, what: str) -> Finding:
        return Finding(rule.file, line, f"{rule.id}: {what}")

    if re.search(r"[.;!?]\s|[.;]$", rule.statement):
        yield at(rule.line, "more than one claim; a rule's name is one clause without a stop")
    for scenario in rule.scenarios:
        if len(scenario.steps) > LONGEST_SCENARIO:
            yield at(scenario.line, f"{len(scenario.steps)} steps; tell a shorter story")
        if not any(step.keyword == "Then" for step in scenario.steps):
            yield at(scenario.line, "nothing is asserted")
    seen: set[tuple[int, str]] = set()
    texts = [(rule.line, rule.statement)]
    texts += [(step.line, step.text) for scenario in rule.scenarios for step in scenario.steps]
    texts += [(scenario.line, scenario.title) for scenario in rule.scenarios]
    for line, text in texts:
        if (line, text) in seen:
            continue
        seen.add((line, text))
        # What stands in quotes is a value, which is spelled as AWS spells it.
        words = re.sub(r'"[^"]*"', "", text)
        if match := PROVIDERS.search(words):
            yield at(line, f"names {match[0]}; a rule knows no provider")
        if match := OPERATION.search(words):
            yield at(line, f"spells {match[0]} as the API does; say what a reader of the page would")


def _places(specification: Specification) -> Iterator[Finding]:
    """Ids of one section share their letters, and go up."""
    for section in specification.sections:
        numbers: dict[str, int] = {}
        for rule in section.rules:
            letters, _, number = rule.id.rpartition("-")
            if int(number) <= numbers.get(letters, 0):
                yield Finding(rule.file, rule.line, f"{rule.id} stands behind a higher number")
            numbers[letters] = int(number)
        if len(numbers) > 1:
            first = section.rules[0]
            yield Finding(
                first.file, first.line, f"ids of one section begin alike, not with {' and '.join(numbers)}"
            )


def _phrases(phrases: list[tuple[str, str, int]]) -> Iterator[Finding]:
    folder = Path("steps")
    for kind, text, uses in phrases:
        if not uses:
            yield Finding(folder, 0, f"no scenario uses the phrase {kind!r} {text!r}")
    for (kind, one, _), (other_kind, other, _) in combinations(phrases, 2):
        if kind == other_kind and _alike(one, other):
            yield Finding(folder, 0, f"{one!r} and {other!r} are nearly the same; make them one phrase")


def _alike(one: str, other: str) -> bool:
    ours, theirs = ([word for word in text.casefold().split() if word not in SMALL] for text in (one, other))
    return sorted(ours) == sorted(theirs) or SequenceMatcher(None, one, other).ratio() >= ALIKE
