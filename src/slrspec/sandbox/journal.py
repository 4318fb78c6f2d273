"""The journal of a run: what it was about to write, on disk before it was sent, and what became of it.

It is evidence, and it helps the sweep; what decides is in the account itself (see `slrspec.sandbox.lease`), for a
machine that dies may take its disk along. A line of JSON a record, so that it can be read without slrspec.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

import msgspec

from slrspec.errors import JournalError, SafetyRefusal

if TYPE_CHECKING:
    from pathlib import Path

State = Literal["ok", "refused", "resolved", "absent", "inconclusive"]
"""How a write ended. `resolved` is an ambiguous one that a reading showed to have happened, `absent` one that a
reading showed not to; `inconclusive` is what nobody could tell."""
STATES: tuple[State, ...] = get_args(State)

MENDED = b"\n\n"
"""Between a record that was not written whole, because the disk was full, and the next one: an empty line."""


@dataclass(frozen=True)
class Intent:
    """A write that was about to be sent.

    Attributes
    ----------
    seq
        Counted from 1 within one opening of the journal.
    time
        UTC, ISO 8601.
    run, epoch
        Whose write it was, and under which lease.
    service, operation, region, name
        `rds`, `CreateDBInstance`, where, and the name of what it writes to.
    undo
        The operation that takes it back; empty if nothing has to be.
    digest
        A digest of the parameters, which may be secret.
    state, detail
        How it ended, in a word and a line; empty if the journal does not say.

    """

    seq: int
    time: str
    run: str
    epoch: int
    service: str
    operation: str
    region: str
    name: str
    undo: str = ""
    digest: str = ""
    state: State | Literal[""] = ""
    detail: str = ""


@dataclass
class Journal:
    """A journal that is being written; several threads may.

    Parameters
    ----------
    file
        Where; made if it is not there, continued if it is.
    run, epoch
        Whose writes these are, and under which lease.

    Raises
    ------
    SafetyRefusal
        If it cannot be written, from here or from any method. Nothing may be sent then.

    """

    file: Path
    run: str
    epoch: int
    _descriptor: int = field(init=False, repr=False)
    _seq: int = field(default=0, init=False, repr=False)
    _torn: bool = field(default=False, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._end_torn_line()
            _sync_folder(self.file.parent)  # or a crash may leave no file, whatever was synced into it
        except OSError as error:
            raise self._unwritable(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. What was written is on disk already."""
        os.close(self._descriptor)

    def intend(
        self, *, service: str, operation: str, region: str, name: str, undo: str = "", digest: str = ""
    ) -> int:
        """Note a write that is about to be sent, and return its number once that is on disk."""
        with self._lock:
            self._seq += 1
            self._append(
                {
                    "seq": self._seq,
                    "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                    "run": self.run,
                    "epoch": self.epoch,
                    "service": service,
                    "operation": operation,
                    "region": region,
                    "name": name,
                    "undo": undo,
                    "digest": digest,
                }
            )
            return self._seq

    def outcome(self, seq: int, state: State, detail: str = "") -> None:
        """Note how the write of that number ended."""
        if state not in STATES:
            raise ValueError(state)
        with self._lock:
            self._append({"seq": seq, "state": state, "detail": " ".join(detail.split())})

    def _append(self, record: dict[str, Any]) -> None:
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        if self._torn:
            line = MENDED + line
        self._torn = True
        try:
            while line:
                line = line[os.write(self._descriptor, line) :]
            os.fsync(self._descriptor)
        except OSError as error:
            raise self._unwritable(error) from error
        self._torn = False

    def _end_torn_line(self) -> None:
        size = os.fstat(self._descriptor).st_size
        if size and os.pread(self._descriptor, 1, size - 1) != b"\n":
            os.write(self._descriptor, b"\n")

    def _unwritable(self, error: OSError) -> SafetyRefusal:
        return SafetyRefusal(
            f"the journal cannot be written: {error.strerror}", where=(self.file, None), hint="nothing more is sent"
        )


def read_journal(file: Path) -> list[Intent]:
    """Read what was intended, in order, each with how it ended.

    A line that a crash has torn is passed over: it is the last one, or the last before the journal was continued;
    there are several if what continued it crashed in its first record. So is one that a full disk has cut off: an
    empty line stands behind it. It can only be of a write that was never sent, or of an outcome.

    Raises
    ------
    JournalError
        If there is no such file, or a line of it is no record.

    """
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise JournalError(f"cannot be read: {error.strerror}", where=(file, None)) from error
    found: list[Intent] = []
    torn: int | None = None
    for number, line in enumerate(lines, start=1):
        record = _record(line)
        if record is None:
            torn = (torn or number) if line else None
            continue
        try:
            if "operation" in record:
                intent = msgspec.convert(record, Intent)
                if intent.seq > 1:
                    _refuse_torn(file, torn)
                torn = None
                found.append(intent)
            else:
                _refuse_torn(file, torn)
                _add_outcome(found, msgspec.convert(record, _Outcome))
        except (msgspec.ValidationError, LookupError) as error:
            raise _damaged(file, number) from error
    return found


@dataclass(frozen=True)
class _Outcome:
    seq: int
    state: State
    detail: str


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:  # a torn character too
        return None
    return record if isinstance(record, dict) else None


def _refuse_torn(file: Path, torn: int | None) -> None:
    """Refuse a broken line that is neither of the last ones nor of the last before the journal was continued."""
    if torn is not None:
        raise _damaged(file, torn)


def _damaged(file: Path, number: int) -> JournalError:
    return JournalError(
        "is no record of a journal", where=(file, number), hint="leave it away: sweep works without the journal"
    )


def _add_outcome(found: list[Intent], outcome: _Outcome) -> None:
    """Put an outcome to its intent: the last of that number, for numbers start anew when a journal is continued."""
    for index in range(len(found) - 1, -1, -1):
        if found[index].seq == outcome.seq:
            found[index] = replace(found[index], state=outcome.state, detail=outcome.detail)
            return
    raise LookupError(outcome.seq)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
