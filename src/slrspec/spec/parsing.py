"""Gherkin's own parser, asked once for each text: a run reads its features three times over.

First the command does, to refuse what is wrong before anything runs, then the session, and then pytest-bdd. What is
kept meanwhile is JSON, a fifth as large as the tree's objects are.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

FEW = 64


def parsed(text: str) -> Mapping[str, Any]:
    """Return the syntax tree of a feature file's text, as Gherkin's parser has it.

    Raises
    ------
    gherkin.errors.CompositeParserException, gherkin.errors.ParserException
        If it is no Gherkin.

    """
    tree: Mapping[str, Any] = msgspec.json.decode(_encoded(text))
    return tree


@cache
def _encoded(text: str) -> bytes:
    from gherkin.parser import Parser

    return msgspec.json.encode(Parser().parse(text))


def forget_parsed() -> None:
    """Let go of all syntax trees once nobody is going to ask again, unless so few that another run may well ask."""
    if _encoded.cache_info().currsize > FEW:
        _encoded.cache_clear()
