"""Measure how the site grows with its evidence: time and size at several numbers of evidence pages, in one run.

    python bench/growth_of_site.py                     # 84 rules, 4 providers
    python bench/growth_of_site.py --pages 300 1200

A real run on moto and on the documented model is shown under four names; scenarios are repeated until there are as
many evidence pages as asked for. Seconds are of this machine; what carries over is the last column.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

import msgspec

from measured import add_option, keep
from slrspec.running.results import Run, encode, read_run

PROVIDERS = 4


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pages", type=int, nargs="+", default=[150, 300, 600, 1200])
    add_option(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        slrspec = [sys.executable, "-m", "slrspec"]
        run = [*slrspec, "run", "--provider", "moto", "--provider", "documented", "-q"]
        subprocess.run(run, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        results = folder / ".slrspec" / "results.json"
        real = read_run(results)
        print("evidence pages  report s  whole s   MB  ms per evidence page  KB per evidence page")
        first: tuple[int, float, float] | None = None
        for pages in options.pages:
            results.write_bytes(encode(_tiled(real, pages)))
            began = time.perf_counter()
            subprocess.run([*slrspec, "report", "--out", "report"], cwd=folder, check=True, capture_output=True)
            reported = time.perf_counter() - began
            began = time.perf_counter()
            subprocess.run([*slrspec, "site"], cwd=folder, check=True, capture_output=True)
            whole = time.perf_counter() - began
            size = sum(file.stat().st_size for file in (folder / "site").rglob("*") if file.is_file()) / 1e6
            more = ""
            if first:
                added = pages - first[0]
                more = f"{(whole - first[1]) / added * 1000:20.1f}  {(size - first[2]) / added * 1000:20.1f}"
            first = first or (pages, whole, size)
            keep(options, "report, seconds", pages, [reported])
            keep(options, "whole site, seconds", pages, [whole])
            keep(options, "whole site, MB", pages, [size])
            print(f"{pages:14}  {reported:8.1f}  {whole:7.1f}  {size:3.0f}  {more}")


def _tiled(run: Run, pages: int) -> Run:
    """Return the run with four providers and as many scenarios, shared out evenly."""
    names = [f"provider-{number}" for number in range(PROVIDERS)]
    providers = [
        msgspec.structs.replace(real, name=name) for name, real in zip(names, cycle(run.providers), strict=False)
    ]
    of = {name: real.name for name, real in zip(names, cycle(run.providers), strict=False)}
    rules = [
        msgspec.structs.replace(
            rule,
            verdicts=[
                msgspec.structs.replace(verdict, provider=name)
                for name in names
                for verdict in rule.verdicts
                if verdict.provider == of[name]
            ],
        )
        for rule in run.rules
    ]
    scenarios = [
        msgspec.structs.replace(result, provider=name, scenario=f"{result.scenario}-{number}")
        for name in names
        for number, result in enumerate(
            islice(cycle(s for s in run.scenarios if s.provider == of[name]), pages // PROVIDERS)
        )
    ]
    totals = [
        msgspec.structs.replace(t, provider=name) for name in names for t in run.totals if t.provider == of[name]
    ]
    return msgspec.structs.replace(run, providers=providers, rules=rules, scenarios=scenarios, totals=totals)


if __name__ == "__main__":
    main()
