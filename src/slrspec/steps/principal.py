"""People with exactly one policy, what they try, and what somebody with more can do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_bdd import given, then, when

from slrspec.running.one_of import OneOf
from slrspec.spec.services import Service, services
from slrspec.steps import cache_cluster, db_instance
from slrspec.steps.role import find_role_name, no_role

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from slrspec.providers.contract import Principal
    from slrspec.running.checks import Checks
    from slrspec.running.recorder import Outcome, RecordedAccount
    from slrspec.spec.document import Document
    from slrspec.spec.grants import Grant

CREATE, DELETE = "iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole"
ACTIONS = {
    "create service-linked roles": [CREATE],
    "edit roles": ["iam:UpdateRole", "iam:UpdateRoleDescription"],
    "delete service-linked roles": [DELETE],
}
OTHERS = ("elasticache.amazonaws.com", "rds.amazonaws.com")
ANYBODY = "someone who may do anything"
BUT, ONLY = f"{ANYBODY} but ", "someone with only "
ANYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def sample_policy(sample: Sequence[Grant], **replaced: Any) -> dict[str, Any]:
    """Return a policy of the one statement that a page gives as a sample.

    Parameters
    ----------
    sample
        What the statement grants, under one condition on one resource.
    replaced
        Elements of the statement to replace.

    """
    first = sample[0]
    condition = {
        operator: {key: _scalar(values) for key, values in keys.items()}
        for operator, keys in json.loads(first.condition or "{}").items()
    }
    statement = {
        "Action": _scalar([grant.action for grant in sample]),
        "Effect": "Allow",
        "Resource": first.resource,
        **({"Condition": condition} if condition else {}),
    }
    return {"Version": "2012-10-17", "Statement": [statement | replaced]}


def _scalar(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def _other(service: Service) -> Service:
    """Return a service that is not the one the page speaks of."""
    return next(services()[name] for name in OTHERS if name != service.principal)


def _to_create(document: Document, _service: Service) -> dict[str, Any]:
    return sample_policy(document.sample_of(CREATE))


def _for_any_role(document: Document, _service: Service) -> dict[str, Any]:
    return sample_policy(document.sample_of(CREATE), Resource="*")


def _for_another_role(document: Document, service: Service) -> dict[str, Any]:
    other = _other(service)
    return sample_policy(document.sample_of(CREATE), Resource=f"arn:aws:iam::*:role{other.path}{other.role}")


def _to_delete(document: Document, _service: Service) -> dict[str, Any]:
    return sample_policy(document.sample_of(DELETE))


POLICIES: dict[str, Callable[[Document, Service], dict[str, Any]]] = {
    "the page's sample statement": _to_create,
    "the page's sample statement, made out for any role": _for_any_role,
    "the page's sample statement, made out for another role": _for_another_role,
    "the page's sample statement for deleting": _to_delete,
}


def _create_role(account: RecordedAccount, who: Principal, service: Service) -> Outcome:
    iam = account.client("iam", principal=who)
    return account.attempt(iam.create_service_linked_role, AWSServiceName=service.principal)


def _create_other_role(account: RecordedAccount, who: Principal, service: Service) -> Outcome:
    return _create_role(account, who, _other(service))


def _edit_description(account: RecordedAccount, who: Principal, service: Service) -> Outcome:
    name = find_role_name(account, service)
    iam = account.client("iam", principal=who)
    return account.attempt(iam.update_role_description, RoleName=name, Description="by somebody")


def _delete_role(account: RecordedAccount, who: Principal, service: Service) -> Outcome:
    name = find_role_name(account, service)
    return account.attempt(account.client("iam", principal=who).delete_service_linked_role, RoleName=name)


def _create_instance(account: RecordedAccount, who: Principal, _service: Service) -> Outcome:
    return db_instance.attempt_creation(account, db_instance.new_instance(account), who)


def _create_cluster(account: RecordedAccount, who: Principal, _service: Service) -> Outcome:
    return cache_cluster.attempt_creation(account, cache_cluster.new_cluster(account), who)


DEEDS: dict[str, Callable[[RecordedAccount, Principal, Service], Outcome]] = {
    "create the service-linked role": _create_role,
    "create the service-linked role of another service": _create_other_role,
    "edit the role's description": _edit_description,
    "delete the role": _delete_role,
    "create a DB instance": _create_instance,
    "create a cache cluster": _create_cluster,
}


def policy_of(name: str, document: Document, service: Service) -> dict[str, Any]:
    """Return the one policy of somebody, by what the steps call them.

    Raises
    ------
    KeyError
        If no step speaks of them.

    """
    if policy := POLICIES.get(name.removeprefix(ONLY)):
        return policy(document, service)
    if action := ACTIONS.get(name.removeprefix(BUT)):
        denied = {"Effect": "Deny", "Action": action, "Resource": "*"}
        return {**ANYTHING, "Statement": [*ANYTHING["Statement"], denied]}
    return {ANYBODY: ANYTHING}[name]


def _made(account: RecordedAccount, document: Document, service: Service, name: str) -> Principal:
    return account.principal(name, policy_of(name, document, service))


@given(OneOf(f"{BUT}<action>", action=ACTIONS), target_fixture="someone")
def someone_lacking(account: RecordedAccount, document: Document, service: Service, action: str) -> Principal:
    """Make someone who lacks one permission."""
    return _made(account, document, service, f"{BUT}{action}")


@given(OneOf("someone with only <policy>", policy=POLICIES), target_fixture="someone")
def someone(account: RecordedAccount, document: Document, service: Service, policy: str) -> Principal:
    """Make someone who has one policy and nothing else."""
    return _made(account, document, service, f"{ONLY}{policy}")


@given("no service-linked role of another service")
def no_role_of_another(account: RecordedAccount, service: Service) -> None:
    """Make sure that there is none of the one that somebody will try to create a role for."""
    no_role(account, _other(service))


@when(OneOf("they try to <deed>", deed=DEEDS), target_fixture="outcome")
def they_try(account: RecordedAccount, service: Service, someone: Principal, deed: str) -> Outcome:
    """Let them make the call."""
    return DEEDS[deed](account, someone, service)


@then(OneOf("they can <deed>", deed=DEEDS))
def they_can(account: RecordedAccount, service: Service, someone: Principal, deed: str, expect: Checks) -> None:
    """Expect that the same person's call succeeds."""
    _expect_success(account, service, someone, deed, expect)


@then(OneOf(f"{ANYBODY} can <deed>", deed=DEEDS))
def anybody_can(account: RecordedAccount, document: Document, service: Service, deed: str, expect: Checks) -> None:
    """Expect that the very same call succeeds for someone who has the permission."""
    anybody = _made(account, document, service, ANYBODY)
    _expect_success(account, service, anybody, deed, expect)


@then(OneOf("someone with only <policy> can <deed>", policy=POLICIES, deed=DEEDS))
def somebody_can(
    account: RecordedAccount, document: Document, service: Service, policy: str, deed: str, expect: Checks
) -> None:
    """Expect that the very same call succeeds for someone with the right policy."""
    who = _made(account, document, service, f"{ONLY}{policy}")
    _expect_success(account, service, who, deed, expect)


def _expect_success(account: RecordedAccount, service: Service, who: Principal, deed: str, expect: Checks) -> None:
    outcome = account.patience.until(lambda o: o.answer is not None, lambda: DEEDS[deed](account, who, service))
    expect.equal(f"{outcome.operation} by {who.name}", str(outcome), "accepted", of=[outcome.exchange])
