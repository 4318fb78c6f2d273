"""Of a specification of many sections only some are held, and nobody sees a difference."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from slrspec.errors import SpecificationError
from slrspec.running.engine import Observer, Request, execute
from slrspec.running.results import encode
from slrspec.running.selection import Selection
from slrspec.spec import gherkin, holding
from slrspec.spec.gherkin import EVERY_EDITION, read_specification
from slrspec.spec.holding import Each, Holding
from slrspec.spec.location import document_ids, features_folder
from slrspec.spec.rules import Specification
from tests.conftest import timeless

SOME = Selection(sections=("editing", "deleting", "introduction", "permissions"), tags=("not creates-instance",))


def held(specification: Specification) -> list[str]:
    """Return the keys of the sections whose rules are there as objects."""
    return [one.key for one in specification.sections if one.holding._rules]


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what was read before be as if it had not been."""
    monkeypatch.setattr(gherkin, "_sections", {})
    monkeypatch.setattr(holding, "_held", {})


@pytest.fixture
def one_held(anew: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one section be as many as are ever held."""
    monkeypatch.setattr(holding, "MOST", 1)


@pytest.mark.parametrize("document", document_ids())
def test_rules_are_unpacked_as_they_were(anew: None, document: str) -> None:
    for section in read_specification(features_folder(document), EVERY_EDITION).sections:
        before = section.rules
        section.holding.put_aside()
        assert section.rules is not before
        assert section.rules == before
        assert section.rules is section.rules


def test_a_section_without_rules_stays_one() -> None:
    empty = Holding(())
    empty.put_aside()
    assert empty.rules == ()


def test_those_looked_at_last_are_held(anew: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "MOST", 2)
    specification = read_specification(features_folder())
    keys = [section.key for section in specification.sections]
    assert held(specification) == keys[-2:]
    assert specification.sections[0].rules
    assert held(specification) == [keys[0], keys[-1]]
    assert specification.sections[-1].rules
    assert specification.sections[1].rules
    assert held(specification) == [keys[1], keys[-1]]


def test_those_that_were_never_looked_at_are_put_aside_first(
    anew: None, monkeypatch: pytest.MonkeyPatch, specification: Specification
) -> None:
    monkeypatch.setattr(holding, "MOST", 2)
    rules = [section.rules for section in specification.sections[:4]]
    made = [Holding(one) for one in rules]
    assert [bool(one._rules) for one in made] == [False, False, True, True]


def test_all_sections_of_all_documents_are_held(anew: None) -> None:
    every = [read_specification(features_folder(name), EVERY_EDITION) for name in document_ids()]
    assert [held(one) for one in every] == [[section.key for section in one.sections] for one in every]


def test_what_a_specification_gives_does_not_depend_on_what_is_held(one_held: None) -> None:
    packed = read_specification(features_folder())
    assert len(held(packed)) == 1
    ids = [scenario.id for scenario in packed.scenarios]
    assert len(held(packed)) == 1
    assert len(ids) == len(set(ids)) == len(packed.scenarios) > 80
    assert [packed.by_id[rule.id] for rule in packed.rules] == list(packed.rules)
    assert list(packed.by_id) == [rule.id for rule in packed.rules]
    assert "RDS-XXX-01" not in packed.by_id
    assert len(held(packed)) == 1


@pytest.mark.parametrize("edition", ["2020-10-09", "2023-04-21"])
def test_other_editions_rules_stay_left_out(one_held: None, edition: str) -> None:
    every = read_specification(features_folder(), EVERY_EDITION)
    chosen = read_specification(features_folder(), edition)
    for _ in range(2):
        assert {rule.id for rule in every.rules} - {rule.id for rule in chosen.rules} == chosen.other_editions
    assert every.other_editions == frozenset()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_has_the_same_results(workers: int, one_held: None, monkeypatch: pytest.MonkeyPatch) -> None:
    request = Request(("documented", "moto"), SOME, workers=workers, no_deviations=True, salt="the same")
    few = execute(request, Observer(lambda _: None))
    assert len(holding._held) == 1
    monkeypatch.setattr(holding, "MOST", 1000)
    all_of_them = execute(request, Observer(lambda _: None))
    assert len(few.scenarios) > 60
    assert timeless(json.loads(encode(few))) == timeless(json.loads(encode(all_of_them)))


def test_features_that_change_meanwhile_are_not_read_again(one_held: None, tmp_path: Path) -> None:
    folder = tmp_path / "features"
    shutil.copytree(features_folder(), folder)
    specification = read_specification(folder)
    before = list(specification.rules)
    for file in folder.glob("*.feature"):
        file.write_text("nothing of what it was")
    assert list(specification.rules) == before


def test_a_sequence_is_made_each_time_and_counted_once() -> None:
    made: list[int] = []

    def numbers() -> Iterator[int]:
        made.append(1)
        yield from range(5)

    each = Each(numbers)
    assert [[one for one in each], [one for one in each]] == [[0, 1, 2, 3, 4]] * 2  # noqa: C416 - a list asks for its length, too
    assert len(made) == 2
    assert (len(each), len(each), len(made)) == (5, 5, 3)
    assert (each[1], each[-1], each[1:3], 4 in each, 5 in each) == (1, 4, (1, 2), True, False)
    assert each == [0, 1, 2, 3, 4]
    assert each != [0, 1]
    assert each != {0, 1, 2, 3, 4}
    with pytest.raises(IndexError):
        each[5]
    with pytest.raises(IndexError):
        each[-6]
    assert each
    assert not Each(tuple)


def test_what_is_read_again_is_looked_through_once(anew: None, tmp_path: Path) -> None:
    """A command and its session read the same; what has changed meanwhile is refused whenever it is wrong."""
    folder = tmp_path / "features"
    shutil.copytree(features_folder(), folder)
    first = read_specification(folder)
    assert read_specification(folder) is first
    every = read_specification(folder, EVERY_EDITION)
    assert every is not first
    assert read_specification(folder, EVERY_EDITION) is every
    assert read_specification(folder) is first
    file = folder / "4_editing.feature"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("@RDS-EDT-02", "@RDS-EDT-01"), encoding="utf-8")
    for _ in range(2):
        with pytest.raises(SpecificationError, match="RDS-EDT-01 is already the id"):
            read_specification(folder)
    file.write_text(text.replace("  Rule: ", "  Rule: Now ", 1), encoding="utf-8")
    changed = read_specification(folder)
    assert changed.by_id["RDS-EDT-01"].statement == f"Now {first.by_id['RDS-EDT-01'].statement}"
    (folder / "document.toml").write_text(
        (folder / "document.toml").read_text(encoding="utf-8").replace("title = ", "title = 'Another' # ", 1),
        encoding="utf-8",
    )
    assert read_specification(folder).document.title == "Another"
