"""The switch for whoever distrusts a shortcut: SLRSPEC_PLAIN=1 makes a run go the plain way everywhere."""

from __future__ import annotations

import os


def plain_wanted() -> bool:
    """Tell whether no shortcut is to be taken through the private parts of others, or by forks."""
    return bool(os.environ.get("SLRSPEC_PLAIN"))
