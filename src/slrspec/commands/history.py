"""`slrspec diff` and `slrspec gate`: two runs compared, and a pipeline stopped on what got worse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from slrspec.commands.places import DEFAULT_OUT, HISTORY, RESULTS
from slrspec.errors import UsageError

if TYPE_CHECKING:
    from slrspec.history.changes import Comparison

RUN = click.Path(path_type=Path)
history_option = click.option(
    "--history",
    "folder",
    type=RUN,
    default=DEFAULT_OUT / HISTORY,
    show_default=True,
    metavar="DIR",
    help="Where runs named by id are looked for.",
)
form_option = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="How to print.",
)


@click.command()
@click.argument("before", type=RUN)
@click.argument("after", type=RUN, default=DEFAULT_OUT / RESULTS)
@history_option
@form_option
@click.pass_context
def diff(context: click.Context, before: Path, after: Path, folder: Path, form: str) -> None:
    """Tell what changed from one run to another. Exits 1 if anything did.

    A run is named by its results file, or by its id in the history; AFTER is the last run unless told otherwise.
    Changes go by rule and provider: a renamed file, scenario or provider is no change, a renamed rule is told as
    one. What a partial run left out is no change either.

    \b
    Examples:
      slrspec diff yesterday.json today.json
      slrspec diff 20261123 --format markdown
    """  # noqa: D301
    from slrspec.reporting import comparison

    found = _compared(before, after, folder)
    click.echo(_printed(form, comparison.as_json(found), comparison.text(found), comparison.markdown(found)))
    context.exit(1 if found.changes else 0)


@click.command()
@click.argument("after", metavar="[RUN]", type=RUN, default=DEFAULT_OUT / RESULTS)
@click.option("--baseline", required=True, type=RUN, metavar="RUN", help="The run to hold it against.")
@history_option
@form_option
@click.pass_context
def gate(context: click.Context, after: Path, baseline: Path, folder: Path, form: str) -> None:
    """Stop a pipeline on any regression: exits 1 if a rule that was kept is broken, or is no longer checked.

    Every gate is printed, those that are passed, too. Exits 4 if the only trouble is that nobody can tell, and 5 if
    the two runs have no verdict in common.

    \b
    Examples:
      slrspec gate --baseline main.json
      slrspec gate --baseline 20261123 today.json --format markdown
    """  # noqa: D301
    from slrspec.history.gates import exit_code, gates
    from slrspec.reporting import comparison

    found = _compared(baseline, after, folder)
    judged = gates(found)
    code = exit_code(judged, compared=found.compared)
    told = comparison.gates_as_json(found, judged, code)
    text, markdown = (comparison.gate_lines(found, judged, code, marked=m) for m in (False, True))
    click.echo(_printed(form, told, text, markdown))
    context.exit(code)


def _compared(before: Path, after: Path, folder: Path) -> Comparison:
    from slrspec.history.changes import compare_runs
    from slrspec.history.folder import find_run
    from slrspec.running.results import read_summary

    old, new = (read_summary(find_run(spelling, folder)) for spelling in (before, after))
    if old.document.id != new.document.id:
        said = f"{before} is a run of the document {old.document.id}, {after} one of {new.document.id}"
        raise UsageError(said, hint="compare runs of one document")
    return compare_runs(old, new)


def _printed(form: str, told: object, text: list[str], markdown: list[str]) -> str:
    if form == "json":
        return json.dumps(told, indent=2, ensure_ascii=False)
    return "\n".join(markdown if form == "markdown" else text)
