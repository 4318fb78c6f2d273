"""The difference of two values: every line of both, whatever a line begins with."""

from __future__ import annotations

import pytest

from slrspec.site.values import difference


@pytest.mark.parametrize("start", ["--", "++", "@@", "- ", "+", "---", "+++", " "])
def test_no_line_is_taken_for_the_head_of_a_difference(start: str) -> None:
    assert difference(f"usage:\n{start}old a\nend", f"usage:\n{start}new a\nend") == (
        (" ", "usage:"),
        ("-", f"{start}old a"),
        ("+", f"{start}new a"),
        (" ", "end"),
    )


def test_a_long_value_has_all_its_lines_once() -> None:
    same = [f"line {number}" for number in range(140)]
    found = difference("\n".join(["a", *same, "c"]), "\n".join(["b", *same, "d"]))
    assert [text for sign, text in found if sign == " "] == same
    assert [line for line in found if line[0] != " "] == [("-", "a"), ("+", "b"), ("-", "c"), ("+", "d")]


def test_equal_values_have_none() -> None:
    assert difference("a\nb", "a\nb") == ()
