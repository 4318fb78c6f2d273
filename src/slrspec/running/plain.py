"""The switch for whoever distrusts a shortcut, SLRSPEC_PLAIN=1, and the test whether one can be taken."""

from __future__ import annotations

import inspect
import os
from typing import Any


def plain_wanted() -> bool:
    """Tell whether no shortcut is to be taken through the private parts of others, or by forks."""
    return bool(os.environ.get("SLRSPEC_PLAIN"))


def takes(function: Any, parameters: list[str]) -> bool:  # noqa: ANN401 - whatever others have there, or None
    """Tell whether a function of others is there, and has just these parameters."""
    return callable(function) and list(inspect.signature(function).parameters) == parameters
