"""`slrspec run --cell`: one cell of a plan, brought back as one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slrspec.commands.keeping import Progress
from slrspec.errors import BundleError, PlanError, SafetyRefusal, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from slrspec.cells.plan import Cell, Plan
    from slrspec.commands.sandboxed import Sandboxed
    from slrspec.running.engine import Request
    from slrspec.running.evidence import Judged
    from slrspec.running.results import Run
    from slrspec.spec.rules import Specification


def run_cell(
    name: str,
    cells_file: Path,
    out: Path,
    request: Request,
    hold: Callable[[Request], AbstractContextManager[Sandboxed]],
) -> tuple[Run, Specification, Path, int]:
    """Run one cell of a plan, and write its bundle into a folder; nothing else is written.

    Parameters
    ----------
    name
        Id of the cell, or its place in the plan, from 0.
    cells_file
        What `slrspec plan --cells` has written.
    out
        The folder; many cells may share it, also at the same time.
    request
        Features, deviations and workers; the rest is the plan's.
    hold
        Holds the account, where the cell is of a real one, for as long as its context lasts.

    Returns
    -------
    tuple
        The results, the specification, the bundle's file, and the exit code.

    Raises
    ------
    PlanError
        If the plan was made by another slrspec, or for other features.
    UsageError
        If the plan has no such cell, or the folder cannot be written to; before anything runs.
    SafetyRefusal
        If the cell is of another account or Region than the sandbox, or on any doubt about the account.
    BundleError
        If the run did not bring back what the cell was to judge.

    """
    from slrspec.cells.bundle import misfit, seal, write_bundle
    from slrspec.cells.plan import NO_ACCOUNT, read_plan
    from slrspec.running.engine import Observer, check, execute

    plan = read_plan(cells_file)
    cell = plan.cell(name)
    if cell.account != NO_ACCOUNT:
        _refuse_other_account(cell)
    asked = _request(plan, cell, request)
    specification, total = check(asked)
    _refuse_other(plan, cell, specification, cells_file)
    _refuse_unwritable(out)
    progress = Progress(specification, total)
    judged: set[str] = set()

    def note(one: Judged) -> None:
        judged.add(one.scenario)
        progress.judged(one)

    observer = Observer(note)
    with hold(asked) as held:
        run = execute(asked, observer)
    progress.clear()
    bundle = seal(plan, cell, run, observer.withheld, len(judged))
    if said := misfit(bundle):
        raise BundleError(f"{cell.id}: {said}")
    return run, specification, write_bundle(out, bundle), held.exit_code(run.exit_code)


def _refuse_other_account(cell: Cell) -> None:
    """Refuse a cell of another account or Region than those of `slrspec.toml`, which decides what is written to."""
    from slrspec.sandbox.settings import read_settings

    settings = read_settings()
    if settings.account_id != cell.account:
        raise SafetyRefusal(f"{cell.id} is of another account than the sandbox", where=(settings.file, None))
    if settings.region != cell.region:
        raise SafetyRefusal(
            f"{cell.id} is of {cell.region}, and the sandbox's first Region is {settings.region}",
            where=(settings.file, None),
            hint="put it first in regions",
        )


def _request(plan: Plan, cell: Cell, request: Request) -> Request:
    from msgspec.structs import replace

    from slrspec.cells.bundle import salt_of
    from slrspec.running.selection import Selection

    names = {kind: tuple(values) for kind, values in plan.selection.items()}
    # The rules by name only where they are a part: the results then say that they are one.
    if cell.shards > 1:
        names = {"rules": tuple(rule.id for rule in plan.rules_of(cell)), "tags": names.get("tags", ())}
    return replace(
        request,
        providers=(cell.provider,),
        selection=Selection(**names),
        document="" if request.features else cell.document,
        edition=plan.document_of(cell).document.edition,
        salt=salt_of(plan),
    )


def _refuse_other(plan: Plan, cell: Cell, specification: Specification, file: Path) -> None:
    import slrspec

    suite = plan.document_of(cell).suite
    if suite.version != slrspec.__version__:
        raise PlanError(f"made by slrspec {suite.version}, and this is {slrspec.__version__}", where=(file, None))
    if suite.digest != specification.digest:
        raise PlanError(
            "made for other features than these", where=(file, None), hint="make it again, or name its --features"
        )


def _refuse_unwritable(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / ".slrspec-try").touch()
        (out / ".slrspec-try").unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot write results: {error.strerror}", where=(out, None), hint="choose another --out"
        ) from error
