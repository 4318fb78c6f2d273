"""Where many named things lie is found again by their names, in a few bytes each."""

from __future__ import annotations

import random
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slrspec.spec import places
from slrspec.spec.places import SMALLEST, Places


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(0, 2**63))))
def test_they_are_what_a_dict_says(pairs: list[tuple[str, int]]) -> None:
    found, expected = Places(), dict(pairs)
    for name, place in pairs:
        found[name] = place
    assert len(found) == len(expected)
    assert {name: found[name] for name in expected} == expected
    assert sorted(found) == sorted(expected.values())


def test_many_are_found_and_no_others() -> None:
    found = Places()
    names = [f"moto\0RDS-DEL-01/scenario-{number}" for number in range(20 * SMALLEST)]
    random.Random(1).shuffle(names)
    for place, name in enumerate(names):
        assert name not in found
        found[name] = place
    assert [found[name] for name in names] == list(range(len(names)))
    assert "moto" not in found
    with pytest.raises(KeyError):
        found["moto"]


@given(st.lists(st.integers(1, 2**64 - 1), max_size=3 * SMALLEST))
def test_names_that_would_have_the_same_slot_are_told_apart(keys: list[int]) -> None:
    """All of them begin to look in one of two slots, the last one among them."""
    crowded = [key << 20 & (2**64 - 1) | (key & 1) * 0xFFFFF or 1 for key in keys]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(places, "_key", int)
        found = Places()
        for key in crowded:
            found[str(key)] = key
        assert sorted(found) == sorted(set(crowded))
        assert all(found[str(key)] == key for key in crowded)


def test_each_takes_some_dozens_of_bytes() -> None:
    found = Places()
    for number in range(10_000):
        found[str(number)] = number
    size = sum(sys.getsizeof(column) for column in (found._keys, found._places))
    assert size / 10_000 < 64
