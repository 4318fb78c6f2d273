"""Where the commands leave things for each other."""

from __future__ import annotations

from pathlib import Path

from slrspec.spec.location import DEFAULT_DOCUMENT, document_ids, features_folder

DEFAULT_OUT = Path(".slrspec")
RESULTS = "results.json"
HISTORY = "history"
FAULTS = "faults.json"
CELLS = "cells.json"
EVERY = "all"
"""In the place of ids of documents: all of them."""


def out_of(document: str) -> Path:
    """Return the folder for the runs of a document: that of the RDS page is the one above the others."""
    return DEFAULT_OUT if document in {"", DEFAULT_DOCUMENT} else DEFAULT_OUT / document


def documents_asked(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ids of the documents asked for, each known and once, in slrspec's order; rds for none.

    Raises
    ------
    UsageError
        For a document that slrspec does not have.

    """
    for name in names:
        if name != EVERY:
            features_folder(name)
    wanted = document_ids() if EVERY in names else names or (DEFAULT_DOCUMENT,)
    return tuple(document for document in document_ids() if document in wanted)
