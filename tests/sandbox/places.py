"""Accounts on a real server of this machine, each test's own, looked at and written to past any proxy."""

from __future__ import annotations

import os
import secrets
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from slrspec.providers.server_process import ServerProcess, free_port

ACCOUNT_HEADER = "x-moto-account-id"
REGIONS = ("us-east-1", "eu-west-1")
MOTO = (sys.executable, "-c", "from moto.server import main; main()")
DOCUMENTED = (sys.executable, "-m", "slrspec", "serve")


@contextmanager
def serving(command: tuple[str, ...]) -> Iterator[str]:
    """One server for many accounts."""
    port = free_port()
    server = ServerProcess(
        (*command, "--port", str(port)), {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}, "127.0.0.1", port
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()


_making = threading.Lock()


@cache
def _session() -> Any:
    """The one session, which has read the services' models once for all tests."""
    from boto3.session import Session

    return Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name=REGIONS[0])


def new_account() -> str:
    return str(10**11 + secrets.randbelow(9 * 10**11))


@dataclass
class Place:
    """One account of a server.

    Attributes
    ----------
    url
        Of the server, or of a proxy before it.
    account
        Twelve digits.
    lag
        How many reads may show what was before a write.

    """

    url: str
    account: str = field(default_factory=new_account)
    retries: int = 1
    timeout: float = 30
    lag: int = 0
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def client(self, service: str, region: str = REGIONS[0]) -> Any:
        key = (service, region)
        if key not in self._clients:
            from botocore.config import Config

            retries: Any = {"total_max_attempts": self.retries, "mode": "standard"}
            with _making:
                client = _session().client(
                    service,
                    region_name=region,
                    endpoint_url=self.url,
                    config=Config(retries=retries, read_timeout=self.timeout),
                )
            client.meta.events.register("before-call", self._name_account)
            self._clients[key] = client
        return self._clients[key]

    def _name_account(self, params: dict[str, Any], **_: object) -> None:
        params["headers"][ACCOUNT_HEADER] = self.account

    @property
    def iam(self) -> Any:
        return self.client("iam")

    @property
    def ssm(self) -> Any:
        return self.client("ssm")

    def rds(self, region: str = REGIONS[0]) -> Any:
        return self.client("rds", region)


def clean_environment() -> dict[str, str]:
    """This process's environment without AWS's, moto's and pytest's variables."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MOTO_", "PYTEST", "COV_"))}
