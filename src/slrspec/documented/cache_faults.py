"""The faults that break rules of the ElastiCache page: those of the RDS page where rules are alike, and others."""

from __future__ import annotations

from typing import Any

from slrspec.documented.faults import Fault, alike, one_of

NETWORK_INTERFACES = "arn:aws:ec2:*:*:network-interface/eni-*"
# Rules that say the same of either role: a fault that breaks one breaks the other.
ALIKE = {
    "RDS-INT-01": "DEF-01",
    "RDS-INT-02": "DEF-02",
    "RDS-INT-03": "DEF-03",
    "RDS-INT-06": "DEF-07",
    "RDS-INT-07": "CRE-04",
    "RDS-INT-08": "DEF-08",
    "RDS-INT-09": "DEF-09",
    "RDS-INT-10": "DEF-10",
    "RDS-INT-11": "DEF-11",
    "RDS-INT-12": "DEF-12",
    "RDS-PER-01": "PER-01",
    "RDS-PER-04": "DEF-06",
    "RDS-PER-12": "PER-10",
    "RDS-PER-13": "PER-12",
    "RDS-PER-15": "PER-16",
    "RDS-PER-18": "PER-13",
    "RDS-PER-19": "PER-14",
    "RDS-PER-20": "PER-15",
    "RDS-PER-21": "PER-11",
    "RDS-CRE-02": "DEF-05",
    "RDS-EDT-01": "EDT-01",
    "RDS-EDT-02": "EDT-02",
    "RDS-EDT-03": "EDT-03",
    "RDS-EDT-04": "EDT-04",
    "RDS-EDT-05": "EDT-05",
    "RDS-EDT-06": "EDT-06",
    "RDS-EDT-07": "EDT-07",
    "RDS-EDT-09": "EDT-08",
    "RDS-EDT-10": "EDT-10",
    "RDS-EDT-11": "EDT-09",
    "RDS-DEL-01": "DEL-01",
    "RDS-DEL-03": "DEL-04",
    "RDS-DEL-07": "DEL-08",
    "RDS-DEL-08": "DEL-12",
    "RDS-DEL-09": "DEL-13",
    "RDS-DEL-14": "DEL-03",
    "RDS-DEL-22": "DEL-09",
    "RDS-DEL-23": "COM-03",
    "RDS-COM-01": "COM-01",
    "RDS-COM-02": "COM-02",
    "RDS-COM-07": "DEL-14",
    "RDS-COM-09": "COM-04",
    "RDS-COM-10": "CRE-05",
}
# What else faults of the RDS page break here.
BESIDES = {
    "forgotten-permission": "PER-03 PER-09",
    "deletion-for-nobody": "PER-17",
    "condition-always-denies": "PER-17",
    "resource-never-matches": "PER-17",
    "role-refused-though-made": "CRE-01",
    "role-of-refused-instance": "COM-05",
    "succeeds-in-use": "DEL-02 DEL-15",
    "instances-do-not-block": "DEL-02 DEL-15",
    "fails-but-removes": "DEL-02",
    "failure-edits": "DEL-02",
    "fails-for-good": "DEL-02",
    "never-ends": "DEL-02",
    "available-while-deleted": "DEL-05 DEL-06",
    "instance-stays": "DEL-05 DEL-06",
}
# Here a tag is not taken off again.
NOT_HERE = frozenset({"untag-refused", "untag-lost", "untag-refused-though-done"})


def _one(name: str, rules: str, what: str, **changes: Any) -> Fault:  # noqa: ANN401
    return one_of("ELC", name, rules, what, **changes)


def _lacks(name: str, rules: str, what: str, action: str, resource: str = "*") -> Fault:
    return _one(name, rules, what, grants_missing=frozenset({(action, resource)}))


KEY = "MayNotCreateByElastiCache"
OWN = (
    _one(
        "cluster-lost",
        "DEF-05",
        "creating a cache cluster is accepted, and none is there",
        lost=frozenset({"CreateCacheCluster"}),
    ),
    _one(
        "cluster-refused-though-made",
        "DEF-05",
        "a cache cluster is made, and the call refused",
        refused_though_done=frozenset({"CreateCacheCluster"}),
    ),
    _lacks("no-metrics", "PER-04 PER-09", "publishing metrics is missing", "cloudwatch:PutMetricData"),
    _lacks("no-sites", "PER-05 PER-09", "one Outposts action is missing", "outposts:ListSites"),
    _lacks("no-end-of-logs", "PER-06 PER-09", "ending the delivery of logs is missing", "logs:DeleteLogDelivery"),
    _lacks(
        "no-end-of-scaling",
        "PER-07 PER-09",
        "one scaling action is missing",
        "application-autoscaling:DeregisterScalableTarget",
    ),
    _lacks(
        "no-ipv6",
        "PER-08 PER-09",
        "giving IPv6 addresses is missing",
        "ec2:AssignIpv6Addresses",
        NETWORK_INTERFACES,
    ),
    _one(
        "buckets-listed",
        "PER-09",
        "the policy grants one thing more",
        grants_added=frozenset({("s3:ListAllMyBuckets", "*")}),
    ),
    _one("groups-do-not-block", "DEL-02", "replication groups do not keep the role", groups_block=False),
    _one("role-taken-along", "DEL-05", "the role goes with the last cache cluster", takes_role_along=True),
    _one("failure-unexplained", "DEL-15", "a failed task does not tell why", tells_reason=False),
    _one(
        "first-cluster-unchecked",
        "COM-05",
        "ElastiCache creates the role for whoever may not",
        accepted=frozenset({KEY}),
    ),
    _one(
        "first-cluster-denied",
        "COM-05",
        "ElastiCache says no more than AccessDenied",
        recoded={KEY: "AccessDenied"},
    ),
    _one(
        "first-cluster-all-the-same",
        "COM-05",
        "the cache cluster is refused, and made all the same",
        written=frozenset({KEY}),
    ),
    _one(
        "first-cluster-for-nobody",
        "COM-05",
        "ElastiCache creates the role for no user",
        everywhere=frozenset({KEY}),
    ),
)


def cache_faults(of_rds: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """Return the faults that break rules of the ElastiCache page.

    Parameters
    ----------
    of_rds
        Those of the RDS page.

    """
    return (*alike(of_rds, "ELC", ALIKE, BESIDES, NOT_HERE), *OWN)
