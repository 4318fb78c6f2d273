"""The permissions policy of the role: what it grants, and to whom it cannot be given."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from pytest_bdd import given, parsers, then, when

from slrspec.spec.grants import Grant, grants_of, statements

if TYPE_CHECKING:
    from slrspec.running.checks import Checks
    from slrspec.running.recorder import Outcome, RecordedAccount
    from slrspec.spec.services import Service
    from slrspec.steps.role import ObservedRole

ORDINARY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}],
}


class Entity(Struct, frozen=True):
    """An ordinary role, user or group, and the calls that give it a managed policy and list those it has."""

    kind: str
    name: str

    def attach(self, account: RecordedAccount, policy: str) -> Outcome:
        """Try to give it the policy of that ARN."""
        call = getattr(account.client("iam"), f"attach_{self.kind}_policy")
        return account.attempt(call, **{f"{self.kind.title()}Name": self.name, "PolicyArn": policy})

    def attached(self, account: RecordedAccount) -> list[str]:
        """Return the ARNs of the managed policies that it has."""
        call = getattr(account.client("iam"), f"list_attached_{self.kind}_policies")
        answer = call(**{f"{self.kind.title()}Name": self.name})
        return [str(policy["PolicyArn"]) for policy in answer["AttachedPolicies"]]


def create_managed(account: RecordedAccount) -> str:
    """Create a managed policy of the account's own, and return its ARN."""
    answer = account.prepare(
        account.client("iam").create_policy,
        PolicyName=account.unique_name("policy"),
        PolicyDocument=json.dumps(ORDINARY),
    )
    return str(answer["Policy"]["Arn"])


def permissions(account: RecordedAccount, role: ObservedRole) -> list[Any]:
    """Return the documents of all policies that the role has, managed and inline."""
    iam = account.client("iam")
    documents = [json.loads(document) for _, document in role.inline]
    for arn in role.attached:
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        documents.append(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])
    return documents


def grants(account: RecordedAccount, role: ObservedRole) -> frozenset[Grant]:
    """Return everything that the role's policies allow."""
    return frozenset().union(*(grants_of(document) for document in permissions(account, role)))


@given(parsers.re("an ordinary (?P<kind>user|group)"), target_fixture="entity")
def an_entity(account: RecordedAccount, kind: str) -> Entity:
    """Create a user or a group."""
    name = account.unique_name(kind)
    getattr(account.client("iam"), f"create_{kind}")(**{f"{kind.title()}Name": name})
    return Entity(kind, name)


@given("another role", target_fixture="entity")
def another_role(account: RecordedAccount) -> Entity:
    """Create an ordinary role to attach policies to."""
    from slrspec.steps.role import create_ordinary

    return Entity("role", create_ordinary(account))


@when(
    parsers.re("the role's permissions policy is attached to (?:it|the user|the group)"),
    target_fixture="outcome",
)
def attach_reserved(account: RecordedAccount, role: ObservedRole, entity: Entity, service: Service) -> Outcome:
    """Try to give the entity the policy that belongs to the service-linked role."""
    return entity.attach(account, role.attached[0] if role.attached else service.policy_arn)


@then("it has no managed policy")
def has_no_policy(account: RecordedAccount, entity: Entity, expect: Checks) -> None:
    """Expect that nothing was attached to the entity."""
    expect.equal(f"policies of the {entity.kind}", entity.attached(account), [])


@then("an ordinary policy can be attached to it")
def takes_ordinary_policy(account: RecordedAccount, entity: Entity, expect: Checks) -> None:
    """Expect that the very same call succeeds with a policy of the account's own."""
    policy = create_managed(account)
    outcome = entity.attach(account, policy)
    expect.equal("attaching an ordinary policy", str(outcome), "accepted")
    attached = account.patience.until(lambda found: policy in found, lambda: entity.attached(account))
    expect.includes(f"policies of the {entity.kind}", attached, [policy])


@then("the role has a permissions policy")
def has_permissions(account: RecordedAccount, role: ObservedRole, expect: Checks) -> None:
    """Expect exactly one managed policy, no inline one, and that it grants something."""
    expect.equal("how many managed policies the role has", len(role.attached), 1, of=role.exchanges)
    expect.equal("inline policies of the role", [name for name, _ in role.inline], [], of=role.exchanges)
    expect.equal("what the policy grants", "something" if grants(account, role) else "nothing", "something")


@then(parsers.parse('the role\'s only managed policy is "{name}"'))
def policy_name(role: ObservedRole, name: str, expect: Checks) -> None:
    """Expect one managed policy, of AWS's own and of that name."""
    expect.equal(
        "managed policies of the role",
        [re.sub(r"^arn:aws[a-z-]*:", "arn:aws:", arn) for arn in role.attached],
        [f"arn:aws:iam::aws:policy/aws-service-role/{name}"],
        of=role.exchanges,
    )


@then("the role's only managed policy is its recorded one")
def policy_recorded_name(role: ObservedRole, service: Service, expect: Checks) -> None:
    """Expect the policy that AWS was seen to attach to the service's role."""
    policy_name(role, service.policy, expect)


@then("the role has no inline policy")
def has_no_inline_policy(role: ObservedRole, expect: Checks) -> None:
    """Expect that the role's powers come from its managed policy alone."""
    expect.equal("inline policies of the role", [name for name, _ in role.inline], [], of=role.exchanges)


@then("the permissions policy grants")
def policy_grants(account: RecordedAccount, role: ObservedRole, datatable: list[list[str]], expect: Checks) -> None:
    """Expect a grant without condition for each row of the table."""
    header, *rows = datatable
    wanted = [Grant(row["action"], row["resource"]) for row in (dict(zip(header, r, strict=True)) for r in rows)]
    expect.includes("what the role may do", grants(account, role), wanted, of=role.exchanges)


@then("the permissions policy is the documented one")
def policy_documented(
    account: RecordedAccount, role: ObservedRole, service: Service, printed: frozenset[Grant], expect: Checks
) -> None:
    """Expect the grants that the page prints and no others, or of an edition that prints none the policy's name."""
    if not printed:
        policy_recorded_name(role, service, expect)
        return
    policy_language(account, role, expect)
    found = grants(account, role)
    expect.equal("grants that are missing", sorted(map(str, printed - found)), [], of=role.exchanges)
    expect.equal("grants besides", sorted(map(str, found - printed)), [], of=role.exchanges)


@then(parsers.parse("the permissions policy has {count:d} grants in all"))
def policy_has_no_more(account: RecordedAccount, role: ObservedRole, count: int, expect: Checks) -> None:
    """Expect that many pairs of action and resource."""
    expect.equal("the number of grants", len(grants(account, role)), count, of=role.exchanges)


@then(parsers.parse('every "{prefix}" grant is on one of'))
def policy_is_scoped(
    account: RecordedAccount, role: ObservedRole, prefix: str, datatable: list[list[str]], expect: Checks
) -> None:
    """Expect that the service's actions are allowed on the listed resources only, and at all."""
    resources = {g.resource for g in grants(account, role) if g.folded.startswith((f"{prefix}:", "*", "not "))}
    expect.only_within(f"resources of {prefix}", resources, [row[0] for row in datatable[1:]], of=role.exchanges)


@then("every statement of the permissions policy is an allowance in the current policy language")
def policy_language(account: RecordedAccount, role: ObservedRole, expect: Checks) -> None:
    """Expect the version of 2012-10-17, and no effect but `Allow`."""
    documents = permissions(account, role)
    expect.equal(
        "versions of the policy language",
        [d.get("Version") for d in documents],
        ["2012-10-17"],
        of=role.exchanges,
    )
    effects = sorted({str(s.get("Effect")) for d in documents for s in statements(d)})
    expect.equal("effects of the statements", effects, ["Allow"], of=role.exchanges)
