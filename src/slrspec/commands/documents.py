"""`slrspec documents`: whose rules there are."""

from __future__ import annotations

import json

import click


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def documents(form: str) -> None:
    """List the documents whose rules slrspec has, for --document.

    \b
    Examples:
      slrspec documents
      slrspec run --document catalogue
    """  # noqa: D301
    from slrspec.spec.gherkin import read_specification
    from slrspec.spec.location import document_ids, features_folder

    every = [read_specification(features_folder(name)) for name in document_ids()]
    if form == "json":
        told = [
            {
                "id": one.document.id,
                "title": one.document.title,
                "url": one.document.url,
                "edition": one.document.edition,
                "rules": len(one.rules),
                "scenarios": len(one.scenarios),
                "services": [service.principal for service in one.document.services],
            }
            for one in every
        ]
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    width = max(len(one.document.id) for one in every)
    for one in every:
        services = one.document.services
        about = services[0].principal if len(services) == 1 else f"{len(services)} services"
        click.echo(f"{click.style(one.document.id.ljust(width), bold=True)}  {one.document.title} ({about})")
        counts = f"{len(one.rules)} rules, {len(one.scenarios):,} scenarios"
        click.echo(f"{' ' * width}  {counts}; edition of {one.document.edition}")
