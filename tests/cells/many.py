"""Many bundles of one plan, with the evidence of a real run in them."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec

import slrspec
from slrspec.cells.bundle import Bundle, salt_of, seal
from slrspec.cells.plan import Cell, Place, Plan, make_plan
from slrspec.running.assemble import sum_up
from slrspec.running.results import Run
from slrspec.running.selection import Selection
from slrspec.running.withheld import Withheld, digests
from slrspec.spec.rules import Specification

FAULTS = 25
SHARDS = 8


def faulty_providers(number: int) -> list[str]:
    from slrspec.documented.faults import faults

    return [f"documented:{fault.id}" for fault in faults()[:number]]


def plan_of_200(specification: Specification, *, region: str = "us-east-1") -> Plan:
    places = [Place(name, region) for name in faulty_providers(FAULTS)]
    return make_plan([specification], Selection(), places, shards=SHARDS, version=slrspec.__version__)


def bundle_of(plan: Plan, cell: Cell, run: Run) -> Bundle:
    """Return the bundle of a cell whose scenarios went as in a run of one provider."""
    rules = {rule.id for rule in plan.rules_of(cell)}
    number = plan.cells.index(cell)
    replace = msgspec.structs.replace
    results = [replace(result, provider=cell.provider) for result in run.scenarios if result.rule in rules]
    made = sum_up(
        info=replace(
            run.run,
            id=f"20261125T0300{number % 60:02}Z-{number:06x}",
            started=f"2026-11-25T03:00:{number % 60:02}.000+00:00",
            duration_ms=1000.0 + number,
            complete=False,
            selection={"rules": sorted(rules)},
        ),
        suite=run.suite,
        document=run.document,
        environment=run.environment,
        providers=[replace(run.providers[0], name=cell.provider)],
        rules=[
            replace(rule, verdicts=[replace(rule.verdicts[0], provider=cell.provider)])
            for rule in run.rules
            if rule.id in rules
        ],
        scenarios=results,
        ran=True,
    )
    salt = salt_of(plan)
    return seal(plan, cell, made, Withheld(salt, frozenset(digests(salt, [f"secret of {cell.id}"]))), len(results))


def flip(file: Path) -> None:
    """Change one byte in the middle of a file."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(bytes(content))


def cut(file: Path) -> None:
    """Leave the first half of a file, as a full disk or a broken upload does."""
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def rewrite(file: Path, old: bytes, new: bytes) -> None:
    """Change the content of a compressed file, and compress it well."""
    content = gzip.decompress(file.read_bytes())
    assert old in content
    file.write_bytes(gzip.compress(content.replace(old, new, 1)))
