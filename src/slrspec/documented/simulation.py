"""IAM's policy simulator: SimulateCustomPolicy and SimulatePrincipalPolicy.

Source: IAM API reference of the two calls. Resource-based policies, service control policies and policy variables
are not simulated.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from slrspec.documented.caller import policies_of, policies_of_user
from slrspec.documented.conditions import listed
from slrspec.documented.evaluation import Decision, Policy, Request, applies, decide
from slrspec.documented.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slrspec.documented.world import World


def custom_refusals(world: World) -> Iterator[Refusal | None]:
    """Refuse policies that are no JSON."""
    for text in (*_texts(world, "PolicyInputList"), *_texts(world, "PermissionsBoundaryPolicyInputList")):
        if _parsed(text) is None:
            yield Refusal("MalformedPolicy", "Invalid input: a policy is not valid JSON with statements")
            return


def principal_refusals(world: World) -> Iterator[Refusal | None]:
    """Refuse ARNs that nobody has, and policies that are no JSON."""
    yield from custom_refusals(world)
    arn = world.call.get("PolicySourceArn")
    if entity_of(world, arn) is None:
        yield Refusal("MissingEntity", f"{arn} cannot be found.")


def simulate_custom(world: World) -> dict[str, Any]:
    """Evaluate the policies that come with the call."""
    return _simulate(world, [], "custom")


def simulate_principal(world: World) -> dict[str, Any]:
    """Evaluate the policies of a user, a group or a role, and those that come with the call."""
    entity = entity_of(world, world.call.get("PolicySourceArn"))
    return _simulate(world, list(policies_of_entity(world, entity)), "principal")


def entity_of(world: World, arn: str) -> Any:  # noqa: ANN401 - moto has no types
    """Return moto's user, group or role of that ARN, or None."""
    iam = world.call.iam
    holders = (*iam.users.values(), *iam.groups.values(), *iam.roles.values())
    return next((holder for holder in holders if holder.arn == arn), None)


def policies_of_entity(world: World, entity: Any) -> tuple[Policy, ...]:  # noqa: ANN401
    """Return the policies of a user, a group or a role, as parsed JSON."""
    return policies_of_user(world.call, entity) if hasattr(entity, "access_keys") else policies_of(entity)


def _texts(world: World, name: str) -> list[str]:
    return world.call.listed(name)


def _parsed(text: str) -> Policy | None:
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) and "Statement" in document else None


def _simulate(world: World, policies: list[Policy], source: str) -> dict[str, Any]:
    named = [(f"{source}.{number}", policy) for number, policy in enumerate(policies, 1)]
    given = [policy for text in _texts(world, "PolicyInputList") if (policy := _parsed(text)) is not None]
    named += [(f"PolicyInputList.{number}", policy) for number, policy in enumerate(given, 1)]
    limits = [p for t in _texts(world, "PermissionsBoundaryPolicyInputList") if (p := _parsed(t)) is not None]
    context = {entry["ContextKeyName"]: _values(entry) for entry in world.call.records("ContextEntries")}
    results = [
        _result(world, named, limits[0] if limits else None, Request(action, resource, context))
        for action in world.call.listed("ActionNames")
        for resource in world.call.listed("ResourceArns") or ["*"]
    ]
    return {"EvaluationResults": results, "IsTruncated": False}


def _values(entry: dict[str, str]) -> list[str]:
    return [value for key, value in sorted(entry.items()) if key.startswith("ContextKeyValues.")]


def _result(
    world: World, named: list[tuple[str, Policy]], limit: Policy | None, request: Request
) -> dict[str, Any]:
    reading = world.behaviour.reading
    decision = decide([policy for _, policy in named], request, boundary=limit, reading=reading)
    matched = [
        {"SourcePolicyId": name, "SourcePolicyType": "IAM Policy"}
        for name, policy in named
        for statement in listed(policy["Statement"])
        if applies(statement, request, reading)
    ]
    return {
        "EvalActionName": request.action,
        "EvalResourceName": request.resource,
        "EvalDecision": decision.value,
        "MatchedStatements": matched if decision is not Decision.IMPLICIT_DENY else [],
        "MissingContextValues": _missing(named, request),
    }


def _missing(named: list[tuple[str, Policy]], request: Request) -> list[str]:
    wanted = {
        key
        for _, policy in named
        for statement in listed(policy["Statement"])
        for keys in (statement.get("Condition") or {}).values()
        for key in keys
    }
    return sorted(wanted - set(request.context))
