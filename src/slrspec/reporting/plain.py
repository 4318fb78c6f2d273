"""Text that came from a provider, made harmless for a terminal or a text file."""

from __future__ import annotations

import json
import unicodedata

REPLACED = "\N{REPLACEMENT CHARACTER}"
HIDDEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


def plain(text: str) -> str:
    """Return the text on one line, with a mark in place of whatever a terminal would act on or hide.

    Control characters could move the cursor or change colours, bidirectional marks could show words in another
    order than they are in.
    """
    folded = " ".join(text.split())
    if folded.isprintable():
        return folded
    return "".join(REPLACED if unicodedata.category(character) in HIDDEN else character for character in folded)


def compact(value: object) -> str:
    """Return a value as one line of JSON, made harmless likewise."""
    return plain(json.dumps(value, ensure_ascii=False, default=str))


def shortened(text: str, width: int, ellipsis: str = "…") -> str:
    """Return the text, cut to the given number of characters with an ellipsis at the end."""
    return text if len(text) <= width else text[: width - len(ellipsis)].rstrip() + ellipsis
