"""How a verdict looks: a glyph and a word, so that colour is never the only difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from slrspec.running.verdict import Verdict

if TYPE_CHECKING:
    from slrspec.running.results import RuleVerdict


class Look(Struct, frozen=True):
    """A glyph, its stand-in where only ASCII can be shown, a word and a colour of click's."""

    glyph: str
    ascii: str
    word: str
    colour: str

    def text(self, *, unicode: bool) -> str:
        """Return glyph and word."""
        return f"{self.glyph if unicode else self.ascii} {self.word}"


LOOKS = {
    Verdict.PASS: Look("✓", "+", "pass", "green"),
    Verdict.FAIL: Look("✗", "x", "fail", "red"),
    Verdict.ERROR: Look("!", "!", "error", "magenta"),
    Verdict.UNSUPPORTED: Look("–", "-", "unsupported", "yellow"),
    Verdict.NOT_RUN: Look("○", "o", "not run", "bright_black"),
}
KNOWN = Look("≈", "~", "known", "yellow")
UNEXPECTED = Look("✓", "+", "pass (unexpected)", "red")


def look_of(verdict: RuleVerdict) -> Look:
    """Return how a rule's verdict looks, a known deviation as such."""
    if verdict.known is not None:
        return KNOWN
    if verdict.verdict is Verdict.PASS and verdict.problem:
        return UNEXPECTED
    return LOOKS[verdict.verdict]
