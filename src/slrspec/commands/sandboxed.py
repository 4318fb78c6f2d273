"""Holding the real account around a run, if the run is on one."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from msgspec import Struct, field

from slrspec.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from slrspec.running.engine import Request
    from slrspec.sandbox.account import HeldAccount
    from slrspec.sandbox.planning import Plan
    from slrspec.sandbox.preflight import Found
    from slrspec.sandbox.settings import SandboxSettings

AWS = "aws"
SOMETHING_LEFT = 4
NIGHT = "night.json"


class Allowed(Struct, frozen=True):
    """What the options allow for a run on a real account; None or empty where they say nothing."""

    max_usd: float | None
    plan: str
    confirm: str


class Sandboxed(Struct):
    """What came of holding the account: what could not be taken away again."""

    left: list[str] = field(default_factory=list)

    def exit_code(self, code: int) -> int:
        """Return the run's exit code, or the one for things that are left."""
        return SOMETHING_LEFT if self.left else code


@contextmanager
def sandboxed(request: Request, allowed: Allowed, out: Path) -> Iterator[Sandboxed]:
    """Hold the real account for as long as the context lasts; do nothing for a run that is on none.

    Raises
    ------
    UsageError
        If the options do not go together.
    SafetyRefusal
        On any doubt about the account; nothing was written then.

    """
    found = Sandboxed()
    if AWS not in request.providers:
        if allowed.max_usd is not None or allowed.plan or allowed.confirm:
            raise UsageError("--max-usd, --plan and --confirm are for --provider aws")
        yield found
        return
    if len(request.providers) > 1:
        raise UsageError("the provider aws is run alone", hint="slrspec matrix and slrspec diff compare runs")
    if allowed.max_usd is None:
        raise UsageError("--provider aws needs --max-usd", hint="slrspec plan shows what it would cost")
    from slrspec.running.engine import check
    from slrspec.sandbox.opening import Permission, confirmation, held
    from slrspec.sandbox.settings import read_settings

    settings = read_settings()
    specification, _ = check(request)
    scenarios = request.selection.checked(specification).select(specification)[1]
    confirmed = confirmation(allowed.confirm) or typed(settings)
    permission = Permission(allowed.max_usd, allowed.plan, confirmed)
    accounts: list[HeldAccount] = []  # one, once it is held
    try:
        with held(settings, specification, scenarios, permission, out, _show) as account:
            accounts.append(account)
            try:
                yield found
            finally:
                _note_night(out / NIGHT, account)
    finally:  # whatever has ended the run
        for account in accounts:
            found.left += account.left
            _note_night(out / NIGHT, account)
        _tell(found)


def _tell(found: Sandboxed) -> None:
    for one in found.left:
        click.echo(f"slrspec: left in the account: {one}", err=True)
    if found.left:
        click.echo("slrspec: the account is still held; slrspec sweep takes the rest away", err=True)


def typed(settings: SandboxSettings) -> str:
    """Ask for the account's alias where somebody can answer; empty otherwise."""
    if not sys.stdin.isatty():
        return ""
    click.echo(f"This creates and deletes in the account {settings.account_id}.", err=True)
    return str(click.prompt("Its alias, to go on", default="", show_default=False, err=True))


def _show(plan: Plan, found: Found) -> None:
    from slrspec.reporting.plan_text import beside, summary

    for line in summary(plan):
        click.echo(line, err=True)
    if found.why_free:
        click.echo(f"only the free lane: {found.why_free}", err=True)
    for line in beside(plan):
        click.echo(line, err=True)


def _note_night(file: Path, account: HeldAccount) -> None:
    """Write down how the night went, beside its results."""
    told = {
        "run": account.run,
        "plan": account.plan.digest,
        "lane": account.lane,
        "rehearsal": account.settings.rehearsal,
        "reserved_usd": round(account.budget.reserved, 4),
        "limit_usd": account.budget.limit,
        "waits": [asdict(wait) for wait in account.waits],
        "refused_by_the_guard": account.guard.refused,
        "left": account.left,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
