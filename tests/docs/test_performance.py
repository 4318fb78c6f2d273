"""The page about cost says what was measured, and nothing else."""

from __future__ import annotations

import csv
import importlib.util
import sys
from types import ModuleType
from xml.etree import ElementTree as ET

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def page() -> ModuleType:
    specification = importlib.util.spec_from_file_location(
        "performance_page", ROOT / "tools" / "performance_page.py"
    )
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[module.__name__] = module  # dataclasses look there
    specification.loader.exec_module(module)
    return module


def test_tables_and_pictures_are_those_of_the_figures(page: ModuleType) -> None:
    figures = page.read()
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.tables(figures) in text
    assert page.over_commits(page.read_all()) in text
    assert page.of_the_site(figures) in text
    drawn = page.pictures(figures)
    assert len(drawn) == 4
    for name, picture in drawn.items():
        assert (page.IMAGES / name).read_text(encoding="utf-8") == picture
        ET.fromstring(picture)


def test_each_goal_has_a_figure_and_says_whether_it_is_reached(page: ModuleType) -> None:
    table = page.tables(page.read())
    for what, said, goals, _ in page.GOALS:
        rows = [line for line in table.splitlines() if line.startswith(f"| {said} |")]
        assert sum("met |" in row or "not met" in row for row in rows) == len(goals), what


def test_a_goal_that_is_missed_is_not_told_as_reached(page: ModuleType) -> None:
    missed = page.Figure("2026-11-26", "abc", 1.26, 1.2, 1.3)
    made = page.Figure("2026-11-26", "abc", 1.25, 1.2, 1.3)
    table = page.tables({"suite / bare script": {30: missed, 344: made}})
    first, second = [line for line in table.splitlines() if "suite / bare script" in line]
    assert "≤ 1.25: **not met**" in first
    assert "≤ 1.25: met" in second


def test_what_was_measured_more_than_once_is_shown_by_commit(page: ModuleType) -> None:
    old, new = (page.Figure("2026-11-26", commit, value, 1, 2) for commit, value in (("abc", 1.5), ("def", 1.3)))
    once = page.Figure("2026-11-26", "ghi", 1.4, 1, 2)
    table = page.over_commits({("suite / bare script", 30): [old, new], ("suite / bare script", 344): [once]})
    assert [line.split(" | ")[1:] for line in table.splitlines() if line.startswith("| suite")] == [
        ["30", "1.5 at `abc`, 1.3 at `def` |"]
    ]


def test_every_kept_figure_has_its_day_and_commit(page: ModuleType) -> None:
    with page.MEASURED.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    assert rows
    for row in rows:
        assert row["day"] >= "2026-11-26"
        assert len(row["commit"]) >= 7
        assert float(row["lowest"]) <= float(row["value"]) <= float(row["highest"])
