"""Whether every sentence of an edition is accounted for, and every rule has a sentence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slrspec.spec.grants import Grant, grants_of
from slrspec.spec.rules import tabled

if TYPE_CHECKING:
    from slrspec.spec.rules import Specification
    from slrspec.tracing.editions import Edition, TracedBlock
    from slrspec.tracing.page import Block, Page


@dataclass(frozen=True)
class Gap:
    """Something that is not accounted for: where, and what is missing."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True)
class Coverage:
    """What a trace found.

    Attributes
    ----------
    edition
        The day of the edition.
    sentences, headings, normative, claimed
        How many sentences there are, how many of them are headings, how many state rules, and how many of those
        state rules that exist.
    kinds
        How many sentences there are of each other kind.
    gaps
        What is not accounted for; the check fails on any.
    blanks
        What a copy has lost, and the edition has: reported, and no gap.
    companions
        Ids of rules that openly have no sentence.

    """

    edition: str
    sentences: int
    headings: int
    normative: int
    claimed: int
    kinds: tuple[tuple[str, int], ...]
    rules: int
    gaps: tuple[Gap, ...]
    blanks: tuple[str, ...]
    companions: tuple[str, ...]


def cover(specification: Specification, edition: Edition, page: Page | None = None) -> Coverage:
    """Account for an edition, and for a copy of the page if one is given.

    Parameters
    ----------
    specification
        The rules that hold in the edition.
    edition
        The edition as listed.
    page
        A copy of the page; None to check what can be checked without one.

    """
    gaps = [*_unclaimed(specification, edition), *_without_sentence(specification, edition)]
    blanks: list[str] = []
    if page is not None:
        more, blanks = _compare(specification, edition, page)
        gaps += more
    kinds = Counter(s.kind for s in edition.sentences if not s.rules and s.kind != "heading")
    known = set(specification.by_id)
    return Coverage(
        edition=edition.date,
        sentences=len(edition.sentences),
        headings=sum(s.kind == "heading" for s in edition.sentences),
        normative=len(edition.normative),
        claimed=sum(set(s.rules) <= known for s in edition.normative),
        kinds=tuple(sorted(kinds.items())),
        rules=len(specification.rules),
        gaps=tuple(gaps),
        blanks=tuple(blanks),
        companions=tuple(rule.id for rule in specification.rules if rule.companion),
    )


def _unclaimed(specification: Specification, edition: Edition) -> list[Gap]:
    gaps = []
    known = set(specification.by_id)
    for sentence in edition.sentences:
        where = f"sentence {sentence.place}"
        missing = [rule for rule in sentence.rules if rule not in known]
        gaps += [Gap(where, f"states {rule}, which no feature has in this edition") for rule in missing]
        if not sentence.rules and not (sentence.kind and sentence.reason):
            gaps.append(Gap(where, "states no rule, and has no kind with a reason"))
    for number, block in enumerate(edition.blocks, 1):
        gaps += [
            Gap(f"block {number}", f"states {rule}, which no feature has")
            for rule in block.rules
            if rule not in known
        ]
        if not block.rules and not block.kind:
            gaps.append(Gap(f"block {number}", "states no rule, and has no kind"))
    return gaps


def _without_sentence(specification: Specification, edition: Edition) -> list[Gap]:
    return [
        Gap(rule.id, "no sentence or block of the page states it, and it is no companion")
        for rule in specification.rules
        if not rule.companion and rule.id not in edition.rules
    ]


# ---- against a copy


def _compare(specification: Specification, edition: Edition, page: Page) -> tuple[list[Gap], list[str]]:
    listed = Counter(s.fingerprint for s in edition.sentences)
    found = Counter(s.fingerprint for s in page.sentences)
    gaps, blanks = [], []
    for sentence in page.sentences:
        if found[sentence.fingerprint] > listed[sentence.fingerprint]:
            found[sentence.fingerprint] -= 1
            gaps.append(
                Gap(
                    f"sentence {sentence.section}.{sentence.ordinal} of the copy", f"is not listed: {sentence.text}"
                )
            )
    found = Counter(s.fingerprint for s in page.sentences)
    literals = _literal_fingerprints(specification)
    for traced in edition.sentences:
        if found[traced.fingerprint]:
            found[traced.fingerprint] -= 1
        elif traced.fingerprint in literals:
            blanks.append(f"sentence {traced.place}: the literal {literals[traced.fingerprint]} is lost")
        else:
            gaps.append(Gap(f"sentence {traced.place}", "is not in the copy"))
    more, lost = _compare_blocks(specification, edition, page)
    return gaps + more, blanks + lost


def _literal_fingerprints(specification: Specification) -> dict[str, str]:
    """Return fingerprints of the names in quotes that the steps use; a copy may have lost a list of just those."""
    import re

    from slrspec.tracing.page import fingerprint

    texts = [step.text for scenario in specification.scenarios for step in scenario.steps]
    return {fingerprint(n): n for text in texts for n in re.findall(r'"([^" ]+)"', text)}


def _compare_blocks(specification: Specification, edition: Edition, page: Page) -> tuple[list[Gap], list[str]]:
    gaps: list[Gap] = []
    blanks: list[str] = []
    for number, (listed, block) in enumerate(zip(edition.blocks, page.blocks, strict=False), 1):
        if listed.kind:
            continue
        wanted = listed.grants or _tabled(specification, listed)
        _compare_grants(f"block {number}", wanted, grants(block), gaps, blanks)
    if len(edition.blocks) != len(page.blocks):
        gaps.append(Gap("blocks", f"the copy has {len(page.blocks)}, the edition {len(edition.blocks)}"))
    return gaps, blanks


def _tabled(specification: Specification, block: TracedBlock) -> frozenset[Grant]:
    """Return the grants that the tables of a block's rules list."""
    return tabled(rule for rule in specification.rules if rule.id in block.rules)


def grants(block: Block) -> frozenset[Grant]:
    """Return what a block grants: a whole policy, or a single statement."""
    content: Any = block.content
    return grants_of(content if "Statement" in content else {"Statement": [content]})


def _compare_grants(
    where: str, wanted: frozenset[Grant], found: frozenset[Grant], gaps: list[Gap], blanks: list[str]
) -> None:
    missing, extra = sorted(wanted - found, key=str), sorted(found - wanted, key=str)
    for grant in list(missing):
        cut = next((other for other in extra if is_cut(other, grant)), None)
        if cut is not None:
            missing.remove(grant)
            extra.remove(cut)
            blanks.append(f"{where}: parts of {grant} are lost")
    gaps += [Gap(where, f"the copy does not grant {grant}") for grant in missing]
    gaps += [Gap(where, f"the copy grants {grant}, which no table lists") for grant in extra]


def is_cut(found: Grant, wanted: Grant) -> bool:
    """Tell whether a grant is what is left of another one after literals were scraped away."""
    import re

    def blank(condition: str) -> str:
        return re.sub(r'\["[^"]*"\]', '[""]', condition)

    return (
        found.folded == wanted.folded
        and wanted.resource.startswith(found.resource)
        and found.condition in {wanted.condition, blank(wanted.condition)}
    )
