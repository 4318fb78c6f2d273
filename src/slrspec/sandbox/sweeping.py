"""A sweep of the real account from its beginning: who this is, the lease, the journal, and the sweep itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from slrspec.sandbox.journal import read_journal
from slrspec.sandbox.lease import SWEEP, LeaseRecord, new_record
from slrspec.sandbox.leasing import leases_by_region, take_lease
from slrspec.sandbox.opening import JOURNAL, connected, journal_or_nothing, opened_journal
from slrspec.sandbox.operations import LEASE, SWEEPING, is_read
from slrspec.sandbox.preflight import look_around, refuse_doubt
from slrspec.sandbox.role_record import may_be_deleted
from slrspec.sandbox.sweep import SweepReport, sweep, sweep_pace, would_sweep
from slrspec.sandbox.writes import Sender

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from slrspec.sandbox.connection import Connection
    from slrspec.sandbox.journal import Intent
    from slrspec.sandbox.lease import Lease
    from slrspec.sandbox.settings import SandboxSettings

LOOKING = frozenset(one for one in SWEEPING | LEASE if is_read(*one.split(":")))
PURPOSE = "the sweep"


@dataclass(frozen=True)
class Wanted:
    """What a sweep is to do.

    Attributes
    ----------
    run
        A run, or a sweep, that is known to be over; empty for none.
    take_over
        Whether everybody who has a lease is known to be dead.
    wait
        Whether to wait until everything is gone.

    """

    run: str = ""
    take_over: bool = False
    wait: bool = True


def told(settings: SandboxSettings, journals: Iterable[Path], folder: Path) -> SweepReport:
    """Tell what a sweep would take away; nothing is written.

    Raises
    ------
    SafetyRefusal
        If this is not the account that the settings name.

    """
    known = _known(journals, folder)
    with connected(settings) as connection:
        refuse_doubt(look_around(connection, before_a_sweep=True))
        with connection.guard.permitted(PURPOSE, LOOKING):
            leases = [lease for found in leases_by_region(connection).values() for lease in found]
            _widen(connection, [lease.record for lease in leases if lease.record])
            return would_sweep(connection.client, settings.regions, known)


def swept(
    settings: SandboxSettings, wanted: Wanted, confirmed: str, journals: Iterable[Path], folder: Path
) -> SweepReport:
    """Take away what runs have left, and put the service-linked role back.

    Raises
    ------
    SafetyRefusal
        If this is not the account that the settings name, nobody has confirmed it, or somebody else has it.
    LeaseInDoubt
        If that cannot be told.

    """
    known = _known(journals, folder)
    with connected(settings) as connection:
        refuse_doubt(look_around(connection, confirmed=confirmed, before_a_sweep=True))
        lease = _leased(connection, wanted)
        guard = connection.guard
        guard.before_write = lambda: _check(connection, lease)
        guard.sweeping = True
        guard.owns_role = may_be_deleted(lease.record.role)
        _widen(connection, [lease.record])
        with (
            opened_journal(folder / JOURNAL, connection, lease) as journal,
            guard.permitted(PURPOSE, SWEEPING | LEASE),
        ):
            send = Sender(connection, journal, propagation=0.0, interval=0.0).call
            pace = sweep_pace(settings, wait=wanted.wait)
            return sweep(lease, connection.client, send, regions=settings.regions, journals=known, pace=pace)


def _known(journals: Iterable[Path], folder: Path) -> list[Intent]:
    named = [intent for file in journals for intent in read_journal(file)]
    # Runs of other documents than that of RDS have folders of their own below.
    found = [file for file in (folder / JOURNAL, *sorted(folder.glob(f"*/{JOURNAL}"))) if file.exists()]
    return [*named, *(intent for file in found for intent in journal_or_nothing(file))]


def _widen(connection: Connection, records: Iterable[LeaseRecord]) -> None:
    """Let the guard look where earlier runs were, though the settings may name other Regions now."""
    everywhere = (*connection.guard.regions, *(region for record in records for region in record.regions))
    connection.guard.regions = tuple(dict.fromkeys(everywhere))


def _leased(connection: Connection, wanted: Wanted) -> Lease:
    expires = connection.expires
    assert expires is not None  # the preflight has seen it
    now = datetime.now(UTC)
    record = new_record(connection.guard.run, SWEEP, connection.settings.regions, expires, now)
    over = [wanted.run] if wanted.run else []
    with connection.guard.permitted("taking the lease", LEASE | LOOKING, holds_no_lease=True):
        return take_lease(connection, record, now, take_over=wanted.take_over, over=over)


def _check(connection: Connection, lease: Lease) -> None:
    with connection.guard.permitted("looking at the lease", LEASE, holds_no_lease=True):
        lease.check()
