"""How a call ended: accepted, or refused for the documented reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from pytest_bdd import then

from slrspec.running.one_of import OneOf

if TYPE_CHECKING:
    from slrspec.running.checks import Checks
    from slrspec.running.recorder import Outcome


class Reason(Struct, frozen=True):
    """What AWS answers when it refuses for a reason.

    Attributes
    ----------
    code
        The error code.
    status
        The HTTP status; None where nobody has recorded it.
    token
        A few words of the message that have outlasted its rewordings; empty to leave the message alone.

    """

    code: str
    status: int | None
    token: str = ""


REASONS = {
    "the role is protected": Reason("UnmodifiableEntity", 400, "protected role"),
    "its session duration is fixed": Reason("UnmodifiableEntity", 400, "session duration"),
    "the policy is reserved": Reason("PolicyNotAttachable", 400),
    "the permission is missing": Reason("AccessDenied", 403),
    "the role trusts only its service": Reason("AccessDenied", 403),
    "the role cannot be created for them": Reason(
        "InvalidParameterValue", 400, "permission to create service linked role"
    ),
    "the role is not there for them": Reason("ServiceLinkedRoleNotFoundFault", 400),
    "the role is there already": Reason("InvalidInput", 400, "has been taken"),
    "a suffix is not allowed": Reason("InvalidInput", 400, "custom suffix is not allowed"),
    "no such service has a role": Reason("AccessDenied", None),
    "the path is reserved": Reason("InvalidInput", 400),
    "it is no service's role": Reason("NoSuchEntity", 404),
    "nobody knows the task": Reason("NoSuchEntity", 404),
    "it is no task id": Reason("InvalidInput", 400),
    "the final snapshot was not decided": Reason("InvalidParameterCombination", 400, "FinalDBSnapshotIdentifier"),
    "the choices exclude each other": Reason("InvalidParameterCombination", 400),
    "the DB instance is protected": Reason("InvalidParameterCombination", 400, "protect"),
    "there is no such DB instance": Reason("DBInstanceNotFound", 404),
}


@then(OneOf("it is refused because <reason>", reason=REASONS))
def refused(outcome: Outcome, reason: str, expect: Checks) -> None:
    """Expect the documented code, status and words."""
    wanted = REASONS[reason]
    seen = [outcome.exchange]
    refusal = outcome.refusal
    # Another code is shown with its message, which tells more than the code alone.
    code = wanted.code if refusal is not None and refusal.code == wanted.code else str(outcome)
    expect.equal(f"the error of {outcome.operation}", code, wanted.code, of=seen)
    assert refusal is not None  # an accepted call has failed the check above
    if wanted.status is not None and refusal.status:  # the AWS CLI tells none
        expect.equal("the HTTP status", refusal.status, wanted.status, of=seen)
    if wanted.token:
        expect.says("the message", refusal.message, wanted.token, of=seen)


@then("it is accepted")
def accepted(outcome: Outcome, expect: Checks) -> None:
    """Expect that the provider did it."""
    expect.equal(
        outcome.operation,
        str(outcome),
        "accepted",
        of=[outcome.exchange],
    )
