"""The faults that break rules of the catalogue: those of the RDS page where rules are alike, and two others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from slrspec.documented.faults import Fault, one_of

if TYPE_CHECKING:
    from collections.abc import Iterator

# Rules that say of every role what one of the RDS page says of its own: a fault that breaks one breaks the other.
ALIKE = {
    "RDS-INT-02": "DEF-02",
    "RDS-INT-09": "PRO-05",
    "RDS-PER-01": "DEF-01",
    "RDS-PER-04": "DEF-03",
    "RDS-PER-21": "DEF-04",
    "RDS-EDT-01": "PRO-04",
    "RDS-EDT-03": "PRO-02",
    "RDS-EDT-04": "PRO-03",
    "RDS-EDT-05": "PRO-01",
    "RDS-EDT-10": "PRO-06",
    "RDS-DEL-09": "DEL-02",
    "RDS-DEL-22": "DEL-01",
    "RDS-DEL-23": "DEL-03",
    "RDS-COM-01": "CRE-01",
    "RDS-COM-02": "CRE-02",
    "RDS-COM-10": "DEF-07",
}
# What else faults of the RDS page break here.
BESIDES = {
    "bare-when-by-hand": "DEF-04",
    "second-policy": "DEF-04",
    "inline-policy-by-birth": "DEF-05",
}
OWN = (
    one_of(
        "SLR", "sessions-of-two-hours", "DEF-06", "sessions of a new role may last two hours", session_seconds=7200
    ),
    one_of("SLR", "suffix-left-out", "CRE-03", "the suffix is taken, and left out of the name", keeps_suffix=False),
)


def catalogue_faults(of_rds: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """Return the faults that break rules of the catalogue.

    Parameters
    ----------
    of_rds
        Those of the RDS page.

    """
    return (*_shared(of_rds), *OWN)


def _shared(of_rds: tuple[Fault, ...]) -> Iterator[Fault]:
    for fault in of_rds:
        alike = [ALIKE[rule] for rule in fault.rules if rule in ALIKE]
        rules = dict.fromkeys([*alike, *BESIDES.get(fault.id, "").split()])
        if rules:
            yield replace(fault, rules=tuple(f"SLR-{rule}" for rule in rules), edition="")
