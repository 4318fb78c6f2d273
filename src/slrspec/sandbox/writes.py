"""Calls on a real account: reads are tried again, a write is sent once, and a lost answer is looked for by reading.

A write whose answer was lost may have happened. Nobody may judge a rule by it; and sent once more, it would make an
`already exists` of a success. So the scenario ends in an error, and what is read back only tells the journal, and
whoever tidies up, what there is to undo.

Source: measured on botocore 1.44, whose retries make DBInstanceAlreadyExists of a lost answer to CreateDBInstance.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from slrspec.running.trouble import PASSING_CODES, SERVER_ERROR, ProviderTrouble, answered_error
from slrspec.sandbox import disposable
from slrspec.sandbox.operations import READING_BACK, is_read
from slrspec.sandbox.role_record import ROLE_PATH, SERVICE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from slrspec.sandbox.connection import Connection
    from slrspec.sandbox.journal import Journal, State

THROTTLED = frozenset(
    {"RequestLimitExceeded", "Throttling", "ThrottlingException", "TooManyRequestsException", "SlowDown"}
)
THROTTLED_TRIES, FIRST_WAIT = 6, 1.0
NEVER_SENT = ("EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError", "NoCredentialsError")
# Absence has to show so many times in a row, for a reading may lag behind.
ABSENT_LOOKS = 3
MISSING = frozenset({"NoSuchEntity", "DBInstanceNotFound", "DBSnapshotNotFound"})


@dataclass(frozen=True)
class Caller:
    """Who makes a call: the runner, or somebody by their keys."""

    name: str = "administrator"
    keys: tuple[str, str] | None = field(default=None, repr=False)


RUNNER = Caller()


@dataclass(frozen=True)
class ReadBack:
    """How to find out whether a write has happened.

    Attributes
    ----------
    operation
        What to read.
    parameters
        Made of the write's.
    happened
        Tells it by the answer, which is None if there is no such thing; None for: cannot be told.

    """

    operation: str
    parameters: Callable[[Mapping[str, Any]], dict[str, Any]]
    happened: Callable[[Mapping[str, Any] | None], bool | None]


def _some(*keys: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    return lambda given: {key: given[key] for key in keys}


def _there(answer: Mapping[str, Any] | None) -> bool:
    return answer is not None


def _gone(answer: Mapping[str, Any] | None) -> bool:
    return answer is None


def _going(answer: Mapping[str, Any] | None) -> bool:
    return answer is None or answer["DBInstances"][0]["DBInstanceStatus"] == "deleting"


READ_BACK = {
    "CreateDBInstance": ReadBack("DescribeDBInstances", _some("DBInstanceIdentifier"), _there),
    "CreateGroup": ReadBack("GetGroup", _some("GroupName"), _there),
    "CreateInstanceProfile": ReadBack("GetInstanceProfile", _some("InstanceProfileName"), _there),
    "CreateRole": ReadBack("GetRole", _some("RoleName"), _there),
    "CreateServiceLinkedRole": ReadBack(
        "ListRoles",
        lambda given: {"PathPrefix": ROLE_PATH.replace(SERVICE, str(given["AWSServiceName"]))},
        lambda answer: bool(answer and answer["Roles"]),
    ),
    "CreateUser": ReadBack("GetUser", _some("UserName"), _there),
    "DeleteDBInstance": ReadBack("DescribeDBInstances", _some("DBInstanceIdentifier"), _going),
    "DeleteGroup": ReadBack("GetGroup", _some("GroupName"), _gone),
    "DeleteInstanceProfile": ReadBack("GetInstanceProfile", _some("InstanceProfileName"), _gone),
    "DeleteRole": ReadBack("GetRole", _some("RoleName"), _gone),
    "DeleteUser": ReadBack("GetUser", _some("UserName"), _gone),
    "PutRolePolicy": ReadBack("GetRolePolicy", _some("RoleName", "PolicyName"), _there),
}


def way_back(operation: str, parameters: Mapping[str, Any]) -> ReadBack | None:
    """Return how to find out whether a write has happened; None if nothing tells."""
    if suffix := disposable.asked_for(parameters):
        # The service may have other roles, which say nothing about this one.
        return ReadBack("GetRole", lambda _: {"RoleName": disposable.role_of(suffix)}, _there)
    return READ_BACK.get(operation)


# What is done to which thing: the first parameter that is there names it.
NAMES = (
    "DBInstanceIdentifier",
    "DBSnapshotIdentifier",
    "InstanceProfileName",
    "RoleName",
    "UserName",
    "GroupName",
    "PolicyName",
    "PolicyArn",
    "RoleArn",
    "AWSServiceName",
    "Name",
)
UNDO = {
    "AddRoleToInstanceProfile": "RemoveRoleFromInstanceProfile",
    "AttachGroupPolicy": "DetachGroupPolicy",
    "AttachRolePolicy": "DetachRolePolicy",
    "AttachUserPolicy": "DetachUserPolicy",
    "CreateAccessKey": "DeleteAccessKey",
    "CreateDBInstance": "DeleteDBInstance",
    "CreateGroup": "DeleteGroup",
    "CreateInstanceProfile": "DeleteInstanceProfile",
    "CreatePolicy": "DeletePolicy",
    "CreateRole": "DeleteRole",
    "CreateServiceLinkedRole": "DeleteServiceLinkedRole",
    "CreateUser": "DeleteUser",
    "PutRolePermissionsBoundary": "DeleteRolePermissionsBoundary",
    "PutRolePolicy": "DeleteRolePolicy",
    "PutUserPolicy": "DeleteUserPolicy",
    "TagRole": "UntagRole",
}


def whole(ask: Callable[[dict[str, Any]], Mapping[str, Any]]) -> dict[str, Any]:
    """Return an answer with its lists from all pages; IAM may give an empty page before the others."""
    found: dict[str, Any] = {}
    more: dict[str, Any] = {}
    while True:
        page = ask(more)
        found |= {key: [*found.get(key, ()), *it] if isinstance(it, list) else it for key, it in page.items()}
        if not page.get("Marker"):
            return found
        more = {"Marker": page["Marker"]}


@dataclass
class Sender:
    """Makes calls through the guarded connection, each write once and with its intent on disk before.

    Attributes
    ----------
    propagation, interval
        How long to read back, and how often, in seconds.
    noted
        Called with every write before it is sent: who tidies up has to know of it whatever becomes of it.
    settled
        Called with every write once it is known how it ended.

    """

    connection: Connection
    journal: Journal
    propagation: float
    interval: float
    noted: Callable[[str, str, Mapping[str, Any]], None] = lambda *_: None
    settled: Callable[[str, Mapping[str, Any], State], None] = lambda *_: None
    sleep: Callable[[float], None] = time.sleep

    def call(
        self, service: str, operation: str, region: str, parameters: Mapping[str, Any], caller: Caller = RUNNER
    ) -> dict[str, Any]:
        """Make a call and return its answer.

        Raises
        ------
        botocore.exceptions.ClientError
            If it was refused.
        ProviderTrouble
            If nobody can tell whether it was done.
        CallRefusedByGuard
            If it may not be made.

        """
        if is_read(service, operation):
            answer: dict[str, Any] = self._client(service, region, caller)._make_api_call(  # noqa: SLF001
                operation, dict(parameters)
            )
            return answer
        # Refused here as well as when it is sent, so that the journal holds nothing that was never to be.
        self.connection.guard.check(service, operation, region, parameters)
        name = disposable.asked_for(parameters) or next((str(parameters[k]) for k in NAMES if k in parameters), "")
        seq = self.journal.intend(
            service=service,
            operation=operation,
            region=region,
            name=name,
            undo=UNDO.get(operation, ""),
            digest=digest_of(parameters),
        )
        self.noted(operation, region, parameters)
        return self._send(seq, service, operation, region, parameters, caller)

    def _client(self, service: str, region: str, caller: Caller, *, once: bool = False) -> Any:  # noqa: ANN401
        return self.connection.client(service, region, keys=caller.keys, once=once)

    def _send(
        self,
        seq: int,
        service: str,
        operation: str,
        region: str,
        parameters: Mapping[str, Any],
        caller: Caller,
    ) -> dict[str, Any]:
        client = self._client(service, region, caller, once=True)
        for attempt in range(THROTTLED_TRIES):
            try:
                answer: dict[str, Any] = client._make_api_call(operation, dict(parameters))  # noqa: SLF001
            except Exception as error:
                state = state_of(error)
                if _throttled(error) and attempt + 1 < THROTTLED_TRIES:
                    self.sleep(
                        min(FIRST_WAIT * 2**attempt, 8 * FIRST_WAIT)
                    )  # it was not done, and may be asked again
                    continue
                if state is not None:
                    self._note(seq, operation, parameters, state, type(error).__name__)
                    raise
                found = self._read_back(operation, service, region, parameters)
                self._note(seq, operation, parameters, found, " ".join(str(error).split())[:200])
                raise ProviderTrouble(
                    f"{operation}: the answer was lost ({_brief(error)}); read back: {SAID[found]}"
                ) from error
            self._note(seq, operation, parameters, "ok")
            return answer
        raise AssertionError("unreachable")

    def _note(
        self, seq: int, operation: str, parameters: Mapping[str, Any], state: State, detail: str = ""
    ) -> None:
        self.journal.outcome(seq, state, detail)
        self.settled(operation, parameters, state)

    def _read_back(self, operation: str, service: str, region: str, parameters: Mapping[str, Any]) -> State:
        way = way_back(operation, parameters)
        if way is None:
            return "inconclusive"
        absent = 0
        waited = 0.0
        with self.connection.guard.permitted(f"reading {operation} back", READING_BACK):
            while True:
                happened = self._look(way, service, region, parameters)
                if happened:
                    return "resolved"
                absent = absent + 1 if happened is False else 0
                if waited >= self.propagation:
                    return "absent" if absent >= ABSENT_LOOKS else "inconclusive"
                self.sleep(self.interval)
                waited += self.interval

    def _look(self, way: ReadBack, service: str, region: str, parameters: Mapping[str, Any]) -> bool | None:
        try:
            given = way.parameters(parameters)
            answer = whole(lambda more: self.call(service, way.operation, region, {**given, **more}))
        except Exception as error:  # noqa: BLE001 - whatever it is, it does not tell
            return way.happened(None) if answered_error(error).code in MISSING else None
        return way.happened(answer)


SAID: dict[str, str] = {
    "resolved": "it had happened",
    "absent": "it had not happened",
    "inconclusive": "nobody can tell whether it happened",
}


def state_of(error: Exception) -> State | None:
    """Return how a write ended that raised this; None if that is not known.

    An answer with a status below 500 is the service's word that it was not done.
    """
    from slrspec.errors import SafetyRefusal, SlrspecError

    if isinstance(error, SafetyRefusal | SlrspecError) or type(error).__name__ in NEVER_SENT:
        return "absent"
    if type(error).__name__ == "ParamValidationError":
        return "absent"
    answer = answered_error(error)
    if answer.status == 0 or answer.status >= SERVER_ERROR or answer.code in DOUBTFUL:
        return None
    return "refused"


# Codes of a status below 500 that come of the way there, not of the service.
DOUBTFUL = frozenset({"RequestTimeout", "RequestTimeoutException", "InternalFailure", "InternalError"})


def _throttled(error: Exception) -> bool:
    answer = answered_error(error)
    return answer.code in THROTTLED & (PASSING_CODES | THROTTLED) and answer.status != 0


def _brief(error: Exception) -> str:
    answer = answered_error(error)
    return f"{answer.code} {answer.status}" if answer.status else answer.code


def digest_of(parameters: Mapping[str, Any]) -> str:
    """Return a digest of a call's parameters."""
    text = json.dumps(parameters, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
