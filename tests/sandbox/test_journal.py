from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from slrspec.errors import JournalError, SafetyRefusal
from slrspec.sandbox.journal import Journal, read_journal

RUN = "261125-k3v7qa"


def _intend(journal: Journal, name: str) -> int:
    return journal.intend(
        service="rds",
        operation="CreateDBInstance",
        region="us-east-1",
        name=name,
        undo="DeleteDBInstance",
        digest="d",
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journals" / "journal.jsonl"


def test_an_intent_is_read_back_with_its_outcome(file: Path) -> None:
    with Journal(file, RUN, 3) as journal:
        journal.outcome(_intend(journal, "one"), "refused", "AccessDenied:\nno")
        _intend(journal, "two")
    one, two = read_journal(file)
    assert (one.seq, one.run, one.epoch, one.name, one.undo) == (1, RUN, 3, "one", "DeleteDBInstance")
    assert (one.state, one.detail) == ("refused", "AccessDenied: no")
    assert (two.seq, two.state) == (2, "")


def test_an_intent_is_on_disk_before_anything_can_be_sent(file: Path) -> None:
    """The process is killed at once after `intend` has returned; nothing is closed or flushed."""
    program = (
        "import os, signal, sys; from pathlib import Path; from slrspec.sandbox.journal import Journal\n"
        f"j = Journal(Path(sys.argv[1]), {RUN!r}, 1)\n"
        "j.intend(service='iam', operation='CreateRole', region='us-east-1', name='last')\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(file)], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert [intent.name for intent in read_journal(file)] == ["last"]


def test_every_intent_is_synced(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill shows only what left the process; that it left the machine's memory, only the call itself can show."""
    synced: list[int] = []
    with Journal(file, RUN, 1) as journal:
        monkeypatch.setattr(os, "fsync", lambda fd: synced.append(os.fstat(fd).st_size))
        _intend(journal, "one")
        assert synced == [file.stat().st_size]


@pytest.mark.parametrize("cut", [1, 2, 20, 100])
def test_a_torn_last_line_costs_that_line_only(file: Path, cut: int) -> None:
    with Journal(file, RUN, 1) as journal:
        _intend(journal, "one")
        _intend(journal, "two")
    whole = file.read_bytes()
    file.write_bytes(whole[:-cut])
    # Without its newline alone the record is whole.
    assert [intent.name for intent in read_journal(file)] == (["one", "two"] if cut == 1 else ["one"])


def test_a_journal_is_continued_behind_a_torn_line(file: Path) -> None:
    with Journal(file, RUN, 1) as journal:
        _intend(journal, "one")
        _intend(journal, "two")
    file.write_bytes(file.read_bytes()[:-30])
    with Journal(file, "261126-aaaaaa", 2) as journal:
        journal.outcome(_intend(journal, "three"), "ok")
    assert [(i.name, i.epoch, i.state) for i in read_journal(file)] == [("one", 1, ""), ("three", 2, "ok")]


def test_a_journal_that_was_torn_twice_is_read(file: Path) -> None:
    """The second crash comes in the first record of its opening."""
    with Journal(file, RUN, 1) as journal:
        _intend(journal, "one")
        _intend(journal, "two")
    for run in ("261126-aaaaaa", "261126-bbbbbb"):
        file.write_bytes(file.read_bytes()[:-30])
        with Journal(file, run, 2) as journal:
            _intend(journal, run)
    assert [intent.name for intent in read_journal(file)] == ["one", "261126-bbbbbb"]
    file.write_bytes(file.read_bytes()[:-30])
    assert [intent.name for intent in read_journal(file)] == ["one"]


@pytest.mark.parametrize("written", [0, 30])
def test_a_journal_goes_on_once_the_disk_is_no_more_full(
    written: int, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, real = [written], os.write

    def write(descriptor: int, data: bytes) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        done = real(descriptor, data[: left[0]])
        left[0] -= done
        return done

    with Journal(file, RUN, 1) as journal:
        seq = _intend(journal, "one")
        monkeypatch.setattr(os, "write", write)
        with pytest.raises(SafetyRefusal, match="No space left"):
            journal.outcome(seq, "ok")
        monkeypatch.undo()
        journal.outcome(_intend(journal, "two"), "ok")
        _intend(journal, "three")
    assert [(i.name, i.seq, i.state) for i in read_journal(file)] == [
        ("one", 1, ""),
        ("two", 2, "ok"),
        ("three", 3, ""),
    ]


@pytest.mark.parametrize(
    "line", ["nonsense", "{}", '{"seq": 9, "state": "ok", "detail": ""}', '{"operation": "X"}']
)
def test_a_damaged_line_is_told_with_its_number(file: Path, line: str) -> None:
    with Journal(file, RUN, 1) as journal:
        _intend(journal, "one")
        _intend(journal, "two")
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0], line, lines[1], ""]))
    with pytest.raises(JournalError, match=r"journal\.jsonl:2: is no record"):
        read_journal(file)


def test_a_missing_journal_is_told(file: Path) -> None:
    with pytest.raises(JournalError, match="cannot be read"):
        read_journal(file)


def test_nothing_is_sent_without_a_journal(tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(SafetyRefusal, match="the journal cannot be written"):
        Journal(tmp_path / "a file" / "journal.jsonl", RUN, 1)


def test_nothing_is_sent_once_the_disk_is_full(file: Path) -> None:
    with Journal(file, RUN, 1) as journal:
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, journal._descriptor)
        os.close(full)
        with pytest.raises(SafetyRefusal, match="No space left"):
            _intend(journal, "one")


def test_threads_do_not_mix_their_lines(file: Path) -> None:
    with Journal(file, RUN, 1) as journal:
        threads = [Thread(target=lambda n=n: [_intend(journal, f"{n}") for _ in range(20)]) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = read_journal(file)
    assert [intent.seq for intent in found] == list(range(1, 161))
