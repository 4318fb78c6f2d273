"""Compare the suite on stock moto with a bare script that makes the very same calls.

    python bench/against_bare.py [--rounds N] [--cold]

Both are whole processes, run in turn (A B A B …) on the same machine, so that its noise meets both alike. What is
printed are ratios of the paired runs; seconds are only there to show the size.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    """Record once, then run both in turn and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="paired runs (default 7)")
    parser.add_argument("--cold", action="store_true", help="without byte code: every module is compiled again")
    options = parser.parse_args()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["SLRSPEC_AWS_CLI"] = ""  # the bare script gives no commands
    if options.cold:
        environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": os.devnull}
    with tempfile.TemporaryDirectory() as folder:
        calls = Path(folder) / "calls.json"
        _record(calls, environment)
        suite = [sys.executable, "-m", "slrspec", "run", "-q", "--out", folder]
        bare = [sys.executable, str(HERE / "bare.py"), str(calls)]
        for command in (suite, bare):  # warm up: byte code, the disk's cache
            _seconds(command, environment)
        pairs = [(_seconds(suite, environment), _seconds(bare, environment)) for _ in range(options.rounds)]
    ratios = sorted(left / right for left, right in pairs)
    print(f"suite / bare script: {statistics.median(ratios):.2f}  (from {ratios[0]:.2f} to {ratios[-1]:.2f})")
    print(
        f"suite {statistics.median(p[0] for p in pairs):.2f} s, bare {statistics.median(p[1] for p in pairs):.2f} s"
    )


def _record(calls: Path, environment: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "calls", "--provider", "moto", "-q", "-p", "no:cacheprovider"],
        env=environment | {"SLRSPEC_BENCH_CALLS": str(calls), "PYTHONPATH": str(HERE)},
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
