"""The names and tags of what a run makes, by which anybody can tell it from everything else in the account.

A thing is a run's own only if both say so: a name of this form and the tags. What cannot be tagged when it is made
(a group, a final snapshot) needs the run's lease or journal in place of the tags.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PREFIX = "slrspec-"
BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
TOKEN_LENGTH = 6
FINAL = "-final"
"""What stands behind an instance's name in that of its final snapshot."""

SUITE_TAG, RUN_TAG, EPOCH_TAG, EXPIRES_TAG = "slrspec-suite", "slrspec-run", "slrspec-epoch", "slrspec-expires"
SUITE = "rds-slr"
TAG_KEYS = (SUITE_TAG, RUN_TAG, EPOCH_TAG, EXPIRES_TAG)

_RUN = re.compile(rf"\d{{6}}-[{BASE32}]{{{TOKEN_LENGTH}}}")
# An RDS identifier takes neither a second hyphen in a row nor one at its end.
_NAME = re.compile(rf"{PREFIX}(?P<run>{_RUN.pattern})-(?P<number>[1-9]\d{{0,5}})(?P<final>{FINAL})?")
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def new_run(now: datetime) -> str:
    """Return the id of a run that starts now: its day and six random letters, `261125-k3v7qa`."""
    token = "".join(secrets.choice(BASE32) for _ in range(TOKEN_LENGTH))
    return f"{now.astimezone(UTC):%y%m%d}-{token}"


def is_run(text: str) -> bool:
    """Tell whether a text has the form of a run's id."""
    return _RUN.fullmatch(text) is not None


def name(run: str, number: int) -> str:
    """Return the name of the run's thing of that number, counted from 1: `slrspec-261125-k3v7qa-1`."""
    return f"{PREFIX}{run}-{number}"


@dataclass(frozen=True)
class OwnName:
    """What a name of this form says.

    Attributes
    ----------
    run
        The id of the run that gave it.
    number
        Counted from 1 within the run.
    final
        Whether it is of an instance's final snapshot.

    """

    run: str
    number: int
    final: bool


def parse_name(text: str) -> OwnName | None:
    """Read a name; None if it has not this form."""
    match = _NAME.fullmatch(text)
    return OwnName(match["run"], int(match["number"]), match["final"] is not None) if match else None


@dataclass(frozen=True)
class OwnTags:
    """The tags of a run.

    Attributes
    ----------
    run
        Its id.
    epoch
        The number of its lease.
    expires
        When nothing of the run can be at work any more, to the second.

    """

    run: str
    epoch: int
    expires: datetime

    def listed(self) -> list[dict[str, str]]:
        """Return them as IAM and RDS take them."""
        values = (SUITE, self.run, str(self.epoch), f"{self.expires.astimezone(UTC):{_TIME}}")
        return [{"Key": key, "Value": value} for key, value in zip(TAG_KEYS, values, strict=True)]


def parse_tags(tags: Iterable[Mapping[str, str]]) -> OwnTags | None:
    """Read a run's tags out of all that a thing has; None unless every one is there and well formed."""
    found = {tag.get("Key"): tag.get("Value", "") for tag in tags}
    run, epoch = found.get(RUN_TAG, ""), found.get(EPOCH_TAG, "")
    if found.get(SUITE_TAG) != SUITE or not is_run(run) or not re.fullmatch(r"[1-9]\d{0,8}", epoch):
        return None
    try:
        expires = datetime.strptime(found.get(EXPIRES_TAG, ""), _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    return OwnTags(run, int(epoch), expires)
