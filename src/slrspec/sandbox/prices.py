"""What instances cost: a dated table, and the rule by which RDS bills.

An instance is billed by the second once it is available, at least ten minutes of it; storage by the month. What the
table does not have has no price here, and is not created.

Source: Amazon RDS User Guide, on billing; the prices are those that were published for single-AZ MySQL on demand on
the table's day, rounded up, with the dearest of the Regions for those that are not named.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

DATE = date(2026, 6, 1)
LEAST_MINUTES = 10
HOURS_A_MONTH = 730
STORAGE_GB_MONTH = 0.138
"""US dollars for a gigabyte of gp3, the dearest of the named Regions."""
HOURLY: dict[tuple[str, str], float] = {
    ("us-east-1", "db.t4g.micro"): 0.016,
    ("us-east-2", "db.t4g.micro"): 0.016,
    ("us-west-2", "db.t4g.micro"): 0.016,
    ("eu-west-1", "db.t4g.micro"): 0.018,
    ("eu-central-1", "db.t4g.micro"): 0.019,
}
"""US dollars an hour, by Region and class."""


@dataclass(frozen=True)
class InstanceKind:
    """What an instance's price depends on: Region, class and gigabytes of storage."""

    region: str
    size: str = "db.t4g.micro"
    storage: int = 20


def price(kind: InstanceKind, minutes: float) -> float | None:
    """Return the US dollars that so many minutes of an instance cost at most; None if nobody knows."""
    hourly = HOURLY.get((kind.region, kind.size))
    if hourly is None:
        return None
    hours = max(minutes, LEAST_MINUTES) / 60
    return hours * (hourly + kind.storage * STORAGE_GB_MONTH / HOURS_A_MONTH)
