"""The suite's calls as they are usually made: `mock_aws` around each scenario, and new clients in each.

Imported by what `bench/against_usual.py` generates for behave and for plain pytest-bdd. moto has its defaults, the
default images of EC2 among them, and so has Python's garbage collection; nothing is recorded or judged.
"""

from __future__ import annotations

import gc
import json
import os
import random
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bare import forget_account

if TYPE_CHECKING:
    from collections.abc import Callable

ACCOUNT = "123456789012"
TESTING = "testing"
CALLS = "SLRSPEC_BENCH_CALLS"


@cache
def scenarios() -> list[dict[str, Any]]:
    """Return what `bench/calls.py` has recorded."""
    loaded: list[dict[str, Any]] = json.loads(Path(os.environ[CALLS]).read_text(encoding="utf-8"))
    return loaded


def made_by(client_of: Callable[..., Any], scenario: dict[str, Any], account: str) -> int:
    """Make the calls of a scenario by the clients that are given, and return how many there were."""
    from botocore.exceptions import ClientError
    from moto import settings
    from moto.core.authorization import ActionAuthenticatorMixin

    keys = {TESTING: (TESTING, TESTING)}
    fresh: list[tuple[str, str]] = []
    for service, region, old_key, operation, parameters in scenario["calls"]:
        if old_key not in keys:
            keys[old_key] = fresh.pop(0)
        client = client_of(service, region, keys[old_key])
        text = json.dumps(parameters).replace(scenario["account"], account)
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
        return made_by(self._client, scenarios()[number], ACCOUNT)

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


class Tuned:
    """One AWS for all scenarios, with everything that the suite's provider does to be fast.

    That is an account for each scenario by header, shared session and clients, for all principals too, no default
    images, finished accounts forgotten, botocore's files read and moto's look-ups made once each, no collection of
    garbage while moto is imported, a rare one after.
    """

    def __init__(self) -> None:
        os.environ.update(
            AWS_ACCESS_KEY_ID=TESTING,
            AWS_SECRET_ACCESS_KEY=TESTING,
            AWS_DEFAULT_REGION="us-east-1",
            MOTO_EC2_LOAD_DEFAULT_AMIS="false",
        )
        gc.disable()
        from moto import mock_aws

        from slrspec.providers.callers_keys import session_with_keys
        from slrspec.providers.moto_lookups import looked_up_once
        from slrspec.running.botocore_models import models_read_once

        self._open = ExitStack()
        for context in (models_read_once(), mock_aws(), looked_up_once()):
            self._open.enter_context(context)
        self._session = session_with_keys(lambda: self._key)
        self._account = ""
        self._key = (TESTING, TESTING)
        self._clients: dict[tuple[str, str], Any] = {}
        gc.freeze()
        gc.enable()
        gc.set_threshold(10_000, 10, 1)

    def make_calls(self, number: int) -> int:
        """Make the calls of a scenario in an account of its own, and return how many there were."""
        self._account = str(random.randrange(10**11, 10**12))
        made = made_by(self._client, scenarios()[number], self._account)
        forget_account(self._account)
        return made

    def _name_account(self, params: dict[str, Any], **_: object) -> None:
        params["headers"]["x-moto-account-id"] = self._account

    def _client(self, service: str, region: str, key: tuple[str, str]) -> Any:  # noqa: ANN401
        from botocore.config import Config

        self._key = key  # the call comes next
        if (service, region) not in self._clients:
            config = Config(retries={"total_max_attempts": 1, "mode": "standard"})
            client = self._session.client(service, region_name=region, config=config)
            client.meta.events.register("before-call", self._name_account)
            self._clients[service, region] = client
        return self._clients[service, region]
