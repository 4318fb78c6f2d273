"""A check compares, records what it looked at, and looks at something."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slrspec.running.checks import CheckFailed, Checks, VacuousCheck
from slrspec.running.recorder import Recorder
from slrspec.running.results import Exchange

ACCOUNT = "111122223333"


def made(spoil: Any = None, *, exchanges: int = 1) -> tuple[Checks, Recorder]:
    recorder = Recorder(ACCOUNT)
    checks = Checks(recorder, spoil)
    checks.begin_step()
    for number in range(1, exchanges + 1):
        recorder.exchanges.append(
            Exchange(
                number=number,
                service="iam",
                operation="GetRole",
                region="us-east-1",
                principal="administrator",
                parameters={},
                duration_ms=1.0,
                answer={},
            )
        )
    return checks, recorder


def test_a_check_records_what_it_looked_at() -> None:
    checks, _ = made(exchanges=2)
    checks.equal("the name", "AWSServiceRoleForRDS", "AWSServiceRoleForRDS")
    (check,) = checks.made
    assert (check.what, check.actual, check.ok, check.exchanges) == (
        "the name",
        "AWSServiceRoleForRDS",
        True,
        [1, 2],
    )


def test_a_check_of_an_earlier_answer_names_its_exchanges() -> None:
    checks, _ = made(exchanges=3)
    checks.begin_step()
    checks.equal("the name", "a", "a", of=[2])
    assert checks.made[0].exchanges == [2]


def test_a_check_that_looks_at_no_answer_is_a_defect() -> None:
    checks, _ = made(exchanges=0)
    with pytest.raises(VacuousCheck):
        checks.equal("the name", "a", "a")


def test_a_failed_check_is_recorded_too() -> None:
    checks, _ = made()
    with pytest.raises(CheckFailed, match="the name: expected a, got b"):
        checks.equal("the name", "b", "a")
    assert not checks.made[0].ok


def test_at_least_these_members() -> None:
    checks, _ = made()
    checks.includes("members", {"a", "b"}, ["a"])
    with pytest.raises(CheckFailed, match="lacks 1 of 2: c"):
        checks.includes("members", {"a", "b"}, ["a", "c"])


def test_nothing_is_not_included_in_anything() -> None:
    checks, _ = made()
    with pytest.raises(CheckFailed):
        checks.includes("members", {"a"}, [])


def test_none_but_these_members() -> None:
    checks, _ = made()
    checks.only_within("members", {"a"}, ["a", "b"])
    with pytest.raises(CheckFailed, match="c is not allowed"):
        checks.only_within("members", {"a", "c"}, ["a", "b"])


def test_no_member_at_all_is_not_within() -> None:
    checks, _ = made()
    with pytest.raises(CheckFailed, match="there is nothing"):
        checks.only_within("members", set(), ["a"])


def test_a_pattern_matches_the_whole_text() -> None:
    checks, _ = made()
    checks.matches("the id", "task/x", r"task/\w")
    with pytest.raises(CheckFailed):
        checks.matches("the id", "task/x and more", r"task/\w")


def test_words_are_found_in_any_case() -> None:
    checks, _ = made()
    checks.says("the message", "Custom Suffix is not allowed", "custom suffix")
    with pytest.raises(CheckFailed):
        checks.says("the message", "no", "custom suffix")


def test_the_account_id_does_not_reach_the_evidence() -> None:
    checks, _ = made()
    checks.equal("the ARN", f"arn:aws:iam::{ACCOUNT}:role/x", f"arn:aws:iam::{ACCOUNT}:role/x")
    assert checks.made[0].actual == "arn:aws:iam::<account>:role/x"


def spoiled(_: str, expected: Any) -> Any:
    return ["<spoiled>"] if isinstance(expected, list) else "<spoiled>"


@given(st.text() | st.integers() | st.lists(st.text()))
def test_a_spoiled_expectation_always_fails(value: Any) -> None:
    checks, _ = made(spoiled)
    with pytest.raises(CheckFailed):
        checks.equal("it", value, value)


@given(st.lists(st.text(), min_size=1))
def test_a_spoiled_set_always_fails(members: list[str]) -> None:
    checks, _ = made(spoiled)
    with pytest.raises(CheckFailed):
        checks.includes("it", members, members)
    with pytest.raises(CheckFailed):
        checks.only_within("it", members, members)
