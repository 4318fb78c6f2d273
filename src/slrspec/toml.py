"""TOML of the user's: read whole, or refused in one line that says where."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from slrspec.errors import SlrspecError

AT_LINE = re.compile(r"(?P<what>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)")


def read_toml(file: Path, refusal: type[SlrspecError]) -> tuple[str, dict[str, Any]]:
    """Return the text of a file and its tables; raises like `text_of`, and where it is no TOML."""
    text = text_of(file, refusal)
    return text, tables(text, file, refusal)


def text_of(file: Path, refusal: type[SlrspecError]) -> str:
    """Return the text of a file.

    Parameters
    ----------
    refusal
        What to raise if it cannot be read, or is no UTF-8.

    """
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise refusal(f"cannot be read: {error.strerror}", where=(file, None)) from error
    except UnicodeDecodeError as error:
        raise refusal("not UTF-8 text", where=(file, None)) from error


def tables(text: str, file: Path, refusal: type[SlrspecError]) -> dict[str, Any]:
    """Return the tables of a file's text, or refuse it with the line, where one is known."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = AT_LINE.fullmatch(str(error))
        if found is None:
            raise refusal(f"not TOML: {error}", where=(file, None)) from error
        line = int(found["line"] or len(text.splitlines()) or 1)
        raise refusal(f"not TOML: {found['what']}", where=(file, line)) from error


def line_of(text: str, word: str, start: int | None = None) -> int | None:
    """Return the line in which a key or table is first named, from a line on."""
    name = rf"""["']?{re.escape(word)}["']?"""
    pattern = re.compile(rf"^\s*({name}\s*=|\[+\s*(.*\.\s*)?{name}\s*[.\]])")
    for number, line in enumerate(text.splitlines(), 1):
        if number >= (start or 1) and pattern.search(line):
            return number
    return start
