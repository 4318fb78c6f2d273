"""Record the API calls that a run of the suite makes, so that a bare script can make the very same ones.

Loaded into a run as a pytest plugin (`-p calls`), it writes one JSON list of scenarios to the file named by the
variable `SLRSPEC_BENCH_CALLS`; each scenario is a list of `[service, region, key, operation, parameters]`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from botocore.client import BaseClient

scenarios: list[dict[str, Any]] = []
_original = BaseClient._make_api_call  # type: ignore[attr-defined]  # noqa: SLF001


def _recording(client: Any, operation: str, parameters: dict[str, Any]) -> Any:  # noqa: ANN401
    from slrspec.providers.moto import _caller

    caller = _caller.get()
    account, key = caller.account_id, caller.principal.access_key
    if not scenarios or scenarios[-1]["account"] != account:
        scenarios.append({"account": account, "calls": []})
    meta = client.meta
    call = [meta.service_model.service_name, meta.region_name, key, operation, parameters]
    scenarios[-1]["calls"].append(call)
    return _original(client, operation, parameters)


def pytest_configure() -> None:
    """Stand between every client and its calls."""
    BaseClient._make_api_call = _recording  # type: ignore[attr-defined]  # noqa: SLF001


def pytest_unconfigure() -> None:
    """Write what was recorded."""
    BaseClient._make_api_call = _original  # type: ignore[attr-defined]  # noqa: SLF001
    Path(os.environ["SLRSPEC_BENCH_CALLS"]).write_text(json.dumps(scenarios), encoding="utf-8")
