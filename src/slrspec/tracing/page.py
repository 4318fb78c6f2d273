"""A copy of the page, as sentences and blocks, read from plain text, Markdown or HTML.

What is kept is what two copies of one edition share: text as saved from the site has lost list markers, call-outs,
link targets and some literals, so none of those is part of a sentence.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import unicodedata
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from slrspec.errors import SpecificationError
from slrspec.toml import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FINGERPRINT_DIGITS = 16
CALL_OUTS = {"note", "important", "tip", "warning", "caution", "topics"}
DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")
QUOTES = {**dict.fromkeys(map(ord, "‘’‚‛´`"), "'"), **dict.fromkeys(map(ord, "“”„‟«»"), '"')}
URL = re.compile(r"https?://[^\s<>\")\]]*[^\s<>\")\].,;:]")
ABBREVIATIONS = ("e.g.", "i.e.", "etc.", "vs.", "cf.", "no.", "approx.", "incl.")


@dataclass(frozen=True)
class Sentence:
    """One sentence, or one item of a list.

    Attributes
    ----------
    section
        How many headings and captions stand above it in the page.
    ordinal
        Its place in the section, from 1.
    text
        As it stands in the copy, without mark-up. Never written to any file of the project.
    heading
        Whether it is a heading or caption itself.

    """

    section: int
    ordinal: int
    text: str
    heading: bool = False

    @property
    def fingerprint(self) -> str:
        """The first digits of the SHA-256 of its normal form."""
        return fingerprint(self.text)


@dataclass(frozen=True)
class Block:
    """A JSON block of the page, parsed."""

    section: int
    content: Any


@dataclass(frozen=True)
class Page:
    """A copy of the page."""

    sentences: tuple[Sentence, ...]
    blocks: tuple[Block, ...]


def normal(text: str) -> str:
    """Return what of a sentence carries meaning.

    White space, kinds of quotes and dashes, the final stop and link targets do not; every word, every number and
    every other sign does.
    """
    folded = unicodedata.normalize("NFKC", text).translate(DASHES).translate(QUOTES)
    folded = URL.sub(" ", folded).replace("'", "").replace('"', "")
    # A dash between words is punctuation, one inside a word is spelling.
    folded = re.sub(r"\s+-+\s+", " ", folded)
    folded = re.sub(r"\s+([.,;:!?)])", r"\1", re.sub(r"([(])\s+", r"\1", folded))
    return re.sub(r"\s+", " ", folded).strip(" .:;,")


def fingerprint(text: str) -> str:
    """Return the fingerprint of a text: the first digits of the SHA-256 of its normal form."""
    return hashlib.sha256(normal(text).encode()).hexdigest()[:FINGERPRINT_DIGITS]


# ---- from lines to paragraphs


@dataclass(frozen=True)
class Paragraph:
    """A run of text between two breaks; `heading` for what is marked as one, `code` for what is to be typed."""

    text: str
    heading: bool = False
    code: bool = False


def read_page(file: Path) -> Page:
    """Read a copy of the page.

    Parameters
    ----------
    file
        Plain text as saved from the site, awsdocs Markdown (`.md`) or HTML (`.html`, `.htm`).

    Raises
    ------
    SpecificationError
        If the file cannot be read, or has no sentence.

    """
    page = page_of(text_of(file, SpecificationError), file.suffix.casefold())
    if not page.sentences:
        raise SpecificationError("there is no sentence in this page", where=(file, None))
    return page


def page_of(text: str, suffix: str = ".txt") -> Page:
    """Return the page that a text is; the suffix tells its format."""
    if suffix in {".html", ".htm"}:
        paragraphs = list(_from_html(text))
    elif suffix in {".md", ".markdown"}:
        paragraphs = list(_from_markdown(text))
    else:
        paragraphs = list(_from_text(text))
    return _page(paragraphs)


def _page(paragraphs: list[Paragraph]) -> Page:
    sentences: list[Sentence] = []
    blocks: list[Block] = []
    section = ordinal = 0
    for paragraph in paragraphs:
        text, parsed = _json(paragraph.text)
        if parsed is not None:
            blocks.append(Block(section, parsed))
        if not normal(text) or normal(text).casefold() in CALL_OUTS:
            continue
        if paragraph.heading or (_is_caption(text) and not paragraph.code):
            section, ordinal = section + 1, 0
            sentences.append(Sentence(section, ordinal, text, heading=True))
            continue
        # A command is one sentence, wherever it has stops.
        for sentence in [text] if paragraph.code else split(text):
            if normal(sentence):
                ordinal += 1
                sentences.append(Sentence(section, ordinal, sentence))
    return Page(tuple(sentences), tuple(blocks))


def _is_caption(text: str) -> bool:
    """Tell a line that heads others from a sentence: it has words, and does not end like a sentence.

    A list item that has lost the link at its end does not end like a sentence either; it has a stop inside, or ends
    in a word that something has to follow.
    """
    if text.endswith((".", ":", "!", "?", ",")) or " " not in text:
        return False
    return not re.search(r"\b(?:at|see|in|to|the|of)$", text)


def _json(text: str) -> tuple[str, Any]:
    """Return what of a text is not JSON, and the JSON, which may stand below a line that ends in a colon."""
    before, _, _ = text.partition("{")
    if before.strip() and not before.rstrip().endswith(":"):
        return text.strip(), None
    try:
        return before.strip(), json.loads(text[len(before) :])
    except ValueError:
        return text.strip(), None


def _from_text(text: str) -> Iterator[Paragraph]:
    chunks = [chunk for chunk in re.split(r"\n[ \t]*\n", text) if chunk.strip()]
    if len(chunks) > 1 and _is_window_title(*(normal(chunk) for chunk in chunks[:2])):
        chunks = chunks[1:]
    for chunk in chunks:
        yield from _items(chunk)


def _is_window_title(first: str, second: str) -> bool:
    """Tell the title of the browser's window, which repeats the page's own with the name of the guide behind it."""
    return bool(second) and first != second and first.startswith(f"{second} ")


NUMBERED = re.compile(r"(?m)^\s*(?:\d{1,2}[.)]|[-+*•])\s+")


def _items(chunk: str) -> Iterator[Paragraph]:
    """Split a chunk into the items of a list, if it is one; their numbers mean nothing."""
    if not NUMBERED.match(chunk):
        yield Paragraph(" ".join(chunk.split()))
        return
    for item in NUMBERED.split(chunk):
        if item.strip():
            yield Paragraph(" ".join(item.split()))


# ---- Markdown, as awsdocs writes it


def _from_markdown(text: str) -> Iterator[Paragraph]:
    fenced = re.split(r"(?ms)^[ \t]*```[^\n]*\n(.*?)^[ \t]*```[ \t]*$", text)
    for number, part in enumerate(fenced):
        if number % 2:
            yield Paragraph(part if "{" in part else _without_marks(part), code=True)
            continue
        for chunk in re.split(r"\n[ \t]*\n|(?<=  )\n|\n(?=\s*(?:\*\*|\+ |\d+\. |#))", part):
            heading = re.match(r"\s*#+\s", chunk) is not None
            plain = _without_marks(re.sub(r"^\s*(?:#+|\+|-|\*|\d+\.)\s+", "", chunk))
            bold = re.fullmatch(r"\s*\*\*[^*]+\*\*\s*", chunk) is not None
            yield Paragraph(plain, heading or (bold and _is_caption(plain)))


def _without_marks(text: str) -> str:
    text = re.sub(r"<a name=\"[^\"]*\"></a>", "", text)
    text = re.sub(r"\[((?:\\.|[^\]\\])*)\]\(((?:\\.|[^)\\])*)\)", r"\1", text)
    text = re.sub(r"(?<!\\)(\*\*|\*|`)", "", text)
    return " ".join(html.unescape(re.sub(r"\\([\\`*_{}\[\]()#+\-.!<>|~])", r"\1", text)).split())


# ---- HTML


class _Reader(HTMLParser):
    """Collects paragraphs; scripts, navigation and the like are not text."""

    BREAKING = frozenset({"p", "li", "div", "section", "td", "tr", "ul", "ol", "dl", "dt", "dd", "br", "table"})
    HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
    SILENT = frozenset({"script", "style", "nav", "header", "footer", "title", "noscript", "button"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Paragraph] = []
        self._text: list[str] = []
        self._silent = 0
        self._block = 0

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.SILENT:
            self._silent += 1
        if tag == "pre":
            self.flush()
            self._block += 1
        elif tag in self.BREAKING | self.HEADINGS:
            self.flush()

    def handle_endtag(self, tag: str) -> None:
        if tag in self.SILENT:
            self._silent = max(0, self._silent - 1)
        if tag == "pre":
            self.flush()
            self._block = max(0, self._block - 1)
        elif tag in self.BREAKING | self.HEADINGS:
            self.flush(heading=tag in self.HEADINGS)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._text.append(data)

    def flush(self, *, heading: bool = False) -> None:
        text = "".join(self._text)
        self._text.clear()
        if text.strip():
            code = bool(self._block)
            self.found.append(Paragraph(text if code else " ".join(text.split()), heading, code))


def _from_html(text: str) -> Iterator[Paragraph]:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    reader.flush()
    yield from reader.found


# ---- from paragraphs to sentences


def split(text: str) -> list[str]:
    """Split a paragraph into sentences.

    A sentence ends at a stop, a question or an exclamation mark that is followed by white space and by something
    that can begin a sentence: a capital, a digit, a quote or a bracket. Abbreviations do not end it, nor does a
    stop inside an ARN, a number, a host name or a file name, because no white space follows.
    """
    text = " ".join(text.split())
    found: list[str] = []
    begun = 0
    for match in re.finditer(r"[.!?][\"'”’)\]]*\s+(?=[A-Z0-9\"'“‘(\[])", text):
        before = text[begun : match.end()].rstrip()
        last = before.rsplit(" ", 1)[-1].lstrip("(\"'").casefold()
        if last in ABBREVIATIONS or re.fullmatch(r"[a-z]\.", last):
            continue
        found.append(before)
        begun = match.end()
    found.append(text[begun:].strip())
    return [sentence for sentence in found if sentence]
