"""One bare script that makes the calls of the suite: no Gherkin, no evidence, no verdict.

    python bench/bare.py CALLS.json

It has every advantage that the suite's provider has: an account for each scenario by header, no default images,
shared session and clients, for all principals too, botocore's files read and moto's look-ups made once each, rare
garbage collection, finished accounts forgotten, one attempt per call.
"""

from __future__ import annotations

import gc
import json
import os
import random
import sys
from pathlib import Path
from typing import Any

TESTING = "testing"


def forget_account(account: str) -> None:
    """Let go of a finished account, as the suite's provider does: the others are the faster for it."""
    from moto.core.base_backend import AccountSpecificBackend, BackendDict
    from moto.core.model_instances import reset_model_data

    for backends in getattr(BackendDict, "_instances"):  # noqa: B009 - it is generic
        dict.pop(backends, account, None)
    reset_model_data()
    AccountSpecificBackend._generate_regions.cache_clear()  # noqa: SLF001
    if "moto.ec2.models.subnets" in sys.modules:
        subnet: Any = sys.modules["moto.ec2.models.subnets"]
        subnet.Subnet._base_avail_ip_iterator.cache_clear()  # noqa: SLF001


def main() -> None:
    """Replay the calls, each scenario in an account of its own."""
    os.environ.update(
        AWS_ACCESS_KEY_ID=TESTING,
        AWS_SECRET_ACCESS_KEY=TESTING,
        AWS_DEFAULT_REGION="us-east-1",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        MOTO_EC2_LOAD_DEFAULT_AMIS="false",
    )
    gc.disable()
    from botocore.config import Config
    from moto import mock_aws, settings
    from moto.core.authorization import ActionAuthenticatorMixin

    from slrspec.providers.callers_keys import session_with_keys
    from slrspec.providers.moto_lookups import looked_up_once
    from slrspec.running.botocore_models import models_read_once

    with models_read_once(), mock_aws(), looked_up_once():
        session = session_with_keys(lambda: key)
        gc.freeze()
        gc.enable()
        gc.set_threshold(10_000, 10, 1)
        clients: dict[tuple[str, str], Any] = {}
        account = ""
        key = (TESTING, TESTING)

        def name_account(params: dict[str, Any], **_: object) -> None:
            params["headers"]["x-moto-account-id"] = account

        calls = failed = 0
        for scenario in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
            account = str(random.randrange(10**11, 10**12))
            keys = {TESTING: (TESTING, TESTING)}
            fresh: list[tuple[str, str]] = []
            for service, region, old_key, operation, parameters in scenario["calls"]:
                if old_key not in keys:
                    keys[old_key] = fresh.pop(0)
                key = keys[old_key]
                client = clients.get((service, region))
                if client is None:
                    client = session.client(
                        service,
                        region_name=region,
                        config=Config(retries={"total_max_attempts": 1, "mode": "standard"}),
                    )
                    client.meta.events.register("before-call", name_account)
                    clients[service, region] = client
                text = json.dumps(parameters).replace(scenario["account"], account)
                enforced = old_key != TESTING
                settings.INITIAL_NO_AUTH_ACTION_COUNT = 0 if enforced else float("inf")
                ActionAuthenticatorMixin.request_count = 0
                calls += 1
                try:
                    answer = client._make_api_call(operation, json.loads(text))  # noqa: SLF001
                except Exception:  # noqa: BLE001 - a refused call costs like any other
                    failed += 1
                    continue
                if operation == "CreateAccessKey":
                    made = answer["AccessKey"]
                    fresh.append((made["AccessKeyId"], made["SecretAccessKey"]))
            forget_account(account)
    gc.freeze()
    print(f"{calls} calls, {failed} of them refused", file=sys.stderr)


if __name__ == "__main__":
    main()
