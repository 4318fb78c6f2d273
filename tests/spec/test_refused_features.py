"""What is no specification is refused, with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from slrspec.errors import SpecificationError
from slrspec.spec.gherkin import read_specification

DOCUMENT = 'id = "x"\ntitle = "X"\nurl = "https://x.example"\nedition = "2020-01-01"\npolicy = "P v1"\nservice = "rds.amazonaws.com"\n'
GOOD = """Feature: F
  @X-ABC-01 @must @api
  Rule: A claim
    Scenario: One
      Given a DB instance
"""
TWICE = """<what>
      Examples:
        | what          |
        | a DB instance |
        | a DB instance |
"""


def refusal(folder: Path, text: str | bytes, name: str = "1_one.feature") -> str:
    (folder / "document.toml").write_text(DOCUMENT)
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SpecificationError) as caught:
        read_specification(folder)
    return str(caught.value)


def test_the_text_that_the_refusals_start_from_is_a_specification(tmp_path: Path) -> None:
    (tmp_path / "document.toml").write_text(DOCUMENT)
    (tmp_path / "1_one.feature").write_text(GOOD)
    assert [rule.id for rule in read_specification(tmp_path).rules] == ["X-ABC-01"]


@pytest.mark.parametrize(
    ("broken", "line", "said"),
    [
        (GOOD.replace("@X-ABC-01 ", ""), 3, "exactly one id"),
        (GOOD.replace("@X-ABC-01", "@X-ABC-01 @X-ABC-02"), 3, "exactly one id"),
        (GOOD.replace("@must ", ""), 3, "exactly one level"),
        (GOOD.replace("@must", "@must @may"), 3, "exactly one level"),
        (GOOD.replace("@api", ""), 3, "exactly one way of being seen"),
        (GOOD.replace("@api", "@api @ap"), 3, "unknown tag @ap"),
        (GOOD.replace("@api", "@api @needs-wings"), 3, "unknown tag @needs-wings"),
        (GOOD.split("    Scenario", maxsplit=1)[0], 3, "has no scenario"),
        (GOOD.replace("claim\n", "claim\n    Not run (history): long ago.\n\n"), 3, "has both"),
        (GOOD + "      Gegeben a DB instance\n", 6, "not Gherkin"),
        (GOOD.split("      Given", maxsplit=1)[0], 4, "has no step"),
        (GOOD + GOOD.split("Feature: F\n", maxsplit=1)[1].replace("One", "Two"), 7, "already the id"),
        (GOOD + "    Scenario: One\n      Given a DB instance\n", 6, "a second scenario is called"),
        (GOOD.replace("a DB instance\n", TWICE), 4, "a second scenario is called"),
        ("Feature: F\n  Scenario: S\n    Given a DB instance\n", 2, "outside any rule"),
        ("# nothing\n", 1, "no feature"),
    ],
)
def test_it_is_refused_with_file_and_line(tmp_path: Path, broken: str, line: int, said: str) -> None:
    message = refusal(tmp_path, broken)
    assert f"1_one.feature:{line}: " in message
    assert said in message
    assert "\n" not in message


def test_text_in_another_encoding_is_refused(tmp_path: Path) -> None:
    assert "not UTF-8" in refusal(tmp_path, GOOD.replace("claim", "cläim").encode("latin-1"))


def test_a_file_without_a_number_is_refused(tmp_path: Path) -> None:
    assert "one.feature: not a name" in refusal(tmp_path, GOOD, name="one.feature")


def test_a_folder_without_features_is_refused(tmp_path: Path) -> None:
    (tmp_path / "document.toml").write_text(DOCUMENT)
    with pytest.raises(SpecificationError, match="no feature file"):
        read_specification(tmp_path)
    with pytest.raises(SpecificationError, match="no such folder"):
        read_specification(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "said"), [(None, "no document.toml"), ("id = ", "not TOML"), ('id = "x"', "missing")]
)
def test_the_document_has_to_be_described(tmp_path: Path, text: str | None, said: str) -> None:
    (tmp_path / "1_one.feature").write_text(GOOD)
    if text is not None:
        (tmp_path / "document.toml").write_text(text)
    with pytest.raises(SpecificationError, match=said):
        read_specification(tmp_path)
