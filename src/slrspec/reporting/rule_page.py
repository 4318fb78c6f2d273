"""One rule as text: its claim, its scenarios as Gherkin, and its last verdicts with their evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from slrspec.reporting.look import look_of
from slrspec.reporting.plain import compact, plain, shortened
from slrspec.reporting.terminal import INDENT, Style, step_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from slrspec.running.results import Command, Exchange, Run, ScenarioResult
    from slrspec.spec.rules import Rule, Told

LONGEST = 400


def listing(rules: Iterable[Rule], style: Style) -> Iterator[str]:
    """Yield a line for each rule: id, level, number of scenarios or why there is none, statement."""
    for rule in rules:
        number = rule.not_checked.kind if rule.not_checked else str(len(rule.scenarios))
        start = f"{rule.id}  {rule.level:<11}  {number:>12}  "
        yield start + shortened(rule.statement, style.width - len(start), style.ellipsis)


def gherkin(rule: Rule) -> Iterator[str]:
    """Yield the rule as it stands in its feature file, the rows of outlines filled in."""
    yield click.style(f"{rule.id}  {rule.statement}", bold=True)
    yield f"{rule.section}, {rule.level}, seen by {rule.seen}{', beyond the page' if rule.companion else ''}"
    yield f"{rule.file.name}:{rule.line}"
    if rule.description:
        yield ""
        yield from (f"{INDENT}{line}" for line in rule.description.splitlines())
    for scenario in rule.told:
        yield ""
        yield from _scenario(scenario)


def _scenario(scenario: Told) -> Iterator[str]:
    times = f"  (for each of {scenario.times} services)" if scenario.times > 1 else ""
    yield f"{INDENT}Scenario: {scenario.name}{times}"
    for step in scenario.steps:
        yield f"{INDENT * 2}{step.keyword} {step.text}"
        widths = [max(len(row[i]) for row in step.table) for i in range(len(step.table[0]))] if step.table else []
        for row in step.table:
            cells = " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            yield f"{INDENT * 3}| {cells} |"


def evidence(rule: Rule, run: Run, style: Style, *, exchanges: bool) -> Iterator[str]:
    """Yield the last verdicts on a rule, step by step, with checks and, if wanted, exchanges."""
    found = next((result for result in run.rules if result.id == rule.id), None)
    yield f"Last run: {plain(run.run.started[:19].replace('T', ' '))} UTC"
    if found is None:
        yield f"{INDENT}{rule.id} was not a part of it."
        return
    for verdict in found.verdicts:
        look = look_of(verdict)
        yield ""
        yield click.style(
            f"{plain(verdict.provider)}: {look.text(unicode=style.unicode)}", fg=look.colour, bold=True
        )
        if verdict.problem:
            yield f"{INDENT}{plain(verdict.problem)}"
        if verdict.known is not None:
            yield f"{INDENT}known until {verdict.known.expires}: {plain(verdict.known.reason)}"
            if verdict.known.link:
                yield f"{INDENT}{plain(verdict.known.link)}"
        results = [s for s in run.scenarios if s.rule == rule.id and s.provider == verdict.provider]
        if not results and verdict.reason:
            yield f"{INDENT}{plain(verdict.reason)}"
        for result in results:
            yield from _result(result, style, exchanges=exchanges)


def _result(result: ScenarioResult, style: Style, *, exchanges: bool) -> Iterator[str]:
    yield f"{INDENT}Scenario: {plain(result.name)}"
    if not result.steps:
        yield f"{INDENT * 2}{plain(result.reason)}"
    by_number = {exchange.number: exchange for exchange in result.exchanges}
    for step in result.steps:
        yield from step_lines(step, style, passed=True)
        if exchanges:
            for number in step.exchanges:
                yield from _exchange(by_number[number])


def _exchange(exchange: Exchange) -> Iterator[str]:
    who = "" if exchange.principal == "administrator" else f" by {plain(exchange.principal)}"
    what, where = plain(exchange.operation), plain(exchange.region)
    yield f"{INDENT * 3}call {exchange.number}: {what}{who} in {where}"
    yield f"{INDENT * 4}sent     {shortened(compact(exchange.parameters), LONGEST)}"
    if exchange.error is not None:
        yield f"{INDENT * 4}refused  {shortened(plain(str(exchange.error)), LONGEST)}"
    else:
        yield f"{INDENT * 4}answered {shortened(compact(exchange.answer), LONGEST)}"
    if exchange.command is not None:
        yield from _command(exchange.command)


def _command(command: Command) -> Iterator[str]:
    ended = "stopped, for it did not end" if command.exit_code is None else f"exit {command.exit_code}"
    yield f"{INDENT * 4}by       {shortened(plain(command.line), LONGEST)}"
    yield f"{INDENT * 4}         {ended}"
    for name, text in (("stdout", command.stdout), ("stderr", command.stderr)):
        if text.strip():
            yield f"{INDENT * 4}{name}   {shortened(plain(text), LONGEST)}"
