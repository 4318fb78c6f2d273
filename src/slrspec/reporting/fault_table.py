"""The matrix of faults as text, Markdown and JSON."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slrspec.running.fault_matrix import Trial
    from slrspec.spec.rules import Specification

WIDTH = 100


def text(trials: list[Trial], specification: Specification) -> str:
    """Return the matrix rule by rule: the faults of each, and the scenarios that noticed."""
    lines: list[str] = []
    for rule in specification.rules:
        own = [trial for trial in trials if rule.id in trial.fault.rules]
        if not own:
            continue
        lines.append(click.style(f"{rule.id}  {rule.statement}", bold=True))
        for trial in own:
            lines.extend(_trial(trial, rule.id))
    return "\n".join([*lines, "", totals(trials), *_errors(trials)]) + "\n"


def _trial(trial: Trial, rule: str) -> Iterable[str]:
    killers = trial.killers.get(rule, ())
    if rule in trial.untried:
        yield f"  ○ {trial.fault.id}: not tried, for this rule cannot be run here"
        return
    if not killers:
        unsure = trial.unsure.get(rule, ())
        why = f"; {len(unsure)} could not tell" if unsure else ""
        yield click.style(f"  ✗ {trial.fault.id}: SURVIVED{why}", fg="red")
        yield f"      {trial.fault.what}"
        return
    yield click.style("  ✓ ", fg="green") + f"{trial.fault.id}: {trial.fault.what}"
    names = "; ".join(scenario.partition("/")[2] for scenario in killers)
    also = f" (and {len(trial.others)} other rules)" if trial.others else ""
    yield from textwrap.wrap(
        f"killed by {names}{also}", WIDTH, initial_indent="      ", subsequent_indent="        "
    )


def totals(trials: list[Trial]) -> str:
    """Return one line: how many faults, how many killed, how widely."""
    survived = [trial for trial in trials if trial.survived]
    line = f"{len(trials)} faults: {len(trials) - len(survived)} killed by their own rules' scenarios"
    line += f", {len(survived)} survived" if survived else ", none survived"
    spread = sum(len(trial.others) for trial in trials) / max(1, len(trials))
    return f"{line}; {spread:.1f} other rules notice one on average" if spread else line


def _errors(trials: list[Trial]) -> Iterable[str]:
    for trial in trials:
        for rule in trial.survived:
            yield click.style(
                f"{rule} cannot fail: nothing noticed {trial.fault.id} ({trial.fault.what})", fg="red"
            )


def markdown(trials: list[Trial]) -> str:
    """Return a table with a row for each fault."""
    rows = [
        "| killed | fault | what it does | killed by its own rules' | others |",
        "|---|---|---|---|---|",
        *(
            f"| {'✗' if trial.survived else '✓'} | `{trial.fault.id}` | {trial.fault.what} | {_own(trial)} "
            f"| {len(trial.others)} |"
            for trial in trials
        ),
    ]
    return "\n".join([*rows, "", totals(trials)]) + "\n"


def _own(trial: Trial) -> str:
    parts = []
    for rule in trial.fault.rules:
        names = [scenario.partition("/")[2] for scenario in trial.killers.get(rule, ())]
        missing = f"{rule}: not tried" if rule in trial.untried else f"**{rule}: survived**"
        parts.append(f"{rule}: {', '.join(names)}" if names else missing)
    return "<br>".join(parts)
