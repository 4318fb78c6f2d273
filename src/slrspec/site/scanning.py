"""The last look before a site is published: no file may hold what a run withheld, or what looks like a secret."""

from __future__ import annotations

import html
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from slrspec.errors import SafetyRefusal
from slrspec.running.withheld import Search

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from slrspec.running.withheld import Withheld

TEXT = frozenset({".css", ".html", ".js", ".json", ".jsonld", ".md", ".ndjson", ".svg", ".txt", ".xml"})
# What the theme brings is the same for everybody.
THEME = re.compile(r"^assets/(javascripts|stylesheets)/")
# They begin with plain characters, which Python looks for many times as fast as for the edge of a word.
ACCESS_KEY = re.compile(r"A(?<!\wA)[KS]IA[A-Z2-7]{16}\b")
ACCOUNT_IN_ARN = re.compile(r"arn:aws(?<!\warn:aws)[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:(\d{12}):")
# Those that AWS's own documentation and moto use in examples.
EXAMPLES = frozenset(
    {"000000000000", "111111111111", "111122223333", "123456789012", "210987654321", "444455556666", "999999999999"}
)
EXAMPLE_KEYS = frozenset({"AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"})
# As JSON writes white space, and a character, with a backslash more for each JSON that it stands in.
JSON_SPACE = re.compile(r"\\[nrtbf]")
JSON_CHARACTER = re.compile(r"\\+(?:u([0-9A-Fa-f]{4})|(/))")
SHORTEST_SECRET = 16
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@dataclass(frozen=True)
class Hit:
    """What must not be published: the file below the site, the line in it, and what kind of thing it is."""

    file: str
    line: int
    kind: str


class PublicationRefused(SafetyRefusal):
    """A site holds what must not be published."""


def refuse_leaks(site: Path, withheld: Iterable[Withheld]) -> int:
    """Search every text file of a site, and return how many there were.

    Raises
    ------
    PublicationRefused
        On a hit. The value itself is not told: the message may stand in the log of a public pipeline.

    """
    known = Search(withheld)
    number = 0
    for file in sorted(site.rglob("*")):
        name = file.relative_to(site).as_posix()
        if file.suffix not in TEXT or THEME.match(name) or not file.is_file():
            continue
        number += 1
        for hit in hits(name, file.read_text(encoding="utf-8", errors="replace"), known):
            raise PublicationRefused(
                f"the site is not published: {hit.kind}", where=(hit.file, hit.line), hint="the old site stays"
            )
    return number


def hits(name: str, text: str, withheld: Search) -> Iterator[Hit]:
    """Yield what must not be published of a file's text: as it stands, as a browser shows it, and as JSON means it.

    JSON writes a line break before a value as a backslash and an n, in a download and on a page: the value would
    begin with that n.
    """
    shown = html.unescape(text) if "&" in text else text
    meant = JSON_SPACE.sub(" ", shown) if "\\" in shown else shown
    if "\\u" in meant or "\\/" in meant:
        meant = JSON_CHARACTER.sub(_meant, meant)
    for found in dict.fromkeys((text, shown, meant)):
        for kind, place in _places(found, withheld):
            yield Hit(name, found.count("\n", 0, place) + 1, kind)


def _meant(escape: re.Match[str]) -> str:
    """Return the character of an escape; a space for white space, for the lines are counted."""
    character = escape[2] or chr(int(escape[1], 16))
    return " " if character.isspace() else character


def _places(text: str, withheld: Search) -> Iterator[tuple[str, int]]:
    for place in withheld.found_in(text):
        yield "a real value of the run, which its records have a reference for", place
    # A search for a plain text is many times as fast as one for a pattern, and most files hold neither.
    for match in ACCESS_KEY.finditer(text) if "AKIA" in text or "ASIA" in text else ():
        if match[0] not in EXAMPLE_KEYS:
            yield "the id of an access key", match.start()
    for match in ACCOUNT_IN_ARN.finditer(text) if "arn:aws" in text else ():
        if match[1] not in EXAMPLES:
            yield "an account id", match.start()
    for kind, value in _of_this_machine():
        place = text.find(value)
        if place >= 0:
            yield kind, place


def _of_this_machine() -> Iterator[tuple[str, str]]:
    for name in CREDENTIALS:
        value = os.environ.get(name, "")
        if len(value) >= SHORTEST_SECRET:
            yield f"the value of {name}", value
    home = _home()
    if home is not None and home != Path(home.anchor):
        yield "a path of this machine", f"{home}/"


def _home() -> Path | None:
    """Return the home of whoever publishes; None for a user without one, as a container may run."""
    try:
        return Path.home()
    except RuntimeError:
        return None
