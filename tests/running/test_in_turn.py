"""Scenarios run provider by provider, in the order that each provider wants, and none is lost without a word."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.fixtures import FixtureDef

from slrspec.providers.moto import MotoProvider
from slrspec.running.collecting import EXAMPLE, FeatureFile, ScenarioItem
from slrspec.running.engine import Observer, Request, execute
from slrspec.running.selection import Selection
from slrspec.running.verdict import Verdict
from tests.conftest import run_pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from slrspec.running.evidence import Judged
    from slrspec.running.results import Run
    from slrspec.spec.rules import Scenario

BOTH = Request(("moto", "documented"), Selection(sections=("editing", "companions")), no_deviations=True)

KEPT = Request(("documented",), BOTH.selection)


def ran(request: Request) -> tuple[Run, list[tuple[str, str]]]:
    """Run, and return what was judged in the order in which it was."""
    judged: list[tuple[str, str]] = []
    run = execute(request, Observer(lambda result: judged.append((result.provider, result.scenario))))
    return run, judged


def test_provider_by_provider_in_the_order_of_the_specification() -> None:
    run, judged = ran(BOTH)
    each = len(judged) // 2
    assert each > 20
    assert [provider for provider, _ in judged] == ["moto"] * each + ["documented"] * each
    for provider in BOTH.providers:
        ordered = [result.scenario for result in run.scenarios if result.provider == provider and result.steps]
        assert [scenario for one, scenario in judged if one == provider] == ordered


def test_as_a_provider_wants_them_and_last_what_it_does_not_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def backwards_but_one(_: MotoProvider, scenarios: Iterable[str]) -> list[str]:
        return [one for one in sorted(scenarios, reverse=True) if not one.startswith("RDS-EDT-05")]

    _, before = ran(BOTH)
    monkeypatch.setattr(MotoProvider, "in_order", backwards_but_one, raising=False)
    _, judged = ran(BOTH)
    assert sorted(judged) == sorted(before)
    first = [scenario for provider, scenario in judged if provider == "moto"]
    assert first[-1].startswith("RDS-EDT-05")
    assert first[:-1] == sorted(first[:-1], reverse=True)
    assert [provider for provider, _ in judged] == [provider for provider, _ in before]


def test_pytest_itself_runs_them_as_a_provider_wants_them(tmp_path: Path) -> None:
    (tmp_path / "backwards.py").write_text(
        "from slrspec.providers.documented import DocumentedProvider\n"
        "DocumentedProvider.in_order = lambda _, scenarios: list(scenarios)[::-1]\n"
    )
    asked = ["-v", "--provider", "documented", "--provider", "replay:first.json"]
    asked += ["--slr-rule", "RDS-EDT-01", "--slr-rule", "RDS-EDT-05", "--slr-rule", "RDS-EDT-08"]
    first = run_pytest("--slr-results", "first.json", *asked[:3], *asked[5:], cwd=tmp_path)
    then = run_pytest("-p", "backwards", *asked, cwd=tmp_path, PYTHONPATH=str(tmp_path))
    in_turn = re.findall(r"::(.+)\[documented.*PASSED", first.stdout)
    assert len(in_turn) > 2
    assert re.findall(r"::(.+)\[(documented|replay)\b.*PASSED", then.stdout) == [
        *((name, "documented") for name in reversed(in_turn)),
        *((name, "replay") for name in in_turn),
    ]


@pytest.mark.parametrize("way", ["short", "plain"])
def test_a_scenarios_one_fixture_of_its_own_is_its_account(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nearly all steps ask for is handed on to them, and what the item's function is called with is known."""
    made: Counter[str] = Counter()
    execute_fixture: Any = FixtureDef.execute

    def noted(self: Any, request: Any) -> Any:
        made[self.argname] += self.cached_result is None
        return execute_fixture(self, request)

    monkeypatch.setenv("SLRSPEC_PLAIN", "1" if way == "plain" else "")
    monkeypatch.setattr(FixtureDef, "execute", noted)
    run, _ = ran(KEPT)
    began = sum(bool(result.exchanges) for result in run.scenarios)
    assert made["scenario_run"] == began > 20
    assert made["tried"] > 0
    known = {"account", "expect", "service", EXAMPLE}
    assert made.keys() & {*known, "document"} == (known if way == "plain" else set())


def test_an_item_stands_where_pytest_would_find_that_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    in_turn = FeatureFile.in_turn
    told: list[tuple[str, int | None, str]] = []
    found: list[tuple[str, int | None, str]] = []

    def compared(self: FeatureFile, scenarios: Iterable[Scenario]) -> Iterator[pytest.Item]:
        for item in in_turn(self, scenarios):
            told.append(item.location)
            found.append(vars(pytest.Item)["location"].func(item))
            yield item

    monkeypatch.setattr(FeatureFile, "in_turn", compared)
    ran(KEPT)
    assert told == found
    assert len(set(told)) == len(told) > 20
    assert len({file for file, _, _ in told}) == 2


def test_hooks_are_looked_up_once_for_each_item(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy_of = pytest.Session.gethookproxy
    in_turn = FeatureFile.in_turn
    items: list[pytest.Item] = []
    looked_up: list[int] = []

    def noted(self: pytest.Session, fspath: Any) -> Any:
        looked_up.append(len(items))
        return proxy_of(self, fspath)

    def counted(self: FeatureFile, scenarios: Iterable[Scenario]) -> Iterator[pytest.Item]:
        for item in in_turn(self, scenarios):
            assert isinstance(item, ScenarioItem)
            items.append(item)
            yield item

    monkeypatch.setattr(pytest.Session, "gethookproxy", noted)
    monkeypatch.setattr(FeatureFile, "in_turn", counted)
    ran(KEPT)
    assert len(items) > 20
    assert len(items) <= len(looked_up) < len(items) + 10


def test_what_a_defect_kept_from_running_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    in_turn = FeatureFile.in_turn

    def breaking_off(self: FeatureFile, scenarios: Iterable[Scenario]) -> Iterator[pytest.Item]:
        yield from islice(in_turn(self, scenarios), 3)
        raise RuntimeError("a defect")

    monkeypatch.setattr(FeatureFile, "in_turn", breaking_off)
    run, judged = ran(KEPT)
    lost = [result for result in run.scenarios if result.verdict is Verdict.ERROR]
    assert len(judged) == 2  # of the third nobody knows what comes after it
    assert len(lost) == len(run.scenarios) - 2 > 20
    assert all(
        re.fullmatch(r"defect of slrspec: RuntimeError: a defect \(test_in_turn.py:\d+\)", one.reason)
        for one in lost
    )
    assert run.exit_code == 4


def test_a_defect_of_whoever_watches_is_one_too() -> None:
    def failing(_: Judged) -> None:
        raise RuntimeError("cannot show it")

    run = execute(KEPT, Observer(failing))
    errors = [result for result in run.scenarios if result.verdict is Verdict.ERROR]
    assert len(errors) == len(run.scenarios) - 1 > 20
    assert run.exit_code == 4
