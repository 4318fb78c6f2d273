"""Which account may be written to, as the table `[sandbox]` of `slrspec.toml` says; none is by default.

A rehearsal is the same run against a server on this machine: it proves what slrspec does, and nothing about AWS.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from slrspec.config import config_file, read_config
from slrspec.errors import SafetyRefusal, UsageError
from slrspec.providers.endpoint_settings import is_loopback
from slrspec.toml import line_of

if TYPE_CHECKING:
    from pathlib import Path

TABLE = "sandbox"
ACCOUNT = re.compile(r"\d{12}")
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
ROLE = re.compile(r"arn:aws:iam::(\d{12}):role/[\w+=,.@/-]+")
POLICY = re.compile(r"arn:aws:iam::(\d{12}):policy/[\w+=,.@/-]+")
# Words that the alias of an account for destruction has no business with.
PRODUCTION = re.compile(r"prod|(^|[^a-z])(prd|live)([^a-z]|$)")
HINT = "docs/plan.md shows a whole table"


@dataclass(frozen=True)
class SandboxSettings:
    """The account that scenarios may write to.

    Attributes
    ----------
    account_id
        Twelve digits; the credentials have to be of this account.
    alias
        The account's alias in IAM; has to be the very one, and is typed or given once more for each run.
    regions
        Where instances may be made: the first, and a second for the rules that need one.
    role_arn
        The role whose session makes the calls; no root, no user.
    blocklist
        Accounts that must never be written to; at least one, so that somebody has thought about it.
    boundary
        ARN of the permissions boundary that users made for scenarios get. Without one no user is made on AWS.
    instance_minutes
        How long an instance may take to be created or deleted before nobody can tell any more.
    propagation_seconds
        How long anything else may take to show.
    rehearsal
        URL of a server on this machine to run against in place of AWS; empty for AWS.
    file
        Where all this was read.

    """

    account_id: str
    alias: str
    regions: tuple[str, ...]
    role_arn: str
    blocklist: tuple[str, ...]
    file: Path
    boundary: str = ""
    instance_minutes: int = 30
    propagation_seconds: int = 120
    rehearsal: str = ""

    @property
    def region(self) -> str:
        """Where calls go."""
        return self.regions[0]

    @property
    def second_region(self) -> str:
        """Another Region; the first again where there is only one."""
        return self.regions[-1]

    @property
    def role_name(self) -> str:
        """The name of the runner's role, without its path."""
        return self.role_arn.rpartition("/")[2]


REQUIRED = ("account_id", "alias", "regions", "role_arn", "blocklist")


def read_settings(file: Path | None = None) -> SandboxSettings:
    """Return the sandbox that `slrspec.toml` names.

    Raises
    ------
    UsageError
        If there is no such table, or it cannot be used; the message names the line.
    SafetyRefusal
        If what it names looks like an account that people depend on, or a rehearsal elsewhere than here.

    """
    file = file or config_file()
    text, data = read_config(file)
    table = data.get(TABLE)
    if not isinstance(table, dict):
        raise UsageError(
            "names no sandbox account; there is no default", where=(file, None), hint=f"[{TABLE}]: {HINT}"
        )
    known = {one.name.replace("_", "-"): one.name for one in fields(SandboxSettings) if one.name != "file"}
    start = line_of(text, TABLE)
    for key in table:
        if key not in known:
            raise UsageError(
                f"unknown setting {key!r} of the sandbox",
                where=(file, line_of(text, key, start)),
                hint=f"known: {', '.join(known)}",
            )
    for name in REQUIRED:
        if name.replace("_", "-") not in table:
            raise UsageError(
                f"the sandbox has no {name.replace('_', '-')}; there is no default", where=(file, start), hint=HINT
            )
    values = {known[key]: _value(file, text, start, key, value) for key, value in table.items()}
    settings = SandboxSettings(file=file, **values)
    _refuse_nonsense(settings, text, start)
    _refuse_danger(settings, text, start)
    return settings


def _value(file: Path, text: str, start: int | None, key: str, value: Any) -> Any:  # noqa: ANN401 - TOML's
    kinds = {"regions": "a list of texts", "blocklist": "a list of texts"}
    kinds |= {"instance-minutes": "a whole number above 0", "propagation-seconds": "a whole number above 0"}
    kind = kinds.get(key, "a text")
    fits = {
        "a text": isinstance(value, str),
        "a list of texts": isinstance(value, list) and all(isinstance(one, str) for one in value),
        "a whole number above 0": isinstance(value, int) and not isinstance(value, bool) and value > 0,
    }
    if not fits[kind]:
        raise UsageError(f"{key} has to be {kind}", where=(file, line_of(text, key, start)))
    return tuple(value) if isinstance(value, list) else value


def _refuse_nonsense(settings: SandboxSettings, text: str, start: int | None) -> None:
    role, boundary = ROLE.fullmatch(settings.role_arn), POLICY.fullmatch(settings.boundary)
    for key, wanted, ok in (
        ("account-id", "twelve digits", ACCOUNT.fullmatch(settings.account_id)),
        ("alias", "the account's alias", settings.alias),
        ("regions", "one Region or two", 1 <= len(set(settings.regions)) == len(settings.regions) <= len("12")),
        ("regions", "names of Regions", all(map(REGION.fullmatch, settings.regions))),
        ("role-arn", "the ARN of a role of that account", role and role[1] == settings.account_id),
        ("blocklist", "account ids, at least one", settings.blocklist),
        ("blocklist", "account ids of twelve digits", all(map(ACCOUNT.fullmatch, settings.blocklist))),
        (
            "boundary",
            "the ARN of a policy of that account",
            not settings.boundary or (boundary and boundary[1] == settings.account_id),
        ),
    ):
        if not ok:
            raise UsageError(f"{key} has to be {wanted}", where=(settings.file, line_of(text, key, start)))


def _refuse_danger(settings: SandboxSettings, text: str, start: int | None) -> None:
    def refuse(key: str, what: str) -> SafetyRefusal:
        return SafetyRefusal(what, where=(settings.file, line_of(text, key, start)))

    if settings.account_id in settings.blocklist:
        raise refuse("blocklist", f"{settings.account_id} is on the blocklist")
    if PRODUCTION.search(settings.alias.casefold()):
        raise refuse("alias", f"the alias {settings.alias!r} sounds like production")
    if settings.rehearsal:
        parts = urlsplit(settings.rehearsal)
        try:
            port = parts.port
        except ValueError:
            port = None
        if parts.scheme != "http" or not is_loopback(parts.hostname or "") or not port or parts.path.strip("/"):
            raise refuse(
                "rehearsal", f"a rehearsal is on this machine, http://127.0.0.1:5000, not {settings.rehearsal}"
            )
