"""Deleting the role: a request that is accepted, and a task that succeeds or fails later."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from pytest_bdd import given, parsers, then, when

from slrspec.running.recorder import Outcome
from slrspec.running.trouble import ProviderTrouble
from slrspec.steps.db_instance import Instance, delete_all
from slrspec.steps.role import ObservedRole, find_role_name, observe

if TYPE_CHECKING:
    from slrspec.running.checks import Checks
    from slrspec.running.recorder import RecordedAccount
    from slrspec.spec.services import Service

ENDED = ("SUCCEEDED", "FAILED")
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class Deletion(Struct, frozen=True):
    """A request to delete the role, and what became of it.

    Attributes
    ----------
    request
        How the request itself was answered.
    task
        The task's id, empty if the request was refused, or answered without one.
    status
        The task's last status: `SUCCEEDED`, `FAILED`, `IN_PROGRESS`, `NOT_STARTED`; empty without a task.
    why
        The reason of a failed task in a few words, empty if it gives none.
    usage
        Where the role is in use, as the failed task tells it: Region and ARNs.
    exchanges
        Numbers of the exchanges of the request and of all looks at the task.

    """

    request: Outcome
    task: str
    status: str
    why: str
    usage: tuple[tuple[str, tuple[str, ...]], ...]
    exchanges: tuple[int, ...]

    def __str__(self) -> str:
        return self.status or str(self.request)


def request_deletion(account: RecordedAccount, name: str) -> Deletion:
    """Ask for the role's deletion, and wait until the task has ended."""
    iam = account.client("iam")
    first = account.calls + 1
    request = account.attempt(iam.delete_service_linked_role, RoleName=name)
    if request.answer is None:
        return Deletion(request, "", "", "", (), (request.exchange,))
    task = str(request.answer.get("DeletionTaskId", ""))
    if not task:  # accepted, and nobody can ask what became of it
        return Deletion(request, "", "", "", (), (request.exchange,))
    ended = account.patience.until(
        lambda answer: answer.get("Status") in ENDED, lambda: _look_at(account, task, name)
    )
    reason = ended.get("Reason") or {}
    usage = reason.get("RoleUsageList") or ()
    return Deletion(
        request=request,
        task=task,
        status=str(ended.get("Status", "")),
        why=str(reason.get("Reason") or ""),
        usage=tuple((str(use.get("Region", "")), tuple(use.get("Resources") or ())) for use in usage),
        exchanges=tuple(range(first, account.calls + 1)),
    )


def _look_at(account: RecordedAccount, task: str, name: str) -> Any:
    look = account.attempt(account.client("iam").get_service_linked_role_deletion_status, DeletionTaskId=task)
    if look.answer is not None:
        return look.answer
    if look.refusal is not None and look.refusal.code == "NoSuchEntity":
        # A task may be forgotten as soon as it is done, or not be known yet: the role itself decides.
        return {"Status": "IN_PROGRESS" if observe(account, name) else "SUCCEEDED"}
    raise ProviderTrouble(f"the deletion task cannot be read: {look}")


@given("the role has been deleted")
def role_has_been_deleted(account: RecordedAccount, role: ObservedRole, service: Service) -> None:
    """Delete the role."""
    deletion = request_deletion(account, role.name)
    left = account.patience.until(lambda name: name is None, lambda: find_role_name(account, service))
    if deletion.status != "SUCCEEDED" or left:
        raise ProviderTrouble(f"the role could not be deleted: {deletion}")


@when("the role's deletion is requested", target_fixture="deletion")
def request(account: RecordedAccount, role: ObservedRole) -> Deletion:
    """Ask for it, and wait for the end of the task."""
    return request_deletion(account, role.name)


@when("the role's deletion is requested twice without waiting", target_fixture="requests")
def request_twice(account: RecordedAccount, role: ObservedRole) -> list[Outcome]:
    """Ask again before the first task has ended."""
    call = account.client("iam").delete_service_linked_role
    return [account.attempt(call, RoleName=role.name) for _ in range(2)]


@when("the ordinary role's deletion is requested as if it were service-linked", target_fixture="outcome")
def request_for_ordinary(account: RecordedAccount, ordinary: ObservedRole) -> Outcome:
    """Use the call for service-linked roles on a role that is none."""
    return account.attempt(account.client("iam").delete_service_linked_role, RoleName=ordinary.name)


@when("the state of a task that nobody requested is asked for", target_fixture="outcome")
def ask_unknown_task(account: RecordedAccount, role: ObservedRole, service: Service) -> Outcome:
    """Ask by an id that is well-formed."""
    task = f"task{service.path}{role.name}/{uuid.uuid4()}"
    return account.attempt(account.client("iam").get_service_linked_role_deletion_status, DeletionTaskId=task)


@when(parsers.parse('the state of the task "{task}" is asked for'), target_fixture="outcome")
def ask_task(account: RecordedAccount, task: str) -> Outcome:
    """Ask by whatever is written there."""
    return account.attempt(account.client("iam").get_service_linked_role_deletion_status, DeletionTaskId=task)


@then("the request is accepted")
def request_accepted(deletion: Deletion, expect: Checks) -> None:
    """Expect a task, whatever becomes of it."""
    expect.equal("the request", str(deletion.request), "accepted", of=deletion.exchanges)


@then("the deletion fails")
def deletion_fails(deletion: Deletion, expect: Checks) -> None:
    """Expect that the request was accepted, and that its task ended in failure."""
    request_accepted(deletion, expect)
    expect.equal("the deletion task", str(deletion), "FAILED", of=deletion.exchanges)


@then("the deletion succeeds")
def deletion_succeeds(account: RecordedAccount, role: ObservedRole, deletion: Deletion, expect: Checks) -> None:
    """Expect that the task ended well, and that the role is gone."""
    expect.equal("the deletion task", str(deletion), "SUCCEEDED", of=deletion.exchanges)
    role_is_gone(account, role, expect)


def role_is_gone(account: RecordedAccount, role: ObservedRole, expect: Checks) -> None:
    """Expect that nobody knows the role any more."""
    left = account.patience.until(lambda found: found is None, lambda: observe(account, role.name))
    expect.equal("the role", "present" if left else "gone", "gone")


@then("once no DB instance is left, the deletion succeeds")
def deletion_succeeds_later(
    account: RecordedAccount, role: ObservedRole, instances: list[Instance], expect: Checks
) -> None:
    """Expect that the very same request leads to success after the last instance is deleted."""
    delete_all(account, instances)
    deletion_succeeds(account, role, request_deletion(account, role.name), expect)


@then("the failure names the Region of each DB instance")
def names_regions(deletion: Deletion, instances: list[Instance], expect: Checks) -> None:
    """Expect the Regions in the list of uses; which resources it lists is the service's own affair."""
    regions = [region for region, _ in deletion.usage]
    expect.includes("Regions in use", regions, {instance.region for instance in instances}, of=deletion.exchanges)


@then("the failure gives a reason")
def gives_reason(deletion: Deletion, expect: Checks) -> None:
    """Expect some words; which ones is the service's own affair."""
    expect.equal("a reason", "given" if deletion.why else "missing", "given", of=deletion.exchanges)


@then("the task's id has the documented form")
def task_id_form(role: ObservedRole, service: Service, deletion: Deletion, expect: Checks) -> None:
    """Expect service, role and a unique part in the id."""
    form = f"task{re.escape(f'{service.path}{role.name}')}/{UUID}"
    expect.matches("the task's id", deletion.task, form, of=deletion.exchanges)


@then("both requests are answered with the same task")
def same_task(requests: list[Outcome], expect: Checks) -> None:
    """Expect one task for both."""
    for which, outcome in zip(("first", "second"), requests, strict=True):
        expect.equal(f"the {which} request", str(outcome), "accepted", of=[outcome.exchange])
    first, second = ((outcome.answer or {}).get("DeletionTaskId", "") for outcome in requests)
    expect.equal("an id of the task", "given" if first else "missing", "given", of=[requests[0].exchange])
    same = "the first one's" if first == second else str(second)
    expect.equal("the second request's task", same, "the first one's", of=[r.exchange for r in requests])


@then("the state of a requested task can be read")
def state_can_be_read(account: RecordedAccount, role: ObservedRole, expect: Checks) -> None:
    """Expect that the very same call answers for a task that there is."""
    iam = account.client("iam")
    request = account.attempt(iam.delete_service_linked_role, RoleName=role.name)
    expect.equal("the request", str(request), "accepted")
    task = (request.answer or {}).get("DeletionTaskId", "")
    expect.equal("an id of the task", "given" if task else "missing", "given", of=[request.exchange])
    # A new task may not be known yet; but it has to be told of some time, and in the end as done.
    look = account.patience.until(
        lambda outcome: outcome.answer is not None and outcome.answer.get("Status") in ENDED,
        lambda: account.attempt(iam.get_service_linked_role_deletion_status, DeletionTaskId=task),
    )
    state = str((look.answer or {}).get("Status", look))
    expect.equal("the state of a requested task", state, "SUCCEEDED", of=[look.exchange])


@then("a service-linked role can be deleted by the same call")
def service_linked_can_be_deleted(account: RecordedAccount, role: ObservedRole, expect: Checks) -> None:
    """Expect that the very same call is accepted for a role that is service-linked."""
    state_can_be_read(account, role, expect)
