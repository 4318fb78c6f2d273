"""DB instances: made, deleted with or without a final snapshot, and looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec import Struct
from pytest_bdd import given, parsers, then, when

from slrspec.running.one_of import OneOf
from slrspec.running.trouble import ProviderTrouble
from slrspec.running.withheld import NO_SECRET

if TYPE_CHECKING:
    from slrspec.providers.contract import Principal
    from slrspec.running.checks import Checks
    from slrspec.running.recorder import Outcome, RecordedAccount

# The smallest that RDS has: what a real account would be billed for.
SMALLEST = {
    "DBInstanceClass": "db.t4g.micro",
    "Engine": "mysql",
    "AllocatedStorage": 20,
    "BackupRetentionPeriod": 0,
    "MasterUsername": "slrspec",
    "MasterUserPassword": NO_SECRET,
    "PubliclyAccessible": False,
    "Tags": [{"Key": "slrspec", "Value": "true"}],
}
TRY_AGAIN = "try again later"
NO_SNAPSHOT = {"SkipFinalSnapshot": True}


class Instance(Struct, frozen=True):
    """A DB instance of the scenario: identifier and Region."""

    identifier: str
    region: str

    @property
    def snapshot(self) -> str:
        """The name that its final snapshot is given."""
        return f"{self.identifier}-final"


@pytest.fixture
def instances() -> list[Instance]:
    """Return the DB instances that the scenario has made and not deleted, oldest first."""
    return []


def attempt_creation(
    account: RecordedAccount, instance: Instance, principal: Principal | None = None, **more: Any
) -> Outcome:
    """Try to create the instance, and if that is accepted wait until it is available.

    AWS itself asks to try again where the role that comes with the instance has not spread yet. An administrator
    does; of somebody with a policy of their own the same words may mean the policy.
    """
    rds = account.client("rds", principal=principal, region=instance.region)

    def create() -> Outcome:
        return account.attempt(rds.create_db_instance, DBInstanceIdentifier=instance.identifier, **SMALLEST, **more)

    outcome = create()
    if principal is None and _too_early(outcome):
        outcome = account.patience.until(lambda now: not _too_early(now), create)
        if _too_early(outcome):
            raise ProviderTrouble(f"the role has not spread: {outcome}")
    if outcome.answer is not None:
        account.patience.until(lambda status: status == "available", lambda: status_of(account, instance))
    return outcome


def _too_early(outcome: Outcome) -> bool:
    """Tell whether RDS asks to wait and try again. Source: the page's own account of this error."""
    return (
        outcome.refusal is not None
        and outcome.refusal.code == "InvalidParameterValue"
        and TRY_AGAIN in outcome.refusal.message
    )


def new_instance(account: RecordedAccount, region: str | None = None) -> Instance:
    """Return an identifier for an instance that is not made yet."""
    return Instance(account.unique_name("instance"), region or account.region)


def status_of(account: RecordedAccount, instance: Instance) -> str:
    """Return an instance's status, or `gone`."""
    rds = account.client("rds", region=instance.region)
    found = account.attempt(rds.describe_db_instances, DBInstanceIdentifier=instance.identifier)
    if found.answer is not None:
        records = found.answer["DBInstances"]
        return str(records[0]["DBInstanceStatus"]) if records else "gone"
    if found.refusal is not None and found.refusal.code == "DBInstanceNotFound":
        return "gone"
    raise ProviderTrouble(f"the DB instance cannot be read: {found}")


def attempt_deletion(account: RecordedAccount, instance: Instance, **choice: object) -> Outcome:
    """Try to delete the instance, and if that is accepted wait until it is gone."""
    rds = account.client("rds", region=instance.region)
    outcome = account.attempt(rds.delete_db_instance, DBInstanceIdentifier=instance.identifier, **choice)
    if outcome.answer is not None:
        account.patience.until(lambda status: status == "gone", lambda: status_of(account, instance))
    return outcome


def delete_all(account: RecordedAccount, instances: list[Instance]) -> None:
    """Delete what is left, without final snapshots."""
    while instances:
        _delete_or_stop(account, instances.pop())


def _make(account: RecordedAccount, instances: list[Instance], region: str | None = None, **more: Any) -> None:
    instance = new_instance(account, region)
    outcome = attempt_creation(account, instance, **more)
    if outcome.answer is None:
        raise ProviderTrouble(f"no DB instance could be made: {outcome}")
    instances.append(instance)


def _delete_or_stop(account: RecordedAccount, instance: Instance) -> None:
    outcome = attempt_deletion(account, instance, **NO_SNAPSHOT)
    if outcome.answer is None:
        raise ProviderTrouble(f"a DB instance could not be deleted: {outcome}")


# ---- what there is


@given("a DB instance")
def a_db_instance(account: RecordedAccount, instances: list[Instance]) -> None:
    """Make one."""
    _make(account, instances)


@given(parsers.parse("{count:d} DB instances"))
def db_instances(account: RecordedAccount, instances: list[Instance], count: int) -> None:
    """Make several."""
    for _ in range(count):
        _make(account, instances)


@given("a DB instance in a second Region")
def a_distant_db_instance(account: RecordedAccount, instances: list[Instance]) -> None:
    """Make one where the account's other calls do not go."""
    _make(account, instances, account.second_region)


@given("a DB instance protected against deletion")
def a_protected_db_instance(account: RecordedAccount, instances: list[Instance]) -> None:
    """Make one whose deletion protection is on."""
    _make(account, instances, DeletionProtection=True)


@given("one of them has been deleted")
def one_has_been_deleted(account: RecordedAccount, instances: list[Instance]) -> None:
    """Delete the oldest."""
    _delete_or_stop(account, instances.pop(0))


# ---- what is done


@when("a DB instance is created", target_fixture="outcome")
def create_db_instance(account: RecordedAccount, instances: list[Instance]) -> Outcome:
    """Create one, as an administrator may."""
    instance = new_instance(account)
    outcome = attempt_creation(account, instance)
    instances.append(instance)
    return outcome


def _choices(instance: Instance) -> dict[str, dict[str, Any]]:
    name = {"FinalDBSnapshotIdentifier": instance.snapshot}
    return {
        "with a final snapshot": {"SkipFinalSnapshot": False, **name},
        "without a final snapshot": NO_SNAPSHOT,
        "without a decision about a final snapshot": {},
        "with a final snapshot that has no name": {"SkipFinalSnapshot": False},
        "both without a final snapshot and with a name for it": {**NO_SNAPSHOT, **name},
    }


@when(OneOf("the DB instance is deleted <choice>", choice=_choices(Instance("", ""))), target_fixture="outcome")
def delete_db_instance(account: RecordedAccount, instances: list[Instance], choice: str) -> Outcome:
    """Delete the youngest, with the parameters that the choice means."""
    instance = instances[-1]
    return attempt_deletion(account, instance, **_choices(instance)[choice])


@when("a DB instance that does not exist is deleted", target_fixture="outcome")
def delete_missing(account: RecordedAccount) -> Outcome:
    """Delete by an identifier that nobody has."""
    return attempt_deletion(account, new_instance(account), **NO_SNAPSHOT)


# ---- what must be so


@then("the DB instance exists")
def instance_exists(account: RecordedAccount, instances: list[Instance], expect: Checks) -> None:
    """Expect that the youngest is there, and available."""
    expect.equal("the DB instance", status_of(account, instances[-1]), "available")


@then("no DB instance exists")
def no_instance(account: RecordedAccount, expect: Checks) -> None:
    """Expect that the Region has none."""
    pages = account.client("rds").get_paginator("describe_db_instances").paginate()
    found = [instance for page in pages for instance in page["DBInstances"]]
    expect.equal("DB instances", [instance["DBInstanceIdentifier"] for instance in found], [])


@then("the DB instance is gone")
def instance_is_gone(account: RecordedAccount, instances: list[Instance], outcome: Outcome, expect: Checks) -> None:
    """Expect that it was being deleted when the call was answered, and that nobody knows it now."""
    answered = ((outcome.answer or {}).get("DBInstance") or {}).get("DBInstanceStatus")
    expect.equal("its status in the answer", answered, "deleting", of=[outcome.exchange])
    expect.equal("the DB instance", status_of(account, instances[-1]), "gone")


@then(parsers.re("its final snapshot (?P<presence>exists|does not exist)"))
def final_snapshot(account: RecordedAccount, instances: list[Instance], presence: str, expect: Checks) -> None:
    """Expect the snapshot of the chosen name, or none at all of the instance."""
    instance = instances[-1]
    rds = account.client("rds", region=instance.region)
    found = account.prepare(rds.describe_db_snapshots, DBInstanceIdentifier=instance.identifier)["DBSnapshots"]
    names = [s["DBSnapshotIdentifier"] for s in found if s["DBInstanceIdentifier"] == instance.identifier]
    expect.equal("snapshots of the DB instance", names, [instance.snapshot] if presence == "exists" else [])


@then("it can be deleted without a final snapshot")
def can_be_deleted(account: RecordedAccount, instances: list[Instance], expect: Checks) -> None:
    """Expect that the very same call succeeds with a clear choice."""
    outcome = attempt_deletion(account, instances[-1], **NO_SNAPSHOT)
    expect.equal("deleting the DB instance", str(outcome), "accepted")
    expect.equal("the DB instance", status_of(account, instances[-1]), "gone")


@then("it can be deleted once the protection is off")
def can_be_deleted_unprotected(account: RecordedAccount, instances: list[Instance], expect: Checks) -> None:
    """Expect that the very same call succeeds after the protection was switched off."""
    instance = instances[-1]
    account.client("rds", region=instance.region).modify_db_instance(
        DBInstanceIdentifier=instance.identifier, DeletionProtection=False, ApplyImmediately=True
    )
    can_be_deleted(account, instances, expect)


@then("a DB instance that exists can be deleted")
def existing_can_be_deleted(account: RecordedAccount, instances: list[Instance], expect: Checks) -> None:
    """Expect that the very same call succeeds where there is something to delete."""
    _make(account, instances)
    can_be_deleted(account, instances, expect)
