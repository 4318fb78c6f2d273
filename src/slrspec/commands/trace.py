"""`slrspec trace`: from the page's sentences to the rules, and from a changed page to suspect rules."""

from __future__ import annotations

import getpass
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from slrspec.errors import UsageError

if TYPE_CHECKING:
    from slrspec.spec.rules import Specification
    from slrspec.tracing.compare import Changes
    from slrspec.tracing.coverage import Coverage
    from slrspec.tracing.editions import Edition, Editions
    from slrspec.tracing.page import Page
    from slrspec.tracing.suspects import Suspect

WIDTH = 100
text_or_json = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print."
)


def complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the ids of documents that begin so."""
    from slrspec.spec.location import document_ids

    return [CompletionItem(name) for name in document_ids() if name.startswith(incomplete)]


features_option = click.option(
    "--features", type=click.Path(path_type=Path), metavar="DIR", help="Features in place of slrspec's own."
)
page_file = click.Path(path_type=Path, dir_okay=False)


@click.group(invoke_without_command=True)
@click.option(
    "--document",
    default="",
    metavar="ID",
    help="Which document: rds unless told otherwise.",
    shell_complete=complete,
)
@click.option("--source", type=page_file, metavar="FILE", help="A copy of the page: text, Markdown or HTML.")
@click.option("--edition", default="", metavar="DAY", help="Which edition; else the one in force, or the copy's.")
@click.option(
    "--check", "checked", is_flag=True, help="Exit 1 on any gap, and on any rule that waits for a review."
)
@features_option
@text_or_json
@click.pass_context
def trace(
    context: click.Context,
    document: str,
    source: Path | None,
    edition: str,
    features: Path | None,
    form: str,
    *,
    checked: bool,
) -> None:
    """Account for every sentence of the page, and for every rule.

    Without a copy of the page it checks what the repository alone can tell: that every listed sentence states rules
    that exist or says what it is otherwise, and that every rule has a sentence or is openly a companion.

    \b
    Examples:
      slrspec trace --check
      slrspec trace --source page.html
      slrspec trace --document elasticache --check
      slrspec trace diff old.md new.md
    """  # noqa: D301
    from slrspec.spec.location import features_folder

    folder = features or features_folder(document)
    context.obj = folder
    if context.invoked_subcommand is not None:
        return
    from slrspec.tracing.coverage import cover
    from slrspec.tracing.suspects import unreviewed

    editions, page = _editions(folder), _page(source)
    chosen = _chosen(editions, edition, page, folder)
    specification = _specification(folder, chosen.date)
    found = cover(specification, chosen, page)
    waiting = unreviewed(editions, chosen, frozenset(specification.by_id))
    if form == "json":
        click.echo(json.dumps(_as_json(found, waiting), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(found, waiting, source)))
    if checked and (found.gaps or waiting):
        context.exit(1)


@trace.command()
@click.argument("old", type=page_file)
@click.argument("new", type=page_file)
@text_or_json
@click.pass_context
def diff(context: click.Context, old: Path, new: Path, form: str) -> None:
    """Compare two copies of the page, and name the rules that became suspect. Exits 1 if anything has changed.

    \b
    Example:
      slrspec trace diff page-2020.md page-2023.md
    """  # noqa: D301
    from slrspec.tracing.compare import compare, suspects
    from slrspec.tracing.page import read_page

    before, after = read_page(old), read_page(new)
    changes = compare(before, after)
    edition = _editions(context.obj).nearest({s.fingerprint for s in before.sentences})
    suspect = suspects(changes, edition, before)
    scenarios = {
        rule.id: [scenario.id for scenario in rule.scenarios]
        for rule in _specification(context.obj, edition.date).rules
        if rule.id in suspect
    }
    if form == "json":
        click.echo(json.dumps(_changes_as_json(changes, suspect, scenarios), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_change_lines(changes, suspect, scenarios)))
    context.exit(1 if changes.any else 0)


@trace.command()
@click.argument("rule")
@click.option("--edition", required=True, metavar="DAY", help="The edition that the rule was checked against.")
@click.option("--by", default=None, metavar="NAME", help="Who has checked it; you, unless told otherwise.")
@click.pass_context
def review(context: click.Context, rule: str, edition: str, by: str | None) -> None:
    """Record that a suspect rule was checked against an edition, and still holds.

    \b
    Example:
      slrspec trace review RDS-EDT-09 --edition 2023-04-21
    """  # noqa: D301
    from slrspec.tracing.suspects import record_review

    editions = _editions(context.obj)
    record_review(editions, rule.upper(), edition, by or getpass.getuser())
    click.echo(f"{editions.file}: {rule.upper()} is reviewed for {edition}")


@trace.command()
@click.option("--source", type=page_file, required=True, metavar="FILE", help="A copy of the new edition.")
@click.option("--edition", required=True, metavar="DAY", help="The day of the new edition.")
@click.option("--prefix", default="", help="How the ids of new rules begin: RDS-NEW, or as the document's others.")
@click.pass_context
def scaffold(context: click.Context, source: Path, edition: str, prefix: str) -> None:
    """Print drafts for a new edition: its entry in document.toml, and Rule: blocks for its new sentences.

    \b
    Example:
      slrspec trace scaffold --source page.html --edition 2026-11-23
    """  # noqa: D301
    import datetime as dt

    from slrspec.spec.gherkin import EVERY_EDITION
    from slrspec.tracing.editions import read_editions
    from slrspec.tracing.page import read_page
    from slrspec.tracing.scaffold import edition_draft, rule_drafts

    try:
        dt.date.fromisoformat(edition)
    except ValueError as error:
        raise UsageError(f"{edition!r} is no day", hint="write it as 2026-11-23") from error
    page = read_page(source)
    nearest = read_editions(context.obj, may_be_first=True).nearest({s.fingerprint for s in page.sentences})
    begun = any(context.obj.glob("*.feature"))  # a new document has none yet
    taken = frozenset(_specification(context.obj, EVERY_EDITION).by_id if begun else ())
    prefix = prefix or f"{min(taken, default=context.obj.name.upper()).partition('-')[0]}-NEW"
    click.echo("# ---- for document.toml\n")
    click.echo(edition_draft(page, nearest, edition))
    click.echo("# ---- for a feature\n")
    click.echo(rule_drafts(page, nearest, edition, prefix, taken))


# ---- reading


def _specification(folder: Path, edition: str) -> Specification:
    from slrspec.spec.gherkin import read_specification

    return read_specification(folder, edition)


def _editions(folder: Path) -> Editions:
    from slrspec.tracing.editions import read_editions

    return read_editions(folder)


def _page(source: Path | None) -> Page | None:
    from slrspec.tracing.page import read_page

    return read_page(source) if source else None


def _chosen(editions: Editions, day: str, page: Page | None, folder: Path) -> Edition:
    if day:
        return editions.of(day)
    if page is not None:
        return editions.nearest({sentence.fingerprint for sentence in page.sentences})
    return editions.of(_specification(folder, "").document.edition)


# ---- printing


def _lines(found: Coverage, waiting: list[Suspect], source: Path | None) -> list[str]:
    from slrspec.reporting.plain import plain

    compared = f", compared with {source}" if source else ", from the repository alone"
    kinds = ", ".join(f"{count} {kind}" for kind, count in found.kinds)
    share = 100 * found.claimed // found.normative if found.normative else 100
    lines = [
        f"edition {found.edition}{compared}",
        f"sentences   {found.sentences}: {found.headings} headings, {found.normative} state rules; {kinds}",
        f"claimed     {found.claimed} of {found.normative} ({share} %)",
        f"rules       {found.rules}, {len(found.companions)} of them companions, which no sentence states",
        f"gaps        {len(found.gaps)}",
        *(click.style(f"    {plain(str(gap))}", fg="red") for gap in found.gaps),
    ]
    if found.blanks:
        lines += [
            f"blanks      {len(found.blanks)} that this copy has lost",
            *(f"    {plain(b)}" for b in found.blanks),
        ]
    if waiting:
        lines.append(f"suspect     {len(waiting)} rules wait for a review")
        lines += [
            click.style(f"    {s.rule}: sentence {', '.join(s.places)} has changed; ", fg="red")
            + f"slrspec trace review {s.rule} --edition {s.edition}"
            for s in waiting
        ]
    return lines


def _as_json(found: Coverage, waiting: list[Suspect]) -> dict[str, Any]:
    return {
        **{key: value for key, value in asdict(found).items() if key not in {"kinds", "gaps"}},
        "kinds": dict(found.kinds),
        "gaps": [asdict(gap) for gap in found.gaps],
        "suspect": [asdict(one) for one in waiting],
    }


def _change_lines(changes: Changes, suspect: dict[str, str], scenarios: dict[str, list[str]]) -> list[str]:
    from slrspec.reporting.plain import plain

    counts = {
        "unchanged": changes.unchanged,
        "moved": len(changes.moved),
        "reworded": len(changes.reworded),
        "gone": len(changes.gone),
        "new": len(changes.new),
    }
    blocks = f"{len(changes.blocks_gone)} blocks gone, {len(changes.blocks_new)} new"
    lines = [f"sentences: {', '.join(f'{count} {name}' for name, count in counts.items())}; {blocks}"]
    for was, now in changes.reworded:
        lines += [f"~ {was.section}.{was.ordinal} -> {now.section}.{now.ordinal}"]
        lines += [
            click.style(f"    - {plain(was.text)}", fg="red"),
            click.style(f"    + {plain(now.text)}", fg="green"),
        ]
    lines += [f"> {s.section}.{s.ordinal} moved: {plain(s.text)}" for s in changes.moved]
    lines += [click.style(f"- {s.section}.{s.ordinal} {plain(s.text)}", fg="red") for s in changes.gone]
    lines += [click.style(f"+ {s.section}.{s.ordinal} {plain(s.text)}", fg="green") for s in changes.new]
    lines += [
        click.style(f"- block in section {b.section}: {_summary(b.content)}", fg="red") for b in changes.blocks_gone
    ]
    lines += [
        click.style(f"+ block in section {b.section}: {_summary(b.content)}", fg="green")
        for b in changes.blocks_new
    ]
    lines += [f"? lost in the new copy, and no change: {plain(blank)}" for blank in changes.blanks]
    lines.append(f"suspect: {len(suspect)} rules, {sum(map(len, scenarios.values()))} scenarios")
    lines += [f"    {rule}: {why}" for rule, why in suspect.items()]
    return lines


def _summary(content: Any) -> str:  # noqa: ANN401 - a parsed JSON block
    from slrspec.spec.grants import grants_of

    grants = grants_of(content if "Statement" in content else {"Statement": [content]})
    first = min(map(str, grants), default="no grant")
    return f"{len(grants)} grants, {first}{' and others' if len(grants) > 1 else ''}"


def _changes_as_json(changes: Changes, suspect: dict[str, str], scenarios: dict[str, list[str]]) -> dict[str, Any]:
    return {
        "unchanged": changes.unchanged,
        "moved": [asdict(s) for s in changes.moved],
        "reworded": [{"old": asdict(was), "new": asdict(now)} for was, now in changes.reworded],
        "gone": [asdict(s) for s in changes.gone],
        "new": [asdict(s) for s in changes.new],
        "blocks": {
            "gone": [b.section for b in changes.blocks_gone],
            "new": [b.section for b in changes.blocks_new],
        },
        "blanks": list(changes.blanks),
        "suspect": [
            {"rule": rule, "why": why, "scenarios": scenarios.get(rule, [])} for rule, why in suspect.items()
        ],
    }
