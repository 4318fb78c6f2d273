"""The one guarded session: it holds the credentials, and nothing else in the process does."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from slrspec.errors import SafetyRefusal
from slrspec.providers.loopback import FOREIGN, PROXIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slrspec.sandbox.guard import Guard
    from slrspec.sandbox.settings import SandboxSettings

EXPIRATION = "AWS_CREDENTIAL_EXPIRATION"
CONNECT_SECONDS, READ_SECONDS, READ_ATTEMPTS = 5, 30, 8
REHEARSED_SECONDS = 5
"""To wait for an answer of a server on this machine."""
# What keeps any other client in the process from finding credentials, or another address.
BARE = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
}


@dataclass(frozen=True)
class SessionCredentials:
    """Credentials as they were found, no more refreshed.

    Attributes
    ----------
    expires
        When they end; None if nothing tells.

    """

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(repr=False)
    expires: datetime | None


def found_credentials(*, rehearsed: bool = False) -> SessionCredentials:
    """Return the credentials that the user has, from wherever botocore takes them.

    Parameters
    ----------
    rehearsed
        Take them from the variables of the environment alone: a profile may have botocore ask AWS for them, which a
        rehearsal must not, and no server on this machine has to see what a profile holds.

    Raises
    ------
    SafetyRefusal
        If there are none, or if they have ended.

    """
    from botocore.credentials import EnvProvider
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.session import Session

    before = os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
    os.environ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
    try:
        found: Any = EnvProvider().load() if rehearsed else Session().get_credentials()
        frozen = found.get_frozen_credentials() if found is not None else None
    except (BotoCoreError, ClientError) as error:
        raise SafetyRefusal(f"the credentials cannot be read: {error}") from error
    except (RuntimeError, ValueError) as error:  # from botocore, of a time that is over, and from what reads it
        told = os.environ.get(EXPIRATION, "")
        raise SafetyRefusal(
            "the credentials have ended" + (f", or {EXPIRATION} is no time: {told!r}" if told else ""),
            hint="assume the runner's role anew",
        ) from error
    finally:
        os.environ.pop("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
        if before is not None:
            os.environ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = before
    if frozen is None or not frozen.access_key:
        raise SafetyRefusal("there are no credentials", hint="assume the runner's role first: docs/plan.md")
    expires = getattr(found, "_expiry_time", None) or _told_expiry(os.environ.get(EXPIRATION, ""))
    return SessionCredentials(frozen.access_key, frozen.secret_key, frozen.token, expires)


def _told_expiry(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@contextmanager
def bare_environment() -> Iterator[None]:
    """Run without any of the user's AWS and proxy settings: who asks botocore for credentials gets none."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(FOREIGN) or name.upper() in PROXIES:
            del os.environ[name]
    os.environ.update(BARE)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class Connection:
    """Clients of the guarded session.

    Parameters
    ----------
    settings
        The sandbox.
    credentials
        Of the runner.
    guard
        Watches every client.

    """

    def __init__(self, settings: SandboxSettings, credentials: SessionCredentials, guard: Guard) -> None:
        from botocore.session import Session

        self.settings = settings
        self.expires = credentials.expires
        self.guard = guard
        self._session = Session()
        self._session.set_credentials(credentials.access_key, credentials.secret_key, credentials.token)
        guard.register(self._session.get_component("event_emitter"))
        self._clients: dict[tuple[str, str, str, bool], Any] = {}

    def client(
        self, service: str, region: str = "", *, keys: tuple[str, str] | None = None, once: bool = False
    ) -> Any:  # noqa: ANN401 - boto3's clients have no types
        """Return a client.

        Parameters
        ----------
        keys
            Access key and secret key of somebody else than the runner.
        once
            Send every request once: for writes.

        """
        region = region or self.settings.region
        key = (service, region, keys[0] if keys else "", once)
        if key not in self._clients:
            self._clients[key] = self._made(service, region, keys, once=once)
        return self._clients[key]

    def _made(self, service: str, region: str, keys: tuple[str, str] | None, *, once: bool) -> Any:  # noqa: ANN401
        from botocore.config import Config

        attempts = 1 if once else READ_ATTEMPTS
        return self._session.create_client(
            service,
            region_name=region,
            endpoint_url=self.settings.rehearsal or None,
            aws_access_key_id=keys[0] if keys else None,
            aws_secret_access_key=keys[1] if keys else None,
            config=Config(  # type: ignore[call-arg] # the stubs do not know the last one
                retries={"mode": "standard", "total_max_attempts": attempts},
                connect_timeout=CONNECT_SECONDS,
                read_timeout=REHEARSED_SECONDS if self.settings.rehearsal else READ_SECONDS,
                ignore_configured_endpoint_urls=True,  # which the stubs do not know
            ),
        )

    def forget(self, access_key: str) -> None:
        """Drop the clients of somebody who is no more."""
        for key in [key for key in self._clients if key[2] == access_key]:
            del self._clients[key]


def host_of(settings: SandboxSettings) -> str:
    """Return host and port of a rehearsal; empty for AWS."""
    return urlsplit(settings.rehearsal).netloc if settings.rehearsal else ""
