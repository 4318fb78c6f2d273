"""A rule is as good as its worst scenario."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from slrspec.running.verdict import Verdict, worst

verdicts = st.lists(st.sampled_from(Verdict), min_size=1)


def test_worst_to_best() -> None:
    assert [str(verdict) for verdict in Verdict] == ["error", "fail", "unsupported", "not-run", "pass"]


@given(verdicts)
def test_order_does_not_matter(some: list[Verdict]) -> None:
    assert worst(some) is worst(reversed(some)) is worst(sorted(some))


@given(verdicts)
def test_only_passes_make_a_pass(some: list[Verdict]) -> None:
    assert (worst(some) is Verdict.PASS) == (set(some) == {Verdict.PASS})


@given(verdicts)
def test_one_error_makes_an_error(some: list[Verdict]) -> None:
    assert worst([*some, Verdict.ERROR]) is Verdict.ERROR


@given(verdicts, verdicts)
def test_parts_can_be_judged_apart(some: list[Verdict], others: list[Verdict]) -> None:
    assert worst(some + others) is worst([worst(some), worst(others)])


def test_a_rule_without_scenarios_was_not_run() -> None:
    assert worst([]) is Verdict.NOT_RUN
