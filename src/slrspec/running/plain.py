"""Shortcuts through others' functions: the switch against all of them, SLRSPEC_PLAIN=1, the test, and the way."""

from __future__ import annotations

import inspect
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def plain_wanted() -> bool:
    """Tell whether no shortcut is to be taken through the private parts of others, or by forks."""
    return bool(os.environ.get("SLRSPEC_PLAIN"))


def takes(function: Any, parameters: list[str]) -> bool:  # noqa: ANN401 - whatever others have there, or None
    """Tell whether a function of others is there, and has just these parameters."""
    return callable(function) and list(inspect.signature(function).parameters) == parameters


@contextmanager
def replaced(*replacements: tuple[Any, str, Any]) -> Iterator[None]:
    """Put functions of ours in others' places for as long as the context lasts: owner, name there, and ours."""
    # As they lie there: a static method of a class would come back as a method.
    before = [inspect.getattr_static(owner, name) for owner, name, _ in replacements]
    for owner, name, ours in replacements:
        setattr(owner, name, ours)
    try:
        yield
    finally:
        for (owner, name, _), theirs in zip(replacements, before, strict=True):
            setattr(owner, name, theirs)
