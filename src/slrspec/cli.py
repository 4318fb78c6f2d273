"""The command `slrspec`: parses, calls, prints."""

from __future__ import annotations

import datetime as dt
import gc
import json
import math
import sys
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from click.shell_completion import CompletionItem, get_completion_class

import slrspec
from slrspec.commands.lazily import LazyGroup
from slrspec.commands.places import CELLS, DEFAULT_OUT, RESULTS, out_of
from slrspec.commands.standard_output import forget_the_rest, writable_output
from slrspec.errors import SlrspecError, UsageError
from slrspec.running.interruption import terminated_like_ctrl_c
from slrspec.running.stack_room import with_room

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from slrspec.commands.sandboxed import Sandboxed
    from slrspec.reporting.terminal import Style
    from slrspec.running.results import Run
    from slrspec.sandbox.ledger import Standing
    from slrspec.spec.rules import Rule, Specification

HALF_A_YEAR = dt.timedelta(days=182)
INTERRUPTED = 4
FORMATS = ("text", "json", "junit", "markdown", "messages", "earl", "oscal")


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 as expected, 1 not, 2 usage or configuration, 3 refused by a safety guard, 4 could not "
    "tell, 5 nothing ran.",
)
@click.version_option(slrspec.__version__, message="slrspec %(version)s")
def command() -> None:
    """Judge anything that speaks AWS's protocols by the documented rules of the RDS service-linked role.

    \b
    Examples:
      slrspec run                              every rule, on stock moto
      slrspec run --section deleting -v        one section, with all that was looked at
      slrspec run --format junit > junit.xml   for a CI server
      slrspec show RDS-DEL-01                  a rule with its last verdicts and API calls
    """  # noqa: D301 - \b keeps click from wrapping


def _complete(names: Callable[[Specification], Iterable[str]]) -> Callable[..., list[CompletionItem]]:
    def complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        found = sorted(names(_specification()))
        return [CompletionItem(name) for name in found if name.casefold().startswith(incomplete.casefold())]

    return complete


def _complete_providers(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    from slrspec.providers.registry import provider_names

    return [CompletionItem(name) for name in provider_names() if name.startswith(incomplete)]


def _complete_documents(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    from slrspec.spec.location import document_ids

    return [CompletionItem(name) for name in document_ids() if name.startswith(incomplete)]


def _finite(_context: click.Context, _parameter: click.Parameter, given: float | None) -> float | None:
    """Refuse what is a number to Python and no limit to anybody: nothing costs more than `nan`."""
    if given is not None and not math.isfinite(given):
        raise click.BadParameter(f"{given} is no limit")
    return given


RULE = _complete(lambda specification: specification.by_id)
TAG = _complete(lambda specification: specification.tags)
SECTION = _complete(lambda specification: (section.key for section in specification.sections))
rule_option = click.option(
    "--rule", "rules", multiple=True, metavar="ID", help="Only this rule.", shell_complete=RULE
)
tag_option = click.option(
    "--tag", "tags", multiple=True, metavar="TAG", help="Only this tag, or 'not TAG'.", shell_complete=TAG
)
section_option = click.option(
    "--section", "sections", multiple=True, metavar="NAME", help="Only this section.", shell_complete=SECTION
)
document_option = click.option(
    "--document",
    default="",
    metavar="ID",
    help="Whose rules: rds unless told otherwise; slrspec documents lists them.",
    shell_complete=_complete_documents,
)
features_option = click.option(
    "--features", type=click.Path(path_type=Path), metavar="DIR", help="Features in place of slrspec's own."
)
text_or_json = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print."
)


@command.command()
@click.option(
    "--provider",
    "providers",
    multiple=True,
    default=["moto"],
    show_default=True,
    metavar="NAME",
    help="Where to run; name several to see them side by side.",
    shell_complete=_complete_providers,
)
@document_option
@rule_option
@tag_option
@section_option
@click.option(
    "--service", "services", multiple=True, metavar="NAME", help="Only for this service, where there are many."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=None,
    metavar="DIR",
    help="Folder for results.json: .slrspec, or for another document than rds a folder in it.",
)
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="What to print."
)
@click.option("-q", "--quiet", is_flag=True, help="Print the totals only.")
@click.option("-v", "--verbose", is_flag=True, help="Print all that was looked at, for passes too.")
@click.option(
    "--deviations", type=click.Path(path_type=Path), metavar="FILE", help="Known deviations to use instead."
)
@click.option("--no-deviations", is_flag=True, help="Take no failure for known.")
@features_option
@click.option(
    "--edition", default="", metavar="DAY", help="Rules of this edition of the page, not of the one in force."
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=None,
    metavar="N",
    help="Number of processes: unless told otherwise as many as are worth it, and one on an endpoint or on aws.",
)
@click.option(
    "--history/--no-history",
    "kept",
    default=True,
    help="Add the run to the folder 'history' beside the results, or do not.",
)
@click.option("--watch", "watched", is_flag=True, help="Stay, and judge again what a changed file touches.")
@click.option(
    "--cell", default=None, metavar="ID", help="Only this cell of a plan; writes a bundle for slrspec merge."
)
@click.option(
    "--cells",
    "cells_file",
    type=click.Path(path_type=Path),
    default=DEFAULT_OUT / CELLS,
    show_default=True,
    metavar="FILE",
    help="For --cell: the plan.",
)
@click.option(
    "--max-usd",
    type=click.FloatRange(min=0),
    callback=_finite,
    metavar="USD",
    help="What a run on aws may cost.",
)
@click.option("--plan", "plan", default="", metavar="DIGEST", help="Run on aws only what slrspec plan has shown.")
@click.option(
    "--confirm", default="", metavar="ALIAS", help="The alias of the account that a run on aws writes to."
)
@click.pass_context
def run(  # noqa: PLR0913, PLR0917 - an option each
    context: click.Context,
    providers: tuple[str, ...],
    document: str,
    rules: tuple[str, ...],
    tags: tuple[str, ...],
    sections: tuple[str, ...],
    services: tuple[str, ...],
    out: Path | None,
    form: str,
    quiet: bool,  # noqa: FBT001
    verbose: bool,  # noqa: FBT001
    deviations: Path | None,
    no_deviations: bool,  # noqa: FBT001
    features: Path | None,
    edition: str,
    workers: int | None,
    cell: str | None,
    cells_file: Path,
    max_usd: float | None,
    plan: str,
    confirm: str,
    *,
    kept: bool,
    watched: bool,
) -> None:
    """Run the rules, print the verdicts, and keep the evidence.

    \b
    Examples:
      slrspec run
      slrspec run --rule RDS-DEL-01 --rule RDS-DEL-14 -v
      slrspec run --tag creates-instance --tag 'not needs-second-region'
      slrspec run --provider moto --provider documented
      slrspec run --document catalogue --service elasticache
      slrspec run --format json | jq .totals
      slrspec run --cell rds_moto_us-east-1 --out bundles
    """  # noqa: D301
    from slrspec.commands.cell import run_cell
    from slrspec.commands.keeping import run_and_keep
    from slrspec.commands.sandboxed import Allowed, sandboxed
    from slrspec.running.engine import Request
    from slrspec.running.selection import Selection

    if quiet and verbose:
        raise UsageError("--quiet and --verbose exclude each other")
    if deviations is not None and no_deviations:
        raise UsageError("--deviations and --no-deviations exclude each other")
    request = Request(
        providers=tuple(dict.fromkeys(providers)),
        selection=Selection(rules, tags, sections, services),
        document=document,
        features=features,
        edition=edition,
        deviations=deviations,
        no_deviations=no_deviations,
        workers=workers,
    )
    out = out or out_of(document)

    def hold(request: Request) -> AbstractContextManager[Sandboxed]:
        return sandboxed(request, Allowed(max_usd, plan, confirm), out)

    def judge(request: Request) -> int:
        if cell is not None:
            done, specification, written, code = run_cell(cell, cells_file, out, request, hold)
        else:
            with hold(request) as sandbox:
                done, specification = run_and_keep(request, out, kept=kept and not watched)
            written, code = out / RESULTS, sandbox.exit_code(done.exit_code)
        click.echo(_printed(done, form, specification, verbosity=verbose - quiet), nl=False)
        if form == "text":
            click.echo(f"Results: {written}")
        return code

    _refuse_what_the_plan_says(context)
    if watched:
        from slrspec.commands.watching import watch

        watch(request, judge)
    code = judge(request)
    gc.freeze()  # the interpreter need not walk all that moto has imported once more before it exits
    context.exit(code)


def _refuse_what_the_plan_says(context: click.Context) -> None:
    """Refuse options that say what to run together with --cell, and those of a cell without it."""
    given = {
        parameter.name: parameter.opts[0]
        for parameter in context.command.params
        if context.get_parameter_source(str(parameter.name)) is not click.core.ParameterSource.DEFAULT
    }
    if "cell" not in given and "cells_file" in given:
        raise UsageError("--cells is for one cell", hint="--cell ID")
    for name in ("providers", "document", "rules", "tags", "sections", "services", "edition", "watched"):
        if "cell" in given and name in given:
            raise UsageError(
                f"--cell and {given[name]} exclude each other", hint="the plan says what the cell runs"
            )


def _printed(done: Run, form: str, specification: Specification, *, verbosity: int) -> str:
    match form:
        case "text":
            from slrspec.reporting.terminal import render

            return render(done, _style(verbosity))
        case "json":
            from slrspec.running.results import encode

            return encode(done).decode()
        case "messages":
            from slrspec.reporting import messages

            return messages.render(done, specification)
        case _:
            rendered: str = import_module(f"slrspec.reporting.{form}").render(done)
            return rendered


def _style(verbosity: int = 0) -> Style:
    from slrspec.reporting.terminal import Style

    try:
        "✓≈…".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return Style(verbosity=verbosity, unicode=False)
    return Style(verbosity=verbosity)


def _specification(features: Path | None = None, edition: str = "", document: str = "") -> Specification:
    from slrspec.spec.gherkin import read_specification
    from slrspec.spec.location import features_folder

    return read_specification(features or features_folder(document), edition)


def _last_run(file: Path) -> Run:
    from slrspec.running.results import read_run

    return read_run(file)


def _selected(specification: Specification, **names: tuple[str, ...]) -> tuple[Rule, ...]:
    from slrspec.running.selection import Selection

    return tuple(Selection(**names).checked(specification).select(specification)[0])


@command.command()
@click.argument("rules", nargs=-1, metavar="[ID]...", shell_complete=RULE)
@document_option
@tag_option
@section_option
@features_option
@click.option("--edition", default="", metavar="DAY", help="Rules of this edition of the page; '*' for all.")
@text_or_json
def rules(
    rules: tuple[str, ...],
    document: str,
    tags: tuple[str, ...],
    sections: tuple[str, ...],
    features: Path | None,
    edition: str,
    form: str,
) -> None:
    """List rules, or show the named ones as Gherkin.

    \b
    Examples:
      slrspec rules --section editing
      slrspec rules RDS-EDT-01 RDS-EDT-02
      slrspec rules --edition 2023-04-21
    """  # noqa: D301
    from slrspec.reporting.rule_page import gherkin, listing

    specification = _specification(features, edition, document or _document_of(rules))
    chosen = _selected(specification, rules=rules, tags=tags, sections=sections)
    if form == "json":
        standing = _standing(features)
        found = [_rule_as_json(rule) | {"aws": standing(rule).as_dict()} for rule in chosen]
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    elif rules:
        click.echo("\n\n".join("\n".join(gherkin(rule)) for rule in chosen))
    else:
        for section in specification.sections:
            lines = list(listing((rule for rule in chosen if rule.section == section.key), _style()))
            if lines:
                click.echo(click.style(section.key, bold=True))
                click.echo("\n".join(lines))


def _document_of(rules: Iterable[str]) -> str:
    """Return the document that has the first of these rules; empty where none has it, which will be said."""
    from slrspec.spec.location import document_ids

    for name in rules:
        for document in document_ids():
            if name.upper() in _specification(document=document, edition="*").by_id:
                return document
    return ""


def _standing(features: Path | None) -> Callable[[Rule], Standing]:
    """Return what tells how a rule stands with AWS today; the ledger speaks of the shipped features alone."""
    from slrspec.sandbox.ledger import Ledger, read_ledger

    ledger = Ledger() if features else read_ledger()
    today = dt.datetime.now(dt.UTC).date()
    return lambda rule: ledger.standing(rule.id, today)


def _rule_as_json(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "section": rule.section,
        "statement": rule.statement,
        "description": rule.description,
        "level": rule.level,
        "seen": rule.seen,
        "companion": rule.companion,
        "tags": sorted(rule.tags),
        "scenarios": [{"id": scenario.id, "name": scenario.name} for scenario in rule.scenarios],
        "not_checked": rule.not_checked and {"kind": rule.not_checked.kind, "reason": rule.not_checked.reason},
    }


@command.command()
@click.argument("rule", metavar="RULE", shell_complete=RULE)
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=None,
    metavar="FILE",
    help="The run to take the verdicts from; the last one of the rule's document unless told otherwise.",
)
@click.option("--exchanges/--no-exchanges", default=True, help="With the API calls, or without.")
@features_option
@text_or_json
def show(rule: str, results: Path | None, features: Path | None, form: str, *, exchanges: bool) -> None:
    """Show a rule, its scenarios, its last verdicts, and the API calls behind them.

    \b
    Examples:
      slrspec show RDS-DEL-01
      slrspec show RDS-DEL-01 --no-exchanges
    """  # noqa: D301
    from slrspec.reporting.rule_page import evidence, gherkin

    document = "" if features else _document_of((rule,))
    (found,) = _selected(_specification(features, document=document), rules=(rule,))
    usual = out_of(document) / RESULTS
    last = _last_run(results or usual) if results or usual.exists() else None
    standing = _standing(features)(found)
    if form == "json":
        told = _rule_as_json(found) | {"aws": standing.as_dict()} | _verdicts_as_json(found, last)
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    click.echo("\n".join(gherkin(found)))
    click.echo(f"\n{standing.said[0].upper()}{standing.said[1:]}.\n")
    if last is None:
        click.echo(f"No results yet: slrspec run --rule {found.id}")
    else:
        click.echo("\n".join(evidence(found, last, _style(), exchanges=exchanges)))


def _verdicts_as_json(rule: Rule, last: Run | None) -> dict[str, Any]:
    import msgspec

    if last is None:
        return {"verdicts": [], "results": []}
    verdicts = [verdict for result in last.rules if result.id == rule.id for verdict in result.verdicts]
    results = [result for result in last.scenarios if result.rule == rule.id]
    return {"verdicts": msgspec.to_builtins(verdicts), "results": msgspec.to_builtins(results)}


@command.command()
@features_option
@click.option(
    "--format", "form", type=click.Choice(["text", "markdown"]), default="text", help="How to print the catalogue."
)
def steps(features: Path | None, form: str) -> None:
    """List the phrases that scenarios are made of, with the number of steps that use each, in all documents."""
    from slrspec.running.phrases import phrases
    from slrspec.spec.gherkin import read_all

    found = phrases(read_all(features))
    if form == "markdown":
        click.echo("| noun | kind | phrase | steps |\n|---|---|---|---|")
        for phrase in found:
            text = phrase.text.replace("|", "\\|").replace("<", "&lt;")
            click.echo(f"| {phrase.noun.replace('_', ' ')} | {phrase.kind} | {text} | {phrase.uses} |")
        return
    noun = ""
    for phrase in found:
        if phrase.noun != noun:
            noun = phrase.noun
            click.echo(click.style(noun.replace("_", " "), bold=True))
        click.echo(f"  {phrase.uses or 'unused':>6}  {phrase.kind:<5}  {phrase.text}")


@command.command()
@click.option("--provider", default="moto", show_default=True, metavar="NAME", help="Whose deviations.")
@document_option
@click.option("--file", type=click.Path(path_type=Path), metavar="FILE", help="Another file than the shipped one.")
@click.option("--check", "checked", is_flag=True, help="Exit 1 if an entry has expired.")
@click.option("--update", is_flag=True, help="Draft entries for what failed in the last run and is not listed.")
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=None,
    metavar="FILE",
    help="The run to draft from; the last one of the document unless told otherwise.",
)
@features_option
@click.pass_context
def deviations(  # noqa: PLR0913, PLR0917 - an option each
    context: click.Context,
    provider: str,
    document: str,
    file: Path | None,
    checked: bool,  # noqa: FBT001
    update: bool,  # noqa: FBT001
    results: Path | None,
    features: Path | None,
) -> None:
    """List a provider's known deviations, check them, or draft new ones.

    A draft is printed, or added to --file; it is refused until a person has written its reason.

    \b
    Examples:
      slrspec deviations --check
      slrspec deviations --update --file my-deviations.toml
    """  # noqa: D301
    from slrspec.running.deviations import read_deviations, shipped_file

    specification = _specification(features, document=document)
    source = file or shipped_file(provider, specification.document.id)
    if not file and not source.is_file():
        from slrspec.providers.registry import find_provider

        find_provider(provider).close()  # refuses a name that is nobody's
    if update:
        _update(provider, file, results or out_of(document) / RESULTS, specification)
        return
    entries = read_deviations(source, specification) if file or source.is_file() else {}
    today = dt.date.today()  # noqa: DTZ011 - deviations expire by the user's calendar
    for entry in entries.values():
        expired = click.style("  EXPIRED", fg="red", bold=True) if entry.expires < today else ""
        click.echo(f"{entry.rule}  {entry.verdict:<11}  {entry.since} to {entry.expires}{expired}")
        click.echo(f"    {entry.reason}")
        if entry.link:
            click.echo(f"    {entry.link}")
    late = sum(entry.expires < today for entry in entries.values())
    click.echo(f"{provider}: {len(entries)} known deviations{f', {late} expired' if late else ''}")
    if checked and late:
        context.exit(1)


def _update(provider: str, file: Path | None, results: Path, specification: Specification) -> None:
    from slrspec.running.deviations import COVERABLE, draft, read_deviations, shipped_file

    source = file or shipped_file(provider, specification.document.id)
    listed = read_deviations(source, specification) if source.is_file() else {}
    found = [
        (rule.id, verdict.verdict, verdict.reason)
        for rule in _last_run(results).rules
        for verdict in rule.verdicts
        if verdict.provider == provider and verdict.verdict in COVERABLE and rule.id not in listed
    ]
    if not found:
        click.echo("nothing to draft: every failure of the last run is listed", err=True)
        return
    today = dt.date.today()  # noqa: DTZ011 - as above
    text = draft(found, today, today + HALF_A_YEAR)
    if file is None:
        click.echo(text, nl=False)
        return
    try:
        with file.open("a", encoding="utf-8") as stream:
            stream.write(("\n" if file.stat().st_size else "") + text)
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=(file, None)) from error
    click.echo(f"{file}: {len(found)} drafts added; write their reasons")


@command.command()
def providers() -> None:
    """List the installed providers, and what each says of itself."""
    from slrspec.providers.registry import find_provider, provider_names

    for name in provider_names():
        try:
            with closing(find_provider(name)) as provider:  # one may have started a server to ask it
                described = provider.describe()
        except UsageError as error:
            click.echo(f"{name}: {error}")
            continue
        click.echo(
            f"{click.style(name, bold=True)}: {described.product} {described.version}, {described.started_by}"
        )
        click.echo(f"    can: {', '.join(sorted(described.capabilities)) or 'nothing beyond answering calls'}")
        for setting, value in described.settings.items():
            click.echo(f"    {setting}: {value}")


@command.command()
def schema() -> None:
    """Print the JSON Schema of results.json."""
    from slrspec.running.results import schema as schema_of_results

    click.echo(json.dumps(schema_of_results(), indent=2))


@command.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a completion script for your shell.

    \b
    Examples:
      eval "$(slrspec completion bash)"
      slrspec completion fish > ~/.config/fish/completions/slrspec.fish
    """  # noqa: D301
    found = get_completion_class(shell)
    assert found is not None  # the choices above are those that click knows
    click.echo(found(command, {}, "slrspec", "_SLRSPEC_COMPLETE").source())


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command and exit; whatever is wrong with the input is one line, with the documented exit code.

    Parameters
    ----------
    arguments
        What stands behind `slrspec` on the command line; None for `sys.argv`.

    """
    try:
        with terminated_like_ctrl_c(), writable_output():
            code = with_room(lambda: command.main(arguments, prog_name="slrspec", standalone_mode=False))
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        code = error.exit_code
    except (SlrspecError, click.ClickException) as error:
        said = error.format_message() if isinstance(error, click.ClickException) else str(error)
        _tell(" ".join(said.split()))
        code = error.exit_code
    except click.Abort:
        _tell("interrupted")
        code = INTERRUPTED
    except Exception as error:
        if not _interrupted(error):
            raise
        _tell("interrupted")
        code = INTERRUPTED
    sys.exit(code)


def _tell(line: str) -> None:
    """Say what was wrong; where nobody can be told, the exit code still says it."""
    try:
        click.echo(f"slrspec: {line}", err=True)
    except OSError:
        forget_the_rest(sys.stderr)


def _interrupted(error: BaseException | None) -> bool:
    """Tell whether an error came of an interruption: cleaning up after one may stumble over what was half done."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False
