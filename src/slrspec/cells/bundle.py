"""What one cell brings back: a file with its results, and all that tells whether they are whole and belong here."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from slrspec.cells.plan import Cell, Plan, contradiction
from slrspec.errors import BundleError
from slrspec.running.results import Record, Run
from slrspec.running.verdict import worst
from slrspec.running.withheld import Withheld

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from slrspec.cells.plan import PlannedRule
    from slrspec.running.results import RunInfo

SCHEMA_VERSION = 1
ENDING = ".bundle.json.gz"


class Bundle(Record, frozen=True, kw_only=True):
    """The results of one cell.

    `plan` is the whole plan, so that any one bundle tells what the others have to be, and `plan_hash` its hash.
    `rules` are the ids that the cell was to judge, `judged` is the number of scenarios that a result arrived of.
    `digest` is SHA-256 over the bundle with an empty digest.
    """

    schema_version: Annotated[int, Meta(ge=SCHEMA_VERSION, le=SCHEMA_VERSION)] = SCHEMA_VERSION
    plan_hash: str
    cell: str
    rules: list[str]
    judged: int
    run: Run
    withheld: Withheld
    plan: Plan
    digest: str = ""

    @property
    def whole(self) -> bool:
        """Whether every scenario of the cell was judged."""
        scenarios = sum(len(rule.scenarios) for rule in self.plan.rules_of(self.plan.cell(self.cell)))
        return self.judged == scenarios and not self.run.run.interrupted


def seal(plan: Plan, cell: Cell, run: Run, withheld: Withheld, judged: int) -> Bundle:
    """Return the bundle of a cell.

    Parameters
    ----------
    run
        The cell's results.
    withheld
        Digests of the values that the results have references for, under the plan's salt.
    judged
        Number of scenarios that a result arrived of.

    """
    bundle = Bundle(
        plan_hash=plan.hash,
        cell=cell.id,
        rules=[rule.id for rule in plan.rules_of(cell)],
        judged=judged,
        run=msgspec.structs.replace(run, rules=list(run.rules), scenarios=list(run.scenarios)),
        withheld=msgspec.structs.replace(withheld, digests=frozenset(withheld.digests)),
        plan=plan,
    )
    return msgspec.structs.replace(bundle, digest=digest(bundle))


def digest(bundle: Bundle) -> str:
    """Return SHA-256 over a bundle, its own digest left out, as hexadecimal digits."""
    return hashlib.sha256(_encoded(msgspec.structs.replace(bundle, digest=""))).hexdigest()


def _encoded(bundle: Bundle) -> bytes:
    return msgspec.json.encode(bundle, order="deterministic")  # a set of digests has no order of its own


def salt_of(plan: Plan) -> str:
    """Return the salt of a plan: one for all its cells, so that a site is searched once and not once for each."""
    return hashlib.sha256(f"salt of {plan.hash}".encode()).hexdigest()[:32]


def encode(bundle: Bundle) -> bytes:
    """Return the compressed JSON of a bundle; equal bundles give equal bytes."""
    return gzip.compress(_encoded(bundle), 6, mtime=0)


def write_bundle(folder: Path, bundle: Bundle) -> Path:
    """Write a bundle into a folder, and return its file.

    It is written whole and then given its name: a cell that is killed leaves none behind.

    Raises
    ------
    BundleError
        If it cannot be written.

    """
    file = folder / f"{bundle.cell}{ENDING}"
    half = folder / f".{bundle.cell}.{os.getpid()}.half"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        half.write_bytes(encode(bundle))
        half.replace(file)
    except OSError as error:
        raise BundleError(f"cannot be written: {error.strerror}", where=(file, None)) from error
    finally:
        half.unlink(missing_ok=True)
    return file


def read_bundle(file: Path) -> Bundle:
    """Read a bundle, and check it against itself.

    Raises
    ------
    BundleError
        If it cannot be read, is damaged, or contradicts itself.

    """
    try:
        bundle = msgspec.json.decode(gzip.decompress(file.read_bytes()), type=Bundle)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise BundleError(f"damaged: {error}", where=(file, None)) from error
    except OSError as error:
        raise BundleError(f"cannot be read: {error.strerror}", where=(file, None)) from error
    except msgspec.MsgspecError as error:
        raise BundleError(f"no bundle of slrspec: {error}", where=(file, None)) from error
    if said := _contradiction(bundle):
        raise BundleError(f"damaged: {said}", where=(file, None))
    return bundle


def _contradiction(bundle: Bundle) -> str:
    """Return what does not fit together in a bundle, or an empty text."""
    plan = bundle.plan
    if digest(bundle) != bundle.digest:
        return "its content is not what its digest says"
    if plan.hash != bundle.plan_hash:
        return "its plan is not the one that its hash says"
    if said := contradiction(plan):
        return f"its plan is none: {said}"
    if bundle.cell not in {cell.id for cell in plan.cells}:
        return f"its plan has no cell {bundle.cell!r}"
    if bundle.withheld.digests and bundle.withheld.salt != salt_of(plan):
        return "its digests have another salt than its plan"
    return misfit(bundle)


def misfit(bundle: Bundle) -> str:
    """Return where the results of a bundle are not those that its plan asks of the cell; empty if they are."""
    plan, run = bundle.plan, bundle.run
    cell = plan.cell(bundle.cell)
    planned, rules = plan.document_of(cell), plan.rules_of(cell)
    expected = [rule.id for rule in rules]
    if bundle.rules != expected or [rule.id for rule in run.rules] != expected:
        return "its rules are not those that its cell was to judge"
    if [result.scenario for result in run.scenarios] != [s.id for rule in rules for s in rule.scenarios]:
        return "its scenarios are not those that its cell was to judge"
    if {provider.name for provider in run.providers} != {cell.provider}:
        return f"its results are not of {cell.provider}"
    if (run.document, run.suite) != (planned.document, planned.suite):
        return "another slrspec, or other features, judged than were planned"
    return _unfounded_verdict(rules, run, cell.provider) or _impossible_time(run.run)


def _unfounded_verdict(rules: Iterable[PlannedRule], run: Run, provider: str) -> str:
    """Return which rule's verdict is not the worst of its scenarios'; empty if there is none."""
    of_scenario = {result.scenario: result.verdict for result in run.scenarios if result.provider == provider}
    if len(of_scenario) < len(run.scenarios):
        return f"its scenarios' verdicts are not of {provider}"
    for rule, result in zip(rules, run.rules, strict=True):
        founded = worst(of_scenario[scenario.id] for scenario in rule.scenarios)
        if [(one.provider, one.verdict) for one in result.verdicts] != [(provider, founded)]:
            return f"its verdict on {rule.id} is not that of the rule's scenarios"
    return ""


def _impossible_time(info: RunInfo) -> str:
    """Return what is wrong with when the run began and how long it took; empty if nothing is."""
    try:
        started = datetime.fromisoformat(info.started)
        ended = started + timedelta(milliseconds=info.duration_ms)
    except (ValueError, OverflowError):
        return f"it began at {info.started!r} and took {info.duration_ms} ms, which is no time"
    if started.tzinfo is None or ended < started:
        return f"it began at {info.started!r}, without a zone, or ended before"
    return ""
