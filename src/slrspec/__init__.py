"""The rules AWS documents for the RDS service-linked role, as an executable specification.

What users import is here; everything else is private by position. Nothing is imported before it is used, so that
`import slrspec` costs neither boto3 nor moto nor pytest.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from slrspec.providers.contract import Account, Description, Door, Patience, Principal, Provider
    from slrspec.running.results import Run
    from slrspec.spec.rules import Rule, Specification

_HOME = {
    "Account": "slrspec.providers.contract",
    "Description": "slrspec.providers.contract",
    "Door": "slrspec.providers.contract",
    "Patience": "slrspec.providers.contract",
    "Principal": "slrspec.providers.contract",
    "Provider": "slrspec.providers.contract",
    "Rule": "slrspec.spec.rules",
    "Run": "slrspec.running.results",
    "Specification": "slrspec.spec.rules",
}

__all__ = [
    "Account",
    "Description",
    "Door",
    "Patience",
    "Principal",
    "Provider",
    "Rule",
    "Run",
    "Specification",
    "__version__",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the type checker reads the imports above
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
