"""`slrspec plan --cells`: a run cut into parts that any machine can run."""

from __future__ import annotations

from pathlib import Path

import click

from slrspec.commands.places import CELLS, DEFAULT_OUT, documents_asked
from slrspec.errors import UsageError


@click.command()
@click.option("--cells", is_flag=True, help="Cut the run into cells: provider, account, Region, document.")
@click.option(
    "--provider",
    "providers",
    multiple=True,
    default=["moto"],
    show_default=True,
    metavar="NAME",
    help="Where to run; name several.",
)
@click.option(
    "--account", "accounts", multiple=True, metavar="[NAME=]ID", help="For aws; else as slrspec.toml says."
)
@click.option("--region", "regions", multiple=True, metavar="NAME", help="For aws; else as slrspec.toml says.")
@click.option(
    "--shards", type=click.IntRange(1, 1000), default=1, show_default=True, help="Cut each cell into up to so many."
)
@click.option(
    "--document",
    "documents",
    multiple=True,
    metavar="ID",
    help="Whose rules: rds unless told otherwise; several, or 'all'.",
)
@click.option("--rule", "rules", multiple=True, metavar="ID", help="Only this rule.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only this tag, or 'not TAG'.")
@click.option("--section", "sections", multiple=True, metavar="NAME", help="Only this section.")
@click.option(
    "--features", type=click.Path(path_type=Path), metavar="DIR", help="Features in place of slrspec's own."
)
@click.option("--edition", default="", metavar="DAY", help="Rules of this edition of the page.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=DEFAULT_OUT / CELLS,
    show_default=True,
    metavar="FILE",
    help="Where slrspec run --cell finds the plan.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github-matrix"]),
    default="text",
    show_default=True,
    help="What to print.",
)
def plan(  # noqa: PLR0913, PLR0917 - an option each
    cells: bool,  # noqa: FBT001
    providers: tuple[str, ...],
    accounts: tuple[str, ...],
    regions: tuple[str, ...],
    shards: int,
    documents: tuple[str, ...],
    rules: tuple[str, ...],
    tags: tuple[str, ...],
    sections: tuple[str, ...],
    features: Path | None,
    edition: str,
    out: Path,
    form: str,
) -> None:
    """Say what would run where, and run nothing.

    A cell is what one machine runs: the rules of one document on one provider, in one account and Region, or a
    shard of them. Rules are shared out by their ids, so that a new rule moves no other. The same options give the
    same plan to the byte.

    \b
    Examples:
      slrspec plan --cells --provider moto --provider documented
      slrspec plan --cells --shards 4 --format github-matrix
      slrspec plan --cells --document all --provider moto
    """  # noqa: D301
    if not cells:
        raise UsageError("nothing to plan", hint="slrspec plan --cells")
    from slrspec.cells.planning import planned, printed, write_plan
    from slrspec.running.selection import Selection

    made = planned(
        providers,
        Selection(rules, tags, sections),
        accounts=accounts,
        regions=regions,
        shards=shards,
        documents=documents_asked(documents),
        features=features,
        edition=edition,
    )
    text = printed(made, form, out)  # may refuse, and then no plan is written
    write_plan(out, made)
    click.echo(text, nl=False)
