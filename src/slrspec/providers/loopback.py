"""Nothing leaves this machine while a local provider runs, and nothing of the user's AWS settings comes in."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from slrspec.errors import ConnectionRefusedByGuard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# What a user's shell may hold that changes where a client goes, who it is, or how moto behaves.
FOREIGN = ("AWS_", "BOTO_", "MOTO_", "INITIAL_NO_AUTH_ACTION_COUNT", "TEST_SERVER_MODE", "TEST_PROXY_MODE")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
HARMLESS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
}
LOOK_UPS = frozenset({"socket.getaddrinfo", "socket.gethostbyaddr", "socket.gethostbyname", "socket.getnameinfo"})

_guards = 0
_allowed: set[str] = set()
_hooked = False


def harmless(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the user's AWS, moto and proxy settings, and with dummy credentials."""
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith(FOREIGN) and name.upper() not in PROXIES
    }
    return kept | HARMLESS


@contextmanager
def local_environment(**extra: str) -> Iterator[None]:
    """Run with dummy credentials and without the user's AWS, moto and proxy settings; restore them after.

    Parameters
    ----------
    extra
        Further variables to set, by name.

    """
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(harmless(before), **extra)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def loopback_only(hosts: Iterable[str] = ()) -> Iterator[None]:
    """Stop every connection and every name look-up that is not of this machine, in the whole process.

    A client made before moto was imported, or used after its mock has stopped, is not intercepted and goes to
    real AWS. An audit hook stops it whichever library it uses, because Python itself raises the events. It
    cannot see a library that opens sockets in C without Python, nor another process.

    Parameters
    ----------
    hosts
        Hosts that may be spoken to all the same, each by its name or address.

    Source: PEP 578; the ways in which clients escape moto are listed in `docs/safety.md`.
    """
    global _guards, _hooked  # noqa: PLW0603 - an audit hook is for the life of the process, so is its switch
    if not _hooked:
        sys.addaudithook(_watch)
        _hooked = True
    added = {address for host in hosts for address in _addresses(host)} - _allowed
    _allowed.update(added)
    _guards += 1
    try:
        yield
    finally:
        _guards -= 1
        _allowed.difference_update(added)


def _addresses(host: str) -> set[str]:
    """Return a host's name and the addresses that it has now."""
    try:
        return {host} | {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    except OSError:  # the connection will say so
        return {host}


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if not _guards or not event.startswith("socket."):
        return
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = arguments[1]
        if isinstance(address, tuple) and not _is_here(address[0]):
            raise _refusal(f"{address[0]}:{address[1]}")
    elif event in LOOK_UPS:
        # Only a reverse look-up is given an address with its port.
        host = arguments[0][0] if isinstance(arguments[0], tuple) else arguments[0]
        if not _is_here(host):
            raise _refusal(str(host))


def _refusal(target: str) -> ConnectionRefusedByGuard:
    return ConnectionRefusedByGuard(
        f"stopped a connection to {target}: a local run stays on this machine",
        hint="a client was made outside the provider",
    )


def _is_here(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host is None or host in {"", "localhost"} or host in _allowed:
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False
