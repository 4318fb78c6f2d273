"""Finding out where cells can run: what the providers tell, and what `slrspec.toml` says of real accounts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from slrspec.cells.plan import Place
from slrspec.config import config_file, read_config
from slrspec.errors import UsageError
from slrspec.providers.registry import find_provider

if TYPE_CHECKING:
    from collections.abc import Iterable

REAL = "aws"
"""The one provider whose accounts and Regions are somebody's, and have to be named."""
ACCOUNT = re.compile(r"(?:(?P<label>[a-z0-9][a-z0-9.-]*)=)?(?P<id>\d{12})")
REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")


def places_of(providers: Iterable[str], accounts: Iterable[str] = (), regions: Iterable[str] = ()) -> list[Place]:
    """Return where cells of the given providers run.

    Parameters
    ----------
    providers
        As `--provider` spells them.
    accounts, regions
        For `aws`: twelve digits, with a name before them or not (`blue=123456789012`), and the Region that the
        sandboxes name first; if there are none, those of the table `[sandbox]` of `slrspec.toml`. An account has
        one service-linked role and one lease, so it has one cell.

    Raises
    ------
    UsageError
        For an unknown provider, for `aws` without account or with no Region or several, and for accounts or
        Regions without `aws`.

    """
    accounts, regions = list(accounts), list(regions)
    names = list(dict.fromkeys(providers))
    if (accounts or regions) and REAL not in names:
        raise UsageError(f"accounts and Regions are for the provider {REAL}", hint=f"--provider {REAL}")
    places: list[Place] = []
    for name in names:
        places += _real(accounts, regions) if name == REAL else [Place(name, _region_of(name))]
    return places


def _region_of(name: str) -> str:
    """Return the Region of a provider's calls; one from outside may not tell."""
    provider = find_provider(name)
    try:
        return str(getattr(provider, "region", "") or "-")
    finally:
        provider.close()


def _real(accounts: list[str], regions: list[str]) -> list[Place]:
    told_accounts, told_regions = ([], []) if accounts and regions else _sandbox()
    accounts, regions = accounts or told_accounts, regions or told_regions
    for kind, given in (("--account", accounts), ("--region", regions)):
        if not given:
            raise UsageError(f"cells of {REAL} need {kind}", hint=f"or the table [sandbox] of {config_file()}")
    for region in regions:
        if not REGION.fullmatch(region):
            raise UsageError(f"{region!r} is no Region", hint="us-east-1, say")
    if len(regions) > 1:
        raise UsageError(
            f"an account has one cell, in one Region, not in {', '.join(regions)}",
            hint="the Region that the sandbox names first",
        )
    return [Place(REAL, regions[0], account, label) for label, account in _named(accounts)]


def _named(accounts: list[str]) -> list[tuple[str, str]]:
    """Return name and id of each account; the name is empty where none was given."""
    found: list[tuple[str, str]] = []
    for account in accounts:
        match = ACCOUNT.fullmatch(account)
        if match is None:
            raise UsageError(f"{account!r} is no account", hint="twelve digits, or name=twelve digits")
        label = match["label"] or ""
        if any(match["id"] == other or (label and label == name) for name, other in found):
            raise UsageError(f"{account!r}: this account or name was given before")
        found.append((label, match["id"]))
    return found


def _sandbox() -> tuple[list[str], list[str]]:
    """Return the account, with its alias for a name, and the Region of `[sandbox]`; nothing where it says none."""
    from slrspec.sandbox.settings import TABLE, read_settings

    file = config_file()
    if not file.is_file() or TABLE not in read_config(file)[1]:
        return [], []
    settings = read_settings(file)
    return [f"{settings.alias}={settings.account_id}"], [settings.region]
