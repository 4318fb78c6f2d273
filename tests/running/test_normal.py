"""Evidence has references in place of ids, and no secrets; two equal runs give equal evidence."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slrspec.running.normal import References

ACCOUNT = "210987654321"
texts = st.text() | st.just(ACCOUNT) | st.just(f"arn:aws:iam::{ACCOUNT}:role/x")
trees = st.recursive(
    texts | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["Arn", "Role", "Tags", "x"]), inner),
)


@given(trees)
def test_the_account_id_never_gets_through(tree: Any) -> None:
    written = json.dumps(References(ACCOUNT).normal(tree))
    assert f":{ACCOUNT}:" not in written
    assert f'"{ACCOUNT}"' not in written


@given(trees)
def test_making_normal_twice_changes_nothing(tree: Any) -> None:
    references = References(ACCOUNT)
    once = references.normal(tree)
    assert references.normal(once) == once


def test_one_id_keeps_its_reference_and_another_gets_another() -> None:
    normal = References(ACCOUNT).normal
    first, second = "AROAXXXXXXXXXXXXXXXXA", "AROAXXXXXXXXXXXXXXXXB"
    assert normal({"RoleId": first}) == {"RoleId": "<role-id:1>"}
    assert normal({"RoleId": second}) == {"RoleId": "<role-id:2>"}
    assert normal(f"role {first}") == "role <role-id:1>"


def test_an_id_field_is_an_id_whatever_it_looks_like() -> None:
    assert References(ACCOUNT).normal({"UserId": "yjmogdtqobtizhrrzbvf"}) == {"UserId": "<user-id:1>"}


def test_secrets_are_not_written() -> None:
    normal = References(ACCOUNT).normal
    key = {"AccessKeyId": "AKIAXXXXXXXXXXXXXXXX", "SecretAccessKey": "hush", "SessionToken": "hush"}
    assert normal(key) == {"AccessKeyId": "<access-key>", "SecretAccessKey": "<secret>", "SessionToken": "<secret>"}
    assert normal({"MasterUserPassword": "hush"}) == {"MasterUserPassword": "<secret>"}
    assert normal({"Credentials": {"AnythingNew": "hush"}}) == {"Credentials": "<secret>"}


def test_times_are_times() -> None:
    assert References(ACCOUNT).normal({"CreateDate": datetime.now(UTC)}) == {"CreateDate": "<time>"}


def test_uuids_inside_a_text_are_references() -> None:
    task = "task/aws-service-role/rds.amazonaws.com/R/0fa1a7a0-1111-4222-8333-944455556666"
    assert References(ACCOUNT).text(task) == "task/aws-service-role/rds.amazonaws.com/R/<uuid:1>"


def test_half_a_character_can_be_written() -> None:
    References(ACCOUNT).text("\ud800 and é").encode("utf-8")
    assert References(ACCOUNT).text("é") == "é"


def test_a_condition_key_that_speaks_of_secrets_is_none() -> None:
    condition = {"StringLike": {"secretsmanager:ResourceTag/aws:secretsmanager:owningService": ["rds"]}}
    assert References(ACCOUNT).normal(condition) == condition


def test_a_text_is_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    plain = References._replaced

    def noted(self: References, text: str) -> str:
        looked.append(text)
        return plain(self, text)

    monkeypatch.setattr(References, "_replaced", noted)
    references = References("123456789012")
    arn = "arn:aws:iam::123456789012:role/r"
    assert references.normal({"Arn": arn, "Other": [arn, arn]}) == {
        "Arn": "arn:aws:iam::<account>:role/r",
        "Other": ["arn:aws:iam::<account>:role/r"] * 2,
    }
    assert looked == [arn]
