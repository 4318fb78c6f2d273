"""Finding the step that defines a phrase, once for each phrase rather than for each time that it is said.

pytest-bdd matches every step of every scenario against all steps that there are, one after the other. Here it does
so the first time, and is told the answer from then on. That leans on a private function of pytest-bdd; where it is
not as expected, and where SLRSPEC_PLAIN is set, the plain way stays, and the results say so.
"""

from __future__ import annotations

import inspect
import os
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

FUNCTION = "find_fixturedefs_for_step"
PARAMETERS = ["step", "fixturemanager", "node"]


@contextmanager
def remembered_steps() -> Iterator[bool]:
    """Have phrases looked up once each for as long as the context lasts; yield whether that is possible here.

    For sessions in which every step is defined for every scenario; a `conftest.py` may define some for its folder.
    """
    scenario = import_module("pytest_bdd.scenario")  # a function of that name hides the module
    plain = getattr(scenario, FUNCTION, None)
    if os.environ.get("SLRSPEC_PLAIN") or plain is None or list(inspect.signature(plain).parameters) != PARAMETERS:
        yield False
        return
    known: dict[tuple[str, str], list[Any]] = {}

    def find(step: Any, fixturemanager: Any, node: Any) -> list[Any]:  # noqa: ANN401 - pytest-bdd's own
        key = (step.type, step.name)
        if key not in known:
            known[key] = list(plain(step=step, fixturemanager=fixturemanager, node=node))
        return known[key]

    setattr(scenario, FUNCTION, find)
    try:
        yield True
    finally:
        setattr(scenario, FUNCTION, plain)
