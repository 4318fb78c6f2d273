"""Compare the suite on stock moto with a bare script that makes the very same calls.

    python bench/against_bare.py                              # 30, 300 and 3,000 scenarios
    python bench/against_bare.py --scenarios 300 --rounds 9 --uncompiled
    python bench/against_bare.py --scenarios 30 --cold        # as root, on Linux

The suite is tiled to as many scenarios (`bench/tiling.py`), its calls are recorded, and `bench/bare.py` makes them
again, in the same kind of accounts and with every advantage that the suite's provider has. The suite records its
evidence and verdicts, and writes its results. Both are whole processes, run in turn (A B A B …) on the same
machine, so that its noise meets both alike. Cold is, as hyperfine has it, with an empty disk cache: the first run
after the machine began. What is printed are ratios of the paired runs, by the clock and by the processor; seconds
are only there to show the size.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from measured import add_option, keep
from processes import Took, took
from recording import HERE, environment_of, record
from tiling import tile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CACHE = Path("/proc/sys/vm/drop_caches")  # proc_sys_vm(5)
ROUNDS = {30: 100, 300: 25, 3000: 6}


def main() -> None:
    """Record once for each size, then run both in turn and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", type=int, nargs="+", default=list(ROUNDS), help="sizes")
    parser.add_argument("--rounds", type=int, help="paired runs (default 100, 25 and 6, for the sizes above)")
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--cold", action="store_true", help="the disk's cache is emptied before each; as root, on Linux"
    )
    how.add_argument("--uncompiled", action="store_true", help="without byte code: every module is compiled again")
    add_option(parser)
    options = parser.parse_args()
    print("scenarios   calls  suite / bare by the clock       by the processor")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = environment_of(folder)
        for wanted in options.scenarios:
            number = tile(folder / "ours", wanted)
            calls = sum(len(one["calls"]) for one in record(folder, environment))
            suite = [sys.executable, "-m", "slrspec", "run", "-q", "--no-history", "--no-deviations"]
            suite += ["--features", "ours", "--workers", "1"]  # the bare script is one process
            bare = [sys.executable, str(HERE / "bare.py"), str(folder / "calls.json")]
            if options.uncompiled:
                environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": os.devnull}
            else:
                for command in (suite, bare):  # warm up: byte code, the disk's cache
                    took(command, folder, environment)
            rounds = options.rounds or ROUNDS.get(wanted, 3)
            run = partial(_run, folder=folder, environment=environment, cold=options.cold)
            pairs = [(run(suite), run(bare)) for _ in range(rounds)]
            print(f"{number:9}  {calls:6}  {_ratio(pairs, 'seconds')}  {_ratio(pairs, 'processor')}", flush=True)
            said = "suite / bare script"
            said += ", disk cache empty" if options.cold else ", uncompiled" if options.uncompiled else ""
            keep(options, said, number, _ratios(pairs, "seconds"))


def _run(command: Sequence[str], folder: Path, environment: Mapping[str, str], *, cold: bool) -> Took:
    if cold:
        _empty_the_cache()
    return took(command, folder, environment)


def _empty_the_cache() -> None:
    os.sync()  # what is not written yet would stay
    try:
        CACHE.write_text("3\n", encoding="ascii")
    except OSError as error:
        raise SystemExit(f"{CACHE}: {error.strerror}; --cold is for root, on Linux") from error


def _ratios(pairs: list[tuple[Took, Took]], which: str) -> list[float]:
    return sorted(getattr(suite, which) / getattr(bare, which) for suite, bare in pairs)


def _ratio(pairs: list[tuple[Took, Took]], which: str) -> str:
    ratios = _ratios(pairs, which)
    bare = statistics.median(getattr(bare, which) for _, bare in pairs)
    return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}; {bare:.1f} s)"


if __name__ == "__main__":
    main()
