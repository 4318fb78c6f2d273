"""`slrspec drift`: the documented policy, a pinned version and the live one, compared as grants."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from slrspec.documented.catalogue import DEFAULT_EDITION, PINNED
from slrspec.errors import SlrspecError, UsageError

if TYPE_CHECKING:
    from slrspec.spec.grants import Grant
    from slrspec.tracing.drift import Live, NamedPolicy, PolicyDrift

CANNOT_TELL = 4
# What the history is not about: it is that of all versions.
OF_A_COMPARISON = ("provider", "file", "documented", "baseline")


class Undecided(SlrspecError):
    """The provider gave no answer that could be compared."""

    exit_code = CANNOT_TELL


@click.command()
@click.option(
    "--provider", default=None, metavar="NAME", help="Read role and policy from an account of a provider."
)
@click.option(
    "--live", "file", type=click.Path(path_type=Path), metavar="FILE", help="Read the live policy from a file."
)
@click.option("--documented", default=DEFAULT_EDITION, show_default=True, metavar="DAY", help="Edition, or vN.")
@click.option(
    "--baseline", default=PINNED, show_default=True, metavar="VERSION", help="Pinned: vN, a day, or a file."
)
@click.option("--history", is_flag=True, help="Tell what each known version of the policy changed.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown", "line"]),
    default="text",
    show_default=True,
    help="How to print; `line` is one line for a chat message.",
)
@click.pass_context
def drift(
    context: click.Context,
    provider: str | None,
    file: Path | None,
    documented: str,
    baseline: str,
    form: str,
    *,
    history: bool,
) -> None:
    """Tell whether the role's policy, or the role itself, is not what it was. Exits 1 if it is not.

    Three policies are compared as grants: the one that the page prints, a pinned version, and the live one. What
    differs between pinned and live is drift; how the page differs from both is told beside it. Exits 4 if the
    provider gives no answer.

    \b
    Examples:
      slrspec drift --provider documented:edition=v14
      slrspec drift --live policy.json --format line
      slrspec drift --history
    """  # noqa: D301
    if history:
        _refuse_what_history_passes_over(context)
        click.echo(_printed_history(form), nl=False)
        return
    if (provider is None) == (file is None):
        raise UsageError("drift needs something live to look at", hint="give either --provider or --live")
    from slrspec.tracing.drift import DOCUMENTED_ROLE, compare_policies, compare_roles
    from slrspec.tracing.live import read_policy

    page, pinned = _version("documented", documented), _version("pinned", baseline)
    live = _live(provider) if provider else None
    policy = live.policy if live else read_policy(file) if file else None
    role = compare_roles(DOCUMENTED_ROLE, live.role) if live else []
    if policy is None:
        from slrspec.tracing.drift import NamedPolicy

        policy = NamedPolicy("live, none attached", {"Statement": []})
    drifts = [compare_policies(pinned, policy), compare_policies(page, policy), compare_policies(page, pinned)]
    drifted = drifts[0].any or any("which is allowed" not in line for line in role)
    click.echo(_printed(drifts, role, form, drifted=drifted), nl=False)
    context.exit(1 if drifted else 0)


def _refuse_what_history_passes_over(context: click.Context) -> None:
    for parameter in context.command.params:
        if parameter.name in OF_A_COMPARISON and (
            context.get_parameter_source(parameter.name) is not click.core.ParameterSource.DEFAULT
        ):
            raise UsageError(f"--history and {parameter.opts[0]} exclude each other")


def _version(kind: str, spelling: str) -> NamedPolicy:
    from slrspec.documented.catalogue import policy_of
    from slrspec.tracing.drift import NamedPolicy
    from slrspec.tracing.live import read_policy

    if Path(spelling).suffix == ".json":
        return read_policy(Path(spelling))
    found = policy_of(spelling)
    return NamedPolicy(f"{kind} {found.version}", json.loads(found.document))


def _live(name: str) -> Live:
    from slrspec.providers.registry import find_provider
    from slrspec.running.trouble import judged
    from slrspec.tracing.live import read_live

    provider = find_provider(name)
    try:
        with provider.open_account("drift") as account:
            return read_live(account)
    except SlrspecError:
        raise
    except Exception as error:
        raise Undecided(f"the role cannot be read: {judged(error, name)}") from error
    finally:
        provider.close()


def _printed(drifts: list[PolicyDrift], role: list[str], form: str, *, drifted: bool) -> str:
    if form == "json":
        told = {"drift": drifted, "role": role, "policies": [_as_json(one) for one in drifts]}
        return json.dumps(told, indent=2) + "\n"
    word = "DRIFT" if drifted else "no drift"
    if form == "line":
        beside = f"; role: {'; '.join(role)}" if role else ""
        return f"{word}: {drifts[0].summary}{beside}\n"
    lines = [word, *(f"role: {line}" for line in role)]
    if form == "markdown":
        lines = [f"**{word}**", "", *(f"* role: {line}" for line in role)]
        for one in drifts:
            lines += ["", f"### {one.summary}", "", *(f"* `{sign}` {text}" for sign, text in _rows(one))]
        return "\n".join(lines) + "\n"
    for one in drifts:
        lines += ["", one.summary, *(f"  {sign} {text}" for sign, text in _rows(one))]
    return "\n".join(lines) + "\n"


def _rows(one: PolicyDrift) -> list[tuple[str, str]]:
    from slrspec.reporting.plain import plain

    def at(policy: NamedPolicy, grant: Grant) -> str:
        return plain(f"{grant}  [{policy.statement_of(grant)}]")

    return [
        *(("+", at(one.new, grant)) for grant in one.added),
        *(("-", at(one.old, grant)) for grant in one.removed),
        *((">", f"widened: {plain(str(was))} -> {at(one.new, now)}") for was, now in one.widened),
        *(("<", f"narrowed: {plain(str(was))} -> {at(one.new, now)}") for was, now in one.narrowed),
    ]


def _as_json(one: PolicyDrift) -> dict[str, Any]:
    def grant(value: Grant) -> dict[str, str]:
        return {"action": value.action, "resource": value.resource, "condition": value.condition}

    return {
        "from": one.old.name,
        "to": one.new.name,
        "added": [grant(value) for value in one.added],
        "removed": [grant(value) for value in one.removed],
        "widened": [{"from": grant(was), "to": grant(now)} for was, now in one.widened],
        "narrowed": [{"from": grant(was), "to": grant(now)} for was, now in one.narrowed],
    }


def _printed_history(form: str) -> str:
    from slrspec.documented.catalogue import policy_versions
    from slrspec.tracing.drift import NamedPolicy, compare_policies

    versions = policy_versions()
    named = [NamedPolicy(one.version, json.loads(one.document)) for one in versions]
    drifts = [compare_policies(old, new) for old, new in pairwise(named)]
    if form == "json":
        told = [
            {
                "version": one.version,
                "created": one.created,
                "grants": len(policy.grants),
                **(_as_json(d) if d else {}),
            }
            for one, policy, d in zip(versions, named, [None, *drifts], strict=True)
        ]
        return json.dumps(told, indent=2) + "\n"
    headline, row, between = ("### ", "* `{}` {}", [""]) if form == "markdown" else ("", "  {} {}", [])
    lines = [f"{headline}{versions[0].version} of {versions[0].created}: {len(named[0].grants)} grants"]
    for one, policy, change in zip(versions[1:], named[1:], drifts, strict=True):
        what = change.summary.partition(": ")[2]
        lines += [*between, f"{headline}{one.version} of {one.created}: {len(policy.grants)} grants; {what}"]
        rows = [] if form == "line" else _rows(change)
        lines += [*(between if rows else []), *(row.format(sign, text) for sign, text in rows)]
    return "\n".join(lines) + "\n"
