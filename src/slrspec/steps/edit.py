"""Edits: every way IAM has to change a role, tried on the service-linked role and on an ordinary one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from msgspec import Struct
from pytest_bdd import parsers, then, when

from slrspec.running.one_of import OneOf
from slrspec.running.recorder import RecordedAccount
from slrspec.steps.policy import create_managed
from slrspec.steps.role import TRUSTING_EC2, ObservedRole, create_ordinary, observe

if TYPE_CHECKING:
    from slrspec.running.checks import Checks
    from slrspec.running.recorder import Outcome

HARMLESS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}],
}
# What the console attaches to a role to end its sessions.
REVOKING = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2030-01-01T00:00:00Z"}},
        }
    ],
}
TRUSTING_LAMBDA = json.loads(json.dumps(TRUSTING_EC2).replace("ec2", "lambda"))
LONGER_SECONDS = 7200
Deed = Callable[["RecordedAccount", str], "Outcome"]


class Edit(Struct, frozen=True):
    """One way to change a role.

    Attributes
    ----------
    attempt
        Try it on the role of that name.
    prepare
        Make an ordinary role such that the edit has something to do; the role's name is given.

    """

    attempt: Deed
    prepare: Callable[[RecordedAccount, str], object] = lambda _account, _name: None


def _put_inline(document: object, policy: str = "slrspec") -> Deed:
    def attempt(account: RecordedAccount, name: str) -> Outcome:
        return account.attempt(
            account.client("iam").put_role_policy,
            RoleName=name,
            PolicyName=policy,
            PolicyDocument=json.dumps(document),
        )

    return attempt


def _delete_inline(account: RecordedAccount, name: str) -> Outcome:
    return account.attempt(account.client("iam").delete_role_policy, RoleName=name, PolicyName="slrspec")


def _attach(account: RecordedAccount, name: str) -> Outcome:
    policy = create_managed(account)
    return account.attempt(account.client("iam").attach_role_policy, RoleName=name, PolicyArn=policy)


def _detach(account: RecordedAccount, name: str) -> Outcome:
    iam = account.client("iam")
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    # A role from which the provider has left the policy out is asked to give up one that it never had.
    policy = attached[0]["PolicyArn"] if attached else create_managed(account)
    return account.attempt(iam.detach_role_policy, RoleName=name, PolicyArn=policy)


def _replace_trust(account: RecordedAccount, name: str) -> Outcome:
    return account.attempt(
        account.client("iam").update_assume_role_policy,
        RoleName=name,
        PolicyDocument=json.dumps(TRUSTING_LAMBDA),
    )


def _put_boundary(account: RecordedAccount, name: str) -> Outcome:
    policy = create_managed(account)
    return account.attempt(
        account.client("iam").put_role_permissions_boundary, RoleName=name, PermissionsBoundary=policy
    )


def _delete_boundary(account: RecordedAccount, name: str) -> Outcome:
    return account.attempt(account.client("iam").delete_role_permissions_boundary, RoleName=name)


def _lengthen_sessions(account: RecordedAccount, name: str) -> Outcome:
    return account.attempt(account.client("iam").update_role, RoleName=name, MaxSessionDuration=LONGER_SECONDS)


def _add_to_profile(account: RecordedAccount, name: str) -> Outcome:
    iam = account.client("iam")
    profile = account.unique_name("profile")
    account.prepare(iam.create_instance_profile, InstanceProfileName=profile)
    return account.attempt(iam.add_role_to_instance_profile, InstanceProfileName=profile, RoleName=name)


def _remove_from_profile(account: RecordedAccount, name: str) -> Outcome:
    # AWS refuses although the role cannot have been put in; where it can, the removal has something to remove.
    iam = account.client("iam")
    profile = account.unique_name("profile")
    account.prepare(iam.create_instance_profile, InstanceProfileName=profile)
    account.attempt(iam.add_role_to_instance_profile, InstanceProfileName=profile, RoleName=name)
    return account.attempt(iam.remove_role_from_instance_profile, InstanceProfileName=profile, RoleName=name)


def _delete_role(account: RecordedAccount, name: str) -> Outcome:
    return account.attempt(account.client("iam").delete_role, RoleName=name)


EDITS = {
    "add an inline policy to the role": Edit(_put_inline(HARMLESS)),
    "remove an inline policy from the role": Edit(_delete_inline, _put_inline(HARMLESS)),
    "attach a managed policy to the role": Edit(_attach),
    "detach the managed policy from the role": Edit(_detach, _attach),
    "replace the trust policy of the role": Edit(_replace_trust),
    "set a permissions boundary on the role": Edit(_put_boundary),
    "remove the permissions boundary of the role": Edit(_delete_boundary, _put_boundary),
    "lengthen the sessions of the role": Edit(_lengthen_sessions),
    "put the role into an instance profile": Edit(_add_to_profile),
    "take the role out of an instance profile": Edit(_remove_from_profile),
    "revoke the sessions of the role": Edit(_put_inline(REVOKING, "AWSRevokeOlderSessions")),
    "delete the role like an ordinary one": Edit(_delete_role),
}


@pytest.fixture
def tried() -> list[Edit]:
    """Return the edits that the scenario has tried so far."""
    return []


@when(OneOf("the administrator tries to <edit>", edit=EDITS), target_fixture="outcome")
def try_edit(account: RecordedAccount, role: ObservedRole, edit: str, tried: list[Edit]) -> Outcome:
    """Try the edit on the service-linked role."""
    tried.append(EDITS[edit])
    return EDITS[edit].attempt(account, role.name)


@then("an ordinary role takes the same edit")
def ordinary_takes_it(account: RecordedAccount, tried: list[Edit], expect: Checks) -> None:
    """Expect that the very same call succeeds on a role that is no service's."""
    edit = tried[-1]
    name = create_ordinary(account)
    edit.prepare(account, name)
    outcome = edit.attempt(account, name)
    expect.equal(
        f"{outcome.operation} on an ordinary role",
        str(outcome),
        "accepted",
        of=[outcome.exchange],
    )


# ---- the one edit that is allowed


@when(parsers.parse('the role\'s description is changed to "{text}"'), target_fixture="outcome")
def describe(account: RecordedAccount, role: ObservedRole, text: str) -> Outcome:
    """Change the description with the call for all of a role's settings."""
    return account.attempt(account.client("iam").update_role, RoleName=role.name, Description=text)


@when(
    parsers.parse('the role\'s description is changed to "{text}" by the call for descriptions'),
    target_fixture="outcome",
)
def describe_only(account: RecordedAccount, role: ObservedRole, text: str) -> Outcome:
    """Change the description with the older call, which does nothing else."""
    return account.attempt(account.client("iam").update_role_description, RoleName=role.name, Description=text)


@then(parsers.parse('the role\'s description is "{text}"'))
def description_is(account: RecordedAccount, role: ObservedRole, text: str, expect: Checks) -> None:
    """Expect the description when the role is read again."""
    now = account.patience.until(
        lambda found: found is not None and found.description == text, lambda: observe(account, role.name)
    )
    expect.equal("the description", now.description if now else "role gone", text)
