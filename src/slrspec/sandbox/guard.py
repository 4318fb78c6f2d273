"""The guard in the client: what a run may call, on which things, and that nothing else is ever signed.

It sits on botocore's events, so that it sees the calls of paginators, waiters and resources as well as raw ones. A
call is let through before it is built (`before-call`), only what was let through is signed (`before-sign`, which
presigned URLs and authentication tokens of RDS come through, too), and only to the right host is it sent
(`before-send`).

Source: botocore's client and signers, read at 1.44; that unregistering a handler disarms it is a known hole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from slrspec.errors import CallRefusedByGuard
from slrspec.sandbox import disposable
from slrspec.sandbox.names import EPOCH_TAG, EXPIRES_TAG, RUN_TAG, SUITE_TAG, parse_name
from slrspec.sandbox.operations import READS, is_read

SERVICES = frozenset(READS)
AWS = ".amazonaws.com"
MARK, PARAMETERS = "slrspec_let_through", "slrspec_parameters"
LINKED_ROLE = re.compile(r"AWSServiceRoleFor(RDS|rds)(_slrspec)?")
# What a sweep may delete besides, where a service has created it against its word.
TRIED_ROLE = re.compile(r"AWSServiceRoleFor(ElastiCache|elasticache|slrspec-no-such-service)")
RESERVED_POLICY = re.compile(
    rf"arn:aws:iam::aws:policy/aws-service-role/(AmazonRDS\w*ServiceRolePolicy|{disposable.POLICY})"
)
# The role's own service, one that must be refused, and one that there is not.
LINKED_SERVICES = {"rds.amazonaws.com", "elasticache.amazonaws.com", "slrspec-no-such-service.amazonaws.com"}
CLASSES = {"db.t4g.micro", "db.t3.micro"}
ENGINES = {"mysql", "mariadb", "postgres"}
LARGEST_GB = 20
LEASE = "/slrspec/lease"
PREFLIGHT_PURPOSE = "the preflight"
NEEDED_TAGS = (SUITE_TAG, RUN_TAG, EPOCH_TAG, EXPIRES_TAG)


@dataclass(frozen=True)
class Permit:
    """What may be called just now.

    Attributes
    ----------
    purpose
        For people: `preflight`, or a scenario's id.
    operations
        As `iam:CreateRole`, by botocore's names of the operations.
    holds_no_lease
        Whether this is about getting or giving back the lease itself.

    """

    purpose: str
    operations: frozenset[str]
    holds_no_lease: bool = False


NOTHING = Permit("nothing", frozenset())


@dataclass
class Guard:
    """Lets through what the permit of the moment has, of the run's own things, to the right hosts.

    Attributes
    ----------
    run, account_id, regions
        Whose names and tags are right, and where.
    host
        `127.0.0.1:5000` of a rehearsal; empty for AWS, to which everything goes by HTTPS.
    refused
        What was refused so far, in words.
    before_write
        Called before a write is let through; refuses by raising (the lease was lost, say).
    owns_role
        Whether the service-linked role of RDS may be written to, and be deleted.
    sweeping
        Whether the things of any run are the run's own, because it takes away what others have left.
    unwanted
        Names of other service-linked roles that the run has made because a refusal did not come.

    """

    run: str
    account_id: str
    regions: tuple[str, ...]
    host: str = ""
    refused: list[str] = field(default_factory=list)
    before_write: Callable[[], None] = lambda: None
    owns_role: bool = False
    sweeping: bool = False
    unwanted: set[str] = field(default_factory=set)
    _permit: Permit = NOTHING

    def register(self, events: Any) -> None:  # noqa: ANN401 - botocore's emitter
        """Put the guard on a session's events; every client that the session makes takes it along."""
        events.register("creating-client-class", self._creating_client)
        events.register_last("before-parameter-build", self._parameters)
        events.register("before-call", self._before_call)
        events.register("before-sign", self._before_sign)
        events.register("before-send", self._before_send)

    @contextmanager
    def permitted(
        self, purpose: str, operations: frozenset[str], *, holds_no_lease: bool = False
    ) -> Iterator[None]:
        """Let the operations through for as long as the context lasts, and no others."""
        before, self._permit = self._permit, Permit(purpose, operations, holds_no_lease)
        try:
            yield
        finally:
            self._permit = before

    def check(self, service: str, operation: str, region: str, parameters: Mapping[str, Any]) -> None:
        """Refuse a call that may not be made, by its parameters as they are before botocore writes them.

        Raises
        ------
        CallRefusedByGuard
            If the permit has not the operation, or the thing is not the run's own.

        """
        name = f"{service}:{operation}"
        if name not in self._permit.operations:
            raise self._refusal(f"{name} is not in the plan of {self._permit.purpose}")
        if is_read(service, operation) and self._permit.purpose == PREFLIGHT_PURPOSE:
            return  # which looks into every Region
        if service != "iam" and region not in self.regions:
            raise self._refusal(f"{name} in {region}, which is none of the sandbox's Regions")
        if is_read(service, operation):
            return
        rule = RULES.get(name)
        if rule is None:
            raise self._refusal(f"{name} is no write that slrspec knows")
        if wrong := rule(self, parameters):
            raise self._refusal(f"{name}: {wrong}")

    # ---- botocore's events

    def _creating_client(self, *, event_name: str, **_: object) -> None:
        service = event_name.rpartition(".")[2]
        if service not in SERVICES:
            raise self._refusal(f"a client for {service}, which no scenario needs")

    @staticmethod
    def _parameters(*, params: Mapping[str, Any], context: dict[str, Any], **_: object) -> None:
        context[PARAMETERS] = params

    def _before_call(self, *, model: Any, params: dict[str, Any], **_: Any) -> None:  # noqa: ANN401
        service = model.service_model.service_name
        told = params["context"].get(PARAMETERS)
        region = params["context"].get("client_region", "")
        if told is None:
            raise self._refusal(f"{service}:{model.name} was not called with its parameters in sight")
        self._check_host(params["url"])
        self.check(service, model.name, region, told)
        if not is_read(service, model.name) and not self._permit.holds_no_lease:
            self.before_write()
        params["context"][MARK] = self

    def _before_sign(self, *, request: Any, operation_name: str, **_: Any) -> None:  # noqa: ANN401
        if request.context.get(MARK) is not self:
            raise self._refusal(f"{operation_name} was to be signed without having been let through")

    def _before_send(self, *, request: Any, **_: Any) -> None:  # noqa: ANN401
        self._check_host(request.url)

    def _check_host(self, url: str) -> None:
        parts = urlsplit(url)
        if self.host:
            right = parts.scheme == "http" and parts.netloc == self.host
        else:
            right = parts.scheme == "https" and (parts.hostname or "").endswith(AWS) and parts.port in {None, 443}
        if not right:
            raise self._refusal(f"a request to {parts.scheme}://{parts.netloc}, which is not the sandbox's")

    def _refusal(self, why: str) -> CallRefusedByGuard:
        self.refused.append(why)
        return CallRefusedByGuard(f"the guard refused {why}", hint="nothing was sent")

    # ---- what is the run's own

    def is_own(self, name: object) -> bool:
        """Tell whether a name is one that this run gives."""
        found = parse_name(name) if isinstance(name, str) else None
        return found is not None and (self.sweeping or found.run == self.run)

    def may_write_to(self, role: object) -> bool:
        """Tell whether a role is the run's own: by its name, by its suffix, or because there was none before."""
        if not isinstance(role, str):
            return False
        linked = self.owns_role and LINKED_ROLE.fullmatch(role) is not None
        tried = role in self.unwanted or (self.sweeping and TRIED_ROLE.fullmatch(role) is not None)
        return self.is_own(role) or linked or tried or self.is_own(disposable.suffix_of(role))


# ---- the rules for what a write is done to: each returns what is wrong, or an empty text

Rule = Callable[[Guard, Mapping[str, Any]], str]


def _own(key: str) -> Rule:
    def rule(guard: Guard, given: Mapping[str, Any]) -> str:
        return "" if guard.is_own(given.get(key)) else f"{key} {given.get(key)!r} is not of this run"

    return rule


def _tagged(key: str) -> Rule:
    """Ask for the run's name and its tags on a new thing."""

    def rule(guard: Guard, given: Mapping[str, Any]) -> str:
        return _own(key)(guard, given) or _tags(guard, given)

    return rule


def _tags(guard: Guard, given: Mapping[str, Any]) -> str:
    tags = {tag.get("Key"): tag.get("Value") for tag in given.get("Tags") or ()}
    missing = [key for key in NEEDED_TAGS if not tags.get(key)]
    if missing:
        return f"the tag {missing[0]} is missing"
    return "" if tags[RUN_TAG] == guard.run else f"tagged for the run {tags[RUN_TAG]}"


def _role(guard: Guard, given: Mapping[str, Any]) -> str:
    """Ask for a role of the run's own, or for the service-linked one where that is."""
    name = given.get("RoleName")
    return "" if guard.may_write_to(name) else f"the role {name!r} is not of this run"


def _profile(guard: Guard, given: Mapping[str, Any]) -> str:
    return _own("InstanceProfileName")(guard, given) or ("" if "RoleName" not in given else _role(guard, given))


def _policy(guard: Guard, given: Mapping[str, Any], key: str = "PolicyArn") -> str:
    arn = str(given.get(key, ""))
    own = arn.startswith(f"arn:aws:iam::{guard.account_id}:policy/") and guard.is_own(arn.rpartition("/")[2])
    return "" if own or RESERVED_POLICY.fullmatch(arn) else f"the policy {arn} is not of this run"


def _attached_to(entity: Rule) -> Rule:
    return lambda guard, given: entity(guard, given) or _policy(guard, given)


def _boundary(guard: Guard, given: Mapping[str, Any]) -> str:
    return _role(guard, given) or _policy(guard, given, "PermissionsBoundary")


def _harmless_inline(guard: Guard, given: Mapping[str, Any]) -> str:
    """Ask for an inline policy that would do no harm if the service took it against its word."""
    return _role(guard, given) or _harmless(given, "PolicyDocument")


def _harmless(given: Mapping[str, Any], key: str) -> str:
    try:
        statements = json.loads(given[key])["Statement"]
    except (KeyError, TypeError, ValueError):
        return f"{key} is no policy"
    for statement in statements if isinstance(statements, list) else [statements]:
        if statement.get("Effect") != "Deny" and statement.get("Action") != "s3:ListAllMyBuckets":
            return f"{key} allows {statement.get('Action')}"
    return ""


def _trust(guard: Guard, given: Mapping[str, Any]) -> str:
    """Ask for a trust policy that lets in services that nobody here runs, or the account itself."""
    document = given.get("AssumeRolePolicyDocument", given.get("PolicyDocument", ""))
    try:
        principals = [statement["Principal"] for statement in json.loads(document)["Statement"]]
    except (KeyError, TypeError, ValueError):
        return "the trust policy cannot be read"
    harmless: tuple[dict[str, str], ...] = (
        {"Service": "ec2.amazonaws.com"},
        {"Service": "lambda.amazonaws.com"},
        {"Service": "rds.amazonaws.com"},  # whom the service-linked role is brought back to trust
        {"AWS": f"arn:aws:iam::{guard.account_id}:root"},
    )
    return "" if all(principal in harmless for principal in principals) else f"it would trust {principals}"


def _creates_role(guard: Guard, given: Mapping[str, Any]) -> str:
    return _tagged("RoleName")(guard, given) or _trust(guard, given)


def _replaces_trust(guard: Guard, given: Mapping[str, Any]) -> str:
    return _role(guard, given) or _trust(guard, given)


def _creates_policy(guard: Guard, given: Mapping[str, Any]) -> str:
    return _tagged("PolicyName")(guard, given) or _harmless(given, "PolicyDocument")


def _creates_linked(guard: Guard, given: Mapping[str, Any]) -> str:
    """Ask for a service whose role the scenarios are about, and of Auto Scaling for a suffix of the run's own."""
    service = given.get("AWSServiceName")
    if service == disposable.SERVICE:
        suffix = given.get("CustomSuffix")
        own = guard.is_own(suffix) and disposable.asked_for(given)
        return "" if own else f"the suffix {suffix!r} is not of this run"
    return "" if service in LINKED_SERVICES else f"the service {service!r} has no rule here"


def _assumes(guard: Guard, given: Mapping[str, Any]) -> str:
    arn = str(given.get("RoleArn", ""))
    name = arn.rpartition("/")[2]
    inside = arn.startswith(f"arn:aws:iam::{guard.account_id}:role/")
    # To be refused does no harm, whosever role it is, and nobody uses what one that does not refuse hands out.
    right = guard.is_own(name) or LINKED_ROLE.fullmatch(name)
    return "" if inside and right else f"the role {arn} is another's"


def _creates_instance(guard: Guard, given: Mapping[str, Any]) -> str:
    """Ask for the smallest instance there is, to be seen by nobody, under the run's name and tags."""
    size, engine, storage = (given.get(key) for key in ("DBInstanceClass", "Engine", "AllocatedStorage"))
    public, backups = given.get("PubliclyAccessible"), given.get("BackupRetentionPeriod")
    limits = (
        ("the class", size, size in CLASSES),
        ("the engine", engine, engine in ENGINES),
        ("the storage", storage, isinstance(storage, int) and 0 < storage <= LARGEST_GB),
        ("public access", public, public is False),
        ("the time that backups are kept", backups, backups == 0),
    )
    for what, value, right in limits:
        if not right:
            return f"{what} is {value!r}"
    if surplus := set(given) - INSTANCE_PARAMETERS:
        return f"{min(surplus)} is not of the smallest instance"
    return _tagged("DBInstanceIdentifier")(guard, given)


INSTANCE_PARAMETERS = {
    "AllocatedStorage",
    "BackupRetentionPeriod",
    "DBInstanceClass",
    "DBInstanceIdentifier",
    "DeletionProtection",
    "Engine",
    "MasterUserPassword",
    "MasterUsername",
    "PubliclyAccessible",
    "Tags",
}


def _deletes_instance(guard: Guard, given: Mapping[str, Any]) -> str:
    final = given.get("FinalDBSnapshotIdentifier")
    if final is not None and not guard.is_own(final):
        return f"the final snapshot {final!r} would not be of this run"
    return _own("DBInstanceIdentifier")(guard, given)


def _unprotects_instance(guard: Guard, given: Mapping[str, Any]) -> str:
    if (
        set(given) - {"DBInstanceIdentifier", "DeletionProtection", "ApplyImmediately"}
        or given["DeletionProtection"]
    ):
        return "only deletion protection may be modified, and only be taken off"
    return _own("DBInstanceIdentifier")(guard, given)


def _user_with_boundary(guard: Guard, given: Mapping[str, Any]) -> str:
    """Ask for a boundary on a new user, which only a rehearsal does without."""
    if not guard.host and not given.get("PermissionsBoundary"):
        return "a user without a permissions boundary"
    return _tagged("UserName")(guard, given)


def _lease_parameter(_: Guard, given: Mapping[str, Any]) -> str:
    name = str(given.get("Name", ""))
    if not name.startswith(f"{LEASE}/"):
        return f"the parameter {name!r} is no lease"
    return "a lease is never overwritten" if given.get("Overwrite") else ""


RULES: dict[str, Rule] = {
    "iam:AddRoleToInstanceProfile": _profile,
    "iam:AttachGroupPolicy": _attached_to(_own("GroupName")),
    "iam:AttachRolePolicy": _attached_to(_role),
    "iam:AttachUserPolicy": _attached_to(_own("UserName")),
    "iam:CreateAccessKey": _own("UserName"),
    "iam:CreateGroup": _own("GroupName"),
    "iam:CreateInstanceProfile": _tagged("InstanceProfileName"),
    "iam:CreatePolicy": _creates_policy,
    "iam:CreateRole": _creates_role,
    "iam:CreateServiceLinkedRole": _creates_linked,
    "iam:CreateUser": _user_with_boundary,
    "iam:DeleteAccessKey": _own("UserName"),
    "iam:DeleteGroup": _own("GroupName"),
    "iam:DeleteInstanceProfile": _own("InstanceProfileName"),
    "iam:DeletePolicy": _policy,
    "iam:DeleteRole": _role,
    "iam:DeleteRolePermissionsBoundary": _role,
    "iam:DeleteRolePolicy": _role,
    "iam:DeleteServiceLinkedRole": _role,
    "iam:DeleteUser": _own("UserName"),
    "iam:DeleteUserPolicy": _own("UserName"),
    "iam:DetachGroupPolicy": _attached_to(_own("GroupName")),
    "iam:DetachRolePolicy": _attached_to(_role),
    "iam:DetachUserPolicy": _attached_to(_own("UserName")),
    "iam:PutRolePermissionsBoundary": _boundary,
    "iam:PutRolePolicy": _harmless_inline,
    "iam:PutUserPolicy": _own("UserName"),
    "iam:RemoveRoleFromInstanceProfile": _profile,
    "iam:TagRole": _role,
    "iam:UntagRole": _role,
    "iam:UpdateAssumeRolePolicy": _replaces_trust,
    "iam:UpdateRole": _role,
    "iam:UpdateRoleDescription": _role,
    "rds:CreateDBInstance": _creates_instance,
    "rds:DeleteDBInstance": _deletes_instance,
    "rds:DeleteDBSnapshot": _own("DBSnapshotIdentifier"),
    "rds:ModifyDBInstance": _unprotects_instance,
    "ssm:DeleteParameter": _lease_parameter,
    "ssm:PutParameter": _lease_parameter,
    "sts:AssumeRole": _assumes,
}
