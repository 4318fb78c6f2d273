"""Whatever a provider answers, a report shows it and obeys none of it."""

from __future__ import annotations

import unicodedata
from xml.etree import ElementTree as ET

import click
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slrspec.history.changes import compare_runs
from slrspec.reporting import comparison, junit, markdown, rule_page, terminal
from slrspec.reporting.plain import HIDDEN, REPLACED, plain
from slrspec.reporting.terminal import Style
from slrspec.running.results import Check, Exchange, Run, ScenarioResult, StepResult
from slrspec.running.verdict import Verdict
from slrspec.spec.rules import Specification
from tests.running.test_assemble import run_of

HOSTILE = [
    "\x1b[31mred\x1b[0m\x07",
    "a\u202eb\u2066c",
    "line\nbreak\r\n| pipe | `tick` ``` fence",
    "<script>alert(1)</script> <!-- & ]]>",
    "\x00\ufffe\ud800",
    "[link](javascript:alert(1)) ![x](http://192.0.2.1/x.png)",
]


def run_with(specification: Specification, text: str) -> Run:
    run = run_of(specification, [("why", Verdict.FAIL)])
    step = StepResult(
        keyword="Then",
        text=text,
        line=1,
        verdict=Verdict.FAIL,
        message=text,
        checks=[Check(what=text, expected=text, actual=text, ok=False, exchanges=[1])],
    )
    exchange = Exchange(
        number=1,
        service="iam",
        operation=text,
        region=text,
        principal=text,
        parameters={text: text},
        duration_ms=1.0,
    )
    first = run.scenarios[0]
    poisoned = ScenarioResult(
        scenario=first.scenario,
        rule=first.rule,
        provider="p",
        name=text,
        verdict=Verdict.FAIL,
        reason=text,
        steps=[step],
        exchanges=[exchange],
    )
    replace = msgspec.structs.replace
    rules = [
        replace(rule, verdicts=[replace(v, reason=v.reason and text) for v in rule.verdicts]) for rule in run.rules
    ]
    return named(replace(run, rules=rules, scenarios=[poisoned, *run.scenarios[1:]]), f"p{text}")


def named(run: Run, provider: str) -> Run:
    """The run as somebody else's results may have it, with another name of its provider."""
    replace = msgspec.structs.replace
    return replace(
        run,
        providers=[replace(one, name=provider) for one in run.providers],
        totals=[replace(one, provider=provider) for one in run.totals],
        rules=[replace(r, verdicts=[replace(v, provider=provider) for v in r.verdicts]) for r in run.rules],
        scenarios=[replace(one, provider=provider) for one in run.scenarios],
    )


@given(st.text())
def test_plain_text_has_no_control_and_no_bidirectional_character(text: str) -> None:
    shown = plain(text)
    assert "\x1b" not in shown
    assert "\n" not in shown
    assert not set(shown) & set("\u200e\u200f\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069")


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("verbosity", [0, 1])
def test_a_terminal_is_not_commanded(specification: Specification, text: str, verbosity: int) -> None:
    shown = click.unstyle(terminal.render(run_with(specification, text), Style(verbosity=verbosity)))
    assert not [line for line in shown.split("\n") if as_a_terminal_may_have_it(line) != line]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_rule_shown_does_not_command_a_terminal(specification: Specification, text: str) -> None:
    run = run_with(specification, text)
    rule = specification.by_id[run.scenarios[0].rule]
    lines = [click.unstyle(line) for line in rule_page.evidence(rule, run, Style(), exchanges=True)]
    assert any("call 1" in line for line in lines)
    assert any(line.startswith("p") and "fail" in line for line in lines)
    assert not [line for line in lines if as_a_terminal_may_have_it(line) != line]


def as_a_terminal_may_have_it(line: str) -> str:
    return "".join(REPLACED if unicodedata.category(character) in HIDDEN else character for character in line)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_comparison_does_not_command_a_terminal(specification: Specification, text: str) -> None:
    run = run_with(specification, text)
    before = named(run_of(specification, [("", Verdict.PASS)]), f"p{text}")
    for lines in (comparison.text(compare_runs(before, run)), comparison.markdown(compare_runs(before, run))):
        assert any("pass -> fail" in line or "pass -\\> fail" in line for line in lines)
        shown = [click.unstyle(line) for line in lines]
        assert not [line for line in shown if as_a_terminal_may_have_it(line) != line]


@pytest.mark.parametrize("text", HOSTILE)
def test_junit_stays_well_formed(specification: Specification, text: str) -> None:
    suite = ET.fromstring(junit.render(run_with(specification, text)))
    assert len(list(suite.iter("failure"))) == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_keeps_to_its_cells(specification: Specification, text: str) -> None:
    shown = markdown.render(run_with(specification, text))
    table = [line for line in shown.splitlines() if line.startswith("| RDS-")]
    assert len(table) == 3
    assert all(line.count("|") == 4 for line in table)
    for line in shown.splitlines():
        assert "<script>" not in line or line.count("`") >= 2
