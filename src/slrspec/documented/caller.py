"""Who makes a call, and what their policies allow.

Only keys that IAM made for a user or a session of the account are anybody's: every other key, such as the dummies
that tests use, is the account's root, which may do anything.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slrspec.documented.call import document_of
from slrspec.documented.evaluation import Decision, Policy, Reading, Request, decide

if TYPE_CHECKING:
    from slrspec.documented.call import Call


@dataclass(frozen=True)
class Caller:
    """A user of the account, or a session of one of its roles.

    Attributes
    ----------
    arn
        As error messages give it.
    policies
        The identity-based policies, as parsed JSON.
    boundary
        The permissions boundary; None if there is none.
    session
        The policy that was given when the session began, which limits it likewise; None if there is none.

    """

    arn: str
    policies: tuple[Policy, ...]
    boundary: Policy | None = None
    session: Policy | None = None

    def refused(self, request: Request, reading: Reading) -> str:
        """Return the message of the refusal, or an empty text if the request is allowed."""
        decision = decide(self.policies, request, boundary=self.boundary, reading=reading)
        if self.session is not None and decision is not Decision.EXPLICIT_DENY:
            within = decide([self.session], request, reading=reading)
            decision = decision if within is Decision.ALLOWED else within
        if decision is Decision.ALLOWED:
            return ""
        return refusal_message(self.arn, request, decision)


def refusal_message(arn: str, request: Request, decision: Decision) -> str:
    """Say what IAM says when policies do not allow a request."""
    why = (
        "with an explicit deny in an identity-based policy"
        if decision is Decision.EXPLICIT_DENY
        else f"because no identity-based policy allows the {request.action} action"
    )
    return f"User: {arn} is not authorized to perform: {request.action} on resource: {request.resource} {why}"


def caller_of(call: Call) -> Caller | None:
    """Return who makes a call; None for the account's root."""
    for user in call.iam.users.values():
        if any(key.access_key_id == call.access_key for key in user.access_keys):
            return Caller(user.arn, policies_of_user(call, user), _boundary(call, user))
    for session in _sessions(call):
        if session.access_key_id == call.access_key:
            role = next((r for r in call.iam.roles.values() if r.arn == session.role_arn), None)
            if role is not None:
                return Caller(session.arn, policies_of(role), _boundary(call, role), _session_policy(session))
    return None


def _sessions(call: Call) -> list[Any]:
    from moto.sts.models import sts_backends

    return list(sts_backends[call.account][call.partition].assumed_roles)


def policies_of_user(call: Call, user: Any) -> tuple[Policy, ...]:  # noqa: ANN401
    """Return the policies of a user of moto's, those of the groups included."""
    groups = [group for group in call.iam.groups.values() if user in group.users]
    return tuple(policy for holder in (user, *groups) for policy in policies_of(holder))


def policies_of(holder: Any) -> tuple[Policy, ...]:  # noqa: ANN401
    """Return the policies of a role, a user or a group of moto's, inline ones first."""
    managed = [document_of(policy) for policy in holder.managed_policies.values()]
    return tuple(json.loads(document) for document in (*holder.policies.values(), *managed))


def _session_policy(session: Any) -> Policy | None:  # noqa: ANN401
    if not session.policy:
        return None
    try:
        document = json.loads(session.policy)
    except ValueError:
        document = None
    # IAM does not begin a session with a policy that is none, moto does; it allows nothing.
    return document if isinstance(document, dict) else {}


def note_boundary(user: Any, arn: str) -> None:  # noqa: ANN401
    """Keep the ARN of a user's permissions boundary, which moto forgets, where moto keeps that of a role."""
    user.permissions_boundary_arn = arn


def _boundary(call: Call, holder: Any) -> Policy | None:  # noqa: ANN401
    # Older versions of moto keep that of a role under the second name, newer ones a structure.
    arn = getattr(holder, "permissions_boundary_arn", None) or getattr(holder, "permissions_boundary", None)
    policy = call.iam.managed_policies.get(arn) if isinstance(arn, str) else None
    return json.loads(document_of(policy)) if policy is not None else None
