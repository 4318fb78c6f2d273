"""`slrspec plan`: what a run on a real account would do, and a run cut into parts that any machine can run."""

from __future__ import annotations

from pathlib import Path

import click

from slrspec.commands.places import CELLS, DEFAULT_OUT, documents_asked
from slrspec.errors import UsageError

# Which options are for one of the two plans only.
OF_CELLS = ("providers", "accounts", "regions", "shards", "out")
OF_ACCOUNT = ("lane", "calls")
FORMATS = ("text", "json", "github-matrix")


@click.command()
@click.option("--rule", "rules", multiple=True, metavar="ID", help="Only this rule.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only this tag, or 'not TAG'.")
@click.option("--section", "sections", multiple=True, metavar="NAME", help="Only this section.")
@click.option("--service", "services", multiple=True, metavar="NAME", help="Only this service, for the catalogue.")
@click.option(
    "--lane",
    type=click.Choice(["full", "free"]),
    default="full",
    show_default=True,
    help="'free' where the service-linked role is not ours.",
)
@click.option("--calls", is_flag=True, help="With every operation that each scenario may call.")
@click.option("--cells", is_flag=True, help="Cut a run into cells: provider, account, Region, document.")
@click.option(
    "--provider",
    "providers",
    multiple=True,
    default=["moto"],
    show_default=True,
    metavar="NAME",
    help="With --cells: where to run; name several.",
)
@click.option(
    "--account", "accounts", multiple=True, metavar="[NAME=]ID", help="For cells of aws; else as slrspec.toml says."
)
@click.option(
    "--region", "regions", multiple=True, metavar="NAME", help="For cells of aws; else as slrspec.toml says."
)
@click.option(
    "--shards", type=click.IntRange(1, 1000), default=1, show_default=True, help="Cut each cell into up to so many."
)
@click.option(
    "--document",
    "documents",
    multiple=True,
    metavar="ID",
    help="Whose rules; rds unless told otherwise; with --cells several, or 'all'.",
)
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
    help="Where slrspec run --cell finds the cells.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="What to print; the last is for cells.",
)
@click.pass_context
def plan(  # noqa: PLR0913, PLR0917 - an option each
    context: click.Context,
    rules: tuple[str, ...],
    tags: tuple[str, ...],
    sections: tuple[str, ...],
    services: tuple[str, ...],
    lane: str,
    calls: bool,  # noqa: FBT001
    cells: bool,  # noqa: FBT001
    providers: tuple[str, ...],
    accounts: tuple[str, ...],
    regions: tuple[str, ...],
    shards: int,
    documents: tuple[str, ...],
    features: Path | None,
    edition: str,
    out: Path,
    form: str,
) -> None:
    """Show what a run on a real account would call, create, wait for and cost. Nothing is asked of any account.

    With --cells: cut a run into cells instead. A cell is what one machine runs: the rules of one document on one
    provider, in one account and Region, or a shard of them. Rules are shared out by their ids, so that a new rule
    moves no other. The same options give the same plan to the byte.

    \b
    Examples:
      slrspec plan
      slrspec plan --section deleting --calls
      slrspec plan --cells --provider moto --provider documented
      slrspec plan --cells --document all --shards 4 --format github-matrix
    """  # noqa: D301
    from slrspec.running.selection import Selection

    _refuse_the_other_s_options(context, cells=cells)
    selection = Selection(rules, tags, sections, services)
    if not cells:
        if form == FORMATS[-1]:
            raise UsageError(f"{form} is a format of cells", hint="slrspec plan --cells")
        from slrspec.sandbox.showing import plan_shown
        from slrspec.spec.gherkin import read_specification
        from slrspec.spec.location import features_folder

        if len(documents) > 1:
            raise UsageError("a plan of an account is of one document", hint="slrspec plan --cells takes several")
        specification = read_specification(features or features_folder(*documents), edition)
        click.echo(plan_shown(specification, selection, lane, form, calls=calls))
        return
    from slrspec.cells.planning import planned, printed, write_plan

    made = planned(
        providers,
        selection,
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


def _refuse_the_other_s_options(context: click.Context, *, cells: bool) -> None:
    """Refuse options that would be passed over."""
    for name in OF_ACCOUNT if cells else OF_CELLS:
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            option = next(p.opts[0] for p in context.command.params if p.name == name)
            said = "is not for" if cells else "is for"
            raise UsageError(f"{option} {said} --cells", hint="slrspec plan --help has both kinds of plan")
