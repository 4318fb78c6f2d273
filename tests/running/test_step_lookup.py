"""Phrases are looked up once each, with the same verdicts, and only in a pytest-bdd that is as expected."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from slrspec.running.engine import Observer, Request, execute
from slrspec.running.selection import Selection
from slrspec.running.step_lookup import FUNCTION, remembered_steps

scenario = import_module("pytest_bdd.scenario")


def test_each_phrase_is_looked_up_once_and_the_plain_way_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = getattr(scenario, FUNCTION)
    asked: list[str] = []

    def counted(step: Any, fixturemanager: Any, node: Any) -> Any:
        asked.append(f"{step.type} {step.name}")
        return plain(step=step, fixturemanager=fixturemanager, node=node)

    monkeypatch.setattr(scenario, FUNCTION, counted)
    request = Request(("moto",), Selection(sections=("editing",)), no_deviations=True)
    run = execute(request, Observer(lambda _: None))
    said = [step for result in run.scenarios for step in result.steps]
    assert len(said) > len(asked) == len(set(asked)) > 10
    assert getattr(scenario, FUNCTION) is counted


def test_another_pytest_bdd_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(step: Any, manager: Any) -> None: ...

    monkeypatch.setattr(scenario, FUNCTION, other)
    with remembered_steps() as possible:
        assert not possible
        assert getattr(scenario, FUNCTION) is other
    monkeypatch.delattr(scenario, FUNCTION)
    with remembered_steps() as possible:
        assert not possible
