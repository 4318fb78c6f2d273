from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slrspec.sandbox import disposable
from slrspec.sandbox.names import OwnTags, is_run, name, new_run, parse_name, parse_tags

NOW = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
TAGS = OwnTags("261125-k3v7qa", 2, NOW)


def test_a_run_is_named_by_its_day_and_by_chance() -> None:
    runs = {new_run(NOW) for _ in range(50)}
    assert len(runs) == 50
    assert all(is_run(run) and run.startswith("261125-") for run in runs)


@given(st.integers(min_value=1, max_value=999_999), st.booleans())
def test_a_name_tells_what_it_was_made_of(number: int, final: bool) -> None:
    run = new_run(NOW)
    found = parse_name(name(run, number) + ("-final" if final else ""))
    assert found is not None
    assert (found.run, found.number, found.final) == (run, number, final)


@given(st.integers(min_value=1, max_value=999_999))
def test_rds_takes_every_name_and_that_of_its_final_snapshot(number: int) -> None:
    """The form of an identifier in RDS's API reference."""
    for identifier in (name(new_run(NOW), number), f"{name(new_run(NOW), number)}-final"):
        assert re.fullmatch(r"[a-z](?:-?[a-z0-9])*", identifier)
        assert len(identifier) <= 63


@pytest.mark.parametrize(
    "text",
    [
        "",
        "production",
        "slrspec",
        "slrspec-instance-1",
        "slrspec-261125-k3v7qa",
        "slrspec-261125-k3v7qa-0",
        "slrspec-261125-k3v7qa-01",
        "slrspec-261125-k3v7qa-1-copy",
        "slrspec-261125-k3v7qa-1\n",
        "slrspec-261125-K3V7QA-1",
        "slrspec-261125-k3v1qa-1",
        "my-slrspec-261125-k3v7qa-1",
    ],
)
def test_a_name_of_somebody_else_is_not_a_runs(text: str) -> None:
    assert parse_name(text) is None


@given(st.text())
def test_no_text_breaks_the_reading_of_names(text: str) -> None:
    found = parse_name(text)
    assert found is None or text.startswith(name(found.run, found.number))


def test_only_a_role_that_ends_in_a_runs_name_is_disposable() -> None:
    own = "slrspec-261125-k3v7qa-4"
    assert disposable.suffix_of(disposable.role_of(own)) == own
    for other in (
        "AWSServiceRoleForAutoScaling",
        "AWSServiceRoleForAutoScaling_mine",
        "AWSServiceRoleForAutoScaling_slrspec-4",
        f"AWSServiceRoleForAutoScaling_{own}-final",
        f"AWSServiceRoleForAutoScaling_x_{own}",
        f"AWSServiceRoleForRDS_{own}",
        f"AWSServiceRoleForAutoScalingPlans_{own}",
        own,
    ):
        assert disposable.suffix_of(other) == "", other


def test_tags_tell_what_they_were_made_of() -> None:
    assert parse_tags([{"Key": "team", "Value": "data"}, *TAGS.listed()]) == TAGS


@pytest.mark.parametrize("missing", range(4))
def test_a_thing_that_lacks_one_tag_is_not_a_runs(missing: int) -> None:
    tags = TAGS.listed()
    del tags[missing]
    assert parse_tags(tags) is None


@pytest.mark.parametrize("value", ["", "another", "-1", "2026-11-25"])
@pytest.mark.parametrize("wrong", range(4))
def test_a_thing_with_a_wrong_tag_is_not_a_runs(wrong: int, value: str) -> None:
    tags = TAGS.listed()
    tags[wrong]["Value"] = value
    assert parse_tags(tags) is None
