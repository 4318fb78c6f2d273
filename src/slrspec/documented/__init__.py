"""AWS as documented: moto, taught the rules of the RDS service-linked role.

`with documented_aws():` is used like `with mock_aws():`, and in its place. Nothing is imported before it is used,
because pytest loads this package's plugin in everybody's test suite.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slrspec.documented.behaviour import DOCUMENTED, Behaviour, Timing
    from slrspec.documented.handle import DocumentedAws, documented_aws

_HOME = {
    "DOCUMENTED": "behaviour",
    "Behaviour": "behaviour",
    "DocumentedAws": "handle",
    "Timing": "behaviour",
    "documented_aws": "handle",
}

__all__ = ["DOCUMENTED", "Behaviour", "DocumentedAws", "Timing", "documented_aws"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the type checker reads the imports above
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
