"""Open questions: what is asked only to see the answer, and the answer written down unjudged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bdd import then, when

from slrspec.steps.db_instance import NO_SNAPSHOT, SMALLEST, new_instance
from slrspec.steps.role import ObservedRole, differences, observe

if TYPE_CHECKING:
    from slrspec.running.checks import Checks
    from slrspec.running.recorder import Outcome, RecordedAccount
    from slrspec.spec.services import Service
    from slrspec.steps.activity import Activity
    from slrspec.steps.db_instance import Instance
    from slrspec.steps.deletion import Deletion


@when("the role's permissions policy is set as the boundary of the ordinary role", target_fixture="outcome")
def set_reserved_boundary(
    account: RecordedAccount, role: ObservedRole, ordinary: ObservedRole, service: Service
) -> Outcome:
    """Use the policy that belongs to the service-linked role for what it was not made for."""
    return account.attempt(
        account.client("iam").put_role_permissions_boundary,
        RoleName=ordinary.name,
        PermissionsBoundary=role.attached[0] if role.attached else service.policy_arn,
    )


@when("it is simulated what the role may do", target_fixture="outcome")
def simulate(account: RecordedAccount, role: ObservedRole) -> Outcome:
    """Ask IAM what it would decide, for one action that the role's policy has always granted."""
    return account.attempt(
        account.client("iam").simulate_principal_policy,
        PolicySourceArn=role.arn,
        ActionNames=["ec2:DescribeVpcs"],
    )


@when("a DB instance is deleted while it is being created", target_fixture="outcome")
def delete_while_creating(account: RecordedAccount, instances: list[Instance]) -> Outcome:
    """Delete at once what was just asked for."""
    instance = new_instance(account)
    rds = account.client("rds", region=instance.region)
    rds.create_db_instance(DBInstanceIdentifier=instance.identifier, **SMALLEST)
    instances.append(instance)
    return account.attempt(rds.delete_db_instance, DBInstanceIdentifier=instance.identifier, **NO_SNAPSHOT)


@when("the role's description and the length of its sessions are changed at once", target_fixture="outcome")
def describe_and_lengthen(account: RecordedAccount, role: ObservedRole) -> Outcome:
    """Ask in one call for what is allowed and for what is not."""
    return account.attempt(
        account.client("iam").update_role, RoleName=role.name, Description="described", MaxSessionDuration=7200
    )


@when("the deletion of a role that there is not is requested", target_fixture="outcome")
def delete_missing_role(account: RecordedAccount) -> Outcome:
    """Ask for the deletion by a name that nobody has."""
    return account.attempt(account.client("iam").delete_service_linked_role, RoleName=account.unique_name("role"))


@then("the answer is recorded")
def answer(outcome: Outcome, expect: Checks) -> None:
    """Write down whether the call was accepted, or how it was refused."""
    expect.record(outcome.operation, str(outcome), of=[outcome.exchange])


@then("what the deletion has told is recorded")
def deletion_told(deletion: Deletion, expect: Checks) -> None:
    """Write down how the deletion ended, and where the role is said to be in use; the exchanges have the words."""
    expect.record("the deletion", str(deletion), of=deletion.exchanges)
    uses = [f"{region}: {', '.join(resources) or 'no resource'}" for region, resources in deletion.usage]
    expect.record("where the role is in use", uses, of=deletion.exchanges)


@then("what the report has told is recorded")
def report_told(activity: Activity, expect: Checks) -> None:
    """Write down how the report ended, and which services it lists."""
    expect.record("the report", activity.status, of=activity.exchanges)
    expect.record("services listed", list(activity.services), of=activity.exchanges)


@then("the role as it is now is recorded")
def role_now(account: RecordedAccount, role: ObservedRole, expect: Checks) -> None:
    """Write down what of the role is not as it was."""
    now = observe(account, role.name)
    changed = [f"{name}: {getattr(now, name)}" for name in differences(role, now)] if now else ["the role is gone"]
    expect.record("what has changed about the role", changed)
