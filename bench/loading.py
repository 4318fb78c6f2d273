"""Compare loading and validating 10,000 results with only loading them.

    python bench/loading.py [--results 10000] [--rounds 9]

Ours is `msgspec.json.decode` into the records of `slrspec.running.results`: every field is checked, an unknown one
is refused. The other side is `json.loads` of the standard library, which checks nothing and builds dictionaries.
Both get the same bytes from memory, in turn, with garbage collection as Python has it. The results are those of a
real run on moto with all their evidence, repeated; and once more without the evidence. The summary is what diff,
gate and the history read of a file: all of it but the evidence, which is parsed and passed over.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from measured import add_option, keep
from slrspec.running.results import Run, RunSummary, encode, read_run

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> None:
    """Run once, repeat the results, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=int, default=10_000, help="scenario results (default 10,000)")
    parser.add_argument("--rounds", type=int, default=9, help="paired readings (default 9)")
    add_option(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        run = [sys.executable, "-m", "slrspec", "run", "-q", "--no-history", "--out", name]
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
        real = read_run(Path(name) / "results.json")
    repeated = [
        msgspec.structs.replace(result, scenario=f"{result.scenario}-{number}")
        for number, result in enumerate(islice(cycle(real.scenarios), options.results))
    ]
    bare = [msgspec.structs.replace(result, steps=[], exchanges=[]) for result in repeated]
    for said, results in (("with evidence", repeated), ("without evidence", bare)):
        content = encode(msgspec.structs.replace(real, scenarios=results))
        validating = msgspec.json.Decoder(Run).decode
        summary = msgspec.json.Decoder(RunSummary).decode
        print(f"{options.results} results {said}, {len(content) / 1e6:.1f} MB")
        for what, ours in (("validated records", validating), ("validated summary", summary)):
            ratios = _compare(f"{what} / json.loads", ours, json.loads, content, options.rounds)
            keep(options, f"{what} / json.loads, {said}", options.results, ratios)


def _compare(
    said: str, ours: Callable[[bytes], Any], other: Callable[[bytes], Any], content: bytes, rounds: int
) -> list[float]:
    for load in (ours, other):
        load(content)
    pairs = [(_seconds(ours, content), _seconds(other, content)) for _ in range(rounds)]
    ratios = sorted(left / right for left, right in pairs)
    one, two = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
    print(
        f"  {said}: {statistics.median(ratios):.2f}  (from {ratios[0]:.2f} to {ratios[-1]:.2f}; "
        f"{one * 1000:.0f} and {two * 1000:.0f} ms)"
    )
    return ratios


def _seconds(load: Callable[[bytes], Any], content: bytes) -> float:
    begun = time.perf_counter()
    loaded = load(content)
    took = time.perf_counter() - begun
    del loaded
    return took


if __name__ == "__main__":
    main()
