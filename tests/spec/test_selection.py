"""Names of one kind widen a selection, different kinds narrow it."""

from __future__ import annotations

import pytest

from slrspec.errors import NothingSelected, UsageError
from slrspec.running.selection import Selection
from slrspec.spec.rules import Specification


def ids(specification: Specification, **names: tuple[str, ...]) -> set[str]:
    return {rule.id for rule in Selection(**names).checked(specification).select(specification)[0]}


def test_nothing_named_selects_everything(specification: Specification) -> None:
    rules, scenarios = Selection().select(specification)
    assert rules == specification.rules
    assert scenarios == specification.scenarios


def test_two_rules_widen(specification: Specification) -> None:
    assert ids(specification, rules=("RDS-DEL-01", "RDS-DEL-02")) == {"RDS-DEL-01", "RDS-DEL-02"}


def test_ids_may_be_written_small(specification: Specification) -> None:
    assert ids(specification, rules=("rds-del-01",)) == {"RDS-DEL-01"}


def test_a_section_narrows_a_tag(specification: Specification) -> None:
    both = ids(specification, sections=("editing",), tags=("may",))
    assert both == ids(specification, sections=("editing",)) & ids(specification, tags=("may",)) == {"RDS-EDT-11"}


def test_a_tag_can_be_left_out(specification: Specification) -> None:
    free = ids(specification, tags=("not creates-instance",))
    assert free.isdisjoint(ids(specification, tags=("creates-instance",)))
    assert free | ids(specification, tags=("creates-instance",)) == {rule.id for rule in specification.rules}


def test_an_at_sign_is_welcome(specification: Specification) -> None:
    assert ids(specification, tags=("@may",)) == ids(specification, tags=("may",))


def test_rules_without_scenarios_are_selected_too(specification: Specification) -> None:
    assert "RDS-INT-04" in ids(specification, sections=("introduction",))


@pytest.mark.parametrize(
    ("names", "hint"),
    [
        ({"rules": ("RDS-DEL-99",)}, "RDS-DEL-"),
        ({"tags": ("creates-instanc",)}, "creates-instance"),
        ({"sections": ("edit",)}, "editing"),
        ({"sections": ("zzzzzz",)}, "slrspec rules"),
    ],
)
def test_an_unknown_name_is_refused_with_what_may_be_meant(
    specification: Specification, names: dict[str, tuple[str, ...]], hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        ids(specification, **names)
    assert hint in str(caught.value)


def test_a_selection_of_nothing_is_refused(specification: Specification) -> None:
    with pytest.raises(NothingSelected):
        ids(specification, sections=("editing",), tags=("creates-instance",))
