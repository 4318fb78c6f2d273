"""The step modules, loaded once, and the phrases they define."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from slrspec.errors import SpecificationError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from slrspec.spec.rules import Rule

TYPES = {"Given": "given", "When": "when", "Then": "then"}


@cache
def step_modules() -> tuple[ModuleType, ...]:
    """Import every module of `slrspec.steps`, and return them in the order of their names."""
    from slrspec import steps

    return tuple(import_module(f"{steps.__name__}.{found.name}") for found in pkgutil.iter_modules(steps.__path__))


def refuse_undefined_steps(rules: Iterable[Rule]) -> None:
    """Check that some step module defines each phrase, so that a typing error is found before anything runs.

    Raises
    ------
    SpecificationError
        For the first phrase that none defines, with file and line.

    """
    from pytest_bdd.steps import step_function_context_registry

    step_modules()
    contexts = list(step_function_context_registry.values())
    known: set[tuple[str, str]] = set()
    for rule in rules:
        for scenario in rule.scenarios:
            kind = ""
            for step in scenario.steps:
                kind = TYPES.get(step.keyword, kind)
                if (kind, step.text) in known:
                    continue
                if not any(c.type in {None, kind} and c.parser.is_matching(step.text) for c in contexts):
                    raise SpecificationError(
                        f"no step is defined for {step.keyword!r} {step.text!r}",
                        where=(rule.file, step.line),
                        hint="slrspec steps lists the phrases",
                    )
                known.add((kind, step.text))
