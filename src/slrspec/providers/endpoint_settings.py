"""What slrspec has to know of an endpoint, from its URL alone or from `slrspec.toml`."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from slrspec.config import CONFIG, config_file, read_config
from slrspec.errors import SafetyRefusal, UsageError
from slrspec.toml import line_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# AWS itself is for a guarded provider of its own, with an account that is meant for it.
AWS_HOSTS = re.compile(
    r"(^|\.)(amazonaws\.(com|com\.cn|eu)|api\.aws|on\.aws|aws\.dev|c2s\.ic\.gov|sc2s\.sgov\.gov|aws\.amazon\.com)$"
)
NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")
RESET = re.compile(r"(GET|POST|PUT|DELETE) (/\S*)")
ISOLATION = ("account", "reset", "names")


@dataclass(frozen=True)
class EndpointSettings:
    """An endpoint.

    Attributes
    ----------
    name
        What it is selected by.
    url
        `http://host:port`, of a loopback address or of a host in `hosts`.
    hosts
        Hosts besides this machine that may be spoken to.
    region, second_region
        Where calls go.
    access_key, secret_key
        Of the administrator, where accounts are not told apart by access keys.
    isolation
        `account` (a random account id for each scenario), `reset` (the product is emptied before each) or `names`
        (what is left of the scenario before is deleted); empty to find out.
    reset
        Method and path of the product's reset route, `POST /_product/reset`.
    start
        Command that starts the product; it is stopped after the run. Empty if it runs already.
    environment
        Variables for the command.
    capabilities
        See `Description`; None to find out.
    product, version
        Where the product does not tell.
    timeout
        Seconds to wait for an answer.
    patience
        Seconds to wait for something eventual.
    deviations
        File of known deviations; empty for none.

    """

    name: str
    url: str
    hosts: tuple[str, ...] = ()
    region: str = "us-east-1"
    second_region: str = "eu-west-1"
    access_key: str = "test"
    secret_key: str = field(default="test", repr=False)
    isolation: str = ""
    reset: str = ""
    start: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    capabilities: frozenset[str] | None = None
    product: str = ""
    version: str = ""
    timeout: float = 10.0
    patience: float = 3.0
    deviations: str = ""


def checked(settings: EndpointSettings, where: tuple[Path, int | None] | None = None) -> EndpointSettings:
    """Return settings whose address may be spoken to.

    Raises
    ------
    UsageError
        If it is no address, or one of another host that is not allowed by name.
    SafetyRefusal
        If it is one of AWS's own.

    """
    parts = urlsplit(settings.url)
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if parts.scheme not in {"http", "https"} or not host or parts.path not in {"", "/"} or parts.query:
        raise UsageError(
            f"{settings.url!r} is no address of an endpoint", where=where, hint="http://127.0.0.1:5000, say"
        )
    if AWS_HOSTS.search(host.rstrip(".").casefold()) or host == "169.254.169.254":
        raise SafetyRefusal(f"{host} is AWS itself, which an endpoint never may be", where=where)
    if not is_loopback(host) and host not in settings.hosts:
        raise UsageError(
            f"{host} is another machine", where=where, hint=f'allow it by name in {CONFIG}: hosts = ["{host}"]'
        )
    if port == 0:
        raise UsageError(f"{settings.url!r} has no port that anything listens on", where=where)
    return settings


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def named_endpoints(file: Path | None = None) -> dict[str, EndpointSettings]:
    """Return the endpoints of `slrspec.toml` by name; none if there is no such file.

    Raises
    ------
    UsageError
        If the file cannot be used; the message names the line.

    """
    file = file or config_file()
    text, data = read_config(file)
    tables = data.get("providers", {})
    return {name: _endpoint(file, text, name, table) for name, table in tables.items()}


def _endpoint(file: Path, text: str, name: str, table: object) -> EndpointSettings:
    known = {one.name.replace("_", "-"): one for one in fields(EndpointSettings) if one.name != "name"}
    line = line_of(text, name)
    if not isinstance(table, dict) or not NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no endpoint", where=(file, line), hint="[providers.my-emulator]")
    for key in table:
        if key not in known:
            raise UsageError(
                f"unknown setting {key!r} of {name}",
                where=(file, line_of(text, key, line)),
                hint=f"known: {', '.join(known)}",
            )
    if "url" not in table:
        raise UsageError(f"{name} has no url", where=(file, line))
    values = {known[key].name: _value(file, text, line, key, value) for key, value in table.items()}
    made = EndpointSettings(name=name, **values)
    for key, wanted, ok in (
        ("isolation", f"one of: {', '.join(ISOLATION)}", made.isolation in {"", *ISOLATION}),
        ("reset", "a method and a path: POST /reset", not made.reset or RESET.fullmatch(made.reset)),
        ("isolation", "with a reset", made.isolation != "reset" or made.reset),
    ):
        if not ok:
            raise UsageError(f"{key} of {name} has to be {wanted}", where=(file, line_of(text, key, line)))
    return checked(made, (file, line_of(text, "url", line)))


LISTS, TABLES, NUMBERS = ("hosts", "start"), ("environment",), ("timeout", "patience")


def _value(file: Path, text: str, line: int | None, key: str, value: Any) -> Any:  # noqa: ANN401 - TOML's
    """Return a setting as the record has it, or refuse its type."""
    texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
    if key == "capabilities" and texts:
        return frozenset(value)
    if key in LISTS and texts:
        return tuple(value)
    if key in TABLES and isinstance(value, dict) and all(isinstance(one, str) for one in value.values()):
        return value
    if key in NUMBERS and isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return float(value)
    if key not in {"capabilities", *LISTS, *TABLES, *NUMBERS} and isinstance(value, str):
        return value
    kinds = {"environment": "a table of texts", "timeout": "seconds", "patience": "seconds"}
    kind = kinds.get(key, "a list of texts" if key in {"capabilities", *LISTS} else "a text")
    raise UsageError(f"{key} has to be {kind}", where=(file, line_of(text, key, line)))
