"""`slrspec lint` and `slrspec new-rule`: for those who write rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from slrspec.errors import SpecificationError, UsageError

if TYPE_CHECKING:
    from slrspec.spec.rules import Section, Specification

features_option = click.option(
    "--features", type=click.Path(path_type=Path), metavar="DIR", help="Features in place of slrspec's own."
)
TODO = "TODO"


def _specification(features: Path | None, document: str) -> Specification:
    from slrspec.spec.gherkin import EVERY_EDITION, read_specification
    from slrspec.spec.location import features_folder

    return read_specification(features or features_folder(document), EVERY_EDITION)


@click.command()
@features_option
@click.pass_context
def lint(context: click.Context, features: Path | None) -> None:
    """Look for what a reader of the features would stumble over. Exits 1 if there is anything.

    More than one claim in a rule, names of providers, calls spelled as the API spells them, scenarios that are too
    long or assert nothing, ids out of order, phrases that nothing uses or that are nearly the same.

    \b
    Example:
      slrspec lint
    """  # noqa: D301
    from slrspec.running.phrases import phrases, refuse_undefined_steps
    from slrspec.spec.gherkin import read_all
    from slrspec.spec.lint import lint as look

    every = read_all(features)
    for specification in every:
        refuse_undefined_steps(specification.rules)
    found = look(every, [(phrase.kind, phrase.text, phrase.uses) for phrase in phrases(every)])
    for finding in found:
        click.echo(str(finding))
    rules, scenarios = (sum(len(getattr(one, what)) for one in every) for what in ("rules", "scenarios"))
    documents = ", ".join(one.document.id for one in every)
    click.echo(f"{documents}: {rules} rules, {scenarios:,} scenarios: {len(found) or 'no'} findings")
    context.exit(1 if found else 0)


@click.command("new-rule")
@click.argument("section")
@click.option("--statement", required=True, help="The claim, in your own words.")
@click.option("--level", type=click.Choice(["must", "may", "informative"]), default="must", show_default=True)
@click.option("--not-run", metavar="KIND", help="For a rule that no API can check: its kind, in a word or two.")
@click.option("--write", is_flag=True, help="Append it to the section's file, in place of printing it.")
@click.option("--document", default="", metavar="ID", help="Whose section; that of rds unless told otherwise.")
@features_option
def new_rule(
    section: str,
    statement: str,
    level: str,
    not_run: str | None,
    document: str,
    features: Path | None,
    *,
    write: bool,
) -> None:
    """Draft a rule: the next free id of a section, and a block to fill in.

    \b
    Examples:
      slrspec new-rule deleting --statement "The role goes within an hour"
      slrspec new-rule editing --statement "The console shows the role" --not-run "console step"
    """  # noqa: D301
    if not statement.strip() or len(statement.strip().splitlines()) > 1:
        raise UsageError("a rule's statement is one line", hint='--statement "The role is gone within an hour"')
    if not_run is not None and not not_run.strip():
        raise UsageError("--not-run needs a kind, in a word or two", hint='--not-run "console step"')
    specification = _specification(features, document)
    home = _section(specification, section)
    drafted = _draft(_next_id(specification, home), statement, level, not_run)
    if not write:
        click.echo(drafted, nl=False)
        return
    try:
        with home.file.open("a", encoding="utf-8") as stream:
            stream.write(f"\n{drafted}")
    except OSError as error:
        raise SpecificationError(f"cannot be written: {error.strerror}", where=(home.file, None)) from error
    click.echo(f"{home.file}: drafted; fill in what is marked {TODO}, and claim a sentence in document.toml")


def _section(specification: Specification, key: str) -> Section:
    for section in specification.sections:
        if section.key == key.lower():
            return section
    known = ", ".join(section.key for section in specification.sections)
    raise UsageError(f"unknown section {key!r}", hint=f"known: {known}")


def _next_id(specification: Specification, section: Section) -> str:
    if not section.rules:
        raise UsageError(f"the section {section.key} has no rule to number on from", hint="write its first by hand")
    letters = section.rules[0].id.rpartition("-")[0]
    used = [int(rule.id.rpartition("-")[2]) for rule in specification.rules if rule.id.startswith(f"{letters}-")]
    return f"{letters}-{max(used) + 1:02}"


def _draft(rule: str, statement: str, level: str, not_run: str | None) -> str:
    if not_run:
        tags, body = "@manual", f"\n    Not run ({not_run}): {TODO}: why no API can check it, in one sentence.\n"
    else:
        tags = "@api"
        body = f"\n    Scenario: {TODO}\n      Given {TODO}\n      When {TODO}\n      Then {TODO}\n"
    return f"  @{rule} @{level} {tags}\n  Rule: {statement.strip().rstrip('.')}\n{body}"
