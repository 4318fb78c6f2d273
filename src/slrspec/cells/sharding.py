"""Which shard a rule belongs to."""

from __future__ import annotations

import functools
import hashlib


@functools.cache
def shard_of(rule: str, shards: int) -> int:
    """Return the shard that a rule belongs to, from 1 to `shards`.

    It depends on the rule's id alone, so a new rule moves no other. The highest of one hash for each shard decides
    (rendezvous hashing, Thaler and Ravishankar 1998): one shard more takes its share from each of the others, and
    moves nothing between them.

    Parameters
    ----------
    rule
        Id of the rule.
    shards
        How many there are, at least 1.

    """
    return max(range(1, shards + 1), key=lambda shard: _weight(rule, shard))


def _weight(rule: str, shard: int) -> bytes:
    return hashlib.sha256(f"{rule}/{shard}".encode()).digest()
