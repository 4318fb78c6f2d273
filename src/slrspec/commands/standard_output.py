"""Standard output that cannot take what is written to it: full, closed, or read by nobody any more."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from slrspec.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

READER_ENDED = 141
"""What a shell reports of a program that ended by SIGPIPE, which is 13."""
# What only writing can end with, whatever was written to: the message is right for a file as well.
UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EBADF})


@contextmanager
def writable_output() -> Iterator[None]:
    """Have whatever is printed in the context written when it ends.

    Raises
    ------
    UsageError
        If it cannot be.
    SystemExit
        With 141 and without a word, if whoever read it has ended, as `head` does.

    """
    output = sys.stdout
    if output is None:  # closed before the start; the next file that is opened would become standard output
        raise UsageError("cannot write: standard output is closed")
    try:
        yield
        output.flush()
    except SystemExit:
        if sys.stdout is output:
            raise
        # click takes a broken pipe for its own to handle: it puts something deaf in place of the output, and exits
        forget_the_rest(output)
        raise SystemExit(READER_ENDED) from None
    except BrokenPipeError:
        forget_the_rest(output)
        raise SystemExit(READER_ENDED) from None
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        forget_the_rest(output)
        where = (error.filename, None) if error.filename else None
        raise UsageError(f"cannot write: {error.strerror}", where=where) from error


def forget_the_rest(output: TextIO) -> None:
    """Let what is still buffered go nowhere: Python flushes once more at its end, and would complain."""
    with suppress(OSError, ValueError):  # no descriptor, where a test has put something else in its place
        descriptor = output.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
