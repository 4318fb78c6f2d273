"""Telling apart why a call did not succeed: refused, not supported, or nobody can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slrspec.errors import ConnectionRefusedByGuard
from slrspec.running.results import ErrorAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slrspec.running.verdict import Verdict

UNSUPPORTED_CODES = frozenset(
    {"InvalidAction", "NotImplemented", "NotImplementedError", "UnknownOperationException"}
)
NOT_IMPLEMENTED = 501
# Codes that speak of the moment or of the caller's session, never of a rule.
PASSING_CODES = frozenset(
    {
        "ConcurrentModification",
        "EntityTemporarilyUnmodifiable",
        "ExpiredToken",
        "ExpiredTokenException",
        "InternalError",
        "InternalFailure",
        "InstanceQuotaExceeded",
        "InsufficientDBInstanceCapacity",
        "InvalidClientTokenId",
        "InvalidToken",
        "LimitExceeded",
        "LimitExceededException",
        "OptInRequired",
        "PriorRequestNotComplete",
        "QuotaExceeded",
        "RequestExpired",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "ServiceFailure",
        "ServiceUnavailable",
        "SignatureDoesNotMatch",
        "SlowDown",
        "StorageQuotaExceeded",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "UnrecognizedClientException",
    }
)
# Codes that speak of the network of the account, in which no rule is about anything.
NETWORK_CODES = frozenset({"DBSubnetGroupNotFoundFault", "InvalidSubnet", "InvalidVPCNetworkStateFault"})
TOO_MANY_REQUESTS = 429
SERVER_ERROR = 500


class OperationUnsupported(Exception):
    """The provider says that it does not have the operation."""


class ProviderTrouble(Exception):
    """The provider gave no answer that could be judged."""


class JudgedBefore(Exception):
    """What happened between calls, and so has left nothing to judge again; the verdict is the record's.

    Parameters
    ----------
    said
        The message of the recorded step.
    verdict
        Its verdict.

    """

    def __init__(self, said: str, verdict: Verdict) -> None:
        super().__init__(said)
        self.verdict = verdict


def answered(error: Exception) -> bool:
    """Tell whether the service itself has refused: a client raised what the service said."""
    response = getattr(error, "response", None)
    return isinstance(response, dict) and "Error" in response


def answered_error(error: Exception) -> ErrorAnswer:
    """Return code, message and HTTP status of whatever a client raised.

    Parameters
    ----------
    error
        A `ClientError` of botocore, or anything else that came out of a call.

    """
    if answered(error):
        response: Mapping[str, Any] = error.response  # type: ignore[attr-defined]
        return ErrorAnswer(
            code=str(response["Error"].get("Code", "")),
            message=str(response["Error"].get("Message", "")),
            status=int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)),
        )
    return ErrorAnswer(code=type(error).__name__, message=" ".join(str(error).split()), status=0)


def judged(error: Exception, operation: str) -> Exception:
    """Return the exception to raise in place of the one that a call ended with.

    A plain refusal is returned as it is: the provider answered, and steps may expect it. Everything else becomes
    `OperationUnsupported` or `ProviderTrouble`.

    Source: shapes measured on moto, ministack and LocalStack; error codes of the IAM, RDS and STS API references.
    """
    if isinstance(error, ProviderTrouble):  # it was judged where more was known
        return error
    answer = answered_error(error)
    if isinstance(error, NotImplementedError):
        return OperationUnsupported(f"{operation}: not implemented by the provider")
    if answer.status == NOT_IMPLEMENTED or answer.code in UNSUPPORTED_CODES:
        return OperationUnsupported(f"{operation}: {answer.code}: {answer.message}")
    if not answered(error):
        kind = "stopped" if isinstance(error, ConnectionRefusedByGuard) else "no answer"
        return ProviderTrouble(f"{operation}: {kind}: {answer.code}: {answer.message}")
    if _says_nothing(answer):
        return ProviderTrouble(f"{operation}: {answer}")
    return error


def _says_nothing(answer: ErrorAnswer) -> bool:
    """Tell whether an error speaks of the moment, the session or the account's network, and of no rule."""
    passing = answer.status >= SERVER_ERROR or answer.status == TOO_MANY_REQUESTS
    return passing or answer.code in PASSING_CODES or answer.code in NETWORK_CODES
