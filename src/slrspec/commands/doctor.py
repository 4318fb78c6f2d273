"""`slrspec doctor`: whether the real account is ready, in words."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from slrspec.providers.smoke import Look

REFUSED = 3


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
@click.pass_context
def doctor(context: click.Context, form: str) -> None:
    """Look at everything that a run on a real account looks at first, and say what is missing. Nothing is written.

    Exits 0 if a run could begin, and 3 if it would be refused.

    \b
    Examples:
      slrspec doctor
      slrspec doctor --format json
    """  # noqa: D301
    from slrspec.sandbox.opening import connected
    from slrspec.sandbox.preflight import look_around, surroundings
    from slrspec.sandbox.settings import read_settings

    settings = read_settings()
    around = surroundings(settings)
    with connected(settings) as connection:
        found = look_around(connection, thorough=True)
    looks = (*around, *found.looks)
    if form == "json":
        click.echo(json.dumps([asdict(look) for look in looks], indent=2, ensure_ascii=False))
    else:
        for look in looks:
            click.echo(_line(look))
    context.exit(REFUSED if any(look.ok is False for look in looks) else 0)


def _line(look: Look) -> str:
    from slrspec.reporting.plain import plain

    sign, colour = {True: ("✓", "green"), False: ("✗", "red"), None: ("○", "yellow")}[look.ok]
    advice = f"\n    {look.advice}" if look.advice else ""
    return click.style(f"{sign} {look.what}: ", fg=colour) + plain(look.said)[:300] + advice
