"""A run sets no variable for each scenario; where pytest is another, and where nobody wants it, pytest does as ever."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from _pytest import runner

from slrspec.running.current_test import NAME, current_test_untold
from slrspec.running.engine import Observer, Request, execute
from slrspec.running.selection import Selection

if TYPE_CHECKING:
    from slrspec.running.evidence import Judged

VARIABLE = "PYTEST_CURRENT_TEST"
EDITING = Request(("moto",), Selection(rules=("RDS-EDT-01",)), no_deviations=True)


@pytest.mark.parametrize("way", ["short", "plain"])
def test_a_run_sets_it_the_plain_way_only(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLRSPEC_PLAIN", "1" if way == "plain" else "")
    ours = os.environ[VARIABLE]
    seen: set[str] = set()

    def note(_: Judged) -> None:
        seen.add(os.environ[VARIABLE])

    run = execute(EDITING, Observer(note))
    os.environ[VARIABLE] = ours  # which the plain way has taken away
    assert (seen == {ours}) == (way == "short")
    assert run.environment.get(VARIABLE, "") == ("set for each scenario" if way == "plain" else "")


def test_another_pytest_is_left_alone() -> None:
    def another(item: object) -> None: ...

    theirs = getattr(runner, NAME)
    with current_test_untold() as possible:
        assert possible
        assert getattr(runner, NAME) is not theirs
    assert getattr(runner, NAME) is theirs
    with pytest.MonkeyPatch.context() as patched:  # not beyond the test: pytest uses it after each
        patched.setattr(runner, NAME, another)
        with current_test_untold() as possible:
            assert not possible
            assert getattr(runner, NAME) is another
        patched.delattr(runner, NAME)
        with current_test_untold() as possible:
            assert not possible
