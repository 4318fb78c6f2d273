"""The service-linked roles themselves: how they are made and taken away, and how reads lag behind."""

from __future__ import annotations

import copy
import json
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from slrspec.documented.behaviour import DOCUMENTED, Behaviour
from slrspec.documented.catalogue import ELASTICACHE, RDS, other_policy, policy_of
from slrspec.documented.world import Past, World
from slrspec.spec.services import RESERVED_PATH, Service, services

if TYPE_CHECKING:
    from collections.abc import Iterator

# What a service writes into the role that it creates, as seen in public accounts.
DESCRIPTIONS = {
    RDS: "Allows Amazon RDS to manage AWS resources on your behalf",
    ELASTICACHE: "Allows ElastiCache to manage AWS resources for your cache on your behalf.",
}


def role_name(behaviour: Behaviour, service: Service, suffix: str = "") -> str:
    """Return the name of a service's role."""
    name = behaviour.role_name.format(host=service.principal.partition(".")[0]) or service.role
    return f"{name}_{suffix}" if suffix and behaviour.keeps_suffix else name


def role_path(behaviour: Behaviour, principal: str) -> str:
    """Return the path of a service's role."""
    return behaviour.role_path or f"{RESERVED_PATH}{principal}/"


def role_arn(world: World, principal: str, suffix: str = "") -> str:
    """Return the ARN that a service's role has or would have, as permissions are checked on it."""
    service = services().get(principal) or Service(principal, "AWSServiceRoleFor", "", takes_suffix=False)
    # Permissions are written for the documented role, whatever a fault makes of its name.
    name = role_name(DOCUMENTED, service, suffix)
    return f"arn:{world.call.partition}:iam::{world.call.account}:role{RESERVED_PATH}{principal}/{name}"


def create(world: World, service: Service, *, description: str, suffix: str = "", by_service: bool = False) -> Any:  # noqa: ANN401
    """Make a service's role, with its one policy, and return it."""
    behaviour = world.behaviour
    if by_service:
        behaviour = replace(behaviour, **behaviour.when_by_service)
    name = role_name(behaviour, service, suffix)
    tags = [{"Key": "slrspec", "Value": "fault"}] if behaviour.born_tagged else []
    role = world.call.iam.create_role(
        name,
        json.dumps(_trust(behaviour, service)),
        role_path(behaviour, service.principal),
        None,
        description or None,
        tags,
        str(behaviour.session_seconds),
        linked_service=service.principal,
    )
    former = world.memory.former_ids.get(name)
    if former and behaviour.id_kept:
        del world.call.iam.roles[role.id]
        role.id = former
        world.call.iam.roles[former] = role
    if behaviour.has_policy:
        reserved_policy(world, service, behaviour).attach_to(role)
    _decorate(world, role, service)
    _lag(world, name, None)
    return role


def holder_of(world: World, name: str) -> Any:  # noqa: ANN401
    """Return the role that has a name, or None; IAM takes names that differ only in case for the same one."""
    wanted = name.casefold()
    return next((role for role in world.call.iam.roles.values() if role.name.casefold() == wanted), None)


def in_the_way(world: World, principal: str) -> Any:  # noqa: ANN401
    """Return the ordinary role because of which a service cannot create its own, or None."""
    if not _missing(world, principal):
        return None
    behaviour = replace(world.behaviour, **world.behaviour.when_by_service)
    return holder_of(world, role_name(behaviour, services()[principal]))


def _missing(world: World, principal: str) -> bool:
    """Tell whether a service has to create its role."""
    if world.call.role_of(principal) is not None or not world.behaviour.created_by_service:
        return False
    return world.behaviour.recreated_by_service or not world.memory.former_ids


def bring(world: World, principal: str) -> None:
    """Create the role of a service as the service itself does, if it is missing and nothing is in the way."""
    if not _missing(world, principal) or in_the_way(world, principal) is not None:
        return
    create(world, services()[principal], description=DESCRIPTIONS[principal], by_service=True)


def remove(world: World, role: Any) -> None:  # noqa: ANN401
    """Take a role away, whatever belongs to it."""
    for policy in list(role.managed_policies.values()):
        policy.detach_from(role)
    world.memory.former_ids[role.name] = role.id
    if world.behaviour.name_kept:
        world.memory.taken_names.add(role.name)
    before = snapshot(role)
    del world.call.iam.roles[role.id]
    _lag(world, role.name, before)


def reserved_policy(world: World, service: Service, behaviour: Behaviour | None = None) -> Any:  # noqa: ANN401
    """Return moto's record of a service's own policy, made if it is not there yet.

    moto has AWS's managed policies only on request, all 1,582 of them; one is enough.
    """
    from moto.iam import models

    behaviour = behaviour or world.behaviour
    version = policy_of(world.setting.edition) if service.principal == RDS else None
    managed: Any = models.AWSManagedPolicy
    policy = managed(
        behaviour.policy_name or service.policy,
        account_id=world.call.account,
        region=world.call.region,
        path=RESERVED_PATH,
        default_version_id=version.version if version else None,
        document=_document(behaviour, version.document if version else other_policy(service.policy)),
    )
    known = world.call.iam.managed_policies
    if policy.arn not in known or known[policy.arn].attachment_count == 0:
        known[policy.arn] = policy
    return known[policy.arn]


def _trust(behaviour: Behaviour, service: Service) -> dict[str, Any]:
    principals = {
        kind: names.format(service=service.principal)
        if isinstance(names, str)
        else [name.format(service=service.principal) for name in names]
        for kind, names in (behaviour.trusted or {"Service": "{service}"}).items()
    }
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": principals, "Action": behaviour.trust_action}
    if behaviour.trust_condition:
        statement["Condition"] = behaviour.trust_condition
    return {"Version": "2012-10-17", "Statement": [statement]}


def _document(behaviour: Behaviour, text: str) -> str:
    if not (behaviour.grants_missing or behaviour.grants_added or behaviour.denies) and (
        behaviour.policy_language == DOCUMENTED.policy_language
    ):
        return text
    document = json.loads(text)
    kept = []
    for statement in document["Statement"]:
        actions, resources = _listed(statement["Action"]), _listed(statement["Resource"])
        pairs = [(a, r) for a in actions for r in resources if (a, r) not in behaviour.grants_missing]
        if len(pairs) == len(actions) * len(resources):
            kept.append(statement)
        else:
            kept.extend({**statement, "Action": a, "Resource": r} for a, r in pairs)
    kept.extend({"Effect": "Allow", "Action": a, "Resource": r} for a, r in sorted(behaviour.grants_added))
    if behaviour.denies:
        kept.append({"Effect": "Deny", "Action": behaviour.denies, "Resource": "*"})
    return json.dumps({"Version": behaviour.policy_language, "Statement": kept})


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def _decorate(world: World, role: Any, service: Service) -> None:  # noqa: ANN401
    behaviour = world.behaviour
    if behaviour.extra_policy:
        other = RDS if service.principal == ELASTICACHE else ELASTICACHE
        reserved_policy(world, services()[other]).attach_to(role)
    if behaviour.inline_policy:
        statement = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
        role.policies["slrspec"] = json.dumps({"Version": "2012-10-17", "Statement": [statement]})


# ---- reads that lag behind


def snapshot(role: Any) -> Any:  # noqa: ANN401
    """Return a copy of moto's role that later edits leave alone."""
    kept = copy.copy(role)
    kept.tags = copy.deepcopy(role.tags)
    kept.managed_policies = dict(role.managed_policies)
    return kept


def note_write(world: World, role: Any) -> None:  # noqa: ANN401
    """Let the next reads show a role as it is now, before it is written to."""
    _lag(world, role.name, snapshot(role))


def _lag(world: World, name: str, before: Any) -> None:  # noqa: ANN401
    reads = world.draw("lag")
    earlier = world.memory.past.get(name)
    if earlier is not None and earlier.reads > 0:
        before = earlier.role
    if reads:
        world.memory.past[name] = Past(before, reads)


@contextmanager
def as_reads_show_it(world: World) -> Iterator[None]:
    """Let moto see the account's service-linked roles as a read that lags behind shows them.

    Which of them are concerned is up to the call: one that names a role looks at that role, others at all.
    """
    name = world.call.get("RoleName")
    looked_at = {
        role: past for role, past in world.memory.past.items() if past.reads > 0 and (role == name or not name)
    }
    if not looked_at:
        yield
        return
    roles = world.call.iam.roles
    now = dict(roles)
    for role, past in looked_at.items():
        past.reads -= 1
        for key in [key for key, found in roles.items() if found.name == role]:
            del roles[key]
        if past.role is not None:
            roles[past.role.id] = past.role
    try:
        yield
    finally:
        roles.clear()
        roles.update(now)
