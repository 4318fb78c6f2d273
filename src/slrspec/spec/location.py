"""Where the features lie: in the wheel inside the package, or in the checkout above it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from slrspec.errors import SpecificationError


@cache
def features_folder(document: str = "rds") -> Path:
    """Return the folder of a document's features, `features/rds`; `questions` are those that no document answers.

    A wheel carries them below `slrspec/specification`; an editable install finds them at the top of the checkout.

    Raises
    ------
    SpecificationError
        If neither place has them, which means a damaged installation.

    """
    package = Path(__file__).parents[1]
    for root in (package / "specification", package.parents[1]):
        folder = root / "features" / document
        if folder.is_dir():
            return folder
    raise SpecificationError("this installation of slrspec has no features", hint="install it again")
