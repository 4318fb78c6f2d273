"""`slrspec smoke`: a first look at a provider."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from slrspec.errors import UsageError

if TYPE_CHECKING:
    from slrspec.providers.smoke import Look

CANNOT_TELL = 4


@click.command()
@click.argument("provider")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
@click.pass_context
def smoke(context: click.Context, provider: str, form: str) -> None:
    """Tell in seconds whether a provider answers, what it speaks, and what a run on it will leave out.

    Exits 0 if every rule can be tried, or openly left out, and 4 if not.

    \b
    Examples:
      slrspec smoke moto
      slrspec smoke endpoint:http://127.0.0.1:5000
    """  # noqa: D301
    from slrspec.providers.registry import find_provider
    from slrspec.providers.smoke import smoke as look_at

    if not provider:
        raise UsageError("no provider is named", hint="slrspec providers lists them")
    found = find_provider(provider)
    seen: list[Look] = []
    try:
        for look in look_at(found):
            seen.append(look)
            if form == "text":
                click.echo(_line(look))
    finally:
        found.close()
    if form == "json":
        click.echo(json.dumps([asdict(look) for look in seen], indent=2, ensure_ascii=False))
    context.exit(CANNOT_TELL if any(look.ok is False for look in seen) else 0)


def _line(look: Look) -> str:
    from slrspec.reporting.plain import plain

    sign, colour = {True: ("✓", "green"), False: ("✗", "red"), None: ("○", "yellow")}[look.ok]
    advice = f"\n    {look.advice}" if look.advice else ""
    return click.style(f"{sign} {look.what}: ", fg=colour) + plain(look.said)[:300] + advice
