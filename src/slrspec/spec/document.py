"""The published page whose rules are specified, its dated editions, and the services that it speaks of."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from slrspec.errors import SpecificationError, UsageError
from slrspec.spec.grants import Grant
from slrspec.spec.services import Service, read_services, services
from slrspec.toml import line_of, tables, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


KEYS = ("id", "title", "url", "edition", "policy")


class Document(Struct, frozen=True):
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
    samples
        What each sample statement of the edition grants, in the page's order.

    """

    id: str
    title: str
    url: str
    edition: str
    policy: str
    services: tuple[Service, ...]
    samples: tuple[tuple[Grant, ...], ...] = ()

    def sample_of(self, action: str) -> tuple[Grant, ...]:
        """Return what the page's sample statement for an action grants.

        Raises
        ------
        SpecificationError
            If the page has no statement about it.

        """
        for sample in self.samples:
            if action.casefold() in {grant.folded for grant in sample}:
                return sample
        raise SpecificationError(
            f"{self.title} has no sample statement for {action}", hint="list it among the blocks of document.toml"
        )


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
    if not file.exists():
        raise SpecificationError("no document.toml beside the features", where=(folder, None))
    try:
        data = _data(file, text_of(file, SpecificationError))
        id_, title, url, today, policy = (data[key] for key in KEYS)
        document = Document(id_, title, url, today, policy, _services(file, data))
        editions = {str(one["date"]): one for one in data.get("editions", [])}
        day = document.edition if edition in {"", "*"} else edition
        if day != document.edition and day not in editions:
            known = ", ".join(sorted(editions)) or document.edition
            raise UsageError(f"unknown edition {day!r} of {document.title}", hint=f"known: {known}")
        listed = editions.get(day, {})
        policy = str(listed.get("policy", document.policy))
        return replace(document, edition=day, policy=policy, samples=tuple(_samples(listed)))
    except KeyError as error:
        raise SpecificationError(f"the key {error} is missing", where=(file, None)) from error


@lru_cache(maxsize=8)
def _data(file: Path, text: str) -> dict[str, Any]:
    """Parse a document's file, for the command that checks it and again for the session that runs it."""
    data = tables(text, file, SpecificationError)
    for key in (key for key in KEYS if key in data):
        if not isinstance(data[key], str):
            raise SpecificationError(f"{key} has to be a text", where=(file, line_of(text, key)))
    return data


def _samples(edition: Mapping[str, Any]) -> Iterator[tuple[Grant, ...]]:
    """Return the grants of the blocks that list them; those of the policy itself stand in the features' tables."""
    for block in edition.get("blocks", ()):
        if "grants" in block:
            yield tuple(Grant(one["action"], one["resource"], one.get("condition", "")) for one in block["grants"])


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
