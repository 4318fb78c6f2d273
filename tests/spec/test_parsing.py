"""A feature file's text is parsed once, and its tree is not kept for ever where there are many."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from gherkin.errors import CompositeParserException
from gherkin.parser import Parser

from slrspec.running.engine import Observer, Request, check, execute
from slrspec.running.selection import Selection
from slrspec.spec import gherkin, parsing
from slrspec.spec.location import features_folder
from slrspec.spec.parsing import FEW, parsed


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that Gherkin's parser was asked to parse."""
    texts: list[str] = []
    parse = Parser.parse

    def noted(self: Parser, text: str) -> object:
        texts.append(text)
        return parse(self, text)

    monkeypatch.setattr(Parser, "parse", noted)
    monkeypatch.setattr(parsing, "_trees", {})
    return texts


def feature(number: int) -> str:
    return f"Feature: Number {number}\n"


def test_few_texts_are_parsed_once(asked: list[str]) -> None:
    trees = [parsed(feature(number % FEW)) for number in range(3 * FEW)]
    assert asked == [feature(number) for number in range(FEW)]
    assert trees[0] == trees[FEW] == trees[2 * FEW] == Parser().parse(feature(0))
    assert trees[1]["feature"]["name"] == "Number 1"


def test_of_many_no_more_than_a_few_are_kept_once_they_were_asked_for_again(asked: list[str]) -> None:
    many = 3 * FEW
    for number in range(many):
        parsed(feature(number))
    for number in range(many):
        assert parsed(feature(number))["feature"]["name"] == f"Number {number}"
    assert asked == [feature(number) for number in range(many)]
    assert len(getattr(parsing, "_trees")) == FEW  # noqa: B009 - it is nobody else's


def test_what_is_no_gherkin_is_refused_each_time(asked: list[str]) -> None:
    for _ in range(2):
        with pytest.raises(CompositeParserException):
            parsed("nonsense\n")
    assert len(asked) == 2


def test_a_run_has_each_section_once_however_its_folder_is_named(
    asked: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(features_folder(), tmp_path / "asked-once")
    monkeypatch.chdir(tmp_path)
    sections: dict[object, object] = {}
    monkeypatch.setattr(gherkin, "_sections", sections)
    request = Request(("documented",), Selection(("RDS-EDT-10", "RDS-PER-01")), features=Path("asked-once"))
    check(request)
    assert execute(request, Observer(lambda _: None)).exit_code == 0
    files = [file.read_text("utf-8") for file in Path("asked-once").glob("*.feature")]
    assert sorted(asked) == sorted(files)
    assert len(sections) == len(files)
