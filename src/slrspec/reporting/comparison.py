"""What changed between two runs, and the gates on it, as text, Markdown and JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from slrspec.history.changes import Kind
from slrspec.reporting.plain import plain, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from slrspec.history.changes import Change, Comparison
    from slrspec.history.gates import Gate
    from slrspec.running.results import RunSummary

LONGEST = 100
COLOURS = {
    Kind.REGRESSED: "red",
    Kind.LOST: "red",
    Kind.UNSURE: "magenta",
    Kind.MOVED: "yellow",
    Kind.FIXED: "green",
    Kind.CHECKED: "green",
}
PARTIAL = "partial: one of the two runs left rules out; what it left out is no change"


def text(found: Comparison) -> list[str]:
    """Return the lines for a terminal, gravest kind first."""
    lines = [headline(found), *(f"  {line}" for line in _notes(found))]
    for kind in Kind:
        changes = found.of(kind)
        if changes:
            lines += ["", click.style(f"{kind} ({len(changes)})", fg=COLOURS.get(kind), bold=True)]
            lines += [f"  {told(change)}" for change in changes]
    return [*lines, "", summary(found)]


def markdown(found: Comparison) -> list[str]:
    """Return the same for a page that knows Markdown."""
    lines = [f"## {_safe(headline(found))}", "", *(f"* {_safe(line)}" for line in _notes(found))]
    for kind in Kind:
        changes = found.of(kind)
        if changes:
            lines += ["", f"### {kind} ({len(changes)})", "", *(f"* {_safe(told(change))}" for change in changes)]
    return [*lines, "", summary(found)]


def as_json(found: Comparison) -> dict[str, Any]:
    """Return the same as plain values."""
    return {
        "before": _run(found.before),
        "after": _run(found.after),
        "partial": found.partial,
        "compared": found.compared,
        "around": list(found.around),
        "changes": [asdict(change) for change in found.changes],
    }


def gate_lines(found: Comparison, judged: Iterable[Gate], code: int, *, marked: bool) -> list[str]:
    """Return a line for each gate, passed or not, and below it what speaks against it."""
    lines = [f"## {_safe(headline(found))}" if marked else headline(found), ""]
    lines += [f"* {_safe(line)}" if marked else f"  {line}" for line in _notes(found)]
    for gate in judged:
        sign, word, colour = ("✓", "passed", "green") if gate.passed else ("✗", "stopped", "red")
        line = f"{sign} {word}: {gate.name}"
        lines.append(f"* {line}" if marked else click.style(line, fg=colour))
        lines += [f"    * {_safe(told(c))}" if marked else f"    {c.kind}: {told(c)}" for c in gate.against]
    ends = {0: "no regression", 1: "stopped", 4: "cannot tell", 5: "nothing to compare: no verdict is in both runs"}
    return [*lines, "", f"{ends[code]}; {summary(found)}"]


def gates_as_json(found: Comparison, judged: Iterable[Gate], code: int) -> dict[str, Any]:
    """Return the gates as plain values."""
    return {
        "before": _run(found.before),
        "after": _run(found.after),
        "partial": found.partial,
        "compared": found.compared,
        "gates": [{"name": g.name, "passed": g.passed, "against": [asdict(c) for c in g.against]} for g in judged],
        "exit_code": code,
    }


def headline(found: Comparison) -> str:
    """Return which two runs these are."""
    return f"{_named(found.before)} -> {_named(found.after)}"


def summary(found: Comparison) -> str:
    """Return the counts in one line."""
    counts = [f"{len(found.of(kind))} {kind}" for kind in Kind if found.of(kind)]
    verdicts = "1 verdict" if found.compared == 1 else f"{found.compared} verdicts"
    return f"{', '.join(counts) or 'no change'}; {verdicts} compared"


def told(change: Change) -> str:
    """Return one change in one line."""
    where = " on ".join(plain(name) for name in (change.rule, change.provider) if name)
    before, after = (shortened(plain(value), LONGEST) for value in (change.before, change.after))
    what = f"{before} -> {after}" if before and after else after or before
    excused = " (a known deviation)" if change.excused else ""
    return f"{where}: {what}{excused}: {shortened(plain(change.statement), LONGEST)}"


def _notes(found: Comparison) -> Iterator[str]:
    if found.partial:
        yield PARTIAL
    yield from (plain(line) for line in found.around)


def _named(run: RunSummary) -> str:
    return f"{plain(run.run.id)}{'' if run.run.complete else ' (partial)'}"


def _run(run: RunSummary) -> dict[str, Any]:
    return {"id": run.run.id, "started": run.run.started, "complete": run.run.complete}


def _safe(line: str) -> str:
    """Return a line that Markdown takes for nothing but its words."""
    return "".join(f"\\{character}" if character in "\\`*_{}[]<>#|!&" else character for character in line)
