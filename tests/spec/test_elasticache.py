"""The second document: its rules are complete, in its own words, and share the phrases of the first."""

from __future__ import annotations

import json

import pytest

from slrspec.documented.catalogue import other_policy, printed_policies
from slrspec.errors import SpecificationError
from slrspec.running.deviations import read_deviations, shipped_file
from slrspec.spec.document import read_document
from slrspec.spec.gherkin import read_specification
from slrspec.spec.grants import Grant, grants_of
from slrspec.spec.location import features_folder
from slrspec.spec.rules import Specification
from slrspec.steps.principal import sample_policy

PAGE = {"DEF": 12, "PER": 17, "CRE": 5, "EDT": 12, "DEL": 15}
ROLES = "arn:aws:iam::*:role/aws-service-role/elasticache.amazonaws.com/AWSServiceRoleForElastiCache*"


@pytest.fixture(scope="module")
def elasticache() -> Specification:
    return read_specification(features_folder("elasticache"))


def test_it_has_the_rules_of_its_page_and_its_companions(elasticache: Specification) -> None:
    wanted = {f"ELC-{section}-{n:02}" for section, count in PAGE.items() for n in range(1, count + 1)}
    assert {rule.id for rule in elasticache.rules if not rule.companion} == wanted
    assert {rule.section for rule in elasticache.rules if rule.companion} == {"companions"}


def test_most_of_its_phrases_are_those_of_the_first_document(
    elasticache: Specification, specification: Specification
) -> None:
    def phrases(one: Specification) -> set[str]:
        return {step.text for scenario in one.scenarios for step in scenario.steps}

    new = {text for text in phrases(elasticache) - phrases(specification) if '"' not in text}
    about_caches = ("cache cluster", "replication group", "ElastiCache")
    others = {text for text in new if not any(noun in text for noun in about_caches)}
    assert others <= {
        "it is refused because the role is not there for them",
        "someone with only the page's sample statement for deleting",
        "the failure gives a reason",
        "the permissions policy has 22 grants in all",
        "the report lists the services application-autoscaling, cloudwatch, ec2, logs, outposts",
    }
    shared = [s for one in elasticache.scenarios for s in one.steps if s.text in phrases(specification)]
    assert len(shared) > 150


def test_a_refusal_comes_with_a_positive_control(elasticache: Specification) -> None:
    for scenario in elasticache.scenarios:
        refused = any(step.text.startswith("it is refused") for step in scenario.steps)
        if refused and scenario.rule != "ELC-COM-01":
            assert scenario.steps[-1].keyword == "But", scenario.id


def test_the_tables_are_exactly_the_grants_of_the_printed_policy_that_the_model_has(
    elasticache: Specification,
) -> None:
    rows = [
        Grant(action, resource)
        for scenario in elasticache.scenarios
        for step in scenario.steps
        if step.text == "the permissions policy grants"
        for action, resource in step.table[1:]
    ]
    assert len(rows) == len(set(rows)) == 22
    assert set(rows) == grants_of(json.loads(printed_policies()["ElastiCacheServiceRolePolicy"]))


def test_the_policy_that_moto_carries_is_another_one_than_the_page_prints() -> None:
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    name = "ElastiCacheServiceRolePolicy"
    carried = grants_of(json.loads(aws_managed_policies_data)[name]["Document"])
    printed = grants_of(json.loads(other_policy(name)))
    assert len(carried - printed) == 7
    assert {grant.action for grant in printed - carried} == {
        "logs:DeleteLogDelivery",
        "application-autoscaling:DeregisterScalableTarget",
        "application-autoscaling:DescribeScalableTargets",
        "ec2:AssignIpv6Addresses",
        "ec2:UnassignIpv6Addresses",
    }


def test_each_document_has_sample_statements_of_its_own() -> None:
    rds, elasticache = (read_document(features_folder(name)) for name in ("rds", "elasticache"))
    create, delete = "iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole"
    (of_rds,) = sample_policy(rds.sample_of(create))["Statement"]
    (ours,) = sample_policy(elasticache.sample_of(create))["Statement"]
    (deleting,) = sample_policy(elasticache.sample_of(delete))["Statement"]
    assert (of_rds["Action"], of_rds["Effect"]) == (create, "Allow")
    assert of_rds["Resource"].endswith(":role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS")
    assert of_rds["Condition"] == {"StringLike": {"iam:AWSServiceName": "rds.amazonaws.com"}}
    assert ours == {
        "Action": [create, "iam:PutRolePolicy"],
        "Effect": "Allow",
        "Resource": ROLES,
        "Condition": {"StringLike": {"iam:AWSServiceName": "elasticache.amazonaws.com"}},
    }
    assert deleting == {**ours, "Action": [delete, "iam:GetServiceLinkedRoleDeletionStatus"]}
    with pytest.raises(SpecificationError, match="has no sample statement for iam:DeleteServiceLinkedRole"):
        rds.sample_of(delete)


def test_the_known_deviations_of_moto_belong_to_a_document(
    elasticache: Specification, specification: Specification
) -> None:
    file = shipped_file("moto:argument", "elasticache")
    assert file != shipped_file("moto")
    assert shipped_file("moto", "rds") == shipped_file("moto")
    entries = read_deviations(file, elasticache)
    assert list(entries) == [rule.id for rule in elasticache.rules if rule.id in entries]
    assert not set(entries) & set(read_deviations(shipped_file("moto"), specification))
