"""People whom scenarios need: made at the beginning, all at once, so that their keys are waited for together.

They are given to scenarios, never judged: a person is somebody with exactly one policy, and the same whenever they
were made. Who could not be made ahead, or has another policy than the scenario asks for, is made in its turn.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slrspec.providers.contract import Principal
from slrspec.running.trouble import ProviderTrouble, answered_error
from slrspec.sandbox.operations import PEOPLE
from slrspec.sandbox.writes import Caller

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from slrspec.providers.contract import PolicyDocument
    from slrspec.sandbox.account import HeldAccount

# A new key has to work so many times in a row before anybody relies on it.
WORKING_CALLS = 3


@dataclass(frozen=True)
class Person:
    """Somebody who was made, the name of the user, and the one policy that they have, as JSON."""

    principal: Principal
    user: str
    policy: str


def make_people(held: HeldAccount) -> None:
    """Make everybody whom the plan's scenarios need, once, and wait until the keys of all work.

    Who is not made by then is left to the scenario, and what there is of them is taken away.
    """
    if held.people is not None:
        return
    held.people = []
    with held.guard.permitted("making people ahead", PEOPLE):
        made = [_tried(held, name, policy) for name, policy in _needed(held)]
        held.people.extend(_working(held, [one for one in made if one is not None]))


def someone(held: HeldAccount, scenario: str, name: str, policy: PolicyDocument) -> Principal:
    """Return somebody with a policy, who was made ahead or is made now; nobody else gets the same person.

    Raises
    ------
    ProviderTrouble
        If their key does not come to work.

    """
    text = json.dumps(policy)
    ahead = held.people or []
    for person in ahead:
        if (person.principal.name, person.policy) == (name, text):
            ahead.remove(person)
            return person.principal
    with held.guard.permitted(f"making somebody for {scenario}", PEOPLE):
        found = _working(held, [_made(held, name, text)])
    if not found:
        raise ProviderTrouble("a new access key does not work")
    return found[0].principal


def _needed(held: HeldAccount) -> Iterator[tuple[str, str]]:
    """Yield who is needed: what the steps call them, and their policy."""
    from slrspec.steps.principal import policy_of

    scenarios = {one.id: one for one in held.specification.scenarios}
    for scenario in held.order:
        for name in held.needs[scenario].people if not held.left_out(scenario) else ():
            service = held.specification.service_of(scenarios[scenario])
            yield name, json.dumps(policy_of(name, held.specification.document, service))


def _tried(held: HeldAccount, name: str, policy: str) -> Person | None:
    try:
        return _made(held, name, policy)
    except Exception as error:
        if isinstance(error, ProviderTrouble) or answered_error(error).status:
            return None
        raise


def _made(held: HeldAccount, name: str, policy: str) -> Person:
    """Make a user with the policy inline, never more than the boundary allows, and a key."""
    user = held.new_name()
    held.call("iam", "CreateUser", **held.tagged("CreateUser", {"UserName": user}))
    held.call("iam", "PutUserPolicy", UserName=user, PolicyName="only", PolicyDocument=policy)
    key = held.call("iam", "CreateAccessKey", UserName=user)["AccessKey"]
    return Person(Principal(name, key["AccessKeyId"], key["SecretAccessKey"]), user, policy)


def _working(held: HeldAccount, people: Sequence[Person]) -> list[Person]:
    """Wait until the keys of all have worked several times in a row; return those whose keys have."""
    good = dict.fromkeys((one.user for one in people), 0)

    def all_work() -> bool:
        for one in people:
            if good[one.user] < WORKING_CALLS:
                good[one.user] = good[one.user] + 1 if _works(held, one.principal) else 0
        return all(number >= WORKING_CALLS for number in good.values())

    if held.wait(all_work) and people:
        held.sleep(held.pace.settling)
    return [one for one in people if good[one.user] >= WORKING_CALLS]


def _works(held: HeldAccount, principal: Principal) -> bool:
    caller = Caller(principal.name, (principal.access_key, principal.secret_key))
    try:
        held.sender.call("sts", "GetCallerIdentity", held.settings.region, {}, caller)
    except Exception:  # noqa: BLE001 - it does not work yet, or its time runs out
        return False
    return True
