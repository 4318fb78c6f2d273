"""One request that has reached moto, and what of moto's innards the model looks at.

Everything that depends on how moto is made inside is here, in `hooks` and in `caller`, and is checked before
anything is installed.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from slrspec.spec.services import RESERVED_PATH

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Call:
    """A request.

    Attributes
    ----------
    service, action
        `iam`, `PutRolePolicy`.
    parameters
        As the Query protocol spells them, `Tags.member.1.Key`.
    region, account
        Where it goes.
    access_key
        Id of the key that it is signed with.

    """

    service: str
    action: str
    parameters: Mapping[str, str]
    region: str
    account: str
    access_key: str

    @classmethod
    def of(cls, service: str, response: Any) -> Call:  # noqa: ANN401 - moto has no types
        """Read a request out of moto's response object."""
        return cls(
            service=service,
            action=response._get_action() or "",  # noqa: SLF001
            parameters={name: values[0] for name, values in response.querystring.items() if values},
            region=response.region,
            account=response.current_account,
            access_key=response.get_access_key(),
        )

    def get(self, name: str) -> str:
        """Return a parameter, empty if it is not there."""
        return self.parameters.get(name, "")

    def flag(self, name: str) -> bool:
        """Return a parameter that is true or false; absent is false."""
        return self.get(name).casefold() == "true"

    def listed(self, name: str) -> list[str]:
        """Return the members of a list of plain values, in order."""
        pattern = re.compile(rf"{re.escape(name)}\.(?:member\.)?(\d+)")
        found = ((pattern.fullmatch(key), value) for key, value in self.parameters.items())
        return [value for _, value in sorted((int(match[1]), value) for match, value in found if match)]

    def records(self, name: str) -> list[dict[str, str]]:
        """Return the members of a list of structures, by the names behind their numbers."""
        pattern = re.compile(rf"{re.escape(name)}\.(?:member\.)?(\d+)\.(.+)")
        found: dict[int, dict[str, str]] = {}
        for key, value in self.parameters.items():
            if match := pattern.fullmatch(key):
                found.setdefault(int(match[1]), {})[match[2]] = value
        return [record for _, record in sorted(found.items())]

    @cached_property
    def partition(self) -> str:
        """`aws`, `aws-cn`, …, from the Region."""
        from moto.utilities.utils import get_partition

        return str(get_partition(self.region))

    @cached_property
    def iam(self) -> Any:  # noqa: ANN401
        """Moto's IAM backend of the account."""
        return iam_of(self.account, self.partition)

    @cached_property
    def rds(self) -> Any:  # noqa: ANN401
        """Moto's RDS backend of account and Region."""
        from moto.rds.models import rds_backends

        return rds_backends[self.account][self.region]

    def role(self, name: str) -> Any:  # noqa: ANN401
        """Return moto's role of that name, or None."""
        return next((role for role in self.iam.roles.values() if role.name == name), None)

    @cached_property
    def elasticache(self) -> Any:  # noqa: ANN401
        """Moto's ElastiCache backend of account and Region."""
        from moto.elasticache.models import elasticache_backends

        return elasticache_backends[self.account][self.region]

    def role_of(self, principal: str) -> Any:  # noqa: ANN401
        """Return the service-linked role of a service, whatever it is called; None if there is none."""
        return next((role for role in self.iam.roles.values() if service_of(role) == principal), None)


def iam_of(account: str, partition: str) -> Any:  # noqa: ANN401
    """Return moto's IAM backend of an account."""
    from moto.iam.models import iam_backends

    return iam_backends[account][partition]


def role_at(arn: str) -> Any:  # noqa: ANN401
    """Return moto's role of an ARN, in whichever account it is; None if there is none, or if that is no ARN."""
    from moto.utilities.utils import PARTITION_NAMES

    parts = arn.split(":")
    if len(parts) < 6 or parts[1] not in PARTITION_NAMES or not parts[4].isdigit():  # noqa: PLR2004 - an ARN's parts
        return None
    return next((role for role in iam_of(parts[4], parts[1]).roles.values() if role.arn == arn), None)


def backends_of(service: str, account: str) -> dict[str, Any]:
    """Return moto's backends of a service in an account, by Region; none as long as nobody has called it at all."""
    backends = getattr(sys.modules.get(f"moto.{service}.models"), f"{service}_backends", None)
    # moto makes a backend for a Region as soon as somebody looks for it; only those that are there are looked at.
    return {} if backends is None else dict(dict.items(backends[account]))


def service_of(role: Any) -> str:  # noqa: ANN401
    """Return the service that a role is linked to, empty for an ordinary role."""
    linked = getattr(role, "_linked_service", None)
    if linked:
        return str(linked)
    return role.path.removeprefix(RESERVED_PATH).partition("/")[0] if role.path.startswith(RESERVED_PATH) else ""


def document_of(policy: Any) -> str:  # noqa: ANN401
    """Return the JSON text of the default version of moto's managed policy."""
    current = (version for version in policy.versions if version.version_id == policy.default_version_id)
    return str(next(current).document)
