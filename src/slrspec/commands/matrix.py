"""`slrspec matrix`: real emulators side by side."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from slrspec.commands.places import HISTORY, out_of
from slrspec.errors import UsageError
from slrspec.spec.location import features_folder

if TYPE_CHECKING:
    from slrspec.emulators.catalogue import Emulator
    from slrspec.emulators.judging import Judged, Unjudged

CANNOT_TELL = 4


def _complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from slrspec.emulators.catalogue import BY_NAME

    return [CompletionItem(name) for name in BY_NAME if name.startswith(incomplete)]


@click.command()
@click.argument("names", nargs=-1, metavar="[EMULATOR]...", shell_complete=_complete)
@click.option("--list", "listed", is_flag=True, help="List the emulators, and run nothing.")
@click.option("--jobs", type=click.IntRange(1, 64), default=None, metavar="N", help="How many at once.")
@click.option("--document", default="", metavar="ID", help="Whose rules: rds unless told otherwise.")
@click.option("--rule", "rules", multiple=True, metavar="ID", help="Only this rule.")
@click.option("--section", "sections", multiple=True, metavar="NAME", help="Only this section.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=None,
    metavar="DIR",
    help="Folder for the results, and for a text about each failure that can be posted as an issue: 'matrix' "
    "beside the document's own runs.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print.")
@click.pass_context
def matrix(  # noqa: PLR0913, PLR0917 - an option each
    context: click.Context,
    names: tuple[str, ...],
    jobs: int | None,
    document: str,
    rules: tuple[str, ...],
    sections: tuple[str, ...],
    out: Path | None,
    form: str,
    *,
    listed: bool,
) -> None:
    """Install, start and judge real emulators, several at once, each in an environment of its own.

    Environments are kept in the user's cache folder (SLRSPEC_CACHE). What cannot be installed or started has a run
    of errors, with the reason, and the others go on, as they do where a run ends without results. Exits 0 if each
    could be judged, whatever the verdicts, and 4 if not.

    \b
    Examples:
      slrspec matrix --list
      slrspec matrix moto-4.2.14 moto-5.2.5
      slrspec matrix && slrspec site .slrspec/matrix/*/results.json
      slrspec matrix --document elasticache
    """  # noqa: D301
    chosen = _chosen(names)
    features = features_folder(document)
    if listed:
        click.echo(_list(chosen, form))
        return
    from slrspec.emulators.issues import write_issues
    from slrspec.emulators.judging import Unjudged, jobs_at_once, judge_all
    from slrspec.history.folder import append

    home = out_of(document)
    out = out or home / "matrix"
    _refuse_what_no_run_takes(features, rules, sections, [out / emulator.name for emulator in chosen])
    arguments = ["--document", features.name]
    arguments += [word for rule in rules for word in ("--rule", rule)]
    arguments += [word for section in sections for word in ("--section", section)]
    jobs = jobs or jobs_at_once(chosen)
    if sys.stderr.isatty():
        click.echo(f"{len(chosen)} emulators, {jobs} at once", err=True)

    def done(judged: Judged | Unjudged) -> None:
        texts = ""
        if not isinstance(judged, Unjudged):
            append(home / HISTORY, judged.run)
            number = write_issues(judged.run, judged.results.parent / "issues")
            texts = f"; {number} texts in {judged.results.parent / 'issues'}" if number else ""
        if form == "text":
            click.echo(f"{_line(judged)}{texts}")

    found = judge_all(chosen, out, jobs=jobs, arguments=tuple(arguments), done=done)
    judged = [one for one in found if not isinstance(one, Unjudged)]
    if form == "json":
        click.echo(json.dumps([_as_json(one) for one in found], indent=2))
    elif judged:
        click.echo(f"Site: slrspec site {' '.join(str(one.results) for one in judged)}")
    context.exit(CANNOT_TELL if judged != found or any(one.run.totals[0].error for one in judged) else 0)


def _refuse_what_no_run_takes(
    features: Path, rules: tuple[str, ...], sections: tuple[str, ...], folders: list[Path]
) -> None:
    """Refuse what each run would refuse, before anything is installed for it."""
    from slrspec.commands.keeping import writable
    from slrspec.running.selection import Selection
    from slrspec.spec.gherkin import read_specification

    specification = read_specification(features)
    Selection(rules=rules, sections=sections).checked(specification).select(specification)
    for folder in folders:
        writable(folder)


def _chosen(names: tuple[str, ...]) -> list[Emulator]:
    from slrspec.emulators.catalogue import BY_NAME, EMULATORS

    for name in names:
        if name not in BY_NAME:
            raise UsageError(f"unknown emulator {name!r}", hint=f"known: {', '.join(BY_NAME)}")
    return [emulator for emulator in EMULATORS if not names or emulator.name in names]


def _list(chosen: list[Emulator], form: str) -> str:
    if form == "json":
        told = [{"name": e.name, "product": e.product, "version": e.version, "note": e.note} for e in chosen]
        return json.dumps(told, indent=2)
    return "\n".join(f"{e.name}{f': {e.note}' if e.note else ''}" for e in chosen)


def _line(judged: Judged | Unjudged) -> str:
    from slrspec.emulators.judging import Unjudged
    from slrspec.reporting.plain import plain, shortened

    if isinstance(judged, Unjudged):
        return f"{judged.emulator.name}: {plain(judged.reason)} ({judged.seconds:.0f} s)"
    totals = judged.run.totals[0]
    said = f"{totals.passed} of {totals.rules} kept, {totals.failed} broken"
    for count, word in ((totals.unsupported, "unsupported"), (totals.error, "error"), (totals.not_run, "not run")):
        said += f", {count} {word}" if count else ""
    line = f"{judged.emulator.name}: {said} ({judged.seconds:.0f} s)"
    if totals.error:
        reason = next((v.reason for r in judged.run.rules for v in r.verdicts if v.verdict == "error"), "")
        line += f"; {shortened(plain(reason), 200)}"
    return line


def _as_json(judged: Judged | Unjudged) -> dict[str, object]:
    from slrspec.emulators.judging import Unjudged

    told = {"name": judged.emulator.name, "seconds": round(judged.seconds, 1)}
    if isinstance(judged, Unjudged):
        return {**told, "results": None, "reason": judged.reason}
    totals = judged.run.totals[0]
    return {
        **told,
        "results": str(judged.results),
        "passed": totals.passed,
        "failed": totals.failed,
        "unsupported": totals.unsupported,
        "error": totals.error,
        "not_run": totals.not_run,
    }
