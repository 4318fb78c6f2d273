"""The runner's policy has what slrspec calls and nothing else, on the run's own things and on nobody else's."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from slrspec.documented.conditions import known
from slrspec.documented.evaluation import Decision, Request, decide
from slrspec.errors import SpecificationError
from slrspec.sandbox import policy
from slrspec.sandbox.guard import RULES
from slrspec.sandbox.operations import is_read
from slrspec.sandbox.policy import (
    GRANTS,
    PARTS,
    called,
    needed,
    peoples_boundary,
    runner_boundary,
    runner_policies,
    statements,
)
from tests.conftest import ROOT

ACCOUNT, OWN = "111122223333", "slrspec-261125-k3v7qa-1"
FILLED = {
    "${AWS::AccountId}": ACCOUNT,
    "${AWS::Partition}": "aws",
    "${Name}": "runner",
    "${Region}": "us-east-1",
    "${SecondRegion}": "eu-west-1",
}
SUITE = {"slrspec-suite": "rds-slr"}
LARGEST_MANAGED_POLICY = 6144


def filled(document: Mapping[str, Any]) -> dict[str, Any]:
    text = json.dumps(document)
    for placeholder, value in FILLED.items():
        text = text.replace(placeholder, value)
    found: dict[str, Any] = json.loads(text)
    return found


def allowed(action: str, resource: str, **context: str) -> bool:
    """Ask the evaluator that follows IAM's rules, as the runner with its boundary."""
    values = {"aws:RequestedRegion": ["us-east-1"]} | {key: [value] for key, value in context.items()}
    decision = decide(
        [filled(one) for one in runner_policies().values()],
        Request(action, resource, values),
        boundary=filled(runner_boundary()),
    )
    return decision is Decision.ALLOWED


def test_each_operation_has_its_grant_and_each_grant_its_operation() -> None:
    granted = {action for grant in GRANTS for action in grant.actions}
    assert needed(called()) == granted
    in_documents = {
        action
        for one in runner_policies().values()
        for statement in one["Statement"]
        for action in statement["Action"]
    }
    assert in_documents == granted
    assert not [action for action in granted if "*" in action]


def test_an_operation_without_a_grant_is_refused() -> None:
    with pytest.raises(SpecificationError, match="nothing grants s3:DeleteBucket"):
        statements(PARTS[0], frozenset({"s3:DeleteBucket"}))


def test_what_nobody_calls_is_not_granted() -> None:
    less = called() - {"iam:CreateGroup", "iam:DeleteGroup"}
    sids = {statement["Sid"] for part in PARTS for statement in statements(part, less)}
    assert "Groups" not in sids


def test_each_write_has_a_rule_of_the_guard_and_each_rule_a_write() -> None:
    assert set(RULES) == {name for name in called() if not is_read(*name.split(":"))}


def test_people_try_no_more_than_their_boundary_has() -> None:
    """By the exchanges of a run: whoever is not the administrator."""
    from slrspec.running.engine import Observer, Request, execute
    from slrspec.running.selection import Selection

    run = execute(
        Request(("documented",), selection=Selection(tags=("needs-iam-enforcement",))), Observer(lambda _: None)
    )
    deeds = {
        f"{exchange.service}:{exchange.operation}"
        for scenario in run.scenarios
        for exchange in scenario.exchanges
        if exchange.principal != "administrator"
    }
    assert deeds == policy.PEOPLES_DEEDS


@pytest.mark.parametrize("name", [*runner_policies(), "runner-boundary", "people"])
def test_iam_takes_each_document(name: str) -> None:
    documents = {**runner_policies(), "runner-boundary": runner_boundary(), "people": peoples_boundary()}
    text = json.dumps(filled(documents[name]))
    assert len(re.sub(r"\s", "", text)) <= LARGEST_MANAGED_POLICY
    assert "${" not in text
    for statement in documents[name]["Statement"]:
        assert re.fullmatch(r"[A-Za-z0-9]+", statement["Sid"])
        assert all(known(operator) for operator in statement.get("Condition", {}))


DB, ROLE = f"arn:aws:rds:us-east-1:{ACCOUNT}:db:{OWN}", f"arn:aws:iam::{ACCOUNT}:role/"
THE_ROLE = f"{ROLE}aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS"
PEOPLE = f"arn:aws:iam::{ACCOUNT}:policy/slrspec/runner-of-people"
NEW = {"aws:RequestTag/slrspec-suite": "rds-slr"}
SMALL = {**NEW, "rds:DatabaseClass": "db.t4g.micro", "rds:DatabaseEngine": "mysql", "rds:StorageSize": "20"}
TAGGED = {"aws:ResourceTag/slrspec-suite": "rds-slr"}
DISPOSABLE = f"{ROLE}aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
FOR_AUTO_SCALING = {"iam:AWSServiceName": "autoscaling.amazonaws.com"}
RESERVED = "arn:aws:iam::aws:policy/aws-service-role/AmazonRDSServiceRolePolicy"

# What must be possible, for otherwise a rule would seem broken.
ALLOWED: dict[str, tuple[str, str, dict[str, str]]] = {
    "the smallest instance": ("rds:CreateDBInstance", DB, SMALL),
    "in a default group": (
        "rds:CreateDBInstance",
        f"arn:aws:rds:us-east-1:{ACCOUNT}:subgrp:default",
        SMALL,
    ),
    "in the second Region": (
        "rds:CreateDBInstance",
        DB.replace("us-east-1", "eu-west-1"),
        {**SMALL, "aws:RequestedRegion": "eu-west-1"},
    ),
    "deleting an instance of ours": ("rds:DeleteDBInstance", DB, TAGGED),
    "deleting an instance that there is not": ("rds:DeleteDBInstance", DB, {}),
    "looking in any Region": ("rds:DescribeDBInstances", "*", {"aws:RequestedRegion": "ap-south-1"}),
    "creating the role": (
        "iam:CreateServiceLinkedRole",
        THE_ROLE,
        {"iam:AWSServiceName": "rds.amazonaws.com"},
    ),
    "creating it with a suffix": (
        "iam:CreateServiceLinkedRole",
        f"{THE_ROLE}_slrspec",
        {"iam:AWSServiceName": "rds.amazonaws.com"},
    ),
    "creating one of no service": (
        "iam:CreateServiceLinkedRole",
        f"{ROLE}aws-service-role/slrspec-no-such-service.amazonaws.com/AWSServiceRoleForX",
        {"iam:AWSServiceName": "slrspec-no-such-service.amazonaws.com"},
    ),
    "creating a role with a suffix of the run's own": (
        "iam:CreateServiceLinkedRole",
        f"{DISPOSABLE}_{OWN}",
        FOR_AUTO_SCALING,
    ),
    "deleting it": ("iam:DeleteServiceLinkedRole", f"{DISPOSABLE}_{OWN}", {}),
    "trying to delete it like any other": ("iam:DeleteRole", f"{DISPOSABLE}_{OWN}", {}),
    "deleting the role once it is tagged": ("iam:DeleteServiceLinkedRole", THE_ROLE, TAGGED),
    "deleting an ordinary role as if service-linked": ("iam:DeleteServiceLinkedRole", f"{ROLE}{OWN}", {}),
    "trying to delete the role like any other": ("iam:DeleteRole", THE_ROLE, {}),
    "trying to assume the role": ("sts:AssumeRole", THE_ROLE, {}),
    "an ordinary role below the reserved path": (
        "iam:CreateRole",
        f"{ROLE}aws-service-role/rds.amazonaws.com/{OWN}",
        NEW,
    ),
    "trying to attach the reserved policy": ("iam:AttachRolePolicy", f"{ROLE}{OWN}", {"iam:PolicyARN": RESERVED}),
    "people within their boundary": (
        "iam:CreateUser",
        f"arn:aws:iam::{ACCOUNT}:user/{OWN}",
        {**NEW, "iam:PermissionsBoundary": PEOPLE},
    ),
    "taking the lease": (
        "ssm:PutParameter",
        f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/slrspec/lease/1",
        {"ssm:Overwrite": "false"},
    ),
    "looking for a lease in the other Region": (
        "ssm:GetParametersByPath",
        f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/slrspec/lease",
        {"aws:RequestedRegion": "eu-west-1"},
    ),
}

# What must not be, whatever the client does.
DENIED: dict[str, tuple[str, str, dict[str, str]]] = {
    "a large instance": ("rds:CreateDBInstance", DB, {**SMALL, "rds:DatabaseClass": "db.r5.24xlarge"}),
    "much storage": ("rds:CreateDBInstance", DB, {**SMALL, "rds:StorageSize": "21"}),
    "another engine": ("rds:CreateDBInstance", DB, {**SMALL, "rds:DatabaseEngine": "oracle-ee"}),
    "two zones": ("rds:CreateDBInstance", DB, {**SMALL, "rds:MultiAz": "true"}),
    "a public instance": ("rds:CreateDBInstance", DB, {**SMALL, "rds:PubliclyAccessible": "true"}),
    "an instance without our tag": (
        "rds:CreateDBInstance",
        DB,
        {key: value for key, value in SMALL.items() if key not in NEW},
    ),
    "an instance of another name": ("rds:CreateDBInstance", DB.replace(OWN, "production"), SMALL),
    "a third Region": (
        "rds:CreateDBInstance",
        DB.replace("us-east-1", "ap-south-1"),
        {**SMALL, "aws:RequestedRegion": "ap-south-1"},
    ),
    "a foreign instance": ("rds:DeleteDBInstance", DB.replace(OWN, "production"), {}),
    "an instance with our name and another's tag": (
        "rds:DeleteDBInstance",
        DB,
        {"aws:ResourceTag/slrspec-suite": "another"},
    ),
    "the role of somebody else": ("iam:DeleteServiceLinkedRole", THE_ROLE, {}),
    "another service's role": (
        "iam:DeleteServiceLinkedRole",
        f"{ROLE}aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        TAGGED,
    ),
    "creating another service's role": (
        "iam:CreateServiceLinkedRole",
        THE_ROLE,
        {"iam:AWSServiceName": "ecs.amazonaws.com"},
    ),
    "a role of Auto Scaling without suffix": ("iam:CreateServiceLinkedRole", DISPOSABLE, FOR_AUTO_SCALING),
    "a role of Auto Scaling with another's suffix": (
        "iam:CreateServiceLinkedRole",
        f"{DISPOSABLE}_theirs",
        FOR_AUTO_SCALING,
    ),
    "deleting the role of Auto Scaling": ("iam:DeleteServiceLinkedRole", DISPOSABLE, TAGGED),
    "deleting one with another's suffix": ("iam:DeleteServiceLinkedRole", f"{DISPOSABLE}_theirs", TAGGED),
    "a role of another service with a suffix of ours": (
        "iam:CreateServiceLinkedRole",
        f"{DISPOSABLE}_{OWN}",
        {"iam:AWSServiceName": "connect.amazonaws.com"},
    ),
    "a foreign role": ("iam:DeleteRole", f"{ROLE}admin", {}),
    "creating a role of another name": ("iam:CreateRole", f"{ROLE}admin", NEW),
    "creating a role without our tag": ("iam:CreateRole", f"{ROLE}{OWN}", {}),
    "assuming a foreign role": ("sts:AssumeRole", f"{ROLE}admin", {}),
    "the runner's own role": ("iam:UpdateAssumeRolePolicy", f"{ROLE}slrspec/runner", {}),
    "passing a foreign role": ("iam:PassRole", f"{ROLE}admin", {}),
    "attaching what AWS gives administrators": (
        "iam:AttachRolePolicy",
        f"{ROLE}{OWN}",
        {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"},
    ),
    "somebody without a boundary": ("iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/{OWN}", NEW),
    "a policy for somebody without a boundary": ("iam:PutUserPolicy", f"arn:aws:iam::{ACCOUNT}:user/{OWN}", {}),
    "a key for a foreign user": ("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/admin", {}),
    "overwriting a lease": (
        "ssm:PutParameter",
        f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/slrspec/lease/1",
        {"ssm:Overwrite": "true"},
    ),
    "another parameter": (
        "ssm:PutParameter",
        f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/secret",
        {"ssm:Overwrite": "false"},
    ),
    "buying": ("rds:PurchaseReservedDBInstancesOffering", "*", {}),
    "a cluster": ("rds:CreateDBCluster", f"arn:aws:rds:us-east-1:{ACCOUNT}:cluster:{OWN}", SMALL),
    "anything else": ("s3:DeleteBucket", "arn:aws:s3:::anything", {}),
}


@pytest.mark.parametrize("what", ALLOWED)
def test_what_a_night_needs_is_allowed(what: str) -> None:
    action, resource, context = ALLOWED[what]
    assert allowed(action, resource, **context)


@pytest.mark.parametrize("what", DENIED)
def test_what_would_do_harm_is_denied(what: str) -> None:
    action, resource, context = DENIED[what]
    assert not allowed(action, resource, **context)


@pytest.mark.parametrize(
    ("action", "resource", "context", "expected"),
    [
        ("iam:CreateServiceLinkedRole", THE_ROLE, {"iam:AWSServiceName": "rds.amazonaws.com"}, True),
        (
            "iam:CreateServiceLinkedRole",
            f"{ROLE}aws-service-role/elasticache.amazonaws.com/AWSServiceRoleForElastiCache",
            {"iam:AWSServiceName": "elasticache.amazonaws.com"},
            True,  # so that it is the person's own policy that refuses it
        ),
        ("rds:CreateDBInstance", DB, SMALL, True),
        ("rds:CreateDBInstance", DB, {**SMALL, "rds:DatabaseClass": "db.r5.24xlarge"}, False),
        ("iam:CreateRole", f"{ROLE}{OWN}", NEW, False),
        ("s3:ListAllMyBuckets", "*", {}, False),
    ],
)
def test_somebody_who_may_do_anything_may_do_what_their_boundary_says(
    action: str, resource: str, context: dict[str, str], expected: bool
) -> None:
    anything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    values = {"aws:RequestedRegion": ["us-east-1"]} | {key: [value] for key, value in context.items()}
    decision = decide([anything], Request(action, resource, values), boundary=filled(peoples_boundary()))
    assert (decision is Decision.ALLOWED) is expected


def test_the_template_has_the_policies_of_this_slrspec() -> None:
    from tools.infrastructure import TEMPLATE, written

    text = TEMPLATE.read_text(encoding="utf-8")
    assert written(text) == text
    assert (ROOT / "infrastructure" / "template.yaml") == TEMPLATE


def test_the_subject_takes_no_wildcards() -> None:
    text = (ROOT / "infrastructure" / "template.yaml").read_text(encoding="utf-8")
    (pattern,) = re.findall(r"OidcSubject:.*?AllowedPattern: '([^']+)'", text, re.DOTALL)
    assert re.fullmatch(pattern, "repo:me@1/slrspec@2:environment:aws-sandbox")
    for spoiled in (
        "repo:me/*:environment:aws-sandbox",
        "repo:me/x:ref:refs/heads/main",
        "repo:me/x:environment:*",
    ):
        assert not re.fullmatch(pattern, spoiled), spoiled
