"""Measure what a scenario costs in a large suite: time, processor and peak memory, all sizes in one run.

    python bench/growth_of_suite.py                      # 300, 3,000 and 10,000 scenarios on moto
    python bench/growth_of_suite.py --scenarios 79 300 --provider documented

The suite is tiled (`bench/tiling.py`), so the scenarios are real ones, 79 different ones again and again. Each size
is a whole process, `slrspec run`, with evidence and verdicts recorded and results written. There is no other side:
the first size is what the others are compared with. What carries over are the last two columns.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from measured import add_option, keep
from processes import took
from tiling import tile


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", type=int, nargs="+", default=[300, 3000, 10_000])
    parser.add_argument("--provider", default="moto")
    parser.add_argument("--workers", default="1")
    add_option(parser)
    options = parser.parse_args()
    print("scenarios  seconds    cpu   peak MB  cpu ms/scenario  of the first  KB/scenario more")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tile(folder / "warm", 1)
        _measured(folder, "warm", options.provider, options.workers)
        first: tuple[int, float, float] | None = None
        for wanted in options.scenarios:
            number = tile(folder / "features", wanted)
            seconds, processor, peak = _measured(folder, "features", options.provider, options.workers)
            each = processor / number
            line = f"{number:9}  {seconds:7.1f}  {processor:5.1f}  {peak:8.0f}  {each * 1000:15.2f}"
            if first:
                growth = (peak - first[2]) * 1000 / (number - first[0])
                line += f"  {each / first[1]:12.2f}  {growth:16.1f}"
            first = first or (number, each, peak)
            keep(options, "cost per scenario, ms of the processor", number, [each * 1000])
            keep(options, "peak memory, MB", number, [peak])
            print(line, flush=True)


def _measured(folder: Path, features: str, provider: str, workers: str) -> tuple[float, float, float]:
    """Run the suite, and return seconds, seconds of the processor, and the peak of memory in megabytes."""
    command = [sys.executable, "-m", "slrspec", "run", "--provider", provider, "-q", "--no-history"]
    environment = os.environ | {"SLRSPEC_AWS_CLI": ""}  # commands are other processes, whose time is not counted
    command += ["--features", features, "--workers", workers, "--no-deviations"]
    measured = took(command, folder, environment)
    return measured.seconds, measured.processor, measured.peak


if __name__ == "__main__":
    main()
