"""One course of events for several scenarios: what is answered as it was, what is asked for, and what ends in an error."""

from __future__ import annotations

from typing import Any

import pytest

from slrspec.running.trouble import ProviderTrouble
from slrspec.sandbox.course import Course, Following, key_of
from slrspec.sandbox.operations import Entry

LIST, CREATE, SHOW, DELETE = "ListRoles", "CreateDBInstance", "DescribeDBInstances", "DeleteDBInstance"
Calls = list[tuple[str, str]]
FIRST, SECOND = "slrspec-261125-k3v7qa-1", "slrspec-261125-k3v7qa-11"
# Two instances, the first of which goes; the role is looked at before and after.
TOLD: Calls = [(CREATE, FIRST), (SHOW, FIRST), (CREATE, SECOND), (LIST, ""), (DELETE, FIRST), (SHOW, FIRST)]


def key(operation: str, name: str) -> str:
    parameters = {"DBInstanceIdentifier": name} if name else {}
    return key_of(operation, "us-east-1", parameters, "administrator")


def course_of(calls: Calls) -> Course:
    course = Course()
    for number, (operation, name) in enumerate(calls):
        answer = {"number": number}
        course.record("iam" if operation == LIST else "rds", operation, key(operation, name), lambda a=answer: a)  # type: ignore[misc]
    for name in (FIRST, SECOND):
        course.name("instance", lambda n=name: n)  # type: ignore[misc]
    return course


def ask(following: Following, operation: str, name: str) -> Any:
    service = "iam" if operation == LIST else "rds"
    return following.answer(service, operation, key(operation, name), lambda: {"number": "asked"})["number"]


def test_calls_are_answered_as_they_were_and_reads_beyond_them_are_asked_for() -> None:
    following = Following(course_of(TOLD))
    assert [ask(following, *call) for call in TOLD[:5]] == [0, 1, 2, 3, 4]
    assert ask(following, SHOW, SECOND) == "asked"


def test_a_call_that_does_not_fit_ends_in_an_error() -> None:
    following = Following(course_of(TOLD))
    with pytest.raises(ProviderTrouble, match="went another way"):
        ask(following, CREATE, SECOND)
    following = Following(course_of(TOLD), place=len(TOLD))
    with pytest.raises(ProviderTrouble, match="went another way"):
        ask(following, DELETE, SECOND)


def test_a_scenario_that_comes_in_later_knows_only_of_its_own_instance() -> None:
    course = course_of(TOLD)
    following = Following(course, course.place_of(Entry(creation=2, instances=1)), unknown=1)
    assert following.name("instance", lambda: "new") == SECOND
    assert ask(following, CREATE, SECOND) == 2
    assert ask(following, LIST, "") == 3
    assert following.arrived, "that the other instance went is none of its business"
    assert ask(following, SHOW, SECOND) == "asked"


def test_what_is_done_to_its_own_instance_is_never_passed_over() -> None:
    """Though its name begins as that of the unknown one does."""
    course = course_of([*TOLD, (DELETE, SECOND)])
    following = Following(course, course.place_of(Entry(creation=2, instances=1)), unknown=1)
    ask(following, CREATE, SECOND)
    assert not following.arrived
    with pytest.raises(ProviderTrouble, match="went another way"):
        ask(following, SHOW, SECOND)


def test_it_comes_in_so_many_reads_before_the_creation_as_it_makes_itself() -> None:
    course = course_of([(LIST, ""), (SHOW, ""), (LIST, ""), (CREATE, FIRST)])
    following = Following(course, course.place_of(Entry(creation=1, reads=1)))
    assert [ask(following, LIST, ""), ask(following, CREATE, FIRST)] == [2, 3]


def test_a_creation_that_was_refused_at_first_is_one() -> None:
    """RDS asks to try again where the role has not spread; the next instance is still the second one."""
    course = Course()
    for operation, name in [(CREATE, FIRST), *TOLD]:
        if not course.calls:
            with pytest.raises(OSError, match="try again later"):
                course.record("rds", operation, key(operation, name), too_early)
        else:
            course.record("rds", operation, key(operation, name), dict)
    assert course.calls[course.place_of(Entry(creation=1))].error is not None
    assert course.calls[course.place_of(Entry(creation=2, instances=1))].key == key(CREATE, SECOND)


def too_early() -> dict[str, Any]:
    raise OSError("try again later")


def test_a_course_that_has_not_come_so_far_answers_nothing() -> None:
    course = course_of(TOLD[:2])
    following = Following(course, course.place_of(Entry(creation=2, instances=1)), unknown=1)
    with pytest.raises(ProviderTrouble):
        ask(following, CREATE, SECOND)


def test_what_was_begun_for_a_scenario_it_goes_on_with() -> None:
    following = Following(course_of(TOLD[:2]), own=True)
    assert [ask(following, *call) for call in (*TOLD[:2], (DELETE, FIRST))] == [0, 1, "asked"]
