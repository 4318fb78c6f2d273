"""The faults that break rules of the catalogue: those of the RDS page where rules are alike, and two others."""

from __future__ import annotations

from slrspec.documented.faults import Fault, alike, one_of

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
    return (*alike(of_rds, "SLR", ALIKE, BESIDES), *OWN)
