"""The model: for each call, what is refused and what is done instead of moto's own way, or around it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from slrspec.documented import advisor, simulation
from slrspec.documented.cache_clusters import ELASTICACHE_DEEDS, ELASTICACHE_REFUSALS
from slrspec.documented.call import service_of
from slrspec.documented.catalogue import ELASTICACHE, RDS
from slrspec.documented.db_instances import RDS_DEEDS, RDS_REFUSALS
from slrspec.documented.deletion import settle
from slrspec.documented.iam_deeds import IAM_DEEDS
from slrspec.documented.iam_refusals import REFUSALS_BY_CALL
from slrspec.documented.linked_role import bring
from slrspec.documented.wire import Answer, refusal

if TYPE_CHECKING:
    from slrspec.documented.refusals import Refusal
    from slrspec.documented.world import World

Below = Callable[[], Answer]
REFUSALS: Mapping[tuple[str, str], Callable[[World], Iterator[Refusal | None]]] = {
    **REFUSALS_BY_CALL,
    **RDS_REFUSALS,
    **ELASTICACHE_REFUSALS,
    ("iam", "GenerateServiceLastAccessedDetails"): advisor.generate_refusals,
    ("iam", "GetServiceLastAccessedDetails"): advisor.details_refusals,
    ("iam", "SimulateCustomPolicy"): simulation.custom_refusals,
    ("iam", "SimulatePrincipalPolicy"): simulation.principal_refusals,
}
DEEDS: Mapping[tuple[str, str], Callable[[World, Below], Answer]] = {
    **IAM_DEEDS,
    **RDS_DEEDS,
    **ELASTICACHE_DEEDS,
}

# What a service refuses to whoever may not create its role.
BRINGING = {"MayNotCreateByRds": RDS, "MayNotCreateByElastiCache": ELASTICACHE}


def answer(world: World, below: Below) -> Answer:
    """Answer a call.

    Parameters
    ----------
    world
        The call, in its account.
    below
        Lets moto answer.

    """
    settle(world)
    refused = due(world)
    answered = _do(world, below) if refused is None else _refuse(world, refused, below)
    return _without_path(answered) if world.behaviour.arn_without_path else answered


def due(world: World) -> Refusal | None:
    """Return the refusal that is due, unless a fault lets the call through."""
    find = REFUSALS.get((world.call.service, world.call.action))
    found = find(world) if find else ()
    return next((one for one in found if one is not None and one.key not in world.behaviour.accepted), None)


def concerned(service: str, action: str) -> bool:
    """Tell whether the model does anything about a call; all others are moto's alone."""
    return (service, action) in REFUSALS or (service, action) in DEEDS


def _do(world: World, below: Below) -> Answer:
    deed = DEEDS.get((world.call.service, world.call.action))
    answered = deed(world, below) if deed else below()
    if world.call.action in world.behaviour.refused_though_done:
        return refusal(world.call.service, "InvalidInput", 400, "It was done, but nobody is told.")
    return answered


def _refuse(world: World, refused: Refusal, below: Below) -> Answer:
    """Answer with the refusal; what comes before it are faults."""
    behaviour = world.behaviour
    if refused.key in behaviour.written:
        _do(world, below)
    if refused.key in behaviour.rewords:
        for role in filter(service_of, world.call.iam.roles.values()):
            role.description = "somebody tried to change this"
    if refused.key in BRINGING and behaviour.created_though_refused:
        bring(world, BRINGING[refused.key])
    documented = refused.documented
    code = behaviour.recoded.get(refused.key, documented.code)
    return refusal(world.call.service, code, documented.status, refused.message)


def _without_path(answered: Answer) -> Answer:
    status, headers, body = answered
    text = body.decode() if isinstance(body, bytes) else str(body)
    return status, headers, re.sub(r"(:role)/aws-service-role/[^/<]+/", r"\1/", text)
