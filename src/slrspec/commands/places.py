"""Where the commands leave things for each other."""

from __future__ import annotations

from pathlib import Path

DEFAULT_OUT = Path(".slrspec")
RESULTS = "results.json"
HISTORY = "history"
FAULTS = "faults.json"
CELLS = "cells.json"
