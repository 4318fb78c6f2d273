"""The suite's calls as they are usually made: `mock_aws` around each scenario, and new clients in each.

Imported by what `bench/against_usual.py` generates for behave and for plain pytest-bdd. moto has its defaults, the
default images of EC2 among them, and so has Python's garbage collection; nothing is recorded or judged.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

ACCOUNT = "123456789012"
TESTING = "testing"
CALLS = "SLRSPEC_BENCH_CALLS"


@cache
def scenarios() -> list[dict[str, Any]]:
    """Return what `bench/calls.py` has recorded."""
    loaded: list[dict[str, Any]] = json.loads(Path(os.environ[CALLS]).read_text(encoding="utf-8"))
    return loaded


class Mocked:
    """A scenario's AWS: a mock of its own, and clients that nobody else has."""

    def __init__(self) -> None:
        from moto import mock_aws

        self._mock = mock_aws()
        self._mock.start()
        self._clients: dict[tuple[str, str, str], Any] = {}

    def stop(self) -> None:
        """Leave the mock."""
        self._mock.stop()

    def make_calls(self, number: int) -> int:
        """Make the calls of a scenario, and return how many there were."""
        from botocore.exceptions import ClientError
        from moto import settings
        from moto.core.authorization import ActionAuthenticatorMixin

        scenario = scenarios()[number]
        keys = {TESTING: (TESTING, TESTING)}
        fresh: list[tuple[str, str]] = []
        for service, region, old_key, operation, parameters in scenario["calls"]:
            if old_key not in keys:
                keys[old_key] = fresh.pop(0)
            client = self._client(service, region, keys[old_key])
            text = json.dumps(parameters).replace(scenario["account"], ACCOUNT)
            settings.INITIAL_NO_AUTH_ACTION_COUNT = float("inf") if old_key == TESTING else 0
            ActionAuthenticatorMixin.request_count = 0
            try:
                answer = client._make_api_call(operation, json.loads(text))  # noqa: SLF001
            except (ClientError, NotImplementedError):
                continue  # a refused call costs like any other
            if operation == "CreateAccessKey":
                fresh.append((answer["AccessKey"]["AccessKeyId"], answer["AccessKey"]["SecretAccessKey"]))
        settings.INITIAL_NO_AUTH_ACTION_COUNT = float("inf")
        return len(scenario["calls"])

    def _client(self, service: str, region: str, key: tuple[str, str]) -> Any:  # noqa: ANN401
        import boto3

        if (service, region, key[0]) not in self._clients:
            self._clients[service, region, key[0]] = boto3.client(
                service,
                region_name=region if region != "aws-global" else "us-east-1",
                aws_access_key_id=key[0],
                aws_secret_access_key=key[1],
            )
        return self._clients[service, region, key[0]]
