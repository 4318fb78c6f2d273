"""The account while a run holds it: what it leaves out by then, and that it reads every page."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from slrspec.sandbox import tidying
from slrspec.sandbox.account import HeldAccount
from slrspec.sandbox.role_record import ROLE_PATH
from slrspec.sandbox.writes import Sender

SNAPSHOT = "slrspec-261126-k3v7qa-1-final"


def held(**more: Any) -> Any:
    """What the account's methods look at, and nothing else of it."""
    plan = SimpleNamespace(planned=lambda scenario: SimpleNamespace(not_run="", follows=""))
    return SimpleNamespace(plan=plan, begun={}, interrupted=False, too_late="", **more)


def test_after_an_interruption_that_something_swallowed_no_scenario_is_run() -> None:
    account = held(_beyond_means=lambda needed: "", needs={"a": None})
    assert HeldAccount.left_out(account, "a") == ""
    account.interrupted = True
    assert HeldAccount.left_out(account, "a") == "the run was interrupted"


def test_what_was_begun_for_a_scenario_is_no_reason_to_run_it_when_the_session_ends() -> None:
    account = held(needs={"a": None})
    account.begun["a"] = None
    assert HeldAccount.left_out(account, "a") == ""
    account.too_late = "the session ends too soon"
    assert HeldAccount.left_out(account, "a") == "the session ends too soon"


class Paged:
    """Answers every list with an empty page, or one of somebody else's, before the one that counts."""

    lane, appeared, marked, altered = "full", False, False, False
    linked_roles = HeldAccount.linked_roles

    def __init__(self) -> None:
        self.pace = SimpleNamespace(interval=0)
        self.tasks: list[Any] = []
        self.left: list[str] = []
        self.taken: frozenset[str] = frozenset()
        self.guard = SimpleNamespace(unwanted=set())
        self.asked: list[tuple[str, str]] = []

    def call(self, service: str, operation: str, region: str = "", **parameters: Any) -> Any:
        if operation == "DeleteServiceLinkedRole":
            self.asked.append((operation, parameters["RoleName"]))
            return {"DeletionTaskId": "task"}
        pages: dict[str, Any] = {
            "ListRoles": ({"Roles": [], "IsTruncated": True}, {"Roles": [{"RoleName": "AWSServiceRoleForRDS"}]}),
            "DescribeDBSnapshots": (
                {"DBSnapshots": [{"DBSnapshotIdentifier": "rds:customers"}]},
                {"DBSnapshots": [{"DBSnapshotIdentifier": SNAPSHOT}]},
            ),
        }
        first, last = pages[operation]
        return last if parameters.get("Marker") == "next" else {**first, "Marker": "next"}

    def tried(self, service: str, operation: str, region: str = "", **parameters: Any) -> bool:
        self.asked.append((operation, parameters["DBSnapshotIdentifier"]))
        return True

    def read(self, *_: Any, **__: Any) -> Any:
        return {"Status": "SUCCEEDED"}

    def wait(self, done: Any, **_: Any) -> bool:
        return bool(done())

    def mark_role(self, **_: Any) -> None:
        pass


@pytest.mark.parametrize(
    ("delete", "asked"),
    [
        (tidying._role_stays_away, ("DeleteServiceLinkedRole", "AWSServiceRoleForRDS")),
        (
            lambda account: tidying.delete_unwanted_role(account, "elasticache.amazonaws.com"),
            ("DeleteServiceLinkedRole", "AWSServiceRoleForRDS"),
        ),
        (
            lambda account: tidying._delete_snapshot(account, SNAPSHOT, "us-east-1"),
            ("DeleteDBSnapshot", SNAPSHOT),
        ),
    ],
    ids=["the role", "another role", "a snapshot"],
)
def test_what_stands_on_a_later_page_is_not_taken_for_gone(delete: Any, asked: tuple[str, str]) -> None:
    account: Any = Paged()
    delete(account)
    assert account.asked == [asked]


def test_what_is_read_back_from_a_later_page_has_happened() -> None:
    class Reading(Sender):
        def call(self, service: str, operation: str, region: str, parameters: Any, *_: Any) -> dict[str, Any]:
            assert parameters["PathPrefix"] == ROLE_PATH
            answer: dict[str, Any] = Paged().call(service, operation, **parameters)
            return answer

    guard = SimpleNamespace(permitted=lambda *_: _nothing())
    sender = Reading(SimpleNamespace(guard=guard), None, 0.0, 0.0)  # type: ignore[arg-type]
    given = {"AWSServiceName": "rds.amazonaws.com"}
    assert sender._read_back("CreateServiceLinkedRole", "iam", "us-east-1", given) == "resolved"


def _nothing() -> Any:
    from contextlib import nullcontext

    return nullcontext()
