"""The lease: one run, or one sweep, at a time in an account, whatever machine it is on.

A lease is a parameter of SSM's Parameter Store, `/slrspec/lease/<epoch>`, which is created and never overwritten:
of several that create the same name one succeeds. It says who holds it, until when, and how the service-linked role
was before the first write, so that a sweep from another machine can put it back.

Nothing is ever created again under a name that somebody may still hold. Who takes over from a holder that is gone
creates the next epoch, and deletes the older ones only when it releases its own: as long as a lease is held every
epoch below it is taken. A former holder sees the higher epoch and stops; and it cannot write any more anyway, for a
lease ends later than the credentials that it was taken with.

Source: SSM API reference, PutParameter (`Overwrite` false: ParameterAlreadyExists); the pattern is that of fencing
tokens.
"""

from __future__ import annotations

import re
import secrets
import socket
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from slrspec.errors import SafetyRefusal, SlrspecError
from slrspec.sandbox.role_record import RoleRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

FOLDER = "/slrspec/lease"
LARGEST_VALUE = 4096
"""Bytes that a standard parameter, which costs nothing, can hold."""
BEYOND_SESSION = timedelta(minutes=5)
"""How much longer than the session's credentials a lease lasts."""
CHECK_EVERY = 60.0
TRIES, BETWEEN_TRIES, LOOKS = 5, 0.5, 3
RUN, SWEEP = "run", "sweep"
EXISTS, MISSING = "ParameterAlreadyExists", "ParameterNotFound"


class LeaseHeld(SafetyRefusal):
    """Somebody else has the account, or had it and has not cleaned up."""


class LeaseLost(SafetyRefusal):
    """The lease that was held is over, or somebody has taken over: nothing may be written any more."""


class LeaseInDoubt(SlrspecError):
    """Nobody can tell whether the lease was taken or given back. It ends by itself, and sweep removes it."""

    exit_code = 4


class LeaseRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a lease says.

    Attributes
    ----------
    run
        The id of the run that holds it; that of a sweep is of the same form.
    purpose
        `run` or `sweep`.
    host
        The machine, for people.
    started, not_after
        From when and until when, UTC.
    regions
        Where the run may make something.
    plan
        The digest of the plan that is executed; empty for a sweep.
    role
        The service-linked role before the first write; None for no role. Whoever takes over keeps it.
    inherited
        The runs that it took over from, oldest first: their things may still be there.
    since
        When the first of those runs had looked at the role; what is older was there before.
    nonce
        Random, so that a holder knows its own lease again.

    """

    run: str
    purpose: str
    host: str
    started: datetime
    not_after: datetime
    regions: tuple[str, ...]
    plan: str = ""
    role: RoleRecord | None = None
    inherited: tuple[str, ...] = ()
    since: datetime | None = None
    nonce: str = ""

    @property
    def runs(self) -> tuple[str, ...]:
        """The runs whose things may be in the account, oldest first; a sweep makes nothing."""
        return (*self.inherited, self.run) if self.purpose == RUN else self.inherited


def new_record(
    run: str, purpose: str, regions: tuple[str, ...], expires: datetime, now: datetime, plan: str = ""
) -> LeaseRecord:
    """Return what a lease says that somebody on this machine takes now.

    Parameters
    ----------
    expires
        When the session ends, UTC; the lease outlasts it.

    """
    return LeaseRecord(
        run=run,
        purpose=purpose,
        host=socket.gethostname(),
        started=now,
        not_after=(expires + BEYOND_SESSION).replace(microsecond=0),
        regions=regions,
        plan=plan,
    )


@dataclass(frozen=True)
class FoundLease:
    """A lease as it stands in the account.

    Attributes
    ----------
    epoch
        Its number.
    record
        What it says; None if that cannot be read.
    created
        When it was made, by the service's clock.

    """

    epoch: int
    record: LeaseRecord | None
    created: datetime


def find_leases(ssm: Any) -> list[FoundLease]:  # noqa: ANN401 - boto3's clients have no types
    """Return the leases of the account, oldest first."""
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=FOLDER)
    found = [_found(parameter) for page in pages for parameter in page["Parameters"]]
    return sorted((lease for lease in found if lease is not None), key=lambda lease: lease.epoch)


def _found(parameter: Any) -> FoundLease | None:  # noqa: ANN401 - boto3's answer
    match = re.fullmatch(rf"{FOLDER}/([1-9]\d{{0,8}})", parameter["Name"])
    if match is None:
        return None
    try:
        record = msgspec.json.decode(parameter["Value"], type=LeaseRecord)
    except msgspec.DecodeError:  # and ValidationError, which is one
        record = None
    return FoundLease(int(match[1]), record, parameter["LastModifiedDate"])


def acquire(
    ssm: Any,  # noqa: ANN401 - boto3's clients have no types
    record: LeaseRecord,
    now: datetime,
    *,
    take_over: bool,
    over: Collection[str] = (),
    read_role: Callable[[], RoleRecord | None],
    sleep: Callable[[float], None] = time.sleep,
) -> Lease:
    """Take the lease of the account, or refuse.

    Parameters
    ----------
    ssm
        A client of the lease's Region. It should send a write once; an answer that is lost is made up for here.
    record
        What to write. Its `role`, `inherited`, `since` and `nonce` are filled in here, and the Regions of those
        that it takes over from are added.
    now
        The time, UTC.
    take_over
        Whether to take over from any holder whose time is not over. Somebody has to know that it is dead.
    over
        Ids of the runs and sweeps that are known to be dead: only from these it takes over then. That is decided by
        the very look that the new lease follows, or a run that has begun since would be taken over from, alive.
    read_role
        Reads the service-linked role. It is read before the lease is taken and once more after, when nobody else
        may change it any more.

    Raises
    ------
    LeaseHeld
        If somebody else has it, or gets it first, or if the role is changing.
    LeaseInDoubt
        If it cannot be told whether it was taken, or how the role is.
    SafetyRefusal
        If what it has to say does not fit into a parameter.

    """
    found = look_for_leases(ssm)
    for one in found:
        refuse_held(one, now, take_over=take_over, over=over)
    held = [one.record for one in found if one.record]
    record = msgspec.structs.replace(
        record,
        regions=tuple(dict.fromkeys(region for said in (*held, record) for region in said.regions)),
        role=held[0].role if held else _role(read_role),
        since=held[0].since if held else record.started,
        inherited=tuple(dict.fromkeys(run for said in held for run in said.runs)),
        nonce=secrets.token_hex(8),
    )
    older = {one.epoch: one.record.nonce for one in found if one.record}
    lease = Lease(ssm, max(older, default=0) + 1, record, older, sleep=sleep)
    lease.create()
    try:
        lease.refuse_moving(None if held else read_role)
    except BaseException:
        lease.abandon()
        raise
    return lease


def _role(read: Callable[[], RoleRecord | None]) -> RoleRecord | None:
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        return read()
    except (ClientError, BotoCoreError, ResponseParserError, OSError) as error:
        raise LeaseInDoubt(f"the service-linked role cannot be read: {error}") from error


def look_for_leases(ssm: Any) -> list[FoundLease]:  # noqa: ANN401 - as above
    """Return the leases of the account, oldest first.

    Raises
    ------
    LeaseInDoubt
        If they cannot be read.

    """
    from botocore.exceptions import BotoCoreError, ClientError

    doubt: Exception | None = None
    for _ in range(LOOKS):
        try:
            return find_leases(ssm)
        except (ClientError, BotoCoreError, OSError, LookupError) as error:
            doubt = error  # a JSON answer that was cut on its way is for botocore one without members
    raise LeaseInDoubt(f"the leases of the account cannot be read: {doubt!r}") from doubt


def refuse_held(lease: FoundLease, now: datetime, *, take_over: bool, over: Collection[str] = ()) -> None:
    """Refuse to take over from a holder that may be alive; see `acquire` for the parameters.

    Raises
    ------
    LeaseHeld
        If it may be, or if nobody can tell.

    """
    name = f"{FOLDER}/{lease.epoch}"
    if lease.record is None:
        raise LeaseHeld(
            f"the parameter {name} is no lease that this version can read", hint="look at it, then delete it"
        )
    if lease.record.not_after > now and not take_over and lease.record.run not in over:
        raise LeaseHeld(
            f"{lease.record.purpose} {lease.record.run} on {lease.record.host} has the account until "
            f"{lease.record.not_after:%Y-%m-%d %H:%M} UTC ({name})",
            hint="wait, or if it is dead: slrspec sweep --take-over",
        )


@dataclass
class Lease:
    """A lease that is held.

    Attributes
    ----------
    epoch
        Its number, higher than any before it.
    record
        What it says.
    older
        Epochs and nonces of those that it took over from; they go when it does.

    """

    ssm: Any = field(repr=False)
    epoch: int
    record: LeaseRecord
    older: Mapping[int, str] = field(default_factory=dict)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    _checked: float | None = field(default=None, init=False, repr=False)
    _seen: set[int] = field(default_factory=set, init=False, repr=False)

    @property
    def name(self) -> str:
        """The parameter's."""
        return f"{FOLDER}/{self.epoch}"

    def create(self) -> None:
        """Create the parameter; see `acquire`, which does more."""
        from botocore.exceptions import BotoCoreError, ClientError

        value = msgspec.json.encode(self.record).decode()
        if len(value.encode()) > LARGEST_VALUE:
            raise SafetyRefusal(
                f"the lease would be {len(value.encode())} bytes of {LARGEST_VALUE}",
                hint="the service-linked role has long tags; take some off",
            )
        doubt: Exception | None = None
        for attempt in range(TRIES):
            if attempt:
                self.sleep(BETWEEN_TRIES)
            try:
                self.ssm.put_parameter(Name=self.name, Value=value, Type="String", Overwrite=False)
            except ClientError as error:
                if error.response["Error"]["Code"] != EXISTS:
                    doubt = error
                    continue
                if self._is_mine(value):  # an answer was lost, or the client has sent it twice
                    return
                raise LeaseHeld(f"somebody else has just taken the account ({self.name})", hint="wait") from error
            except (BotoCoreError, OSError) as error:
                doubt = error
            else:
                return
        raise LeaseInDoubt(f"the lease {self.name} could not be taken: {doubt}") from doubt

    def _is_mine(self, value: str) -> bool:
        """Tell whether the parameter, which exists, is what was to be created."""
        from botocore.exceptions import BotoCoreError, ClientError

        for attempt in range(TRIES):
            if attempt:
                self.sleep(BETWEEN_TRIES)
            try:
                found = self.ssm.get_parameter(Name=self.name)["Parameter"]["Value"]
            except (ClientError, BotoCoreError, OSError, LookupError):
                continue  # it may not be shown yet, or the answer was cut
            return bool(found == value)
        raise LeaseInDoubt(f"the lease {self.name} exists and cannot be read")

    def refuse_moving(self, read_role: Callable[[], RoleRecord | None] | None) -> None:
        """Make sure that nothing moved while the lease was taken; see `acquire`."""
        if set(self.older) - self.check(older_than=0):
            raise LeaseHeld("somebody else has just given the account back", hint="try again")
        if read_role is not None and _role(read_role) != self.record.role:
            raise LeaseHeld(
                "the service-linked role changed while the lease was being taken", hint="somebody else is at work"
            )

    def check(self, *, older_than: float = CHECK_EVERY) -> set[int]:
        """Make sure, before a write, that the lease is still held, and return the epochs that there are.

        Parameters
        ----------
        older_than
            Seconds for which the last look is good enough.

        Raises
        ------
        LeaseLost
            If it is over, if it is gone, or if somebody has taken over.
        LeaseInDoubt
            If the leases cannot be read.

        """
        if datetime.now(UTC) >= self.record.not_after:
            raise LeaseLost(f"the lease {self.name} has ended at {self.record.not_after:%H:%M} UTC")
        if self._checked is not None and self.clock() - self._checked < older_than:
            return self._seen
        for attempt in range(TRIES):
            if attempt:
                self.sleep(BETWEEN_TRIES)
            looked = self.clock()  # before the look, which shows nothing older
            found = {lease.epoch: lease.record.nonce if lease.record else "" for lease in look_for_leases(self.ssm)}
            self._refuse_others(found)
            if found.get(self.epoch) == self.record.nonce:
                self._checked, self._seen = looked, set(found)
                return self._seen
            if self.epoch in found:
                break
            # A listing may not show yet what was just created.
        raise LeaseLost(f"the lease {self.name} is not ours any more")

    def _refuse_others(self, found: Mapping[int, str]) -> None:
        if any(epoch > self.epoch for epoch in found):
            raise LeaseLost(f"somebody has taken over from the lease {self.name}")
        # A number may have been given back and taken anew since, so it does not tell a lease; its nonce does.
        known = {**self.older, self.epoch: found.get(self.epoch)}
        if strangers := [epoch for epoch, nonce in found.items() if known.get(epoch) != nonce]:
            raise LeaseLost(f"somebody else took a lease at the same time ({FOLDER}/{strangers[0]})")

    def release(self) -> None:
        """Give the account back: delete the older leases, and this one last. To be called once all is undone."""
        self.check(older_than=0)
        for epoch in sorted(self.older):
            self._delete(epoch, self.older[epoch])
        self._delete(self.epoch, self.record.nonce)

    def abandon(self) -> None:
        """Take back a lease under which nothing was written; those that it would have taken over from stay."""
        self._delete(self.epoch, self.record.nonce)

    def _delete(self, epoch: int, nonce: str) -> None:
        """Delete a lease. If the answer is lost its number may be free, and somebody else's by now."""
        from botocore.exceptions import BotoCoreError, ClientError

        doubt: Exception | None = None
        for attempt in range(TRIES):
            if attempt:
                self.sleep(BETWEEN_TRIES)
            try:
                if attempt and self._nonce_of(epoch) != nonce:
                    return
                self.ssm.delete_parameter(Name=f"{FOLDER}/{epoch}")
            except ClientError as error:
                if error.response["Error"]["Code"] == MISSING:
                    return
                doubt = error
            except (BotoCoreError, OSError, LookupError) as error:
                doubt = error
            else:
                return
        raise LeaseInDoubt(f"the lease {FOLDER}/{epoch} could not be deleted: {doubt}") from doubt

    def _nonce_of(self, epoch: int) -> str:
        """Return the nonce of the lease that has a number now; empty for what is no lease."""
        found = _found(self.ssm.get_parameter(Name=f"{FOLDER}/{epoch}")["Parameter"])
        return found.record.nonce if found is not None and found.record is not None else ""
