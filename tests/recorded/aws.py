"""AWS's recorded answers about service-linked roles, played at the client, with moto below for everything else.

This is no model to test other programs against. It exists so that the scenarios themselves are tested where moto
stops them early: each answer is one that AWS gave, or that its API reference states, with code, status and message as
recorded. The grade behind each says how it is known: V recorded against real AWS, I seen verbatim in a public issue,
D stated by AWS's documentation, M from memory.
"""

from __future__ import annotations

import json
import re
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NoReturn

from botocore.exceptions import ClientError

from slrspec.providers.contract import Description
from slrspec.providers.moto import MotoProvider
from slrspec.spec.gherkin import read_specification
from slrspec.spec.location import features_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from slrspec.providers.contract import Patience, Principal
    from slrspec.providers.moto import MotoAccount

NAME = "AWSServiceRoleForRDS"
SERVICE = "rds.amazonaws.com"
PATH = f"/aws-service-role/{SERVICE}/"
POLICY = "AmazonRDSServiceRolePolicy"
TASK = re.compile(r"task/aws-service-role/[\w.-]+/[\w+=,.@-]+/[0-9a-f-]{36}")
PROTECTED = f"Cannot perform the operation on the protected role '{NAME}' - this role is only modifiable by AWS"
EDITS = {
    "PutRolePolicy",
    "DeleteRolePolicy",
    "AttachRolePolicy",
    "DetachRolePolicy",
    "UpdateAssumeRolePolicy",
    "PutRolePermissionsBoundary",
    "DeleteRolePermissionsBoundary",
    "AddRoleToInstanceProfile",
    "RemoveRoleFromInstanceProfile",
    "DeleteRole",
}


class RecordedAws(MotoProvider):
    """moto, with AWS's recorded answers in front of it."""

    name = "recorded-aws"

    def describe(self) -> Description:
        return Description(
            product="AWS's recorded answers on moto",
            version="2026-11",
            started_by="in this process",
            capabilities=frozenset({"iam-enforcement", "second-region"}),
        )

    @contextmanager
    def open_account(self, scenario: str) -> Iterator[Any]:
        with super().open_account(scenario) as account:
            yield Player(account)


@dataclass
class Player:
    """One account: asks the recorded answers first, then moto."""

    below: MotoAccount
    policies: dict[str, Any] = field(default_factory=dict)
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    pending: str = ""

    def __post_init__(self) -> None:
        self.account_id: str = self.below.account_id
        self.region: str = self.below.region
        self.second_region: str = self.below.second_region
        self.patience: Patience = self.below.patience

    def principal(self, name: str, policy: Any) -> Principal:
        made = self.below.principal(name, policy)
        self.policies[made.access_key] = policy
        return made

    def unique_name(self, noun: str) -> str:
        return self.below.unique_name(noun)

    def client(self, service: str, *, principal: Principal | None = None, region: str | None = None) -> Any:
        client: Any = self.below.client(service, principal=principal, region=region)
        policy = self.policies[principal.access_key] if principal else None

        def make_api_call(operation: str, parameters: dict[str, Any]) -> Any:
            def below() -> Any:
                return client._make_api_call(operation, parameters)

            refuse_edits(self, operation, parameters)
            handler = HANDLERS.get(operation)
            return handler(self, parameters, policy, below) if handler else below()

        copy = object.__new__(type(client))
        copy.__dict__.update(client.__dict__, _make_api_call=make_api_call)
        return copy

    @property
    def backend(self) -> Any:
        from moto.iam.models import iam_backends

        return iam_backends[self.account_id]["aws"]

    @property
    def role(self) -> Any:
        return next((role for role in self.backend.roles.values() if role.name == NAME), None)

    def create_role(self) -> Any:
        from moto.iam import models

        trust = {"Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = self.backend.create_role(NAME, document, PATH, None, "", [], "3600", linked_service=SERVICE)
        managed: Any = models.AWSManagedPolicy
        policy = managed(
            POLICY,
            account_id=self.account_id,
            region="us-east-1",
            path="/aws-service-role/",
            document=documented_policy(),
        )
        self.backend.managed_policies[policy.arn] = policy
        policy.attach_to(role)
        return role

    def remove_role(self) -> None:
        del self.backend.roles[self.role.id]

    def regions_in_use(self) -> dict[str, list[str]]:
        from moto.rds.models import rds_backends

        backends = dict(rds_backends[self.account_id].items())
        return {region: [i.arn for i in b.databases.values()] for region, b in backends.items() if b.databases}


def documented_policy() -> str:
    """The policy that the page prints, made of the features' own tables."""
    scenarios = read_specification(features_folder()).scenarios
    tables = [step.table[1:] for s in scenarios for step in s.steps if step.text == "the permissions policy grants"]
    statements = [{"Effect": "Allow", "Action": a, "Resource": r} for table in tables for a, r in table]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def refuse(operation: str, code: str, status: int, message: str) -> NoReturn:
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    raise ClientError(response, operation)


def permits(policy: Any, action: str, resource: str, service: str = "") -> bool:
    """Evaluate a principal's one policy; None is the administrator. Source: IAM's policy evaluation logic (D)."""
    if policy is None:
        return True
    effects = set()
    for statement in policy["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        wanted = statement.get("Condition", {}).get("StringLike", {}).get("iam:AWSServiceName")
        if (
            any(fnmatchcase(action.lower(), pattern.lower()) for pattern in actions)
            and fnmatchcase(resource, statement["Resource"])
            and (wanted is None or fnmatchcase(service, wanted))
        ):
            effects.add(statement["Effect"])
    return effects == {"Allow"}


def refuse_edits(player: Player, operation: str, parameters: dict[str, Any]) -> None:
    """V: every edit was tried on a real service-linked role on 2026-09-11."""
    if player.role is None or parameters.get("RoleName") != NAME:
        return
    if operation in EDITS:
        refuse(operation, "UnmodifiableEntity", 400, PROTECTED)
    if operation == "UpdateRole" and "MaxSessionDuration" in parameters:
        message = f"{NAME} is an AWS service linked role, max session duration cannot be changed."
        refuse(operation, "UnmodifiableEntity", 400, message)


def create_service_linked_role(player: Player, parameters: Any, policy: Any, below: Callable[[], Any]) -> Any:
    """V for duplicate and suffix, I for the unknown service and the missing permission."""
    operation, service = "CreateServiceLinkedRole", parameters["AWSServiceName"]
    role = {SERVICE: NAME, "elasticache.amazonaws.com": "AWSServiceRoleForElastiCache"}.get(service)
    arn = f"arn:aws:iam::{player.account_id}:role/aws-service-role/{service}/{role}"
    if not permits(policy, "iam:CreateServiceLinkedRole", arn, service):
        refuse(
            operation, "AccessDenied", 403, f"User is not authorized to perform: iam:{operation} on resource: {arn}"
        )
    if role is None:
        refuse(operation, "AccessDenied", 403, f"Cannot find Service Linked Role template for {service}")
    if "CustomSuffix" in parameters:
        refuse(operation, "InvalidInput", 400, f"Custom suffix is not allowed for {service}")
    if player.role is not None:
        taken = f"Service role name {NAME} has been taken in this account, please try a different suffix."
        refuse(operation, "InvalidInput", 400, taken)
    made = player.create_role()
    return {"Role": {"RoleName": NAME, "Path": PATH, "Arn": arn, "RoleId": made.id}, "ResponseMetadata": {}}


def create_role(player: Player, parameters: Any, policy: Any, below: Callable[[], Any]) -> Any:
    """I: one verbatim source of 2019."""
    if parameters.get("Path", "/").startswith("/aws-service-role/"):
        refuse(
            "CreateRole",
            "InvalidInput",
            400,
            "Path prefix '/aws-service-role/' can only be used for AWS Service linked Roles",
        )
    return below()


def attach(kind: str) -> Callable[..., Any]:
    def attached(player: Player, parameters: Any, policy: Any, below: Callable[[], Any]) -> Any:
        """I with status for roles and users, D for groups."""
        if parameters["PolicyArn"].endswith(f"/aws-service-role/{POLICY}"):
            refuse(f"Attach{kind}Policy", "PolicyNotAttachable", 400, "Cannot attach AWS reserved policy")
        return below()

    return attached


def assume_role(player: Player, parameters: Any, policy: Any, below: Callable[[], Any]) -> Any:
    """I for the template on an ordinary role, M on a service-linked one."""
    if parameters["RoleArn"].endswith(PATH + NAME):
        refuse("AssumeRole", "AccessDenied", 403, "User is not authorized to perform: sts:AssumeRole on resource")
    return below()


def delete_service_linked_role(player: Player, parameters: Any, policy: Any, below: Callable[[], Any]) -> Any:
    """V: id form, the same task for a repeated request, the answer for an ordinary role."""
    operation, name = "DeleteServiceLinkedRole", parameters["RoleName"]
    if not permits(policy, f"iam:{operation}", f"arn:aws:iam::{player.account_id}:role{PATH}{name}"):
        refuse(operation, "AccessDenied", 403, f"User is not authorized to perform: iam:{operation}")
    if name != NAME and any(role.name == name for role in player.backend.roles.values()):
        refuse(operation, "NoSuchEntity", 404, f"{name} exists but is not a service role.")
    if player.role is None:
        refuse(operation, "NoSuchEntity", 404, f"The role with name {name} cannot be found.")
    if not player.pending:
        player.pending = f"task{PATH}{NAME}/{uuid.uuid4()}"
    return {"DeletionTaskId": player.pending, "ResponseMetadata": {}}


def deletion_status(player: Player, parameters: Any, policy: Any, below: Callable[[], Any]) -> Any:
    """V for success, unknown and malformed ids and the shape of a failure; D for RDS's list of Regions."""
    operation, task = "GetServiceLinkedRoleDeletionStatus", parameters["DeletionTaskId"]
    if not TASK.fullmatch(task):
        refuse(operation, "InvalidInput", 400, "Invalid task id")
    if task == player.pending:
        player.pending = ""
        usage = [{"Region": region, "Resources": arns} for region, arns in player.regions_in_use().items()]
        if usage:
            reason = {"Reason": "The role is in use.", "RoleUsageList": usage}
            player.tasks[task] = {"Status": "FAILED", "Reason": reason, "ResponseMetadata": {}}
        else:
            player.remove_role()
            player.tasks[task] = {"Status": "SUCCEEDED", "ResponseMetadata": {}}
    if task not in player.tasks:
        refuse(operation, "NoSuchEntity", 404, "Cannot find deletion status for given id.")
    return player.tasks[task]


def create_db_instance(player: Player, parameters: Any, policy: Any, below: Callable[[], Any]) -> Any:
    """I, three times: the error without the permission; V that RDS makes the role."""
    if player.role is None:
        arn = f"arn:aws:iam::{player.account_id}:role{PATH}{NAME}"
        if not permits(policy, "iam:CreateServiceLinkedRole", arn, SERVICE):
            quoted = (
                "Unable to create the resource. Verify that you have permission to create service linked role. "
                "Otherwise wait and try again later"
            )
            refuse("CreateDBInstance", "InvalidParameterValue", 400, quoted)
        player.create_role()
    return below()


def delete_db_instance(player: Player, parameters: Any, policy: Any, below: Callable[[], Any]) -> Any:
    """I for both refusals."""
    skip, name = parameters.get("SkipFinalSnapshot", False), parameters.get("FinalDBSnapshotIdentifier")
    if not skip and not name:
        message = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
        refuse("DeleteDBInstance", "InvalidParameterCombination", 400, message)
    if skip and name:
        message = "You cannot specify both FinalDBSnapshotIdentifier and SkipFinalSnapshot"
        refuse("DeleteDBInstance", "InvalidParameterCombination", 400, message)
    return below()


def generate_details(player: Player, parameters: Any, policy: Any, below: Callable[[], Any]) -> Any:
    """D: a job of 36 characters."""
    return {"JobId": str(uuid.uuid4()), "ResponseMetadata": {}}


def get_details(player: Player, parameters: Any, policy: Any, below: Callable[[], Any]) -> Any:
    """D: every service that the policy reaches, whether it was used or not."""
    services = {s["Action"].partition(":")[0] for s in json.loads(documented_policy())["Statement"]}
    listed = [{"ServiceName": name, "ServiceNamespace": name} for name in sorted(services)]
    return {"JobStatus": "COMPLETED", "ServicesLastAccessed": listed, "ResponseMetadata": {}}


HANDLERS: dict[str, Callable[..., Any]] = {
    "AssumeRole": assume_role,
    "AttachGroupPolicy": attach("Group"),
    "AttachRolePolicy": attach("Role"),
    "AttachUserPolicy": attach("User"),
    "CreateDBInstance": create_db_instance,
    "CreateRole": create_role,
    "CreateServiceLinkedRole": create_service_linked_role,
    "DeleteDBInstance": delete_db_instance,
    "DeleteServiceLinkedRole": delete_service_linked_role,
    "GenerateServiceLastAccessedDetails": generate_details,
    "GetServiceLastAccessedDetails": get_details,
    "GetServiceLinkedRoleDeletionStatus": deletion_status,
}
