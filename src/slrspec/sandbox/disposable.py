"""Service-linked roles that a run may make and delete in any account: those with a suffix of the run's own.

A service that takes a suffix lets an account have several roles of it. One of a run's own is needed by nobody else,
so that the refusals and the deletion can be seen where the role of RDS is somebody else's, without an instance and
for nothing. Only a role that ends in a name of the run is ever written to; others of the service are not looked at.

Source: IAM API reference, CreateServiceLinkedRole (CustomSuffix, refused by services that take none); Auto Scaling
takes one, as LocalStack recorded on AWS on 2025-03-13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slrspec.sandbox.names import parse_name

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICE = "autoscaling.amazonaws.com"
PATH = f"/aws-service-role/{SERVICE}/"
ROLE, POLICY = "AWSServiceRoleForAutoScaling", "AutoScalingServiceRolePolicy"
COMMAND = "--document catalogue --tag disposable --service autoscaling"
"""What selects the scenarios that need nothing but such roles."""


def suffix_of(role: str) -> str:
    """Return the suffix of a disposable role, a name that some run has given; empty for any other role."""
    name, _, suffix = role.partition("_")
    return suffix if name == ROLE and is_suffix(suffix) else ""


def is_suffix(text: str) -> bool:
    """Tell whether a suffix is a name that some run has given."""
    found = parse_name(text)
    return found is not None and not found.final


def role_of(suffix: str) -> str:
    """Return the name of the role that a suffix makes."""
    return f"{ROLE}_{suffix}"


def asked_for(parameters: Mapping[str, Any]) -> str:
    """Return the suffix of the disposable role that a call asks for; empty if it asks for none."""
    suffix = str(parameters.get("CustomSuffix", ""))
    return suffix if parameters.get("AWSServiceName") == SERVICE and is_suffix(suffix) else ""
