"""Reading the role and its policy from a provider, or a policy from a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from slrspec.errors import SpecificationError
from slrspec.tracing.drift import Live, NamedPolicy, record_of

if TYPE_CHECKING:
    from pathlib import Path

    from slrspec.providers.contract import Account

SERVICE = "rds.amazonaws.com"


def read_policy(file: Path) -> NamedPolicy:
    """Read a policy from a JSON file: a bare document, what `get-policy-version` prints, or one of slrspec's own.

    Raises
    ------
    SpecificationError
        If the file cannot be read, or holds no policy.

    """
    try:
        data: Any = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecificationError(f"cannot be read: {error.strerror}", where=(file, None)) from error
    except UnicodeDecodeError as error:
        raise SpecificationError("not UTF-8 text", where=(file, None)) from error
    except json.JSONDecodeError as error:
        raise SpecificationError(f"not JSON: {error.msg}", where=(file, error.lineno)) from error
    inner = data.get("PolicyVersion", data) if isinstance(data, dict) else {}
    document = inner.get("Document") or inner.get("document") or inner
    if not isinstance(document, dict) or "Statement" not in document:
        raise SpecificationError("no policy: there is no Statement", where=(file, None))
    version = inner.get("VersionId") or inner.get("version") or ""
    return NamedPolicy(f"{file.name}{f' {version}' if version else ''}", document)


def read_live(account: Account) -> Live:
    """Read the role of RDS and its policy from an account; an empty one is given the role first."""
    iam: Any = account.client("iam")
    notes: list[str] = []
    name = _name(iam)
    if name is None:
        notes.append("the account had no role; it was created")
        name = iam.create_service_linked_role(AWSServiceName=SERVICE)["Role"]["RoleName"]
    attached = [p["PolicyArn"] for p in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]]
    inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
    role = record_of(iam.get_role(RoleName=name)["Role"], attached, inline)
    return Live(role, _policy(iam, attached[0]) if attached else None, tuple(notes))


def _name(iam: Any) -> str | None:  # noqa: ANN401 - boto3 makes its clients' methods at run time
    pages = iam.get_paginator("list_roles").paginate(PathPrefix=f"/aws-service-role/{SERVICE}/")
    return next((str(role["RoleName"]) for page in pages for role in page["Roles"]), None)


def _policy(iam: Any, arn: str) -> NamedPolicy:  # noqa: ANN401
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return NamedPolicy(f"live {version}", document)
