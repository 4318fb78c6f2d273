"""Refused, unsupported, and nobody can tell are three things."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from slrspec.errors import ConnectionRefusedByGuard
from slrspec.running.checks import CheckFailed, VacuousCheck
from slrspec.running.scenario_run import DEFECT, judge
from slrspec.running.trouble import OperationUnsupported, ProviderTrouble, judged
from slrspec.running.verdict import Verdict


def refused(code: str, status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "said"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "PutRolePolicy")


UNSUPPORTED = [
    NotImplementedError("The X action has not been implemented"),
    refused("InvalidAction"),
    refused("InternalFailure", 501),
    refused("NotImplemented", 501),
]
TROUBLE = [
    refused("InternalFailure", 500),
    refused("ServiceFailure", 500),
    refused("Unknown", 503),
    refused("Throttling"),
    refused("RequestLimitExceeded", 503),
    refused("ExpiredToken", 403),
    refused("InvalidClientTokenId", 403),
    refused("InstanceQuotaExceeded"),
    refused("SlowDown"),
    refused("ConcurrentModification", 409),
    refused("InvalidSubnet"),
    refused("Unknown", 429),
    EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
    ReadTimeoutError(endpoint_url="http://127.0.0.1:1"),
    HTTPClientError(error=ConnectionRefusedByGuard("stopped")),
    ResponseParserError("an HTML page"),
    IndexError("a crash of the provider in this process"),
    ValueError("another"),
]
PLAIN = [
    refused("UnmodifiableEntity"),
    refused("AccessDenied", 403),
    refused("NoSuchEntity", 404),
    refused("DBInstanceNotFound", 404),
]


@pytest.mark.parametrize("error", UNSUPPORTED, ids=repr)
def test_the_provider_does_not_have_it(error: Exception) -> None:
    assert isinstance(judged(error, "Op"), OperationUnsupported)


@pytest.mark.parametrize("error", TROUBLE, ids=repr)
def test_nobody_can_tell(error: Exception) -> None:
    assert isinstance(judged(error, "Op"), ProviderTrouble)


@pytest.mark.parametrize("error", PLAIN, ids=repr)
def test_a_plain_refusal_is_left_to_the_steps(error: Exception) -> None:
    assert judged(error, "Op") is error


@pytest.mark.parametrize("kind", ["given", "when", "then"])
@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (None, Verdict.PASS),
        (CheckFailed("expected a, got b"), Verdict.FAIL),
        (OperationUnsupported("no"), Verdict.UNSUPPORTED),
        (ProviderTrouble("time-out"), Verdict.ERROR),
        (VacuousCheck("nothing"), Verdict.ERROR),
        (KeyError("Role"), Verdict.ERROR),
    ],
)
def test_a_step_is_judged_by_how_it_ended(error: Exception | None, verdict: Verdict, kind: str) -> None:
    assert judge(error, kind)[0] is verdict


def test_an_unexpected_refusal_fails_what_is_claimed_but_not_what_is_prepared() -> None:
    assert judge(refused("AccessDenied", 403), "when")[0] is Verdict.FAIL
    assert judge(refused("AccessDenied", 403), "then")[0] is Verdict.FAIL
    verdict, reason = judge(refused("AccessDenied", 403), "given")
    assert verdict is Verdict.ERROR
    assert "could not be prepared" in reason


@pytest.mark.parametrize("error", [VacuousCheck("nothing"), KeyError("Role")])
def test_what_is_our_own_mistake_is_called_a_defect(error: Exception) -> None:
    assert judge(error, "then")[1].startswith(DEFECT)
