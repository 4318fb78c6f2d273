"""Measure how the site grows: time and size by evidence pages, and by rules, in one run.

    python bench/growth_of_site.py                           # 90 rules and up to 1,200 pages; up to 1,080 rules
    python bench/growth_of_site.py --pages 1200 10000 --rules

By pages, a real run on moto and on the documented model is shown under four names, its scenarios repeated until
there are as many evidence pages as asked for. By rules, an installation has so many copies of the RDS document's
features (`bench/tiling.py`), which are run on both; each rule has its page there, and each scenario two. Seconds
are of this machine; what carries over is that they grow with the size, and no faster.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import msgspec

import slrspec
from measured import add_option, keep
from processes import took
from slrspec.running.results import Run, encode, read_run
from slrspec.spec.gherkin import read_specification
from slrspec.spec.location import features_folder
from tiling import tile

PROVIDERS = 4
SLRSPEC = (sys.executable, "-m", "slrspec")
RUN = ("run", "--provider", "moto", "--provider", "documented", "--no-deviations", "-q")


@dataclass(frozen=True)
class Built:
    """What a site of some size took: seconds for the report, seconds for all, and MB."""

    report: float
    whole: float
    megabytes: float


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, nargs="*", default=[150, 300, 600, 1200], help="evidence pages")
    parser.add_argument("--rules", type=int, nargs="*", default=[90, 360, 1080], help="rules")
    add_option(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        _by_pages(options, Path(name))
    for number in options.rules:
        with tempfile.TemporaryDirectory() as name:
            _by_rules(options, Path(name), number)


def _by_pages(options: argparse.Namespace, folder: Path) -> None:
    if not options.pages:
        return
    environment = os.environ | {"SLRSPEC_AWS_CLI": ""}
    took([*SLRSPEC, *RUN], folder, environment)
    results = folder / ".slrspec" / "results.json"
    real = read_run(results)
    for pages in options.pages:
        results.write_bytes(encode(_tiled(real, pages)))
        _print_and_keep(options, "site, ", "evidence pages", pages, _built(folder, environment))


def _by_rules(options: argparse.Namespace, folder: Path, number: int) -> None:
    """Build the site of an installation whose RDS document has about so many rules."""
    original = features_folder()
    package = folder / "installed" / "slrspec"
    shutil.copytree(Path(slrspec.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    features = package / "specification" / "features"
    shutil.copytree(original.parent, features)
    specification = read_specification(original)
    copies = max(1, round(number / len(specification.rules)))
    tile(features / original.name, copies * len(specification.scenarios))
    for file in original.glob("*.t*"):
        shutil.copy(file, features / original.name)
    environment = os.environ | {"SLRSPEC_AWS_CLI": "", "PYTHONPATH": str(package.parent)}
    where = folder / "work"
    where.mkdir()
    took([*SLRSPEC, *RUN], where, environment)
    rules = copies * len(specification.rules)
    _print_and_keep(options, "site by rules, ", "rules", rules, _built(where, environment))


def _built(folder: Path, environment: dict[str, str]) -> Built:
    report = took([*SLRSPEC, "report", "--out", "report"], folder, environment).seconds
    whole = took([*SLRSPEC, "site"], folder, environment).seconds
    size = sum(file.stat().st_size for file in (folder / "site").rglob("*") if file.is_file()) / 1e6
    return Built(report, whole, size)


def _print_and_keep(options: argparse.Namespace, said: str, unit: str, size: int, built: Built) -> None:
    whole = f"whole site {built.whole:.1f} s and {built.megabytes:.0f} MB"
    each = f"{built.whole / size * 1000:.0f} ms and {built.megabytes / size * 1000:.0f} KB each"
    print(f"{size:6} {unit}: report {built.report:.1f} s, {whole}; {each}", flush=True)
    keep(options, f"{said}report, seconds", size, [built.report])
    keep(options, f"{said}whole, seconds", size, [built.whole])
    keep(options, f"{said}whole, MB", size, [built.megabytes])


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
