"""The one way of any text into a page.

All that comes from a provider is hostile: it may be HTML, Markdown, Jinja, control characters or marks that turn
the direction of the text. So nothing but letters, digits and single spaces is written as it is. Every other
character becomes a numeric reference, which no extension of Markdown and no plugin of MkDocs can take for mark-up;
what cannot be seen is made visible first.
"""

from __future__ import annotations

import re
import unicodedata

from markupsafe import Markup

# Categories of Unicode that show nothing, or change how their neighbours are shown.
UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
# A space with nothing, or another space, before it.
LOOSE_SPACE = re.compile("(?<![^ ]) ")
LINE_BREAK, TAB = "\n", "\t"
# Characters of one text that a page bears; the raw evidence has the rest.
LONGEST = 20_000


def shown(value: object) -> Markup:
    """Return a value as HTML that says what it is and does nothing, in text and in a quoted attribute.

    Markup that a template's macro has made passes as it is; there is no other source of it.
    """
    if isinstance(value, Markup):
        return value
    text = str(value)
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}… ({len(text) - LONGEST} more characters)"
    encoded = LOOSE_SPACE.sub("&#32;", text.translate(ENCODED))
    return Markup(encoded)  # noqa: S704 - the line above is what makes it safe


class Encoded(dict[int, str]):
    """How each character is written, by its code; a page has many, but few different ones."""

    def __missing__(self, code: int) -> str:
        """Find out for a character that has not been met before."""
        self[code] = _encoded(chr(code))
        return self[code]


def _encoded(character: str) -> str:
    code = ord(character)
    if character in {LINE_BREAK, TAB}:
        return f"&#{code};"
    if unicodedata.category(character) in UNSEEN:
        return f"\N{LEFT-POINTING ANGLE BRACKET}U&#43;{code:04X}\N{RIGHT-POINTING ANGLE BRACKET}"
    if character.isalnum():
        return character
    if character.isascii() or unicodedata.category(character).startswith(("Z", "M")):
        return f"&#{code};"
    return character


ENCODED = Encoded({ord(" "): " "})
