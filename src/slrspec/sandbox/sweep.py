"""Giving the account back as it was found, whatever state a run has left it in, and from whichever machine.

A sweep looks, makes the writes that bring the account closer to how it was found, and looks again, until several
looks in a row show nothing left to do. It remembers nothing between two looks, so it can be killed at any point and
started again; and what a write answered does not matter, only what the next look shows.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from slrspec.sandbox.finding import MISSING, SKEW, code_of, evidence_of, find, told, trouble_of_calls
from slrspec.sandbox.lease import SWEEP, look_for_leases
from slrspec.sandbox.names import parse_tags
from slrspec.sandbox.role_record import EMPTYING, ROLE_PATH, may_be_deleted, read_roles, writes_to_restore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from slrspec.sandbox.finding import Clients, Evidence, Found
    from slrspec.sandbox.journal import Intent
    from slrspec.sandbox.lease import Lease, LeaseRecord
    from slrspec.sandbox.role_record import RoleRecord, Write
    from slrspec.sandbox.settings import SandboxSettings

RUNNING = frozenset({"NOT_STARTED", "IN_PROGRESS"})
PROTECTED = "UnmodifiableEntity"
AT_ONCE = 1.0


@dataclass(frozen=True)
class Pace:
    """How often to look, and for how long.

    Attributes
    ----------
    interval
        Seconds between two looks.
    limit
        Seconds after which what is left is left.
    clean
        How many looks in a row must show nothing left: a single one may lag behind.
    stuck
        After how many looks in a row that show the very same, with nothing on its way, to give up.
    wait
        Whether to wait for anything; otherwise what can be deleted at once is asked for, and that is all.

    """

    interval: float = 10.0
    limit: float = 45 * 60.0
    clean: int = 3
    stuck: int = 12
    wait: bool = True
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)


def sweep_pace(settings: SandboxSettings, *, wait: bool = True) -> Pace:
    """Return the pace of AWS, or that of a rehearsal, in which nothing takes long."""
    if settings.rehearsal:
        return Pace(interval=0.05, limit=60.0, stuck=6, wait=wait)
    return Pace(limit=1.5 * 60 * settings.instance_minutes, wait=wait)


@dataclass(frozen=True)
class Look:
    """What one look at the account has shown.

    Attributes
    ----------
    found
        Things that are a run's, or look like it.
    role
        The writes that put the service-linked role back; none once it is as it was.
    kept
        Why the role cannot be put back now, or ever; empty if nothing keeps it.
    waiting
        Whether that may pass by itself.
    theirs
        What is not as it was found about a role that is somebody else's, in words; empty if nothing is.

    """

    found: Found
    role: tuple[Write, ...] = ()
    kept: str = ""
    waiting: bool = False
    theirs: str = ""

    @property
    def left(self) -> list[str]:
        """What has still to go, in words."""
        role = [f"the service-linked role: {'; '.join(f'{w.operation}: {w.why}' for w in self.role)}"]
        return [*map(str, self.found.own), *(role if self.role else []), *([self.kept] if self.kept else [])]

    @property
    def clean(self) -> bool:
        """Whether nothing is left, and everything could be looked at."""
        return not self.left and not self.found.troubles

    @property
    def busy(self) -> bool:
        """Whether something is on its way, so that the next look may show something else."""
        return self.waiting or any(thing.busy for thing in self.found.own)


@dataclass(frozen=True)
class SweepReport:
    """What a sweep has done, or would do.

    Attributes
    ----------
    applied
        Whether anything was to be written at all.
    gone
        What was a run's and is gone now; for a sweep that only looks, what would go, with why it is a run's.
    left
        What is a run's, or should be as it was, and is not.
    suspicious
        What looks like a run's and may not be, or is somebody else's and has changed: left alone.
    troubles
        What could not be looked at or done, and why.
    holder
        Who has the account, for a sweep that only looks; empty for nobody.
    looks
        How many times the account was looked at.

    """

    applied: bool
    gone: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    suspicious: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()
    holder: str = ""
    looks: int = 1

    @property
    def exit_code(self) -> int:
        """0 if the account is as it was found, 4 if anything is left or could not be looked at."""
        return 4 if self.left or self.suspicious or self.troubles else 0


@dataclass(frozen=True)
class Target:
    """How the account is to be in the end.

    Attributes
    ----------
    regions
        Where runs may have made something.
    evidence
        What tells their things.
    before
        The service-linked role as it was found.
    since
        When that was; a role that is older was there before, whatever anybody says.

    """

    regions: tuple[str, ...]
    evidence: Evidence
    before: RoleRecord | None
    since: datetime | None


def target_of(record: LeaseRecord, regions: Iterable[str], journals: Iterable[Intent]) -> Target:
    """Return how the account is to be in the end, by a lease that is held."""
    before = record.role
    if record.purpose == SWEEP and not record.inherited and _is_a_runs(before):
        before = None  # a run has made it, and its lease was lost since
    everywhere = tuple(dict.fromkeys((*record.regions, *regions)))
    return Target(everywhere, evidence_of(record.runs, journals), before, record.since)


def _is_a_runs(role: RoleRecord | None) -> bool:
    return role is not None and parse_tags(role.tag_list) is not None


# ---- looking


def look(clients: Clients, target: Target, *, only_runs_role: bool = False) -> Look:
    """Look at the whole account, and write nothing.

    Parameters
    ----------
    only_runs_role
        Pass over a service-linked role without a run's tags: nothing tells how the account was before.

    """
    found = find(clients, target.regions, target.evidence)
    try:
        roles = read_roles(clients("iam"), ROLE_PATH)
    except trouble_of_calls() as error:
        found.troubles.append(f"the service-linked role cannot be looked at: {told(error)}")
        return Look(found)
    if target.before is not None and not may_be_deleted(target.before):
        return Look(found, theirs=_altered(target.before, roles))
    if not roles:
        return Look(found, tuple(writes_to_restore(target.before, None)))
    writes: list[Write] = []
    kept = ""
    for role in roles:  # one at AWS; an emulator may have let somebody make more
        if only_runs_role and not _is_a_runs(role):
            continue
        before = target.before if target.before is not None and target.before.name == role.name else None
        reason = _why_kept(target, found, role) if before is None else ""
        kept = kept or reason
        if not reason:
            writes.extend(writes_to_restore(before, role))
    own = {f"{thing.kind} {thing.name} in {thing.region}" for thing in found.own}
    return Look(found, tuple(writes), kept, waiting=bool(kept and own & set(found.in_use)))


def _altered(borrowed: RoleRecord, roles: Iterable[RoleRecord]) -> str:
    """Tell what has changed about a role that is somebody else's: no run writes to it, so they have done that."""
    now = next((role for role in roles if role.name == borrowed.name), None)
    if now is None:
        return f"the service-linked role {borrowed.name}: it is somebody else's, and is gone"
    changes = "; ".join(write.why for write in writes_to_restore(borrowed, now))
    return changes and f"the service-linked role {borrowed.name}: it is somebody else's, and has changed: {changes}"


def _why_kept(target: Target, found: Found, role: RoleRecord) -> str:
    """Return why a role that was not there before must stay, for now or for good."""
    what = f"the service-linked role {role.name}"
    older = target.since is not None and role.created is not None and role.created < target.since - SKEW
    if older and not _is_a_runs(role):
        return f"{what} is older than the lease that says there was none"
    if found.in_use:
        return f"{what} is needed by {', '.join(found.in_use[:3])}"
    if found.troubles:
        return f"{what} may be needed: not everything could be looked at"
    return ""


def would_sweep(clients: Clients, regions: Sequence[str], journals: Sequence[Intent]) -> SweepReport:
    """Tell what a sweep would do. Nothing is written, and the lease is not taken.

    Raises
    ------
    LeaseInDoubt
        If the leases cannot be read.

    """
    leases = [lease for region in regions for lease in look_for_leases(clients("ssm", region))]
    records = [lease.record for lease in leases if lease.record is not None]
    if records:
        first, last = records[0], records[-1]
        runs = [run for record in records for run in record.runs]
        everywhere = [region for record in records for region in record.regions]
        held = msgspec.structs.replace(first, purpose=SWEEP, inherited=tuple(runs))
        target = target_of(held, (*everywhere, *regions), journals)
        holder = f"{last.purpose} {last.run} on {last.host} until {last.not_after:%Y-%m-%d %H:%M} UTC"
    else:
        target, holder = Target(tuple(regions), evidence_of((), journals), None, None), ""
    seen = look(clients, target, only_runs_role=not records)
    return SweepReport(
        applied=False,
        gone=tuple(f"{thing} ({thing.claim.why})" for thing in seen.found.own),
        left=tuple(seen.left),
        suspicious=_suspicious(seen),
        troubles=tuple(seen.found.troubles),
        holder=holder,
    )


def _suspicious(seen: Look) -> tuple[str, ...]:
    theirs = (seen.theirs,) if seen.theirs else ()
    return (*(f"{thing}: {thing.claim.why}" for thing in seen.found.suspicious), *theirs)


# ---- sweeping


def sweep(
    lease: Lease, clients: Clients, send: Send, *, regions: Sequence[str], journals: Sequence[Intent], pace: Pace
) -> SweepReport:
    """Bring the account back to how it was found, and give back the lease if that has succeeded.

    Parameters
    ----------
    lease
        Held by the sweep, or by the run that ends; looked at again before writes.
    clients, send
        For reads; and what makes a write, once.
    regions, journals
        Where to look beside the lease's own Regions, and what journals say, if there are any.
    pace
        How often to look, and for how long.

    Raises
    ------
    LeaseLost
        If somebody else has the account now.
    LeaseInDoubt
        If that cannot be told.

    """
    target = target_of(lease.record, regions, journals)
    sweeper = _Sweeper(lease, clients, send, pace)
    seen = sweeper.until_clean(target)
    left = {str(thing) for thing in seen.found.own}
    if sweeper.clean:
        lease.release()
    return SweepReport(
        applied=True,
        gone=tuple(f"{name} ({why})" for name, why in sweeper.met.items() if name not in left),
        left=tuple(seen.left),
        suspicious=_suspicious(seen),
        troubles=tuple(dict.fromkeys((*seen.found.troubles, *sweeper.troubles))),
        looks=sweeper.looks,
    )


class Send(Protocol):
    """Makes a write."""

    def __call__(self, service: str, operation: str, region: str, parameters: Mapping[str, Any], /) -> Any:  # noqa: ANN401
        """Return the answer."""


@dataclass
class _Sweeper:
    lease: Lease
    clients: Clients
    send: Send
    pace: Pace
    looks: int = 0
    clean: bool = False
    met: dict[str, str] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)

    def until_clean(self, target: Target) -> Look:
        """Look and write until several looks in a row show nothing left, and return the last one."""
        begun = self.pace.clock()
        clean = same = 0
        before: tuple[list[str], list[str]] | None = None
        while True:
            seen = look(self.clients, target)
            self.looks += 1
            self.met |= {str(thing): thing.claim.why for thing in seen.found.own}
            self.troubles = []
            clean = clean + 1 if seen.clean else 0
            if not seen.clean:
                self._write(seen)
            now = (seen.left, [*seen.found.troubles, *self.troubles])
            same = same + 1 if now == before and not seen.busy and not seen.clean else 0
            before = now
            self.clean = clean >= self.pace.clean
            late = self.pace.clock() - begun > self.pace.limit
            if self.clean or same >= self.pace.stuck or late or not (self.pace.wait or seen.clean):
                return seen
            # Where nobody waits, an account that looks clean is looked at again at once, and given back.
            self.pace.sleep(self.pace.interval if self.pace.wait else min(self.pace.interval, AT_ONCE))

    def _write(self, seen: Look) -> None:
        for thing in seen.found.own:
            for write in thing.writes:
                if not self._sent(thing.service, thing.region, write, str(thing)):
                    break
        for write in seen.role:
            self._sent("iam", "", write, "the service-linked role")

    def _sent(self, service: str, region: str, write: Write, what: str) -> bool:
        """Make a write, and tell whether the next one of the same thing makes sense."""
        self.lease.check()
        try:
            answer = self.send(service, write.operation, region, write.parameters)
            if write.operation == "DeleteServiceLinkedRole" and self.pace.wait:
                self._await_task(str(answer["DeletionTaskId"]), what)
        except trouble_of_calls() as error:
            if code_of(error) in MISSING:
                return True
            if code_of(error) == PROTECTED and write.operation in EMPTYING:
                return True  # what nobody can take off a service-linked role goes with it
            self.troubles.append(f"{what}: {write.operation}: {told(error)}")
            return False
        return True

    def _await_task(self, task: str, what: str) -> None:
        """Wait for a task to end; whether the role is gone only the next look shows."""
        for _ in range(self.pace.stuck):
            status = self.clients("iam").get_service_linked_role_deletion_status(DeletionTaskId=task)
            if status["Status"] not in RUNNING:
                if status["Status"] == "FAILED":
                    self.troubles.append(f"{what}: the deletion failed: {status.get('Reason')}")
                return
            self.pace.sleep(self.pace.interval)
