"""A run as Markdown, for the summary page of a CI job."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from slrspec.reporting.conformance import conformance
from slrspec.reporting.look import look_of
from slrspec.reporting.plain import plain, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slrspec.running.results import RuleVerdict, Run

LONGEST = 300


def render(run: Run) -> str:
    """Return totals, what needs a look, and all rules in a folded table."""
    names = [provider.name for provider in run.providers]
    lines = [f"## {run.document.title}", ""]
    lines += [f"Edition {run.document.edition}, slrspec {run.suite.version}, {run.run.started[:10]}.", ""]
    lines += ["| provider | rules | pass | known | fail | unsupported | error | not run | to look at |"]
    lines += ["|---|--:|--:|--:|--:|--:|--:|--:|--:|"]
    lines += [
        f"| {_code(t.provider)} | {t.rules} | {t.passed} | {t.known} | {t.failed} | {t.unsupported} | {t.error} "
        f"| {t.not_run} | {t.problems} |"
        for t in run.totals
    ]
    lines += ["", *(f"- {_code(one.provider.name)}: {one.said}" for one in conformance(run))]
    if run.not_verified:
        lines += ["", f"Not verified: {', '.join(run.not_verified)}."]
    problems = [(rule, verdict) for rule in run.rules for verdict in rule.verdicts if verdict.problem]
    lines += ["", "### To look at" if problems else "Nothing to look at.", ""]
    lines += [
        f"- **{rule.id}** on {_code(verdict.provider)}: {verdict.verdict}, {_code(verdict.problem)}. "
        f"{_code(rule.statement)} {_code(verdict.reason) if verdict.reason else ''}".rstrip()
        for rule, verdict in problems
    ]
    lines += [
        "",
        "<details><summary>All rules</summary>",
        "",
        f"| rule | statement | {' | '.join(map(_code, names))} |",
    ]
    lines += [f"|---|---|{'---|' * len(names)}"]
    lines += [f"| {rule.id} | {_code(rule.statement)} | {_cells(rule.verdicts)} |" for rule in run.rules]
    return "\n".join([*lines, "", "</details>", ""])


def _cells(verdicts: Iterable[RuleVerdict]) -> str:
    return " | ".join(look_of(verdict).text(unicode=True) for verdict in verdicts)


def _code(text: str) -> str:
    """Return text as a code span that it cannot break out of, in a table or anywhere."""
    text = shortened(plain(text), LONGEST).replace("|", "\N{BROKEN BAR}")
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence} {text} {fence}" if "`" in text else f"`{text}`"
