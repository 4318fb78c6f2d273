"""What ElastiCache does about the role: it brings it with the first cluster, and lets deleted clusters go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from slrspec.documented.catalogue import ELASTICACHE
from slrspec.documented.linked_role import bring, in_the_way, remove, role_arn
from slrspec.documented.refusals import Refusal
from slrspec.documented.wire import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slrspec.documented.world import World

Below = Callable[[], Answer]
CREATING = ("CreateCacheCluster", "CreateReplicationGroup", "CreateCacheSubnetGroup")
# What ElastiCache says for subnet groups and parameter groups, as seen in public issues.
UNABLE = (
    "This action cannot be completed due to insufficient permissions. "
    "(Recommended action) Please create new role using IAM API CreateServiceLinkedRole."
)
SUCCESS = 300


def create_refusals(world: World) -> Iterator[Refusal | None]:
    """Refuse whoever could not create the role that is missing, and everybody if an ordinary one has its name."""
    if world.call.role_of(ELASTICACHE) is not None:
        return
    if world.behaviour.needs_role_first:
        yield Refusal("NeedsRoleFirst", "There is no service-linked role.")
    context = {"iam:AWSServiceName": [ELASTICACHE]}
    arn = role_arn(world, ELASTICACHE)
    if world.forbidden("MayNotCreateByElastiCache", "iam:CreateServiceLinkedRole", arn, context) is not None:
        yield Refusal("MayNotCreateByElastiCache", UNABLE)
    if in_the_way(world, ELASTICACHE) is not None:
        yield Refusal("NameTakenFromElastiCache", UNABLE)


def make(world: World, below: Below) -> Answer:
    """Let moto make something, and the role with it."""
    answer = below()
    if answer[0] < SUCCESS:
        bring(world, ELASTICACHE)
        if world.call.action in world.behaviour.lost:
            world.call.elasticache.cache_clusters.pop(world.call.get("CacheClusterId"), None)
    return answer


def delete_cluster(world: World, below: Below) -> Answer:
    """Let moto delete a cache cluster; moto itself keeps it in deletion for ever."""
    clusters, name = world.call.elasticache.cache_clusters, world.call.get("CacheClusterId")
    cluster = clusters.get(name)
    answer = below()
    if answer[0] >= SUCCESS:
        return answer
    world.memory.instance_deleted = True
    clusters.pop(name, None)
    if world.behaviour.keeps_instance:
        clusters[name] = cluster
        cluster.cache_cluster_status = "available"
    role = world.call.role_of(ELASTICACHE)
    if world.behaviour.takes_role_along and role is not None and not clusters:
        remove(world, role)
    status, headers, body = answer
    text = body.decode() if isinstance(body, bytes) else str(body)
    shown = f"<CacheClusterStatus>{world.behaviour.deletion_status}</CacheClusterStatus>"
    return status, headers, re.sub(r"<CacheClusterStatus>[^<]*</CacheClusterStatus>", shown, text)


def delete_group(world: World, below: Below) -> Answer:
    """Let moto delete a replication group, which it keeps likewise."""
    answer = below()
    if answer[0] < SUCCESS:
        world.memory.instance_deleted = True
        world.call.elasticache.replication_groups.pop(world.call.get("ReplicationGroupId"), None)
    return answer


ELASTICACHE_REFUSALS: Mapping[tuple[str, str], Callable[[World], Iterator[Refusal | None]]] = {
    ("elasticache", action): create_refusals for action in CREATING
}
ELASTICACHE_DEEDS: Mapping[tuple[str, str], Callable[[World, Below], Answer]] = {
    **{("elasticache", action): make for action in CREATING},
    ("elasticache", "DeleteCacheCluster"): delete_cluster,
    ("elasticache", "DeleteReplicationGroup"): delete_group,
}
