"""What is put aside comes back, to forks as well, whose own lies elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from slrspec.spec.aside import Aside


def test_it_comes_back_in_any_order_and_as_often_as_wanted() -> None:
    many = [bytes([number]) * number for number in range(200)]
    put = [Aside(one) for one in many]
    assert [one.read() for one in reversed(put)] == many[::-1]
    assert [one.read() for one in put] == many


def test_a_fork_reads_what_was_there_before_and_writes_elsewhere(tmp_path: Path) -> None:
    before = [Aside(b"parent"), Aside(b"too")]
    child = os.fork()
    if not child:
        own = Aside(b"child" * 1000)
        told = (own.read() == b"child" * 1000, before[1].read(), own._file is before[0]._file)
        (tmp_path / "told").write_text(repr(told))
        os._exit(0)
    os.waitpid(child, 0)
    after = Aside(b"later")
    assert (tmp_path / "told").read_text() == "(True, b'too', False)"
    assert [one.read() for one in (*before, after)] == [b"parent", b"too", b"later"]
    assert after._file is before[0]._file
    assert after._start == before[1]._start + len(b"too")


def test_a_system_without_such_reads_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pread")
    put = [Aside(b"one"), Aside(b"another")]
    assert [one.read() for one in (*put, Aside(b"third"), put[0])] == [b"one", b"another", b"third", b"one"]
