"""Drafts for a new edition: what can be carried over from a listed one, and what a person has to decide."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slrspec.tracing.editions import Edition, Traced
    from slrspec.tracing.page import Page, Sentence

TODO = "TODO"


def edition_draft(page: Page, edition: Edition, day: str) -> str:
    """Return an `[[editions]]` entry for a copy of the page; what is new is marked to do."""
    known: dict[str, list[Traced]] = {}  # the page says some things twice, and means something else each time
    for traced in edition.sentences:
        known.setdefault(traced.fingerprint, []).append(traced)
    lines = ["[[editions]]", f'date = "{day}"', f'source = "{TODO}"', "sentences = ["]
    for sentence in page.sentences:
        place = (
            f'section = {sentence.section}, ordinal = {sentence.ordinal}, fingerprint = "{sentence.fingerprint}"'
        )
        alike = known.get(sentence.fingerprint, [])
        before = alike.pop(0) if alike else None
        if before is None:
            said = f'kind = "{TODO}", reason = "{TODO}"' if not sentence.heading else _heading()
        elif before.rules:
            said = f"rules = {json.dumps(list(before.rules))}"
        else:
            said = f"kind = {json.dumps(before.kind)}, reason = {json.dumps(before.reason)}"
        lines.append(f"  {{{place}, {said}}},")
    lines += ["]", "blocks = [", *(f'  {{section = {b.section}, kind = "{TODO}"}},' for b in page.blocks), "]"]
    return "\n".join(lines) + "\n"


def _heading() -> str:
    return 'kind = "heading", reason = "names what follows"'


def rule_drafts(page: Page, edition: Edition, day: str, prefix: str, taken: frozenset[str]) -> str:
    """Return `Rule:` blocks to fill in, one for each sentence that is not listed yet.

    Parameters
    ----------
    page
        A copy of the page.
    edition
        The edition to compare it with.
    day
        From which edition the new rules hold.
    prefix
        How their ids begin, `RDS-NEW`.
    taken
        Ids that are in use, or were.

    """
    known = {sentence.fingerprint for sentence in edition.sentences}
    fresh = [s for s in page.sentences if s.fingerprint not in known and not s.heading]
    numbers = (n for n in range(1, 100) if f"{prefix}-{n:02}" not in taken)
    since = day if edition.date else ""  # the rules of a first edition hold in every one
    return "\n".join(
        _rule(sentence, f"{prefix}-{number:02}", since) for number, sentence in zip(numbers, fresh, strict=False)
    )


def _rule(sentence: Sentence, rule: str, day: str) -> str:
    since = f" @from-{day}" if day else ""
    return f"""  @{rule} @must @api{since}
  Rule: {TODO}: say in your own words what sentence {sentence.section}.{sentence.ordinal} claims
    {TODO}: one claim only; split it, or give the sentence a kind in document.toml if it claims nothing.

    Scenario: {TODO}
      Given {TODO}
      When {TODO}
      Then {TODO}
"""
