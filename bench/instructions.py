"""Count the instructions that the suite takes, and those of the two tuned others.

    apt install valgrind
    python bench/instructions.py --scenarios 30 300

Seconds differ by a third from hour to hour on a shared machine; instructions, counted by valgrind's cachegrind,
hardly do, so a change of one in a hundred shows. What they leave out is what the kernel does, and how long memory
lets the processor wait: ratios by the clock are a little higher. The other sides are `bench/bare.py` and behave
with all our tuning, made and configured as `bench/against_usual.py` says.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from against_usual import commands_of
from measured import add_option, keep
from recording import HERE, environment_of, record
from tiling import tile

COUNT = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
OURS = "slrspec"
TUNED = "behave with all our tuning"
BARE = "bare script"


def main() -> None:
    """Print the ratios for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", type=int, nargs="+", default=[30, 300], help="sizes (default 30 and 300)")
    add_option(parser)
    options = parser.parse_args()
    if not shutil.which(COUNT[0]):
        raise SystemExit("valgrind counts the instructions, and is not on the PATH")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = environment_of(folder) | {"PYTHONHASHSEED": "0"}
        for wanted in options.scenarios:
            tile(folder / "ours", wanted)
            number = len(record(folder, environment))
            made = commands_of(folder, number)
            sides = {OURS: made[OURS], TUNED: made[TUNED]}
            sides[BARE] = [sys.executable, str(HERE / "bare.py"), str(folder / "calls.json")]

            for command in sides.values():  # so that none compiles a module
                subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
            count = partial(_counted, folder=folder, environment=environment)
            with ThreadPoolExecutor() as several:
                counts = dict(zip(sides, several.map(count, sides.values()), strict=True))
            print(f"{number} scenarios")
            for side, instructions in counts.items():
                print(f"  {instructions / 1e9:6.2f} billion  {side}")
            for other in (BARE, TUNED):
                ratio = keep(options, f"suite / {other}, instructions", number, [counts[OURS] / counts[other]])
                print(f"  suite / {other}: {ratio:.3f}", flush=True)


def _counted(command: list[str], folder: Path, environment: dict[str, str]) -> int:
    run = subprocess.run(
        [*COUNT, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    found = re.search(r"I\s+refs:\s+([\d,]+)", run.stderr)
    if found is None or run.returncode not in {0, 1}:  # stock moto breaks rules
        raise SystemExit(f"{' '.join(command)} ended with {run.returncode}:\n{run.stderr[-2000:]}")
    return int(found[1].replace(",", ""))


if __name__ == "__main__":
    main()
