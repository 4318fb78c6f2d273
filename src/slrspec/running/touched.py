"""Which rules a changed file touches: so that a watched run judges those again and no others."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from slrspec.running.phrases import modules_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slrspec.spec.rules import Rule, Specification

STEPS = "slrspec.steps"


def touched_rules(before: Specification, now: Specification, changed: Iterable[Path]) -> list[str]:
    """Return ids of the rules that have to be judged again, in the document's order.

    Parameters
    ----------
    before, now
        The specification as it was last judged, and as it is.
    changed
        Files that are not as they were: features, what lies beside them, or modules of steps.

    """
    files = set(changed)
    if any(file.suffix != ".feature" and file.parent == now.folder for file in files):
        return list(now.by_id)  # the document itself, or its services
    modules = importers_of({file.stem for file in files if file.suffix == ".py"})
    return [
        rule.id
        for rule in now.rules
        if _told(rule) != _told(before.by_id.get(rule.id)) or (modules and modules & modules_of(rule))
    ]


def _told(rule: Rule | None) -> Rule | None:
    """Return a rule without where it stands: what is above it in its file does not touch it."""
    if rule is None:
        return None
    scenarios = tuple(
        replace(one, line=0, steps=tuple(replace(step, line=0) for step in one.steps)) for one in rule.scenarios
    )
    return replace(rule, line=0, scenarios=scenarios)


def importers_of(modules: set[str]) -> set[str]:
    """Return the names of step modules, and of those that use them in turn, as their sources say."""
    uses = {file.stem: _imported(file) for file in step_files()}
    found: set[str] = set()
    fresh = set(modules)
    while fresh:
        found |= fresh
        fresh = {name for name, used in uses.items() if used & found} - found
    return found


def step_files() -> list[Path]:
    """Return the files of the step modules, without importing any."""
    from slrspec import steps

    return sorted(file for folder in steps.__path__ for file in Path(folder).glob("[!_]*.py"))


def _imported(file: Path) -> set[str]:
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return set()
    names = (node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return {name.removeprefix(f"{STEPS}.") for name in names if name.startswith(f"{STEPS}.")}
