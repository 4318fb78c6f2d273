"""The user's `slrspec.toml`: endpoints by name, and the sandbox account."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from slrspec.errors import UsageError
from slrspec.toml import line_of, read_toml

CONFIG = Path("slrspec.toml")
CONFIG_VARIABLE = "SLRSPEC_CONFIG"


def config_file() -> Path:
    """Return where named endpoints are read from; need not be there."""
    return Path(os.environ.get(CONFIG_VARIABLE) or CONFIG)


def read_config(file: Path) -> tuple[str, dict[str, Any]]:
    """Return the text of `slrspec.toml` and its tables; nothing of both if there is no such file.

    Raises
    ------
    UsageError
        If it cannot be read, is no TOML, or has a table that means nothing.

    """
    if not file.exists():
        if CONFIG_VARIABLE in os.environ:
            raise UsageError(f"{CONFIG_VARIABLE} names no file", where=(file, None))
        return "", {}
    text, data = read_toml(file, UsageError)
    unknown = sorted(set(data) - {"providers", "sandbox"})
    if unknown:
        raise UsageError(
            f"unknown table {unknown[0]!r}",
            where=(file, line_of(text, unknown[0])),
            hint="[providers.NAME] or [sandbox]",
        )
    for name, table in data.items():
        if not isinstance(table, dict):
            raise UsageError(f"{name} has to be a table", where=(file, line_of(text, name)))
    return text, data
