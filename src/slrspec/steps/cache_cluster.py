"""Cache clusters and replication groups of ElastiCache: made, deleted, and looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec import Struct
from pytest_bdd import given, parsers, then, when

from slrspec.running.trouble import ProviderTrouble
from slrspec.steps.deletion import deletion_succeeds, request_deletion

if TYPE_CHECKING:
    from slrspec.providers.contract import Principal
    from slrspec.running.checks import Checks
    from slrspec.running.recorder import Outcome, RecordedAccount
    from slrspec.steps.role import ObservedRole

# The smallest that ElastiCache has: what a real account would be billed for.
SMALLEST = {
    "CacheNodeType": "cache.t4g.micro",
    "Engine": "redis",
    "Tags": [{"Key": "slrspec", "Value": "true"}],
}
GONE = {"CacheClusterNotFound", "ReplicationGroupNotFoundFault"}


class Cache(Struct, frozen=True):
    """A cache cluster, or a replication group, by its identifier."""

    identifier: str
    replicated: bool = False


@pytest.fixture
def caches() -> list[Cache]:
    """Return what the scenario has made of ElastiCache and not deleted, oldest first."""
    return []


def new_cluster(account: RecordedAccount) -> Cache:
    """Return an identifier for a cache cluster that is not made yet."""
    return Cache(account.unique_name("cluster"))


def attempt_creation(account: RecordedAccount, cache: Cache, principal: Principal | None = None) -> Outcome:
    """Try to create it, and if that is accepted wait until it is available."""
    client = account.client("elasticache", principal=principal)
    if cache.replicated:
        outcome = account.attempt(
            client.create_replication_group,
            ReplicationGroupId=cache.identifier,
            ReplicationGroupDescription="made by slrspec",
            NumCacheClusters=1,
            **SMALLEST,
        )
    else:
        outcome = account.attempt(
            client.create_cache_cluster, CacheClusterId=cache.identifier, NumCacheNodes=1, **SMALLEST
        )
    if outcome.answer is not None:
        account.patience.until(lambda status: status == "available", lambda: status_of(account, cache))
    return outcome


def attempt_deletion(account: RecordedAccount, cache: Cache) -> Outcome:
    """Try to delete it, and if that is accepted wait until it is gone."""
    client = account.client("elasticache")
    if cache.replicated:
        outcome = account.attempt(client.delete_replication_group, ReplicationGroupId=cache.identifier)
    else:
        outcome = account.attempt(client.delete_cache_cluster, CacheClusterId=cache.identifier)
    if outcome.answer is not None:
        account.patience.until(lambda status: status == "gone", lambda: status_of(account, cache))
    return outcome


def status_of(account: RecordedAccount, cache: Cache) -> str:
    """Return the status of a cache cluster or replication group, or `gone`."""
    client = account.client("elasticache")
    if cache.replicated:
        found = account.attempt(client.describe_replication_groups, ReplicationGroupId=cache.identifier)
        members, status = "ReplicationGroups", "Status"
    else:
        found = account.attempt(client.describe_cache_clusters, CacheClusterId=cache.identifier)
        members, status = "CacheClusters", "CacheClusterStatus"
    if found.answer is not None:
        records = found.answer[members]
        return str(records[0][status]) if records else "gone"
    if found.refusal is not None and found.refusal.code in GONE:
        return "gone"
    raise ProviderTrouble(f"what was made of ElastiCache cannot be read: {found}")


def _make(account: RecordedAccount, caches: list[Cache], cache: Cache) -> None:
    outcome = attempt_creation(account, cache)
    if outcome.answer is None:
        raise ProviderTrouble(f"nothing could be made of ElastiCache: {outcome}")
    caches.append(cache)


def _delete_or_stop(account: RecordedAccount, cache: Cache) -> None:
    outcome = attempt_deletion(account, cache)
    if outcome.answer is None:
        raise ProviderTrouble(f"a cache cluster could not be deleted: {outcome}")


# ---- what there is


@given("a cache cluster")
def a_cache_cluster(account: RecordedAccount, caches: list[Cache]) -> None:
    """Make one."""
    _make(account, caches, new_cluster(account))


@given(parsers.parse("{count:d} cache clusters"))
def cache_clusters(account: RecordedAccount, caches: list[Cache], count: int) -> None:
    """Make several."""
    for _ in range(count):
        _make(account, caches, new_cluster(account))


@given("a replication group")
def a_replication_group(account: RecordedAccount, caches: list[Cache]) -> None:
    """Make one of a single node."""
    _make(account, caches, Cache(account.unique_name("group"), replicated=True))


@given("one of the cache clusters has been deleted")
def one_has_been_deleted(account: RecordedAccount, caches: list[Cache]) -> None:
    """Delete the oldest."""
    _delete_or_stop(account, caches.pop(0))


# ---- what is done


@when("a cache cluster is created", target_fixture="outcome")
def create_cache_cluster(account: RecordedAccount, caches: list[Cache]) -> Outcome:
    """Create one, as an administrator may."""
    cache = new_cluster(account)
    outcome = attempt_creation(account, cache)
    caches.append(cache)
    return outcome


@when("the cache cluster is deleted", target_fixture="outcome")
def delete_cache_cluster(account: RecordedAccount, caches: list[Cache]) -> Outcome:
    """Delete the youngest, without a final snapshot."""
    return attempt_deletion(account, caches[-1])


# ---- what must be so


@then("the cache cluster exists")
def cluster_exists(account: RecordedAccount, caches: list[Cache], expect: Checks) -> None:
    """Expect that the youngest is there, and available."""
    expect.equal("the cache cluster", status_of(account, caches[-1]), "available")


@then("no cache cluster exists")
def no_cluster(account: RecordedAccount, expect: Checks) -> None:
    """Expect that the Region has none."""
    pages: Any = account.client("elasticache").get_paginator("describe_cache_clusters").paginate()
    found = [cluster["CacheClusterId"] for page in pages for cluster in page["CacheClusters"]]
    expect.equal("cache clusters", found, [])


@then("the cache cluster is gone")
def cluster_is_gone(account: RecordedAccount, caches: list[Cache], outcome: Outcome, expect: Checks) -> None:
    """Expect that it was being deleted when the call was answered, and that nobody knows it now."""
    answered = ((outcome.answer or {}).get("CacheCluster") or {}).get("CacheClusterStatus")
    expect.equal("its status in the answer", answered, "deleting", of=[outcome.exchange])
    expect.equal("the cache cluster", status_of(account, caches[-1]), "gone")


@then("once nothing of ElastiCache is left, the deletion succeeds")
def role_deletion_succeeds_later(
    account: RecordedAccount, role: ObservedRole, caches: list[Cache], expect: Checks
) -> None:
    """Expect that the very same request leads to success after the last cluster or group is deleted."""
    while caches:
        _delete_or_stop(account, caches.pop())
    deletion_succeeds(account, role, request_deletion(account, role.name), expect)
