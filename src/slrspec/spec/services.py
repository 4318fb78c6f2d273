"""The services that have a service-linked role, each with what AWS was seen to give it: a row of data a service.

The rows lie beside the features of the catalogue (`features/catalogue/services.tsv`). Every other document names
one of them as its service.
"""

from __future__ import annotations

import csv
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from slrspec.errors import SpecificationError
from slrspec.spec.location import features_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "services.tsv"
COLUMNS = ("service", "role", "policy", "suffix", "source", "recorded")
RESERVED_PATH = "/aws-service-role/"
SUFFIX = {"yes": True, "no": False}


class Service(Struct, frozen=True, gc=False):
    """A service that has a service-linked role.

    Attributes
    ----------
    principal
        Its name in trust policies: `rds.amazonaws.com`.
    role
        The name of its role, without suffix.
    policy
        The name of the role's one managed policy.
    takes_suffix
        Whether an account may have several such roles, told apart by a suffix.
    source, recorded
        Who has seen this on AWS, and on which day, as `YYYY-MM-DD`.

    """

    principal: str
    role: str
    policy: str
    takes_suffix: bool
    source: str = ""
    recorded: str = ""

    @property
    def path(self) -> str:
        """The path of its role."""
        return f"{RESERVED_PATH}{self.principal}/"

    @property
    def policy_arn(self) -> str:
        """The ARN of the role's policy, in the partition `aws`."""
        return f"arn:aws:iam::aws:policy{RESERVED_PATH}{self.policy}"


def read_services(file: Path) -> tuple[Service, ...]:
    """Read a table of services: columns set apart by tabs, the first line names them.

    Raises
    ------
    SpecificationError
        If the file is missing, or a line is none of the table; the error names the line.

    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise SpecificationError("no such table of services", where=(file, None)) from error
    except UnicodeDecodeError as error:
        raise SpecificationError("not UTF-8 text", where=(file, None)) from error
    if not lines or tuple(lines[0].split("\t")) != COLUMNS:
        raise SpecificationError(f"the columns must be {', '.join(COLUMNS)}, set apart by tabs", where=(file, 1))
    found: dict[str, Service] = {}
    for number, row in enumerate(csv.DictReader(lines, delimiter="\t"), start=2):
        service = _service(file, number, row)
        if service.principal in found:
            raise SpecificationError(f"a second line for {service.principal}", where=(file, number))
        found[service.principal] = service
    return tuple(found.values())


def _service(file: Path, number: int, row: Mapping[str, str | None]) -> Service:
    values = [row.get(column) or "" for column in COLUMNS]
    if not all(values) or None in row:
        raise SpecificationError(f"a line has {len(COLUMNS)} columns, none of them empty", where=(file, number))
    principal, role, policy, suffix, source, recorded = values
    if suffix not in SUFFIX:
        raise SpecificationError(f"suffix is yes or no, not {suffix!r}", where=(file, number))
    try:
        date.fromisoformat(recorded)
    except ValueError as error:
        raise SpecificationError(f"{recorded!r} is no day", where=(file, number), hint="YYYY-MM-DD") from error
    return Service(principal, role, policy, SUFFIX[suffix], source, recorded)


@cache
def services() -> dict[str, Service]:
    """Return the services of the catalogue by their principals."""
    return {service.principal: service for service in read_services(features_folder("catalogue") / FILE)}
