"""Gherkin's own parser, asked once for each text: a run reads its features three times over.

First the command does, to refuse what is wrong before anything runs, then the session, and then pytest-bdd.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

FEW = 64


@cache
def parsed(text: str) -> Mapping[str, Any]:
    """Return the syntax tree of a feature file's text, as Gherkin's parser has it; to be read only.

    Raises
    ------
    gherkin.errors.CompositeParserException, gherkin.errors.ParserException
        If it is no Gherkin.

    """
    from gherkin.parser import Parser

    tree: Mapping[str, Any] = Parser().parse(text)
    return tree


def forget_parsed() -> None:
    """Let go of all syntax trees once nobody is going to ask again, unless so few that another run may well ask."""
    if parsed.cache_info().currsize > FEW:
        parsed.cache_clear()
