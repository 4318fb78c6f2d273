"""The policies of the roles: the versions of that of RDS, what pages print, and whatever moto carries of others.

Source: the versions are AWS's own JSON, as published in zoph-io/MAMIP and iann0036/iam-dataset.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from slrspec.errors import UsageError

RDS = "rds.amazonaws.com"
ELASTICACHE = "elasticache.amazonaws.com"
POLICY = "AmazonRDSServiceRolePolicy"
# An edition of the page prints the version that was current when somebody last looked at it, not the newest one.
PRINTED = {"2020-10-09": "v6"}
DEFAULT_EDITION = "2020-10-09"
# The newest known version: what a live policy is held against.
PINNED = "v14"


@dataclass(frozen=True)
class PolicyVersion:
    """One version of the policy of RDS's role.

    Attributes
    ----------
    version
        `v6`.
    created
        Day from which it was in force, as `YYYY-MM-DD`.
    document
        The policy document as JSON text.

    """

    version: str
    created: str
    document: str


def _data(*path: str) -> str:
    from importlib.resources import files

    return files("slrspec.documented").joinpath("data", *path).read_text(encoding="utf-8")


@cache
def policy_versions() -> tuple[PolicyVersion, ...]:
    """Return the known versions of the policy, oldest first."""
    return tuple(
        PolicyVersion(version, created, document)
        for (created, version), document in sorted(_documents("policy-versions.tsv").items())
    )


@cache
def printed_policies() -> dict[str, str]:
    """Return the policies that other pages than that of RDS print, as JSON text by their names.

    No version of a policy need be what a page prints: the one for ElastiCache grants more than AWS ever did.
    """
    return {name: document for (_, name), document in _documents("printed-policies.tsv").items()}


def _documents(file: str) -> dict[tuple[str, str], str]:
    """Return policy documents as JSON text, by day and name, from a table of a line for each grant."""
    rows = [line.split("\t") for line in _data(file).splitlines()[1:]]
    documents: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for name, created, number, sid, action, resource, condition in rows:
        statement = documents.setdefault((created, name), {}).setdefault(
            number, {**({"Sid": sid} if sid else {}), "Effect": "Allow", "Action": {}, "Resource": {}}
        )
        # A statement grants each of its actions on each of its resources; dicts keep both without repetition.
        statement["Action"][action] = statement["Resource"][resource] = None
        if condition:
            statement["Condition"] = json.loads(condition)
    return {key: json.dumps(_document(list(statements.values()))) for key, statements in documents.items()}


def _document(statements: list[dict[str, Any]]) -> dict[str, Any]:
    listed = [
        {**one, "Action": list(one["Action"]), "Resource": _scalar(list(one["Resource"]))} for one in statements
    ]
    return {"Version": "2012-10-17", "Statement": listed}


def _scalar(resources: list[str]) -> str | list[str]:
    return "*" if resources == ["*"] else resources


@cache
def policy_of(edition: str) -> PolicyVersion:
    """Return the version of the policy that an edition stands for.

    Parameters
    ----------
    edition
        Day of an edition of the page, which prints a version, or any other day, on which one was in force; or a
        version itself, `v14`.

    Raises
    ------
    UsageError
        If it is neither a day nor a known version, or a day before the oldest known version.

    """
    versions = policy_versions()
    names = {one.version: one for one in versions}
    wanted = PRINTED.get(edition, edition)
    if wanted in names:
        return names[wanted]
    in_force = [one for one in versions if _is_day(wanted) and one.created <= wanted]
    if not in_force:
        raise UsageError(
            f"no version of the policy for {edition!r}",
            hint=f"a day from {versions[0].created} on, or one of {', '.join(names)}",
        )
    return in_force[-1]


def _is_day(text: str) -> bool:
    from datetime import date

    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def other_policy(name: str) -> str:
    """Return the document of another service's policy as JSON text: as printed, else as moto itself carries it.

    A policy that moto does not know grants nothing here: it is there, and empty.
    """
    return printed_policies().get(name) or _other_policies().get(name, NOTHING)


NOTHING = json.dumps({"Version": "2012-10-17", "Statement": []})


@cache
def _other_policies() -> dict[str, str]:
    """Return the policies of the known services' roles, having read moto's some 1,500 policies once."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    from slrspec.spec.services import services

    carried: dict[str, Any] = json.loads(aws_managed_policies_data)
    wanted = {service.policy for service in services().values()}
    return {name: json.dumps(carried[name]["Document"]) for name in wanted & carried.keys()}
