"""What a run looks like in a terminal: a table by section, what needs a look, and the totals."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from slrspec.reporting.look import LOOKS, look_of
from slrspec.reporting.plain import compact, plain, shortened
from slrspec.running.evidence import by_rule
from slrspec.running.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from slrspec.running.results import Check, RuleResult, RuleVerdict, Run, ScenarioResult, StepResult, Totals

WIDTH = 100
INDENT = "    "
# Of a rule that runs for each of many services, so many failures are shown; the results have them all.
SHOWN = 3


class Style(Struct, frozen=True):
    """How much to print, and with what.

    Attributes
    ----------
    verbosity
        -1 totals only, 0 what needs a look, 1 everything.
    unicode
        Whether the stream can show glyphs.
    width
        Columns; nothing of the table is wider.

    """

    verbosity: int = 0
    unicode: bool = True
    width: int = WIDTH

    @property
    def ellipsis(self) -> str:
        """What stands for what was cut off."""
        return "…" if self.unicode else "..."


def render(run: Run, style: Style) -> str:
    """Return the whole text of a run, with click's colour codes in it."""
    lines: list[str] = []
    if style.verbosity >= 0:
        lines += [*_table(run, style), ""]
    if style.verbosity > 0:
        lines += _everything(run, style)
    elif style.verbosity == 0:
        lines += _problems(run, style)
    lines += [totals_line(totals) for totals in run.totals]
    if not run.run.complete:
        lines.append("This was a part of the rules." if not run.run.interrupted else "The run was interrupted.")
    return "\n".join(lines) + "\n"


def totals_line(totals: Totals) -> str:
    """Return how many rules have which verdict on a provider, in one line."""
    parts = [f"{totals.passed} passed"]
    new = totals.failed + totals.unsupported - totals.known
    parts += [f"{totals.known} known deviation{'' if totals.known == 1 else 's'}"] if totals.known else []
    parts += [f"{new} failed or unsupported, and not listed"] if new > 0 else []
    parts += [f"{totals.error} error{'' if totals.error == 1 else 's'}"] if totals.error else []
    parts += [f"{totals.not_run} not run"] if totals.not_run else []
    parts += [f"{totals.problems} to look at"] if totals.problems else []
    return f"{plain(totals.provider)}: {totals.rules} rule{'' if totals.rules == 1 else 's'}: {', '.join(parts)}"


def _table(run: Run, style: Style) -> Iterator[str]:
    names = [plain(provider.name) for provider in run.providers]
    columns = [
        max(len(name), *(len(_cell(r.verdicts[i], style)) for r in run.rules)) for i, name in enumerate(names)
    ]
    identifier = max(len(rule.id) for rule in run.rules)
    room = max(12, style.width - identifier - sum(columns) - 2 * (len(columns) + 1))
    header = "  ".join([" " * identifier, " " * room, *(n.ljust(w) for n, w in zip(names, columns, strict=True))])
    yield click.style(header.rstrip(), bold=True)
    for section, rules in groupby(run.rules, key=lambda rule: rule.section):
        yield click.style(plain(section), bold=True)
        for rule in rules:
            statement = shortened(plain(rule.statement), room, style.ellipsis).ljust(room)
            cells = [
                click.style(cell, fg=look_of(verdict).colour) + " " * (width - len(cell))
                for verdict, width in zip(rule.verdicts, columns, strict=True)
                for cell in [_cell(verdict, style)]
            ]
            yield "  ".join([plain(rule.id).ljust(identifier), statement, *cells]).rstrip()


def _cell(verdict: RuleVerdict, style: Style) -> str:
    return look_of(verdict).text(unicode=style.unicode)


def _problems(run: Run, style: Style) -> Iterator[str]:
    of = by_rule(run.scenarios)
    for rule in run.rules:
        for verdict in rule.verdicts:
            if verdict.problem:
                yield from _problem(rule, verdict, of(rule.id, verdict.provider), style)
                yield ""


def _problem(rule: RuleResult, verdict: RuleVerdict, ours: list[ScenarioResult], style: Style) -> Iterator[str]:
    title = plain(f"{rule.id} on {verdict.provider}: {verdict.verdict}, {verdict.problem}")
    yield click.style(shortened(title, style.width), fg="red", bold=True)
    yield f"{INDENT}{plain(rule.statement)}"
    found = [result for result in ours if result.verdict is verdict.verdict]
    for result in found[:SHOWN]:
        yield from _scenario(result, style, brief=True)
    if len(found) > SHOWN:
        said = f"and {len(found) - SHOWN} more like this: {len(found)} of {len(ours)} scenarios"
        yield f"{INDENT}{said} (slrspec show {rule.id})"


def _everything(run: Run, style: Style) -> Iterator[str]:
    of = by_rule(run.scenarios)
    for rule in run.rules:
        for verdict in rule.verdicts:
            look = look_of(verdict)
            title = f"{rule.id} on {verdict.provider}: {look.text(unicode=style.unicode)}"
            problem = f", {verdict.problem}" if verdict.problem else ""
            yield click.style(plain(f"{title}{problem}"), fg=look.colour, bold=True)
            yield f"{INDENT}{plain(rule.statement)}"
            if verdict.known is not None:
                yield f"{INDENT}known until {verdict.known.expires}: {plain(verdict.known.reason)}"
            results = of(rule.id, verdict.provider)
            if not results:
                yield f"{INDENT}{plain(verdict.reason)}"
            for result in results:
                yield from _scenario(result, style, brief=False)
            yield ""


def _scenario(result: ScenarioResult, style: Style, *, brief: bool) -> Iterator[str]:
    yield f"{INDENT}{LOOKS[result.verdict].text(unicode=style.unicode)}: {plain(result.name)}"
    if not result.steps and result.reason:
        yield f"{INDENT * 2}{plain(result.reason)}"
    for step in result.steps:
        stopped = step.verdict is not None and step.verdict is not Verdict.PASS
        if not brief or stopped:
            yield from step_lines(step, style, passed=not brief)


def step_lines(step: StepResult, style: Style, *, passed: bool) -> Iterator[str]:
    """Yield a step with its verdict, why it stopped, and what was looked at.

    Parameters
    ----------
    passed
        Whether to yield the checks that passed, too.

    """
    state = "not reached" if step.verdict is None else LOOKS[step.verdict].text(unicode=style.unicode)
    colour = "bright_black" if step.verdict is None else LOOKS[step.verdict].colour
    yield f"{INDENT * 2}{plain(step.keyword)} {plain(step.text)}  {click.style(f'[{state}]', fg=colour)}"
    yield from check_lines(check for check in step.checks if passed or not check.ok)
    if step.message and all(check.ok for check in step.checks):
        yield f"{INDENT * 3}{plain(step.message)}"


def check_lines(checks: Iterable[Check]) -> Iterator[str]:
    """Yield each check: what was looked at, what was expected, and what the provider showed."""
    for check in checks:
        calls = f"call{'s' if len(check.exchanges) > 1 else ''} {_ranges(check.exchanges)}"
        if check.ok:
            yield f"{INDENT * 3}looked at {plain(check.what)}: {_value(check.actual)} ({calls})"
        else:
            yield f"{INDENT * 3}{plain(check.what)} ({calls})"
            yield f"{INDENT * 4}expected {_value(check.expected)}"
            yield f"{INDENT * 4}actual   {_value(check.actual)}"


def _value(value: object) -> str:
    text = plain(value) if isinstance(value, str) else compact(value)
    return shortened(text, 240)


def _ranges(numbers: list[int]) -> str:
    """Return `1-3, 7` for 1, 2, 3, 7."""
    parts: list[str] = []
    for _, group in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        parts.append(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}")
    return ", ".join(parts)
