"""Steps are found the short way, to the same end as the plain way, and only in a pytest-bdd that is as expected."""

from __future__ import annotations

import json
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from slrspec.running.engine import Observer, Request, execute
from slrspec.running.phrases import STEP
from slrspec.running.results import Run, encode
from slrspec.running.selection import Selection
from slrspec.running.step_lookup import EXPECTED, HandedOn, StepTable, remembered_steps
from tests.conftest import timeless

scenario = import_module("pytest_bdd.scenario")
parser = import_module("pytest_bdd.parser")
FIND = "get_step_function"
HAND_ON = "inject_fixture"
EDITING = Request(("moto",), Selection(sections=("editing",)), no_deviations=True)


def scenarios_of(run: Run) -> Any:
    return timeless(json.loads(encode(run)))["scenarios"]


def test_each_phrase_is_found_where_the_plain_way_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = getattr(scenario, FIND)
    matching = scenario.find_fixturedefs_for_step
    table = StepTable(scenario.step_function_context_registry)
    said: list[str] = []

    def both(request: Any, step: Any) -> Any:
        said.append(step.name)
        found = plain(request=request, step=step)
        assert found is table.function(request, step) is not None
        assert len(list(matching(step=step, fixturemanager=request._fixturemanager, node=request.node))) == 1
        return found

    monkeypatch.setenv("SLRSPEC_PLAIN", "1")  # so that steps are fixtures, in which the plain way looks
    monkeypatch.setattr(scenario, FIND, both)
    run = execute(EDITING, Observer(lambda _: None))
    assert len(said) == len([step for result in run.scenarios for step in result.steps if step.verdict]) > 40


def test_the_short_way_makes_no_step_a_fixture_and_leaves_everything_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = getattr(scenario, FIND)
    short = StepTable.function
    fixtures: set[str] = set()

    def noted(self: StepTable, request: Any, step: Any) -> Any:
        fixtures.update(scenario.get_fixture_names(fixturemanager=request._fixturemanager))
        return short(self, request, step)

    monkeypatch.setattr(StepTable, "function", noted)
    execute(EDITING, Observer(lambda _: None))
    assert {"account", "expect", "tried"} < fixtures
    assert not [name for name in fixtures if name.startswith(STEP) and not name.endswith("_trace")]
    assert getattr(scenario, FIND) is plain


def test_a_step_is_of_its_kind_and_of_several_the_last_one_and_looked_for_once() -> None:
    asked: list[str] = []

    def context(kind: str | None) -> SimpleNamespace:
        parser = SimpleNamespace(is_matching=lambda name: asked.append(name) or name == "the role")  # type: ignore[func-returns-value]
        return SimpleNamespace(type=kind, parser=parser)

    defined = [context(kind) for kind in ("given", None, "given", "then")]
    table = StepTable(dict(enumerate(defined)))

    steps: list[SimpleNamespace] = []  # each scenario has its own

    def found(kind: str, name: str) -> Any:
        steps.append(SimpleNamespace(type=kind, name=name))
        return table.function(None, steps[-1])

    for _ in range(2):
        assert found("given", "the role") is defined[2]
        assert found("then", "the role") is defined[3]
        assert found("when", "the role") is defined[1]
        assert found("given", "another role") is None
    assert asked == ["the role"] * 3 + ["another role"] * 3


@pytest.mark.parametrize("way", ["short", "plain"])
def test_what_a_step_hands_on_is_there_and_pytest_keeps_none_of_it(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, short = getattr(scenario, HAND_ON), HandedOn.hand_on
    kept: list[int] = []
    names: set[str] = set()

    def defined(request: Any) -> int:
        manager = request._fixturemanager  # of which 8.4 and 9.2 call them by other names
        by_name = getattr(manager, "_arg2node2fixturedefs", None) or manager._arg2fixturedefs
        return sum(map(len, by_name.values()))

    def noted(self: HandedOn, request: Any, arg: str, value: object) -> None:
        before = defined(request)
        short(self, request, arg, value) if way == "short" else plain(request, arg, value)
        assert request.getfixturevalue(arg) is value
        kept.append(defined(request) - before)
        names.add(arg)

    monkeypatch.setattr(HandedOn, "hand_on", noted)
    execute(EDITING, Observer(lambda _: None))
    assert len(names) > 1
    assert any(kept) == (way == "plain")  # so the count would notice


def table(*cells: str) -> Any:
    gherkin = import_module("pytest_bdd.gherkin_parser")
    at = gherkin.Location(column=1, line=1)
    rows = [gherkin.Row(id="0", location=at, cells=[gherkin.Cell(location=at, value=one) for one in cells])]
    return gherkin.DataTable(location=at, rows=rows)


def test_a_table_is_filled_in_as_the_plain_way_does_and_not_copied_for_nothing() -> None:
    as_it_lies = vars(parser.Step)["render_datatable"]
    plain = parser.Step.render_datatable
    row = {"service": "rds.amazonaws.com"}
    outline, settled = table("<service>", "x"), table("rds.amazonaws.com", "<")
    with remembered_steps() as possible:
        assert possible
        short = parser.Step.render_datatable
        assert short(outline, row) == plain(outline, row) == table("rds.amazonaws.com", "x")
        assert outline == table("<service>", "x")
        assert short(settled, row) == settled
        without = table("a", "b")
        assert short(without, row) is without
        assert plain(without, row) is not without
    assert vars(parser.Step)["render_datatable"] is as_it_lies
    assert isinstance(as_it_lies, staticmethod)  # or an earlier run has left it otherwise


@pytest.mark.parametrize("another", ["without that dictionary", "with nothing in it", "not looking there"])
def test_another_pytest_is_handed_things_on_the_plain_way(another: str) -> None:
    class Another:
        def getfixturevalue(self, arg: str) -> object:
            return f"the fixture {arg}"

    request = Another()
    active = {"account": type("Defined", (), {})()} if another == "not looking there" else {}
    if another != "without that dictionary":
        request._fixture_defs = dict(active)  # type: ignore[attr-defined]
    handed: list[tuple[str, object]] = []
    way = HandedOn(lambda _, arg, value: handed.append((arg, value)))
    assert not way.kept
    way.hand_on(request, "role", "a role")
    assert way.kept
    assert handed == [("role", "a role")]
    assert getattr(request, "_fixture_defs", active) == active


def test_the_plain_way_has_the_same_results_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    short = execute(EDITING, Observer(lambda _: None))
    monkeypatch.setenv("SLRSPEC_PLAIN", "1")
    plain = execute(EDITING, Observer(lambda _: None))
    assert scenarios_of(plain) == scenarios_of(short)
    noted = {
        "plugins": "with all that they import",
        "step lookup": "plain",
        "botocore's files": "read for each session",
        "PYTEST_CURRENT_TEST": "set for each scenario",
        "moto's look-ups": "made for each call",
    }
    assert plain.environment == short.environment | noted
    assert not noted.keys() & short.environment.keys()


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, functions in EXPECTED.items() for name in functions]
)
def test_another_pytest_bdd_is_left_alone(module: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(another: Any) -> None: ...

    if EXPECTED[module][name] is not None:
        monkeypatch.setattr(f"{module}.{name}", other) if module != scenario.__name__ else monkeypatch.setattr(
            scenario, name, other
        )
        with remembered_steps() as possible:
            assert not possible
            assert getattr(import_module(module), name) is other
    monkeypatch.delattr(import_module(module), name)
    with remembered_steps() as possible:
        assert not possible
