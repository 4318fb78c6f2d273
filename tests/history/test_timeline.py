"""Since when a rule has its verdict."""

from __future__ import annotations

from datetime import UTC, datetime

from slrspec.history.timeline import Timelines
from tests.recorded.runs import a_run

A, B = "RDS-DEL-01", "RDS-DEL-02"


def test_since_when_a_verdict_stands() -> None:
    verdicts = ["pass", "fail", "pass", "fail", "fail"]
    lines = Timelines(a_run({A: {"moto": verdict}}, day=day) for day, verdict in enumerate(verdicts, 1))
    timeline = lines.of(A, "moto")
    assert timeline.since[:10] == "2026-11-04"
    assert [point.verdict for point in timeline.last(2)] == ["fail", "fail"]
    assert lines.of(A, "nobody").since == ""


def test_a_partial_run_that_left_the_rule_out_is_no_point() -> None:
    lines = Timelines(
        [
            a_run({A: {"moto": "fail"}}, day=1),
            a_run({A: {"moto": "not-run"}}, day=2, complete=False),
            a_run({A: {"moto": "fail"}}, day=3),
        ]
    )
    assert lines.of(A, "moto").since[:10] == "2026-11-01"


def test_age_of_failures_in_days() -> None:
    lines = Timelines(a_run({A: {"moto": "fail"}, B: {"moto": "pass"}}, day=day) for day in (1, 4))
    assert lines.ages("moto", [A, B], datetime(2026, 11, 6, 3, tzinfo=UTC)) == {A: 5}
