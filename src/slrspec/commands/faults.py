"""`slrspec faults`: the faults of the documented model, and which scenarios notice them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from slrspec.commands.places import FAULTS, out_of
from slrspec.errors import UsageError
from slrspec.spec.location import DEFAULT_DOCUMENT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slrspec.documented.faults import Fault
    from slrspec.running.fault_matrix import Trial
    from slrspec.running.fault_results import FaultResults
    from slrspec.spec.rules import Specification


def _complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from slrspec.documented.faults import every_fault

    found = every_fault().values()
    return [CompletionItem(fault.id, help=fault.what) for fault in found if fault.id.startswith(incomplete)]


@click.command()
@click.argument("names", nargs=-1, metavar="[FAULT]...", shell_complete=_complete)
@click.option(
    "--document",
    default=DEFAULT_DOCUMENT,
    show_default=True,
    metavar="ID",
    help="Whose rules to break: rds, elasticache or catalogue.",
)
@click.option("--rule", "rules", multiple=True, metavar="ID", help="Only faults that break this rule.")
@click.option("--list", "listed", is_flag=True, help="List them, and run nothing.")
@click.option("--own", is_flag=True, help="Run only the scenarios of the rules that a fault breaks; much quicker.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="What to print.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=None,
    metavar="N",
    help="Number of processes; as many as there are processors, unless told otherwise.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=None,
    metavar="FILE",
    help="Where the site finds what was tried: faults.json beside the runs of the document.",
)
@click.pass_context
def faults(  # noqa: PLR0913 - an option each
    context: click.Context,
    names: tuple[str, ...],
    document: str,
    rules: tuple[str, ...],
    form: str,
    workers: int | None,
    out: Path | None,
    *,
    listed: bool,
    own: bool,
) -> None:
    """Break the rules one by one, and see which scenarios notice.

    Each fault breaks the documented model in one small way; the suite runs against it. A fault that a rule's own
    scenarios do not notice survives: the rule's checks cannot fail, and the command exits 1.

    \b
    Examples:
      slrspec faults                             all of them, in a few minutes
      slrspec faults --own --rule RDS-DEL-01     one rule, in seconds
      slrspec faults instances-do-not-block
      slrspec faults --document elasticache --own
      slrspec faults --list
    """  # noqa: D301
    specification = _specification(document)
    chosen = _chosen(names, rules, specification)
    if listed:
        click.echo(_list(chosen, form), nl=False)
        return
    from slrspec.documented.faults import faults as known
    from slrspec.running.fault_matrix import refuse_unsound_model, try_all
    from slrspec.running.fault_results import fault_results, write_fault_results

    workers = workers or min(len(chosen), os.cpu_count() or 1)
    progress = _Progress(len(chosen))
    refuse_unsound_model(chosen, document, own=own)
    trials = try_all(chosen, document=document, own=own, workers=workers, done=progress.done)
    progress.clear()
    results = fault_results(trials, specification, len(known(document)))
    write_fault_results(out or out_of(document) / FAULTS, results)
    click.echo(_printed(trials, results, specification, form), nl=False)
    survived = [trial for trial in trials if trial.survived]
    context.exit(1 if survived else 0)


def _chosen(names: tuple[str, ...], rules: tuple[str, ...], specification: Specification) -> list[Fault]:
    from slrspec.documented.faults import behaviour_with
    from slrspec.documented.faults import faults as known

    behaviour_with(names)  # refuses unknown ids, with advice
    for rule in rules:
        if rule not in specification.by_id:
            raise UsageError(f"unknown rule {rule!r}", hint="slrspec rules lists them")
    faults_of = known(specification.document.id)
    chosen = [f for f in faults_of if (not names or f.id in names) and (not rules or {*rules} & {*f.rules})]
    if not chosen:
        raise UsageError("no fault breaks that", hint="rules that no API can check have none")
    return chosen


def _specification(document: str) -> Specification:
    from slrspec.spec.gherkin import EVERY_EDITION, read_specification
    from slrspec.spec.location import features_folder

    return read_specification(features_folder(document), EVERY_EDITION)


class _Progress:
    """One line on standard error; nothing where that is no terminal."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._shown = sys.stderr.isatty()

    def done(self, trial: Trial) -> None:
        self._done += 1
        if self._shown:
            click.echo(f"\r\x1b[K{self._done}/{self._total} {trial.fault.id}", nl=False, err=True)

    def clear(self) -> None:
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)


def _list(chosen: Iterable[Fault], form: str) -> str:
    if form == "json":
        return json.dumps([_as_json(fault) for fault in chosen], indent=2) + "\n"
    if form == "markdown":
        rows = [f"| `{f.id}` | {f.what} | {', '.join(f.rules)} |" for f in chosen]
        return "\n".join(["| fault | what it does | breaks |", "|---|---|---|", *rows]) + "\n"
    return "".join(f"{fault.id}\n    {fault.what}; breaks {', '.join(fault.rules)}\n" for fault in chosen)


def _as_json(fault: Fault) -> dict[str, Any]:
    return {"id": fault.id, "what": fault.what, "rules": list(fault.rules)}


def _printed(trials: list[Trial], results: FaultResults, specification: Specification, form: str) -> str:
    from slrspec.reporting import fault_table
    from slrspec.running.fault_results import encode

    if form == "json":
        return encode(results).decode()
    if form == "markdown":
        return fault_table.markdown(trials)
    return fault_table.text(trials, specification)
