"""Taking hold of the real account for a run, and letting go of it: the order in which everything is proved.

Settings, environment, credentials, preflight, the plan, the lease, the journal; then the scenarios; then everything
is taken away and the lease is given back. Until the lease is held nothing at all is written.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from slrspec.errors import JournalError, SafetyRefusal, SlrspecError, UsageError
from slrspec.running.interruption import INTERRUPTIONS, handled
from slrspec.sandbox.account import HeldAccount, pace_of
from slrspec.sandbox.budget import Budget
from slrspec.sandbox.connection import Connection, bare_environment, found_credentials, host_of
from slrspec.sandbox.guard import Guard
from slrspec.sandbox.journal import Journal, read_journal
from slrspec.sandbox.lease import RUN, Lease, new_record
from slrspec.sandbox.leasing import take_lease
from slrspec.sandbox.names import new_run
from slrspec.sandbox.operations import LEASE, PREFLIGHT, SWEEPING
from slrspec.sandbox.planning import Plan, make_plan
from slrspec.sandbox.preflight import FULL, Found, look_around, refuse_doubt
from slrspec.sandbox.role_record import may_be_deleted
from slrspec.sandbox.sweep import sweep, sweep_pace
from slrspec.sandbox.tidying import end
from slrspec.sandbox.writes import Sender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from types import FrameType

    from slrspec.sandbox.journal import Intent
    from slrspec.sandbox.settings import SandboxSettings
    from slrspec.spec.rules import Scenario, Specification

CONFIRMATION = "SLRSPEC_CONFIRM_ALIAS"
JOURNAL = "journal.jsonl"
LOOKS_AT_THE_END = 2
"""That show nothing left, after the run's own."""
LONGEST_LIFE = 2.0
"""Hours that an instance is reckoned with; whatever lives longer, the reaper has taken by then."""


@dataclass(frozen=True)
class Permission:
    """What somebody has allowed for one run.

    Attributes
    ----------
    max_usd
        What it may cost; creation stops before.
    plan
        Digest of the plan that was shown, or its beginning; empty for whichever the plan is.
    confirmed
        The account's alias, typed or given for this run.

    """

    max_usd: float
    plan: str = ""
    confirmed: str = ""


_held: list[HeldAccount] = []


def held_account() -> HeldAccount:
    """Return the account that this process holds.

    Raises
    ------
    SafetyRefusal
        If it holds none: nobody has allowed anything.

    """
    if not _held:
        raise SafetyRefusal(
            "the provider aws writes to a real account, and only for 'slrspec run --provider aws --max-usd …'",
            hint="slrspec plan shows what it would do",
        )
    return _held[-1]


@contextmanager
def connected(settings: SandboxSettings) -> Iterator[Connection]:
    """Hold the credentials in a guarded session, with nothing of AWS's left in the environment."""
    with ExitStack() as opened:
        if settings.rehearsal:
            from slrspec.providers.loopback import loopback_only

            opened.enter_context(loopback_only())
        credentials = found_credentials(rehearsed=bool(settings.rehearsal))
        opened.enter_context(bare_environment())
        run = new_run(datetime.now(UTC))
        guard = Guard(run, settings.account_id, settings.regions, host_of(settings))
        yield Connection(settings, credentials, guard)


@contextmanager
def held(
    settings: SandboxSettings,
    specification: Specification,
    scenarios: Iterable[Scenario],
    permission: Permission,
    folder: Path,
    show: Callable[[Plan, Found], None] = lambda *_: None,
) -> Iterator[HeldAccount]:
    """Hold the account for a run.

    Parameters
    ----------
    scenarios
        Those that were selected.
    folder
        Where the journal goes.
    show
        Called with the plan before anything is written.

    Raises
    ------
    SafetyRefusal
        On any doubt; nothing was written then.
    UsageError
        If the plan is not the one that was shown.

    """
    with connected(settings) as connection, ExitStack() as opened:
        found = look_around(connection, confirmed=permission.confirmed)
        refuse_doubt(found)
        plan = make_plan(settings, specification, scenarios, found.lane)
        show(plan, found)
        refuse_other_plan(plan, permission.plan)
        connection.guard.owns_role = found.lane == FULL
        lease = _leased(connection, plan, found.lane)
        connection.guard.before_write = lambda: _check(connection, lease)
        journal = opened.enter_context(opened_journal(folder / JOURNAL, connection, lease))
        pace = pace_of(settings)
        account = HeldAccount(
            settings=settings,
            connection=connection,
            guard=connection.guard,
            lease=lease,
            sender=Sender(connection, journal, pace.propagation, pace.interval),
            plan=plan,
            budget=Budget(permission.max_usd, LONGEST_LIFE * 60),
            lane=found.lane,
            role_before=lease.record.role,
            specification=specification,
            taken=found.taken,
            pace=pace,
        )
        _held.append(account)
        with _interruptible(account):
            try:
                yield account
            finally:
                _held.remove(account)
                account.ending = True
                end(account)
                _give_back(account, folder / JOURNAL)


def _give_back(account: HeldAccount, file: Path) -> None:
    """Look at the whole account as a sweep does, take away what is still left, and then give the lease back.

    What the run remembers of what it has made is not enough: a reading that lagged behind may have shown that
    something is gone which had only just been made.
    """
    guard = account.guard
    try:
        known = [intent for intent in journal_or_nothing(file) if intent.run == guard.run]
        pace = replace(sweep_pace(account.settings, wait=not account.interrupted), clean=LOOKS_AT_THE_END)
        with guard.permitted("the end of the run", SWEEPING | LEASE):
            report = sweep(
                account.lease,
                account.connection.client,
                account.sender.call,
                regions=account.settings.regions,
                journals=known,
                pace=pace,
            )
    except SlrspecError as error:
        account.left.append(f"nobody can tell what: {error}")
    else:
        account.left[:] = [*report.left, *report.troubles]
        for one in report.suspicious:
            _tell(f"left alone in the account: {one}")


def journal_or_nothing(file: Path) -> list[Intent]:
    """Read a journal that nobody has named; one that is damaged is told, and done without."""
    try:
        return read_journal(file)
    except JournalError as error:
        _tell(f"{error}; done without it")
        return []


def _tell(line: str) -> None:
    """Say at once what is no error and stands in no result."""
    sys.stderr.write(f"slrspec: {line}\n")


@contextmanager
def _interruptible(account: HeldAccount) -> Iterator[None]:
    """Have an interruption, or the runner's request to end, stop all waiting: what is left the sweep takes away.

    GitHub gives ten seconds before it kills: enough to ask for deletions, not to see their end.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        account.interrupted = True
        if not account.ending:
            signal.default_int_handler(number, frame)

    with handled(INTERRUPTIONS, interrupt):
        yield


def opened_journal(file: Path, connection: Connection, lease: Lease) -> Journal:
    """Open the journal of whoever has just taken the lease.

    Raises
    ------
    SafetyRefusal
        If it cannot be written; the lease is given back then.

    """
    try:
        return Journal(file, connection.guard.run, lease.epoch)
    except SafetyRefusal:
        with connection.guard.permitted("giving the lease back", LEASE, holds_no_lease=True):
            lease.abandon()  # nothing was written under it, and nothing will be
        raise


def refuse_other_plan(plan: Plan, shown: str) -> None:
    """Refuse to execute another plan than the one that was shown.

    Raises
    ------
    UsageError
        If the digests differ.

    """
    if shown and not plan.digest.startswith(shown):
        raise UsageError(
            f"the plan is {plan.digest[:12]} now, not {shown[:12]} as it was shown",
            hint="slrspec plan shows it; the features, the settings, the selection or the role have changed",
        )


def _leased(connection: Connection, plan: Plan, lane: str) -> Lease:
    expires = connection.expires
    assert expires is not None  # the preflight has seen it
    now = datetime.now(UTC)
    record = new_record(connection.guard.run, RUN, plan.regions, expires, now, plan=plan.digest)
    with connection.guard.permitted("taking the lease", LEASE | PREFLIGHT, holds_no_lease=True):
        lease = take_lease(connection, record, now)
        if lease.older:
            lease.abandon()
            raise SafetyRefusal("an earlier run has ended without tidying up", hint="slrspec sweep")
        if lane == FULL and not may_be_deleted(lease.record.role):  # the preflight looked before the lease was held
            lease.abandon()
            raise SafetyRefusal(
                "a service-linked role that is not slrspec's has appeared since the plan was made",
                hint="nothing was written; run again, and it is left as it is",
            )
    return lease


def _check(connection: Connection, lease: Lease) -> None:
    with connection.guard.permitted("looking at the lease", LEASE, holds_no_lease=True):
        lease.check()


def confirmation(given: str) -> str:
    """Return the alias as it was given by option or environment; empty if by neither."""
    return given or os.environ.get(CONFIRMATION, "")
