"""Measure what more workers, and a warm re-run, are worth on one machine.

    python bench/workers.py                        # two workers at 30, 300 and 3,000; a re-run at 30 and 300
    python bench/workers.py --scenarios 3000 --workers 4

Ours on both sides: `slrspec run` with several workers against one with one, whole processes in turn; and `slrspec
run --watch`, from the moment at which the rules of one feature, or all, are changed until it watches again, against
a whole new process for all. The watch's own waiting (ten looks a second, and time for an editor to finish) counts.

As many runs at once, each with one worker, tell what the machine gives to processes that have nothing in common
but its processors: on a virtual machine the second is not worth a whole one. Workers of one run begin once only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from measured import add_option, keep
from processes import took
from tiling import tile

ROUNDS = {30: 9, 300: 5, 3000: 4}
RERUN = (30, 300)
WATCHING = "Watching"


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", type=int, nargs="+", default=list(ROUNDS), help="sizes")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, help="runs of each (default 9, 5 and 4, for the sizes above)")
    add_option(parser)
    options = parser.parse_args()
    environment = os.environ | {"SLRSPEC_AWS_CLI": ""}
    line = [sys.executable, "-m", "slrspec", "run", "-q", "--no-history", "--no-deviations", "--features", "ours"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for wanted in options.scenarios:
            rounds = options.rounds or ROUNDS.get(wanted, 3)
            number = tile(folder / "ours", wanted)
            one_worker, several = ([*line, "--workers", str(workers)] for workers in (1, options.workers))
            took(one_worker, folder, environment)  # warm up
            pairs = [
                (took(several, folder, environment).seconds, took(one_worker, folder, environment).seconds)
                for _ in range(rounds)
            ]
            said = f"{options.workers} workers / 1"
            ratio = keep(options, said, number, [more / one for more, one in pairs])
            print(f"{number:6} scenarios: {said}: {ratio:.2f}  ({min(one for _, one in pairs):.1f} s)", flush=True)
            if wanted not in RERUN[:1]:
                both = [_at_once(one_worker, folder, environment, options.workers) for _ in range(rounds)]
                said = f"{options.workers} runs at once, a share of it / 1"
                shares = [all_ / options.workers / one for all_, (_, one) in zip(both, pairs, strict=True)]
                print(f"{number:6} scenarios: {said}: {keep(options, said, number, shares):.2f}", flush=True)
            if wanted in RERUN:
                cold = [one for _, one in pairs]
                for said, files in (("one changed feature", 1), ("all changed", None)):
                    warm = _warm([*one_worker, "--watch"], folder, environment, (rounds, files))
                    ratios = [one / other for one, other in zip(warm, cold, strict=True)]
                    ratio = keep(options, f"warm re-run / cold run, {said}", number, ratios)
                    print(f"{number:6} scenarios: warm re-run / cold run, {said}: {ratio:.2f}", flush=True)


def _at_once(command: list[str], folder: Path, environment: dict[str, str], runs: int) -> float:
    """Return how long several runs of a command take side by side, in seconds, each with results of its own."""
    commands = [[*command, "--out", f"out-{number}"] for number in range(runs)]
    with ThreadPoolExecutor(runs) as several:
        return max(one.seconds for one in several.map(lambda one: took(one, folder, environment), commands))


def _warm(
    command: list[str], folder: Path, environment: dict[str, str], often: tuple[int, int | None]
) -> list[float]:
    """Change every rule of some files, or of all, so many times under a watch; return how long each re-run took."""
    rounds, files = often
    readings: list[float] = []
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as watch:
        _until_watching(watch)
        for number in range(rounds):
            begun = time.perf_counter()
            for file in sorted((folder / "ours").glob("*.feature"))[:files]:
                text = file.read_text(encoding="utf-8").replace("  Rule: ", f"  Rule: {number} ")
                file.write_text(text, encoding="utf-8")
            _until_watching(watch)
            readings.append(time.perf_counter() - begun)
        watch.terminate()
    return readings


def _until_watching(watch: subprocess.Popen[str]) -> None:
    assert watch.stderr is not None
    for line in watch.stderr:
        if line.startswith(WATCHING):
            return
    raise SystemExit("the watch has ended")


if __name__ == "__main__":
    main()
