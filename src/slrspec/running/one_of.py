"""A step's phrase whose parameters are listed: one of so many deeds, of so many reasons.

As a regular expression such a list takes a millisecond to compile, and is tried from its beginning to its end.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from pytest_bdd.parsers import StepParser

if TYPE_CHECKING:
    from collections.abc import Iterable


class OneOf(StepParser):
    """A parser of steps for pytest-bdd that knows each phrase as a whole.

    Parameters
    ----------
    name
        The phrase, with `<parameter>` where one of its texts stands: `they can <deed>`.
    texts
        The texts of each parameter.

    """

    def __init__(self, name: str, **texts: Iterable[str]) -> None:
        super().__init__(name)
        self._arguments: dict[str, dict[str, str]] = {}
        for chosen in product(*texts.values()):
            phrase, arguments = name, dict(zip(texts, chosen, strict=True))
            for parameter, text in arguments.items():
                phrase = phrase.replace(f"<{parameter}>", text)
            self._arguments[phrase] = arguments

    def is_matching(self, name: str) -> bool:
        """Tell whether a step is one of the phrases."""
        return name in self._arguments

    def parse_arguments(self, name: str) -> dict[str, str] | None:
        """Return the texts of a step by parameter; None for a step that is none of the phrases."""
        arguments = self._arguments.get(name)
        return None if arguments is None else dict(arguments)
