"""`slrspec plan`: what a run on a real account would do."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--rule", "rules", multiple=True, metavar="ID", help="Only this rule.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only this tag, or 'not TAG'.")
@click.option("--section", "sections", multiple=True, metavar="NAME", help="Only this section.")
@click.option(
    "--lane",
    type=click.Choice(["full", "free"]),
    default="full",
    show_default=True,
    help="'free' where the service-linked role is not ours.",
)
@click.option(
    "--features", type=click.Path(path_type=Path), metavar="DIR", help="Features in place of slrspec's own."
)
@click.option("--edition", default="", metavar="DAY", help="Rules of this edition of the page.")
@click.option("--calls", is_flag=True, help="With every operation that each scenario may call.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def plan(  # noqa: PLR0913 - an option each
    rules: tuple[str, ...],
    tags: tuple[str, ...],
    sections: tuple[str, ...],
    lane: str,
    features: Path | None,
    edition: str,
    form: str,
    *,
    calls: bool,
) -> None:
    """Show what a run on a real account would call, create, wait for and cost. Nothing is asked of any account.

    \b
    Examples:
      slrspec plan
      slrspec plan --section deleting --calls
    """  # noqa: D301
    import msgspec

    from slrspec.reporting import plan_text
    from slrspec.running.selection import Selection
    from slrspec.sandbox.planning import make_plan
    from slrspec.sandbox.settings import read_settings
    from slrspec.spec.gherkin import read_specification
    from slrspec.spec.location import features_folder

    settings = read_settings()
    specification = read_specification(features or features_folder(), edition)
    scenarios = Selection(rules, tags, sections).checked(specification).select(specification)[1]
    made = make_plan(settings, specification, scenarios, lane)
    if form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(made), indent=2).decode())
        return
    for line in (*plan_text.summary(made), *plan_text.details(made), *(plan_text.calls(made) if calls else ())):
        click.echo(line)
