"""What counts as a change between two runs, and what stops a pipeline."""

from __future__ import annotations

import msgspec
import pytest

from slrspec.history.changes import Kind, compare_runs
from slrspec.history.gates import exit_code, gates
from slrspec.running.results import ProviderInfo
from tests.recorded.runs import Verdicts, a_run, provider

A, B = "RDS-DEL-01", "RDS-DEL-02"


@pytest.mark.parametrize(
    ("was", "now", "kind"),
    [
        ("pass", "fail", Kind.REGRESSED),
        ("pass", "unsupported", Kind.REGRESSED),
        ("pass", "not-run", Kind.LOST),
        ("fail", "not-run", Kind.LOST),
        ("pass", "error", Kind.UNSURE),
        ("error", "pass", Kind.UNSURE),
        ("error", "fail", Kind.UNSURE),
        ("fail", "unsupported", Kind.MOVED),
        ("fail", "pass", Kind.FIXED),
        ("unsupported", "pass", Kind.FIXED),
        ("not-run", "pass", Kind.CHECKED),
        ("not-run", "fail", Kind.CHECKED),
    ],
)
def test_each_pair_of_verdicts_has_its_kind(was: str, now: str, kind: Kind) -> None:
    found = compare_runs(a_run({A: {"moto": was}}), a_run({A: {"moto": now}}, day=2))
    assert [(c.kind, c.rule, c.provider, c.before, c.after) for c in found.changes] == [(kind, A, "moto", was, now)]


def test_equal_runs_have_no_change() -> None:
    run = a_run({A: {"moto": "fail"}, B: {"moto": "pass"}})
    assert compare_runs(run, run).changes == ()


def test_the_gravest_comes_first() -> None:
    before = a_run({A: {"moto": "fail"}, B: {"moto": "pass"}})
    after = a_run({A: {"moto": "pass"}, B: {"moto": "fail"}}, day=2)
    assert [c.kind for c in compare_runs(before, after).changes] == [Kind.REGRESSED, Kind.FIXED]


def test_what_a_partial_run_leaves_out_is_no_change() -> None:
    before = a_run({A: {"moto": "pass"}, B: {"moto": "pass"}})
    after = a_run({A: {"moto": "pass"}}, day=2, complete=False)
    found = compare_runs(before, after)
    assert (found.changes, found.partial, found.compared) == ((), True, 1)
    assert compare_runs(after, before).changes == ()
    interrupted = a_run({A: {"moto": "pass"}, B: {"moto": "not-run"}}, day=2, complete=False)
    assert compare_runs(before, interrupted).changes == ()


def test_a_renamed_rule_is_followed() -> None:
    before = a_run({A: {"moto": "pass"}}, statements={A: "The role stays"})
    after = a_run({"RDS-DEL-31": {"moto": "fail"}}, day=2, statements={"RDS-DEL-31": "The role stays"})
    kinds = [(c.kind, c.before, c.after) for c in compare_runs(before, after).changes]
    assert kinds == [(Kind.REGRESSED, "pass", "fail"), (Kind.REWORDED, A, "RDS-DEL-31")]


def test_a_renamed_provider_is_followed() -> None:
    before = a_run({A: {"old-name": "pass"}}, providers={"old-name": _named("old-name")})
    after = a_run({A: {"new-name": "fail"}}, day=2, providers={"new-name": _named("new-name")})
    found = compare_runs(before, after)
    assert [(c.kind, c.provider) for c in found.changes] == [(Kind.REGRESSED, "new-name")]
    assert "old-name is called new-name now" in found.around


def _named(name: str) -> ProviderInfo:
    return msgspec.structs.replace(provider("moto", "5.2", mode="server"), name=name)


def test_another_version_of_the_provider_is_told() -> None:
    before = a_run({A: {"moto": "pass"}}, providers={"moto": provider("moto", "5.1")})
    after = a_run({A: {"moto": "pass"}}, day=2, providers={"moto": provider("moto", "5.2")})
    assert compare_runs(before, after).around == ("moto is moto 5.2 now, was moto 5.1",)


def test_a_new_and_a_gone_rule_and_a_new_statement_are_told() -> None:
    before = a_run({A: {"moto": "pass"}, B: {"moto": "pass"}})
    after = a_run({B: {"moto": "pass"}, "RDS-DEL-03": {"moto": "fail"}}, day=2, statements={B: "Otherwise"})
    assert {(c.kind, c.rule) for c in compare_runs(before, after).changes} == {
        (Kind.GONE, A),
        (Kind.NEW, "RDS-DEL-03"),
        (Kind.REWORDED, B),
    }


@pytest.mark.parametrize(
    ("before", "after", "code", "stopped"),
    [
        ({A: {"moto": "pass"}}, {A: {"moto": "pass"}}, 0, 0),
        ({A: {"moto": "fail"}}, {A: {"moto": "pass"}}, 0, 0),
        ({A: {"moto": "fail"}}, {A: {"moto": "fail"}}, 0, 0),
        ({A: {"moto": "pass"}}, {A: {"moto": "fail"}}, 1, 1),
        ({A: {"moto": "pass"}}, {A: {"moto": "not-run"}}, 1, 1),
        ({A: {"moto": "pass"}, B: {"moto": "pass"}}, {A: {"moto": "pass"}}, 1, 1),
        ({A: {"moto": "pass"}}, {A: {"moto": "error"}}, 4, 1),
        ({A: {"moto": "error"}}, {A: {"moto": "pass"}}, 0, 0),
        ({A: {"moto": "pass"}, B: {"moto": "pass"}}, {A: {"moto": "error"}, B: {"moto": "fail"}}, 1, 2),
    ],
)
def test_gates(before: Verdicts, after: Verdicts, code: int, stopped: int) -> None:
    found = compare_runs(a_run(before), a_run(after, day=2))
    judged = gates(found)
    assert exit_code(judged, compared=found.compared) == code
    assert sum(not gate.passed for gate in judged) == stopped
    assert len(judged) == 3


def test_a_partial_run_is_no_fall() -> None:
    found = compare_runs(
        a_run({A: {"moto": "pass"}, B: {"moto": "pass"}}), a_run({A: {"moto": "pass"}}, complete=False)
    )
    assert exit_code(gates(found), compared=found.compared) == 0


def test_runs_without_a_common_verdict_are_nothing_to_compare() -> None:
    found = compare_runs(a_run({A: {"moto": "pass"}}), a_run({B: {"moto": "pass"}}, complete=False))
    assert exit_code(gates(found), compared=found.compared) == 5
