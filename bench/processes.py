"""Running a command as a whole process, and what it took."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Took:
    """What a process took: seconds by the clock, seconds of the processor, and its peak of memory in megabytes."""

    seconds: float
    processor: float
    peak: float


def took(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], codes: Collection[int] = (0, 1)
) -> Took:
    """Run a command to its end, and return what it took.

    Parameters
    ----------
    codes
        Exit codes that are none of a failure; `slrspec run` ends with 1 where stock moto breaks rules.

    """
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in codes:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {said}")
    return Took(time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000)
