"""`slrspec confirm`: what a night on AWS has said of each rule, entered in the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from slrspec.commands.places import DEFAULT_OUT, RESULTS
from slrspec.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

PATH = click.Path(path_type=Path)


@click.command()
@click.argument("results", type=PATH, default=DEFAULT_OUT / RESULTS, metavar="[RUN]")
@click.option("--ledger", type=PATH, metavar="FILE", help="Another ledger than the one of slrspec.")
@click.option("--dry-run", is_flag=True, help="Say what would be entered, and write nothing.")
def confirm(results: Path, ledger: Path | None, *, dry_run: bool) -> None:
    """Enter in the ledger which rules a run on AWS has confirmed, and which it has contradicted.

    RUN is the results file of a run of the provider aws. Rehearsals and replays are refused: they say nothing about
    AWS. A rule that is stated for many services is entered by its scenarios.

    \b
    Examples:
      slrspec confirm
      slrspec confirm evidence/results.json --dry-run
    """  # noqa: D301
    from slrspec.running.results import read_run
    from slrspec.sandbox.ledger import FILE, Ledger, encode_ledger, read_ledger, what_aws_said
    from slrspec.spec.gherkin import read_specification
    from slrspec.spec.location import features_folder

    run = read_run(results)
    said = what_aws_said(run, read_specification(features_folder(run.document.id), run.document.edition))
    file = ledger or FILE
    before = read_ledger(file) if file.exists() or ledger is None else Ledger()
    after = before.after(said)
    for rule in said.contradicted:
        click.echo(f"{rule}  contradicted")
    click.echo(f"{run.run.id}: {_counted(said.confirmed)} confirmed on AWS, {len(said.contradicted)} contradicted")
    if dry_run:
        return
    try:
        file.write_text(encode_ledger(after), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=(file, None)) from error
    click.echo(f"{file}: {_counted(after.confirmed)} confirmed, {len(after.contradicted)} contradicted")


def _counted(entered: Collection[str]) -> str:
    """Say how many rules, and how many scenarios of rules that are stated for many services."""
    scenarios = sum("/" in one for one in entered)
    rules = len(entered) - scenarios
    return " and ".join(
        [f"{rules} rules"] * (rules > 0 or not scenarios) + [f"{scenarios} scenarios"] * (scenarios > 0)
    )
