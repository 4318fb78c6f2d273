"""Where the commands leave things for each other."""

from __future__ import annotations

from pathlib import Path

from slrspec.spec.location import DEFAULT_DOCUMENT

DEFAULT_OUT = Path(".slrspec")
RESULTS = "results.json"
HISTORY = "history"
FAULTS = "faults.json"


def out_of(document: str) -> Path:
    """Return the folder for the runs of a document: that of the RDS page is the one above the others."""
    return DEFAULT_OUT if document in {"", DEFAULT_DOCUMENT} else DEFAULT_OUT / document
