"""Measure what a scenario costs in a large suite: time, processor and peak memory, all sizes in one run.

    python bench/growth_of_suite.py                      # 300, 3,000 and 10,000 scenarios on moto
    python bench/growth_of_suite.py --scenarios 79 300 --provider documented

The suite is tiled (`bench/tiling.py`), so the scenarios are real ones, 79 different ones again and again. Each size
is a whole process, `slrspec run`, with evidence and verdicts recorded and results written. There is no other side:
the first size is what the others are compared with, and is run anew before and after each of them, as a large run
takes minutes, in which a machine may become another. What carries over are the last two columns.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from measured import add_option, keep
from processes import took
from tiling import tile

COST, MEMORY = "cost per scenario, ms of the processor", "peak memory, MB"


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
        smallest, *others = options.scenarios
        number = tile(folder / "smallest", smallest)

        def measured(features: str) -> tuple[float, float, float]:
            return _measured(folder, features, options.provider, options.workers)

        small = [measured("smallest")]
        _say(number, small[-1])
        for wanted in others:
            larger = tile(folder / "features", wanted)
            seconds, processor, peak = measured("features")
            small.append(measured("smallest"))
            beside = statistics.mean(one[1] for one in small[-2:]) / number
            growth = (peak - small[0][2]) * 1000 / (larger - number)
            each = processor / larger
            _say(larger, (seconds, processor, peak), f"  {each / beside:12.2f}  {growth:16.1f}")
            keep(options, "cost per scenario / that at the first size", larger, [each / beside])
            keep(options, "peak memory / that at the first size", larger, [peak / small[0][2]])
            keep(options, COST, larger, [each * 1000])
            keep(options, MEMORY, larger, [peak])
        keep(options, COST, number, [processor / number * 1000 for _, processor, _ in small])
        keep(options, MEMORY, number, [peak for _, _, peak in small])


def _say(number: int, measured: tuple[float, float, float], compared: str = "") -> None:
    seconds, processor, peak = measured
    print(
        f"{number:9}  {seconds:7.1f}  {processor:5.1f}  {peak:8.0f}  {processor / number * 1000:15.2f}{compared}",
        flush=True,
    )


def _measured(folder: Path, features: str, provider: str, workers: str) -> tuple[float, float, float]:
    """Run the suite, and return seconds, seconds of the processor, and the peak of memory in megabytes."""
    command = [sys.executable, "-m", "slrspec", "run", "--provider", provider, "-q", "--no-history"]
    environment = os.environ | {"SLRSPEC_AWS_CLI": ""}  # commands are other processes, whose time is not counted
    command += ["--features", features, "--workers", workers, "--no-deviations"]
    measured = took(command, folder, environment)
    return measured.seconds, measured.processor, measured.peak


if __name__ == "__main__":
    main()
