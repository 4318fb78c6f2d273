"""The published page whose rules are specified, its dated editions, and the services that it speaks of."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from slrspec.errors import SpecificationError, UsageError
from slrspec.spec.services import read_services, services

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from slrspec.spec.services import Service


@dataclass(frozen=True)
class Document:
    """One published page.

    Attributes
    ----------
    id
        Short name, also the name of the folder of its features (`rds`).
    title, url
        What the page is called and where AWS publishes it.
    edition
        Date of the edition that the features state, as `YYYY-MM-DD`.
    policy
        Name and version of the managed policy that the edition prints.
    services
        The services whose roles it speaks of; exactly one for most pages.

    """

    id: str
    title: str
    url: str
    edition: str
    policy: str
    services: tuple[Service, ...]


def read_document(folder: Path, edition: str = "") -> Document:
    """Read `document.toml` of a folder of features.

    Parameters
    ----------
    folder
        Where it lies.
    edition
        Day of the edition to put in force; empty or `*` for the one that the file names.

    Raises
    ------
    SpecificationError
        If the file is missing, is no TOML, or lacks one of the keys.
    UsageError
        For an edition that the file does not list.

    """
    file = folder / "document.toml"
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        texts = {key: str(data[key]) for key in ("id", "title", "url", "edition", "policy")}
        document = Document(**texts, services=_services(file, data))
        days = {str(one["date"]): str(one.get("policy", document.policy)) for one in data.get("editions", [])}
        if edition in {"", "*", document.edition}:
            return document
        if edition not in days:
            known = ", ".join(sorted(days)) or document.edition
            raise UsageError(f"unknown edition {edition!r} of {document.title}", hint=f"known: {known}")
        return replace(document, edition=edition, policy=days[edition])
    except FileNotFoundError as error:
        raise SpecificationError("no document.toml beside the features", where=(folder, None)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecificationError(f"not TOML: {error}", where=(file, None)) from error
    except KeyError as error:
        raise SpecificationError(f"the key {error} is missing", where=(file, None)) from error


def _services(file: Path, data: Mapping[str, object]) -> tuple[Service, ...]:
    """Return the one service that the document names, or those of the table that it names."""
    if ("service" in data) == ("services" in data):
        raise SpecificationError("needs either the key 'service' or the key 'services'", where=(file, None))
    if "services" in data:
        return read_services(file.parent / str(data["services"]))
    name = str(data["service"])
    if name not in services():
        raise SpecificationError(
            f"no service {name!r} in the catalogue",
            where=(file, None),
            hint="add it to features/catalogue/services.tsv",
        )
    return (services()[name],)
