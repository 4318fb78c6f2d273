"""Bytes put aside on disk until they are wanted again, in a file that has no name and goes with the process."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

_files: list[BinaryIO] = []  # the one that this process writes to, once there is one


class Aside:
    """Some bytes that were put aside.

    Parameters
    ----------
    data
        What to put aside.

    """

    __slots__ = ("_file", "_length", "_start")

    def __init__(self, data: bytes) -> None:
        if not _files:
            _files.append(tempfile.TemporaryFile())  # noqa: SIM115 - it is held as long as the process
        [self._file] = _files
        self._start = self._file.seek(0, os.SEEK_END)
        self._length = len(data)
        self._file.write(data)
        self._file.flush()  # a fork would inherit, and some day write, what waits here

    def read(self) -> bytes:
        """Read the bytes again."""
        if hasattr(os, "pread"):  # forks read the same file, and share its position
            return os.pread(self._file.fileno(), self._length, self._start)
        self._file.seek(self._start)
        return self._file.read(self._length)


# A fork may read what was put aside before it, and writes to a file of its own.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_files.clear)
