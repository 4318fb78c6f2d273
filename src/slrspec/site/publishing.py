"""Putting a folder in another's place: whole or not at all, and never over something that is not ours."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from slrspec.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

MARKER = ".slrspec-wrote-this"


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a new folder to be filled, which takes the target's place if, and only if, the block ends well.

    Parameters
    ----------
    target
        A folder that is not there, is empty, or was written by this function before.

    Raises
    ------
    UsageError
        If the target is anything else, or cannot be written to.

    """
    refuse_foreign(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # A name that begins with a dot is neither built by MkDocs nor served by most servers.
        new = Path(tempfile.mkdtemp(prefix=f".{target.name}-new-", dir=target.parent))
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=(target, None)) from error
    try:
        yield new
        (new / MARKER).touch()
        _swap(new, target)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def refuse_foreign(target: Path) -> None:
    """Raise `UsageError` if a folder holds something that slrspec has not written."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise UsageError("not a folder of slrspec's own", where=(target, None), hint="choose another --out")
    if target.is_dir() and any(target.iterdir()) and not (target / MARKER).exists():
        raise UsageError(
            "holds files that slrspec has not written",
            where=(target, None),
            hint="empty it, or choose another",
        )


def _swap(new: Path, target: Path) -> None:
    new.chmod(0o777 & ~_umask())  # what mkdtemp makes, nobody else could read
    old = new.with_name(new.name.replace("-new-", "-old-"))
    if target.exists():
        target.rename(old)
    try:
        new.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
