"""Two policies are equal as grants, whatever their form, exactly if they allow the same."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from slrspec.spec.grants import Grant, grants_of

actions = st.sampled_from(
    ["ec2:CreateVpcEndpoint", "sns:Publish", "logs:PutLogEvents", "kinesis:PutRecord", "s3:*"]
)
resources = st.sampled_from(["*", "arn:aws:logs:*:*:log-group:/aws/rds/*", "arn:aws:sns:*:*:x"])
conditions = st.sampled_from([None, {"StringLike": {"iam:AWSServiceName": "rds.amazonaws.com"}}])
triples = st.lists(st.tuples(actions, resources, conditions), max_size=8)


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def statement(action: Any, resource: Any, condition: Any = None, effect: str = "Allow") -> dict[str, Any]:
    made = {"Effect": effect, "Action": action, "Resource": resource}
    return made if condition is None else made | {"Condition": condition}


@given(triples)
def test_neither_order_nor_lists_nor_case_matter(rows: list[tuple[str, str, Any]]) -> None:
    plain = document(*(statement(a, r, c) for a, r, c in rows))
    other = document(*(statement([a.upper()], [r], c) for a, r, c in reversed(rows)))
    assert grants_of(plain) == grants_of(other)


@given(st.lists(actions, min_size=1), st.lists(resources, min_size=1))
def test_a_statement_of_lists_is_the_statements_of_its_pairs(some: list[str], places: list[str]) -> None:
    together = grants_of(document(statement(some, places)))
    assert together == grants_of(document(*(statement(a, r) for a in some for r in places)))
    assert len(together) == len(set(some)) * len(set(places))


@given(triples, actions, resources)
def test_a_denial_grants_nothing(rows: list[tuple[str, str, Any]], action: str, resource: str) -> None:
    allowed = [statement(a, r, c) for a, r, c in rows]
    denied = statement(action, resource, effect="Deny")
    assert grants_of(document(*allowed, denied)) == grants_of(document(*allowed))


def test_a_condition_makes_another_grant() -> None:
    condition = {"StringLike": {"iam:AWSServiceName": "rds.amazonaws.com"}}
    assert grants_of(document(statement("a:B", "*", condition))) != grants_of(document(statement("a:B", "*")))


def test_the_values_of_a_condition_are_a_set() -> None:
    one = {"StringEquals": {"k": ["x", "y"]}}
    other = {"StringEquals": {"k": ["y", "x"]}}
    assert grants_of(document(statement("a:B", "*", one))) == grants_of(document(statement("a:B", "*", other)))


def test_what_cannot_be_listed_is_not_taken_for_nothing() -> None:
    (grant,) = grants_of({"Statement": {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}})
    assert grant == Grant("not iam:*", "*")


def test_a_single_statement_may_stand_without_its_list() -> None:
    assert grants_of({"Statement": statement("a:B", "*")}) == {Grant("a:B", "*")}


def test_a_grant_reads_like_a_sentence() -> None:
    assert str(Grant("sns:Publish", "*")) == "sns:Publish on *"
