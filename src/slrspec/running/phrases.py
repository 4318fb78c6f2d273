"""The step modules, loaded once, and the phrases they define."""

from __future__ import annotations

import pkgutil
import re
from collections import Counter
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from msgspec import Struct

from slrspec.errors import SpecificationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from slrspec.spec.rules import Rule, Scenario, Specification, Step


class Phrase(Struct, frozen=True):
    """A phrase that some step module defines.

    Attributes
    ----------
    noun
        Name of the module.
    kind
        `given`, `when` or `then`.
    text
        The phrase, with `<name>` for each parameter.
    uses
        How many steps of the specification it serves, rows of outlines counted one by one.

    """

    noun: str
    kind: str
    text: str
    uses: int


# A command checks before it runs, and the session that it runs once more; no step is ever taken away meanwhile.
_defined: set[tuple[str, str]] = set()
STEP = "pytestbdd_stepdef"  # how pytest-bdd begins the names of those that are steps
TYPES = {"Given": "given", "When": "when", "Then": "then"}


@cache
def step_modules() -> tuple[ModuleType, ...]:
    """Import every module of `slrspec.steps`, and return them in the order of their names."""
    from slrspec import steps

    return tuple(import_module(f"{steps.__name__}.{found.name}") for found in pkgutil.iter_modules(steps.__path__))


def fixtures_besides_steps(module: ModuleType) -> ModuleType:
    """Return a module that has a step module's fixtures but for those that are steps, and nothing else."""
    import pytest

    fixture = type(pytest.fixture(lambda: None))
    lean = ModuleType(module.__name__)
    for name, one in vars(module).items():
        if isinstance(one, fixture) and not name.startswith(STEP):
            setattr(lean, name, one)
    return lean


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
    for rule in rules:
        for scenario in rule.scenarios:
            for kind, step in _kinds(scenario):
                if (kind, step.text) in _defined:
                    continue
                if not any(c.type in {None, kind} and c.parser.is_matching(step.text) for c in contexts):
                    raise SpecificationError(
                        f"no step is defined for {step.keyword!r} {step.text!r}",
                        where=(rule.file, step.line),
                        hint="slrspec steps lists the phrases",
                    )
                _defined.add((kind, step.text))


def phrases(specifications: Iterable[Specification]) -> list[Phrase]:
    """Return every phrase, by noun and in the order of its module, with its uses in all the specifications."""
    from pytest_bdd.steps import step_function_context_registry

    nouns = {module.__name__: module.__name__.rpartition(".")[2] for module in step_modules()}
    used = Counter(
        (kind, step.text) for one in specifications for scenario in one.scenarios for kind, step in _kinds(scenario)
    )
    found = [
        Phrase(
            nouns[context.step_func.__module__],
            context.type or "any",
            _readable(context.parser.name),
            sum(
                times
                for (kind, text), times in used.items()
                if kind == context.type and context.parser.is_matching(text)
            ),
        )
        for context in step_function_context_registry.values()
        if context.step_func.__module__ in nouns
    ]
    return sorted(found, key=lambda phrase: phrase.noun)  # one noun may import another, so they come in any order


def modules_of(rule: Rule) -> set[str]:
    """Return the nouns of the step modules that define a rule's phrases."""
    from pytest_bdd.steps import step_function_context_registry

    ours = {module.__name__: module.__name__.rpartition(".")[2] for module in step_modules()}
    said = {(kind, step.text) for scenario in rule.scenarios for kind, step in _kinds(scenario)}
    return {
        ours[context.step_func.__module__]
        for context in step_function_context_registry.values()
        if context.step_func.__module__ in ours
        and any(context.type in {None, kind} and context.parser.is_matching(text) for kind, text in said)
    }


def _readable(pattern: str) -> str:
    """Return a phrase with `<name>` in place of each parameter, whichever way the step module writes it."""
    pattern = re.sub(r"\(\?P<(\w+)>(?:\\.|[^()\\])*\)", r"<\1>", pattern)
    pattern = re.sub(r"\(\?:([^()|]+)\|[^()]*\)", r"\1", pattern)  # one of several wordings
    return re.sub(r"\{(\w+)(?::\w+)?\}", r"<\1>", pattern)


def _kinds(scenario: Scenario) -> Iterator[tuple[str, Step]]:
    kind = ""
    for step in scenario.steps:
        kind = TYPES.get(step.keyword, kind)
        yield kind, step
