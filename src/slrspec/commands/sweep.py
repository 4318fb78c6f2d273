"""`slrspec sweep`: what runs have left in the real account, and taking it away."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from slrspec.commands.places import DEFAULT_OUT

if TYPE_CHECKING:
    from slrspec.sandbox.sweep import SweepReport


@click.command()
@click.option("--apply", is_flag=True, help="Take it away, instead of only telling.")
@click.option("--run", "run", default="", metavar="ID", help="This run is over, whatever its lease says.")
@click.option("--take-over", is_flag=True, help="Whoever has the account is dead, whatever the lease says.")
@click.option("--wait/--no-wait", "wait", default=True, help="Wait until everything is gone, or only ask for it.")
@click.option(
    "--journal",
    "journals",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A run's journal, beside the one in --out.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), default=DEFAULT_OUT, show_default=True, help="Folder of the journal."
)
@click.option("--confirm", default="", metavar="ALIAS", help="The alias of the account that is written to.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
@click.pass_context
def sweep(  # noqa: PLR0913 - an option each
    context: click.Context,
    run: str,
    journals: tuple[Path, ...],
    out: Path,
    confirm: str,
    form: str,
    *,
    apply: bool,
    take_over: bool,
    wait: bool,
) -> None:
    """Find what runs have left in the sandbox account, and take it away.

    Only tells, unless it is given --apply. Deleted is only what is provably a run's: by its name, and by its tags,
    its lease or its journal; the service-linked role is put back as the lease says that it was found. Can be
    interrupted and repeated. Exits 0 if nothing is left, 3 if somebody else has the account, 4 if anything is left.

    \b
    Examples:
      slrspec sweep
      slrspec sweep --apply --confirm my-sandbox
      slrspec sweep --apply --run 261125-k3v7qa --no-wait
    """  # noqa: D301
    from slrspec.sandbox.settings import read_settings
    from slrspec.sandbox.sweeping import Wanted, swept, told

    settings = read_settings()
    wanted = Wanted(run, take_over=take_over, wait=wait)
    if apply:
        from slrspec.commands.sandboxed import typed
        from slrspec.sandbox.opening import confirmation

        confirmed = confirmation(confirm) or typed(settings)
        report = swept(settings, wanted, confirmed, journals, out)
    else:
        report = told(settings, journals, out)
    click.echo(_as_json(report) if form == "json" else _as_text(report))
    context.exit(report.exit_code)


def _as_json(report: SweepReport) -> str:
    return json.dumps({**asdict(report), "exit_code": report.exit_code}, indent=2, ensure_ascii=False)


def _as_text(report: SweepReport) -> str:
    from slrspec.reporting.plain import plain

    lines = [f"the account is held by {report.holder}"] if report.holder else []
    groups = (
        ("gone" if report.applied else "a run's", report.gone),
        ("left", report.left),
        ("left alone", report.suspicious),
        ("trouble", report.troubles),
    )
    lines += [f"{what}: {one}" for what, found in groups for one in found]
    if not report.exit_code:
        lines.append("nothing is left" if report.applied else "there is nothing to sweep")
    elif not report.applied:
        lines.append("nothing was written; --apply takes it away")
    return "\n".join(plain(line) for line in lines)
