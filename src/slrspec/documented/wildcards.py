"""IAM's wildcards: `*` for any characters, `?` for one, and no others."""

from __future__ import annotations

import re
from functools import cache


def matches(text: str, pattern: str) -> bool:
    """Tell whether a pattern covers the whole text, case-sensitively.

    Python's `fnmatch` would take brackets for a set of characters, which IAM does not.
    """
    return _compiled(pattern).fullmatch(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    translated = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.compile(translated, re.DOTALL)
