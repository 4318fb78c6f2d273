"""Where the features lie: in the wheel inside the package, or in the checkout above it. A folder a document."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from slrspec.errors import SpecificationError, UsageError

DEFAULT_DOCUMENT = "rds"


@cache
def _all_features() -> Path:
    """Return the folder of all documents' features.

    A wheel carries them below `slrspec/specification`; an editable install finds them at the top of the checkout.
    """
    package = Path(__file__).parents[1]
    for root in (package / "specification", package.parents[1]):
        folder = root / "features"
        if (folder / DEFAULT_DOCUMENT).is_dir():
            return folder
    raise SpecificationError("this installation of slrspec has no features", hint="install it again")


@cache
def document_ids() -> tuple[str, ...]:
    """Return the ids of the documents that slrspec has features of: the RDS page first, then the others, sorted."""
    found = sorted(file.parent.name for file in _all_features().glob("*/document.toml"))
    return (DEFAULT_DOCUMENT, *(name for name in found if name != DEFAULT_DOCUMENT))


def features_folder(document: str = "") -> Path:
    """Return the folder of a document's features.

    Parameters
    ----------
    document
        Its id, which is the folder's name; empty for the RDS page.

    Raises
    ------
    SpecificationError
        If there are no features at all, which means a damaged installation.
    UsageError
        For a document that slrspec does not have.

    """
    document = document or DEFAULT_DOCUMENT
    if document not in document_ids():
        raise UsageError(f"unknown document {document!r}", hint=f"known: {', '.join(document_ids())}")
    return _all_features() / document
