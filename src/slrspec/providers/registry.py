"""Finding a provider by its name."""

from __future__ import annotations

import inspect
from functools import cache
from importlib.metadata import EntryPoint, distribution, entry_points
from typing import TYPE_CHECKING

from slrspec.config import config_file, read_config
from slrspec.errors import UsageError

if TYPE_CHECKING:
    from slrspec.providers.contract import Provider
    from slrspec.providers.endpoint_settings import EndpointSettings

GROUP = "slrspec.providers"


@cache
def _own() -> tuple[EntryPoint, ...]:
    """Read slrspec's own: nobody else's takes one of these names, and nobody else's need be read for them."""
    return tuple(distribution("slrspec").entry_points.select(group=GROUP))


@cache
def _installed() -> tuple[EntryPoint, ...]:
    """Read what is installed, and that once: the metadata of every distribution is looked at for it."""
    return tuple(entry_points(group=GROUP))


def _endpoints() -> dict[str, EndpointSettings]:
    """Return the endpoints of `slrspec.toml` by name; what one is made of is imported where there are any."""
    if "providers" not in read_config(config_file())[1]:
        return {}
    from slrspec.providers.endpoint_settings import named_endpoints

    return named_endpoints()


def provider_names() -> tuple[str, ...]:
    """Return the names of all installed providers and of the endpoints of `slrspec.toml`, sorted."""
    return tuple(sorted({point.name for point in _installed()} | set(_endpoints())))


def find_provider(spelling: str) -> Provider:
    """Return the provider for `name` or `name:argument`.

    Raises
    ------
    UsageError
        If no installed distribution has a provider of that name, it cannot be loaded or made, or something stands
        behind the colon that it does not take.

    """
    named = _endpoints()
    if spelling in named:
        from slrspec.providers.endpoint import EndpointProvider

        return EndpointProvider(named[spelling])
    name, colon, argument = spelling.partition(":")
    found = next((point for of in (_own, _installed) for point in of() if point.name == name), None)
    if found is None:
        raise UsageError(f"unknown provider {name!r}", hint=f"known: {', '.join(provider_names())}")
    try:
        made = found.load()
        if colon and not inspect.signature(made).parameters:
            raise UsageError(f"{name} takes nothing behind the colon")
        provider: Provider = made(argument) if colon else made()
    except (ImportError, AttributeError, TypeError) as error:
        raise UsageError(f"the provider {spelling!r} cannot be used: {error}") from error
    return provider
