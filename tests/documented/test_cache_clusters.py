"""ElastiCache on the model, seen through boto3: the role comes with a cluster, and stays as long as there is one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slrspec.documented import DocumentedAws, documented_aws
from slrspec.documented.cache_faults import ALIKE, BESIDES
from slrspec.documented.faults import WITH_FAULTS, every_fault, faults
from slrspec.documented.refusals import REFUSALS
from slrspec.errors import UsageError
from slrspec.spec.gherkin import EVERY_EDITION, read_specification
from slrspec.spec.location import features_folder
from slrspec.spec.rules import Specification
from tests.conftest import slrspec
from tests.documented.test_model import client, refusal, user_with

NAME = "AWSServiceRoleForElastiCache"
SMALL = {"CacheNodeType": "cache.t4g.micro", "Engine": "redis", "NumCacheNodes": 1}
GROUP = {"ReplicationGroupDescription": "of one", "CacheNodeType": "cache.t4g.micro", "NumCacheClusters": 1}


@pytest.fixture
def aws() -> Iterator[DocumentedAws]:
    with documented_aws() as inside:
        yield inside


@pytest.fixture(scope="module")
def elasticache() -> Specification:
    return read_specification(features_folder("elasticache"), EVERY_EDITION)


def deleted() -> dict[str, Any]:
    iam = client("iam")
    task = iam.delete_service_linked_role(RoleName=NAME)["DeletionTaskId"]
    told: dict[str, Any] = iam.get_service_linked_role_deletion_status(DeletionTaskId=task)
    return told


def test_a_cluster_brings_the_role_and_keeps_it_in_every_region(aws: DocumentedAws) -> None:
    client("elasticache", "eu-west-1").create_cache_cluster(CacheClusterId="one", **SMALL)
    role = client("iam").get_role(RoleName=NAME)["Role"]
    assert role["Description"] == "Allows ElastiCache to manage AWS resources for your cache on your behalf."
    failed = deleted()
    assert failed["Status"] == "FAILED"
    (use,) = failed["Reason"]["RoleUsageList"]
    assert use["Region"] == "eu-west-1"
    assert [arn.rpartition(":cluster:")[2] for arn in use["Resources"]] == ["one"]
    client("elasticache", "eu-west-1").delete_cache_cluster(CacheClusterId="one")
    assert refusal(client("elasticache", "eu-west-1").describe_cache_clusters, CacheClusterId="one")[0] == (
        "CacheClusterNotFound"
    )
    assert deleted()["Status"] == "SUCCEEDED"


def test_so_does_a_replication_group(aws: DocumentedAws) -> None:
    cache = client("elasticache")
    cache.create_replication_group(ReplicationGroupId="group", **GROUP)
    assert deleted()["Status"] == "FAILED"
    cache.delete_replication_group(ReplicationGroupId="group")
    assert deleted()["Status"] == "SUCCEEDED"


def test_each_service_s_role_is_kept_by_its_own_resources_only(aws: DocumentedAws) -> None:
    from tests.documented.test_model import SMALL as DB

    client("iam").create_service_linked_role(AWSServiceName="elasticache.amazonaws.com")
    client("rds").create_db_instance(DBInstanceIdentifier="db", **DB)
    assert deleted()["Status"] == "SUCCEEDED"


def test_an_ordinary_role_of_that_name_is_in_the_way(aws: DocumentedAws) -> None:
    iam, cache = client("iam"), client("elasticache")
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    iam.create_role(RoleName=NAME.upper(), AssumeRolePolicyDocument=trust)
    one = {"CacheClusterId": "one", **SMALL}
    assert refusal(cache.create_cache_cluster, **one)[:2] == ("ServiceLinkedRoleNotFoundFault", 400)
    assert cache.describe_cache_clusters()["CacheClusters"] == []
    iam.delete_role(RoleName=NAME.upper())
    cache.create_cache_cluster(**one)
    assert iam.get_role(RoleName=NAME)


def test_whoever_may_not_create_the_role_gets_no_first_cluster_but_a_second_one(aws: DocumentedAws) -> None:
    allowed = {"Effect": "Allow", "Action": "elasticache:*", "Resource": "*"}
    keys = user_with(allowed)
    theirs = client("elasticache", **keys)
    code, status, said = refusal(theirs.create_cache_cluster, CacheClusterId="one", **SMALL)
    assert (code, status) == ("ServiceLinkedRoleNotFoundFault", 400)
    assert "CreateServiceLinkedRole" in said
    client("iam").create_service_linked_role(AWSServiceName="elasticache.amazonaws.com")
    assert theirs.create_cache_cluster(CacheClusterId="one", **SMALL)["CacheCluster"]["CacheClusterId"] == "one"


def test_a_cluster_that_moto_refuses_brings_nothing(aws: DocumentedAws) -> None:
    cache = client("elasticache")
    refusal(cache.create_cache_cluster, CacheClusterId="one", Engine="nonsense", NumCacheNodes=1)
    refusal(cache.delete_cache_cluster, CacheClusterId="nobody")
    assert refusal(client("iam").get_role, RoleName=NAME)[0] == "NoSuchEntity"


def test_the_model_keeps_every_rule_and_each_difference_to_moto_is_a_known_deviation(
    elasticache: Specification, tmp_path: Path
) -> None:
    run = slrspec(
        *("run", "--document", "elasticache", "--provider", "moto", "--provider", "documented"),
        *("--format", "json"),
        cwd=tmp_path,
    )
    assert run.returncode == 0, run.stderr
    different = 0
    for rule in json.loads(run.stdout)["rules"]:
        moto, documented = rule["verdicts"]
        scenarios = elasticache.by_id[rule["id"]].scenarios
        assert documented["verdict"] == ("pass" if scenarios else "not-run"), rule["id"]
        if moto["verdict"] != documented["verdict"]:
            different += 1
            assert moto["known"]["reason"], rule["id"]
    assert different == 42


def test_the_model_s_patience_is_asked_for_no_more_than_moto_s(tmp_path: Path) -> None:
    slow = "documented:lag=2,pending=3,creating=2,deleting=2,seed=7"
    run = slrspec("run", "--document", "elasticache", "--provider", slow, "-q", cwd=tmp_path)
    assert run.returncode == 0, run.stdout


# ---- faults


def test_each_checkable_rule_has_a_fault(elasticache: Specification) -> None:
    broken = {rule for fault in faults("elasticache") for rule in fault.rules}
    assert broken == {rule.id for rule in elasticache.rules if rule.scenarios}


def test_each_fault_is_noticed_by_its_own_rules(tmp_path: Path) -> None:
    run = slrspec(
        *("faults", "--document", "elasticache", "--own", "--workers", "2", "--format", "json"),
        cwd=tmp_path,
    )
    found = json.loads(run.stdout)
    assert [one["id"] for one in found["faults"] if one["survived"]] == []
    assert (run.returncode, found["killed"]) == (0, len(faults("elasticache")))
    assert (tmp_path / ".slrspec" / "elasticache" / "faults.json").is_file()


def test_what_is_said_of_both_documents_is_said_of_rules_and_faults_that_there_are(
    elasticache: Specification, specification: Specification
) -> None:
    of_rds = {rule.id for rule in read_specification(features_folder(), EVERY_EDITION).rules}
    assert set(ALIKE) <= of_rds
    assert {f"ELC-{rule}" for rule in ALIKE.values()} <= set(elasticache.by_id)
    assert set(BESIDES) <= {fault.id for fault in faults()}
    assert {one.rule for one in REFUSALS.values() if one.rule} <= of_rds | set(elasticache.by_id)


def test_a_fault_of_either_document_goes_by_one_id() -> None:
    known = every_fault()
    assert known["inline-policy-added"].rules == ("RDS-EDT-01", "SLR-PRO-04", "ELC-EDT-01")
    assert known["groups-do-not-block"].rules == ("ELC-DEL-02",)
    assert len(known) == len({fault.id for document in WITH_FAULTS for fault in faults(document)})
    with pytest.raises(UsageError, match="no fault breaks the rules of 'questions'"):
        faults("questions")
