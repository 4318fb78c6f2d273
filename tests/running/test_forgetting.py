"""A long run keeps nothing of its finished scenarios in memory but what was judged of them, and makes none early."""

from __future__ import annotations

import fnmatch
import gc
from typing import TYPE_CHECKING

import pytest
from _pytest.fixtures import FixtureDef, SubRequest
from pytest_bdd.feature import features

from slrspec.running.collecting import FeatureFile, ScenarioItem
from slrspec.running.engine import Observer, Request, execute
from slrspec.running.recorder import Outcome, RecordedAccount
from slrspec.running.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slrspec.running.evidence import Judged
    from slrspec.running.results import Run
    from slrspec.running.withheld import Withheld

INSTANCES = Request(("moto",), Selection(sections=("deleting-instances",)), no_deviations=True)
KINDS = (FixtureDef, SubRequest, Outcome, RecordedAccount)


def alive() -> dict[type, int]:
    gc.collect()
    kinds = [type(one) for one in gc.get_objects()]
    return {kind: kinds.count(kind) for kind in KINDS}


def at_the_end_of(request: Request, first: int, last: int) -> tuple[dict[type, int], dict[type, int]]:
    """Return what is alive when the first and the last of some scenarios have just been judged."""
    found: list[dict[type, int]] = []
    judged: list[str] = []

    def count(result: Judged) -> None:
        judged.append(result.scenario)
        if len(judged) in {first, last}:
            found.append(alive())

    execute(request, Observer(count))
    assert len(judged) > last
    return found[0], found[1]


def scenarios_for_pytest(besides: Sequence[object] = ()) -> list[ScenarioItem | FeatureFile]:
    """Return the items and files of scenarios that are alive; another test's interrupted run may have left some."""
    gc.collect()
    alive = [one for one in gc.get_objects() if type(one) in (FeatureFile, ScenarioItem)]
    return [one for one in alive if not any(one is other for other in besides)]


def test_a_scenario_becomes_an_item_of_pytest_when_its_turn_comes() -> None:
    """One runs, and pytest wants to know the one after it; at the end of a file that is the next file's."""
    seen: list[tuple[int, int, int]] = []
    features.clear()
    others = scenarios_for_pytest()

    def count(_: Judged) -> None:
        ours = [type(one) for one in scenarios_for_pytest(besides=others)]
        seen.append((ours.count(ScenarioItem), ours.count(FeatureFile), len(features)))

    sections = Selection(sections=("editing", "companions"))
    execute(Request(("moto", "documented"), sections, no_deviations=True), Observer(count))
    assert len(seen) > 20
    most = [max(numbers) for numbers in zip(*seen, strict=True)]
    assert most == [2, 2, 1]


def test_no_item_is_left_when_a_run_is_over() -> None:
    class Ending(Observer):
        def finished(self, run: Run, withheld: Withheld) -> None:
            super().finished(run, withheld)
            seen.append(len(scenarios_for_pytest(besides=others)))

    seen: list[int] = []
    others = scenarios_for_pytest()
    observer = Ending(lambda _: seen.append(len(scenarios_for_pytest(besides=others))))
    execute(Request(("moto",), Selection(rules=("RDS-EDT-01",)), no_deviations=True), observer)
    assert max(seen) > 0
    assert seen[-1] == 0


@pytest.mark.parametrize("way", ["short", "plain"])
def test_what_scenarios_handed_on_is_not_kept(
    way: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if way == "plain" and not hasattr(request.session._fixturemanager, "_arg2node2fixturedefs"):
        pytest.skip("pytest 8.4 keeps what steps hand on the plain way where nobody can take it from")
    monkeypatch.setenv("SLRSPEC_PLAIN", "1" if way == "plain" else "")
    early, late = at_the_end_of(INSTANCES, 3, 14)
    assert early[Outcome] >= 1
    for kind in KINDS:
        assert late[kind] <= early[kind] + 5, kind


def test_python_keeps_no_patterns_of_finished_accounts() -> None:
    """EC2 looks for the ids of what is in an account as if they were patterns."""
    patterns = fnmatch._compile_pattern  # type: ignore[attr-defined]
    patterns.cache_clear()
    known: list[int] = []
    execute(INSTANCES, Observer(lambda _: known.append(patterns.cache_info().currsize)))
    assert len(known) > 10
    assert 0 < known[0] == max(known)
