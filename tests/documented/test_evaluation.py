"""IAM's policy evaluation: its own examples, and laws that hold for every policy."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slrspec.documented.conditions import holds, known
from slrspec.documented.evaluation import Decision, Request, decide
from slrspec.documented.wildcards import matches

ARN = "arn:aws:iam::111122223333:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS"


def statement(effect: str = "Allow", action: Any = "iam:*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def decision(*statements: dict[str, Any], action: str = "iam:GetRole", resource: str = ARN, **context: Any) -> str:
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    return decide([policy], Request(action, resource, context.get("context", {}))).value


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([], "implicitDeny"),
        ([statement()], "allowed"),
        ([statement(action="IAM:getrole")], "allowed"),
        ([statement(action=["s3:*", "iam:Get*"])], "allowed"),
        ([statement(action="iam:Get?ole")], "allowed"),
        ([statement(action="iam:Get")], "implicitDeny"),
        ([statement(action="iam:Get[R]ole")], "implicitDeny"),
        ([statement(), statement("Deny", "iam:GetRole")], "explicitDeny"),
        ([statement("Deny", "iam:GetRole"), statement()], "explicitDeny"),
        ([statement("Deny", "iam:PutRolePolicy"), statement()], "allowed"),
        ([statement(resource="arn:aws:iam::*:role/aws-service-role/*")], "allowed"),
        ([statement(resource="arn:aws:iam::*:role/other/*")], "implicitDeny"),
        ([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], "allowed"),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], "implicitDeny"),
        ([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::*"}], "allowed"),
        ([{"Effect": "Allow", "Action": "*", "NotResource": ARN}], "implicitDeny"),
    ],
)
def test_statements(statements: list[dict[str, Any]], expected: str) -> None:
    assert decision(*statements) == expected


@pytest.mark.parametrize(
    ("condition", "context", "expected"),
    [
        ({"StringEquals": {"k": "v"}}, {"k": ["v"]}, True),
        ({"StringEquals": {"K": "v"}}, {"k": ["v"]}, True),
        ({"StringEquals": {"k": "v"}}, {"k": ["V"]}, False),
        ({"StringEqualsIgnoreCase": {"k": "v"}}, {"k": ["V"]}, True),
        ({"StringEquals": {"k": ["u", "v"]}}, {"k": ["v"]}, True),
        ({"StringEquals": {"k": "v"}}, {}, False),
        ({"StringEqualsIfExists": {"k": "v"}}, {}, True),
        ({"StringEqualsIfExists": {"k": "v"}}, {"k": ["u"]}, False),
        ({"StringNotEquals": {"k": ["u", "v"]}}, {"k": ["w"]}, True),
        ({"StringNotEquals": {"k": ["u", "v"]}}, {"k": ["v"]}, False),
        ({"StringNotEquals": {"k": "v"}}, {}, True),
        ({"StringLike": {"k": "r*.amazonaws.com"}}, {"k": ["rds.amazonaws.com"]}, True),
        ({"StringEquals": {"k": "r*"}}, {"k": ["rds"]}, False),
        ({"StringNotLike": {"k": "r*"}}, {"k": ["rds"]}, False),
        ({"NumericLessThan": {"k": "10"}}, {"k": ["9"]}, True),
        ({"NumericLessThan": {"k": "10"}}, {"k": ["nine"]}, False),
        ({"NumericGreaterThanEquals": {"k": 10}}, {"k": ["10"]}, True),
        ({"NumericNotEquals": {"k": "10"}}, {"k": ["10.0"]}, False),
        ({"DateLessThan": {"k": "2030-01-01T00:00:00Z"}}, {"k": ["2029-12-31T23:59:59Z"]}, True),
        ({"DateGreaterThan": {"k": "2030-01-01T00:00:00Z"}}, {"k": ["1893456001"]}, True),
        ({"DateEquals": {"k": "someday"}}, {"k": ["2030-01-01"]}, False),
        ({"Bool": {"k": "true"}}, {"k": ["true"]}, True),
        ({"Bool": {"k": True}}, {"k": ["true"]}, True),
        ({"Bool": {"k": "true"}}, {"k": ["false"]}, False),
        ({"BinaryEquals": {"k": "QUE="}}, {"k": ["QUE="]}, True),
        ({"IpAddress": {"k": "10.0.0.0/8"}}, {"k": ["10.1.2.3"]}, True),
        ({"NotIpAddress": {"k": "10.0.0.0/8"}}, {"k": ["10.1.2.3"]}, False),
        ({"IpAddress": {"k": "10.0.0.0/8"}}, {"k": ["nowhere"]}, False),
        ({"ArnLike": {"k": "arn:aws:s3:::*"}}, {"k": ["arn:aws:s3:::bucket"]}, True),
        ({"ArnLike": {"k": "arn:aws:*:bucket"}}, {"k": ["arn:aws:s3:::bucket"]}, False),
        ({"Null": {"k": "true"}}, {}, True),
        ({"Null": {"k": "false"}}, {}, False),
        ({"Null": {"k": "false"}}, {"k": ["v"]}, True),
        ({"ForAllValues:StringEquals": {"k": ["u", "v"]}}, {"k": ["u", "v"]}, True),
        ({"ForAllValues:StringEquals": {"k": ["u", "v"]}}, {"k": ["u", "w"]}, False),
        ({"ForAllValues:StringEquals": {"k": "v"}}, {}, True),
        ({"ForAnyValue:StringEquals": {"k": ["u"]}}, {"k": ["u", "w"]}, True),
        ({"ForAnyValue:StringEquals": {"k": ["u"]}}, {}, False),
        ({"StringEquals": {"k": "v", "l": "w"}}, {"k": ["v"]}, False),
        ({"StringEquals": {"k": "v"}, "Bool": {"b": "true"}}, {"k": ["v"], "b": ["true"]}, True),
        ({"StringAlmost": {"k": "v"}}, {"k": ["v"]}, False),
    ],
)
def test_conditions(condition: dict[str, Any], context: dict[str, list[str]], expected: bool) -> None:
    assert holds(condition, context) is expected


def test_operators_that_iam_does_not_have_are_not_known() -> None:
    assert known("ForAllValues:StringLikeIfExists")
    assert known("Null")
    assert not known("StringAlmost")


ACTIONS = st.sampled_from(["iam:GetRole", "iam:PutRolePolicy", "rds:CreateDBInstance", "s3:GetObject"])
PATTERNS = st.sampled_from(["*", "iam:*", "iam:Get*", "rds:*", "s3:GetObject", "?am:GetRole"])
STATEMENTS = st.builds(
    statement, st.sampled_from(["Allow", "Deny"]), PATTERNS, st.sampled_from(["*", ARN, "arn:x"])
)


@given(st.lists(STATEMENTS, max_size=4), ACTIONS)
def test_a_denial_cannot_be_outvoted(statements: list[dict[str, Any]], action: str) -> None:
    assert (
        decision(*statements, statement("Deny", action), statement("Allow", "*"), action=action) == "explicitDeny"
    )


@given(st.lists(STATEMENTS, max_size=4), ACTIONS)
def test_without_an_allowance_nothing_is_allowed(statements: list[dict[str, Any]], action: str) -> None:
    assert decision(*(s for s in statements if s["Effect"] == "Deny"), action=action) != "allowed"


@given(st.permutations([statement(), statement("Deny", "iam:Get*"), statement(action="s3:*")]), ACTIONS)
def test_the_order_of_statements_means_nothing(statements: list[dict[str, Any]], action: str) -> None:
    assert decision(*statements, action=action) == decision(*reversed(statements), action=action)


@given(st.lists(STATEMENTS, max_size=3), st.lists(STATEMENTS, max_size=3), ACTIONS)
def test_a_boundary_never_allows_more(
    granted: list[dict[str, Any]], limit: list[dict[str, Any]], action: str
) -> None:
    request = Request(action, ARN)
    free = decide([{"Statement": granted}], request)
    limited = decide([{"Statement": granted}], request, boundary={"Statement": limit})
    if limited is Decision.ALLOWED:
        assert free is Decision.ALLOWED


@given(st.text(max_size=20), st.text(alphabet="ab*?[].", max_size=8))
def test_a_pattern_without_wildcards_matches_itself_only(text: str, pattern: str) -> None:
    assert matches(text, "*")
    if not {"*", "?"} & set(pattern):
        assert matches(text, pattern) == (text == pattern)
