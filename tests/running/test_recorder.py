"""Each call is recorded as it was answered; what moto cannot do is told apart from what it refuses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from slrspec.providers.moto import MotoProvider
from slrspec.running.recorder import RecordedAccount, Recorder
from slrspec.running.trouble import OperationUnsupported, ProviderTrouble


@pytest.fixture
def recorded() -> Iterator[tuple[RecordedAccount, Recorder]]:
    provider = MotoProvider()
    try:
        with provider.open_account("RDS-X/one") as account:
            recorder = Recorder(account.account_id)
            yield RecordedAccount(account, recorder), recorder
    finally:
        provider.close()


def test_an_answer_is_recorded_with_its_parameters(recorded: tuple[RecordedAccount, Recorder]) -> None:
    account, recorder = recorded
    account.client("iam").create_user(UserName="u")
    (exchange,) = recorder.exchanges
    assert (exchange.service, exchange.operation, exchange.parameters) == ("iam", "CreateUser", {"UserName": "u"})
    assert exchange.answer is not None
    assert exchange.answer["User"]["Arn"] == "arn:aws:iam::<account>:user/u"
    assert exchange.error is None


def test_a_refusal_is_recorded_and_returned(recorded: tuple[RecordedAccount, Recorder]) -> None:
    account, recorder = recorded
    outcome = account.attempt(account.client("iam").get_role, RoleName="nobody")
    assert outcome.refusal is not None
    assert (outcome.refusal.code, outcome.refusal.status, outcome.exchange) == ("NoSuchEntity", 404, 1)
    assert recorder.exchanges[0].error is not None
    assert recorder.exchanges[0].answer is None


def test_the_pages_of_a_paginator_are_recorded(recorded: tuple[RecordedAccount, Recorder]) -> None:
    account, recorder = recorded
    list(account.client("iam").get_paginator("list_roles").paginate())
    assert [exchange.operation for exchange in recorder.exchanges] == ["ListRoles"]


def test_what_moto_has_not_is_unsupported(recorded: tuple[RecordedAccount, Recorder]) -> None:
    account, recorder = recorded
    with pytest.raises(OperationUnsupported):
        account.client("iam").generate_service_last_accessed_details(Arn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert recorder.exchanges[0].error is not None


def test_a_crash_of_moto_is_trouble_and_no_refusal(recorded: tuple[RecordedAccount, Recorder]) -> None:
    account, _ = recorded
    iam = account.client("iam")
    with pytest.raises(ProviderTrouble, match="IndexError"):
        account.attempt(iam.create_service_linked_role, AWSServiceName="rds")


def test_calls_of_a_principal_carry_their_name(recorded: tuple[RecordedAccount, Recorder]) -> None:
    account, recorder = recorded
    only_s3 = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    who = account.principal("someone", {"Version": "2012-10-17", "Statement": [only_s3]})
    account.attempt(account.client("iam", principal=who).list_roles)
    assert [exchange.principal for exchange in recorder.exchanges] == ["someone"]
    assert recorder.exchanges[0].error is not None
    assert recorder.exchanges[0].error.code == "AccessDenied"
