"""Taking the lease of an account of which others may name the Regions otherwise.

The lease is in the first Region that the settings name. Who names them in another order has theirs in another one,
so all of them are looked at before it is taken, and once more after: of two who do that at the same time at least
one sees the other, and takes its own back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slrspec.sandbox.lease import LeaseHeld, acquire, look_for_leases, refuse_held
from slrspec.sandbox.role_record import read_role

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from slrspec.sandbox.connection import Connection
    from slrspec.sandbox.lease import FoundLease, Lease, LeaseRecord


def leases_by_region(connection: Connection) -> dict[str, list[FoundLease]]:
    """Return the leases in each of the sandbox's Regions, in the settings' order; there should be one at most.

    Raises
    ------
    LeaseInDoubt
        If they cannot be read.

    """
    return {region: look_for_leases(connection.client("ssm", region)) for region in connection.settings.regions}


def take_lease(
    connection: Connection,
    record: LeaseRecord,
    now: datetime,
    *,
    take_over: bool = False,
    over: Collection[str] = (),
) -> Lease:
    """Take the lease, in the Region where there is one to take over from; see `acquire` for the rest."""
    before = leases_by_region(connection)
    for found in before.values():
        for one in found:
            refuse_held(one, now, take_over=take_over, over=over)
    region = next((region for region, found in before.items() if found), connection.settings.region)
    iam, ssm = connection.client("iam"), connection.client("ssm", region, once=True)
    lease = acquire(ssm, record, now, take_over=take_over, over=over, read_role=lambda: read_role(iam))
    try:
        _refuse_others(before, leases_by_region(connection), region)
    except BaseException:
        lease.abandon()
        raise
    return lease


def _refuse_others(before: dict[str, list[FoundLease]], after: dict[str, list[FoundLease]], own: str) -> None:
    for region, found in after.items():
        if region != own and any(one not in before[region] for one in found):
            raise LeaseHeld(f"somebody else has just taken the account, in {region}", hint="wait")
