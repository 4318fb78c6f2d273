"""Gherkin's own parser, asked once for each text: a run reads its features three times over.

First the command does, to refuse what is wrong before anything runs, then the session, and then pytest-bdd. What is
kept meanwhile is compressed JSON, a twenty-fifth as large as the tree's objects are, and of many files on disk, and
only until it is asked for.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, Any

import msgspec

from slrspec.spec.aside import Aside

if TYPE_CHECKING:
    from collections.abc import Mapping

FASTEST = 1  # of zlib's levels
FEW = 64  # syntax trees that are kept, for another run may well ask for them
_trees: dict[bytes, bytes | Aside] = {}


def parsed(text: str) -> Mapping[str, Any]:
    """Return the syntax tree of a feature file's text, as Gherkin's parser has it.

    Raises
    ------
    gherkin.errors.CompositeParserException, gherkin.errors.ParserException
        If it is no Gherkin.

    """
    name = digest(text)
    kept = _trees.pop(name, None)
    compressed = kept.read() if isinstance(kept, Aside) else kept
    encoded = zlib.decompress(compressed) if compressed else _encoded(text)
    if len(_trees) < FEW:
        _trees[name] = compressed or zlib.compress(encoded, FASTEST)
    elif kept is None:
        _trees[name] = Aside(zlib.compress(encoded, FASTEST))
    tree: Mapping[str, Any] = msgspec.json.decode(encoded)
    return tree


def digest(text: str) -> bytes:
    """Return what stands for a text in memory: of a large suite the texts would be a tenth of all that grows."""
    return hashlib.sha256(text.encode()).digest()


def _encoded(text: str) -> bytes:
    from gherkin.parser import Parser

    return msgspec.json.encode(Parser().parse(text))
