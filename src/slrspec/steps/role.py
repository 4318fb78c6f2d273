"""Roles: a service's service-linked role as the provider shows it, and ordinary roles beside it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from msgspec import Struct
from pytest_bdd import given, parsers, then, when

from slrspec.running.trouble import ProviderTrouble
from slrspec.spec.services import RESERVED_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from slrspec.running.checks import Checks
    from slrspec.running.recorder import Outcome, RecordedAccount
    from slrspec.spec.services import Service

T = TypeVar("T")
SUFFIX = "slrspec"
LOOKS = 3  # at what must not have changed
ASSUMING = frozenset({"sts:assumerole", "sts:*", "*"})
TRUSTING_EC2 = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


class ObservedRole(Struct, frozen=True):
    """A role as the provider showed it at one moment.

    Attributes
    ----------
    trust
        The trust policy as parsed JSON.
    attached
        ARNs of the managed policies, sorted.
    inline
        Names and documents of the inline policies, sorted by name.
    profiles
        Names of the instance profiles that it is in, sorted.
    exchanges
        Numbers of the exchanges that showed it.

    """

    name: str
    path: str
    arn: str
    id: str
    description: str
    trust: Any
    max_session_seconds: int | None
    boundary: str | None
    tags: tuple[tuple[str, str], ...]
    attached: tuple[str, ...]
    inline: tuple[tuple[str, str], ...]
    profiles: tuple[str, ...]
    exchanges: tuple[int, ...]


def observe(account: RecordedAccount, name: str) -> ObservedRole | None:
    """Return the role of that name with everything that belongs to its definition; None if there is none."""
    iam = account.client("iam")
    first = account.calls + 1
    got = account.attempt(iam.get_role, RoleName=name)
    if got.answer is None:
        if got.refusal is not None and got.refusal.code == "NoSuchEntity":
            return None
        raise ProviderTrouble(f"the role cannot be read: {got}")
    role = got.answer["Role"]
    try:
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        inline = {
            policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        }
        profiles = iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"]
    except iam.exceptions.NoSuchEntityException:
        return None  # it was going while it was looked at
    return ObservedRole(
        name=role["RoleName"],
        path=role["Path"],
        arn=role["Arn"],
        id=role["RoleId"],
        description=role.get("Description", ""),
        trust=role.get("AssumeRolePolicyDocument"),
        max_session_seconds=role.get("MaxSessionDuration"),
        boundary=(role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
        tags=tuple(sorted((tag["Key"], tag["Value"]) for tag in role.get("Tags") or ())),
        attached=tuple(sorted(policy["PolicyArn"] for policy in attached)),
        inline=tuple(sorted((key, json.dumps(document, sort_keys=True)) for key, document in inline.items())),
        profiles=tuple(sorted(profile["InstanceProfileName"] for profile in profiles)),
        exchanges=tuple(range(first, account.calls + 1)),
    )


def find_role_name(account: RecordedAccount, service: Service) -> str | None:
    """Return the name of a service's service-linked role, whatever the provider calls it; None if there is none."""
    return next(_names(account, service), None)


def _names(account: RecordedAccount, service: Service) -> Iterator[str]:
    return _names_below(account, service.path)


def _names_below(account: RecordedAccount, path: str) -> Iterator[str]:
    pages = account.client("iam").get_paginator("list_roles").paginate(PathPrefix=path)
    return (str(role["RoleName"]) for page in pages for role in page["Roles"])


def find_role(account: RecordedAccount, service: Service) -> ObservedRole | None:
    """Return a service's service-linked role; None if there is none."""
    name = find_role_name(account, service)
    return observe(account, name) if name else None


def create(account: RecordedAccount, service: Service) -> ObservedRole:
    """Create the service-linked role as an administrator may, naming only the service, and observe it."""
    return _created(account, account.client("iam").create_service_linked_role(AWSServiceName=service.principal))


def _created(account: RecordedAccount, answer: Any) -> ObservedRole:
    """Observe a role that was created; a read may show none yet, or the one of that name before it."""
    role = account.patience.until(
        lambda found: found is not None and found.id == answer["Role"]["RoleId"],
        lambda: observe(account, answer["Role"]["RoleName"]),
    )
    if role is None:
        raise ProviderTrouble("the role that was just created cannot be found")
    return role


def create_ordinary(account: RecordedAccount, trust: Any = None) -> str:
    """Create a role of the account's own, and return its name."""
    name = account.unique_name("role")
    trusting = json.dumps(trust or TRUSTING_EC2)
    account.prepare(account.client("iam").create_role, RoleName=name, AssumeRolePolicyDocument=trusting)
    return name


def differences(before: ObservedRole, after: ObservedRole) -> list[str]:
    """Return the names of what is not as it was."""
    names = [name for name in ObservedRole.__struct_fields__ if name != "exchanges"]
    return [name for name in names if getattr(before, name) != getattr(after, name)]


def _looked_for(account: RecordedAccount, shows: Callable[[T], bool], read: Callable[[], T]) -> T:
    """Read until a reading shows what must not be, a few times where reads lag; return the last reading."""
    more = iter(range(1, LOOKS))
    return account.patience.until(lambda reading: shows(reading) or next(more, None) is None, read)


def trust_statements(role: ObservedRole) -> list[Any]:
    """Return the statements of a role's trust policy; none of what is no policy."""
    statements = role.trust.get("Statement", []) if isinstance(role.trust, dict) else []
    return [one for one in _listed(statements) if isinstance(one, dict)]


def trusted(role: ObservedRole) -> list[str]:
    """Return who may assume a role, as `kind name`, sorted; IAM takes a scalar for a list of one."""
    return sorted(
        f"{kind} {name}"
        for statement in _assuming(role)
        for element, said in (("Principal", ""), ("NotPrincipal", "not "))
        for kind, names in _principals(statement.get(element, {}), said)
        for name in _listed(names)
    )


def _assuming(role: ObservedRole) -> Iterator[Any]:
    """Return the statements that let somebody assume the role."""
    for statement in trust_statements(role):
        actions = {str(action).casefold() for action in _listed(statement.get("Action"))}
        if statement.get("Effect") == "Allow" and actions & ASSUMING:
            yield statement


def _principals(element: Any, said: str) -> Iterator[tuple[str, Any]]:
    kinds = element if isinstance(element, dict) else {"Any": element}
    return ((f"{said}{kind}", names) for kind, names in kinds.items())


# ---- what there is


@given("the service-linked role", target_fixture="role")
def the_role(account: RecordedAccount, service: Service) -> ObservedRole:
    """Find the role, or create it."""
    found = find_role(account, service)
    if found is not None:
        return found
    outcome = create_by_hand(account, service)
    if outcome.answer is not None:
        return _created(account, outcome.answer)
    # Refused, so it may be there already, and no read has shown it yet.
    found = account.patience.until(bool, lambda: find_role(account, service))
    if found is None:
        raise ProviderTrouble(f"the role can be neither found nor created: {outcome}")
    return found


@pytest.fixture
def suffix(account: RecordedAccount) -> str:
    """Return the suffix of the scenario's own, which nobody else's role has."""
    return account.unique_name("suffix")


@given("a service-linked role with a suffix of its own", target_fixture="role")
@when("a service-linked role is created with a suffix of its own", target_fixture="role")
def create_disposable(account: RecordedAccount, service: Service, suffix: str) -> ObservedRole:
    """Create a role that is this scenario's and nobody else's, whatever roles the service has besides."""
    iam = account.client("iam")
    answer = iam.create_service_linked_role(AWSServiceName=service.principal, CustomSuffix=suffix)
    return _created(account, answer)


@given("no service-linked role")
def no_role(account: RecordedAccount, service: Service) -> None:
    """Make sure that there is none."""
    if find_role_name(account, service):
        raise ProviderTrouble(f"the account has a service-linked role of {service.principal} already")


@given("an ordinary role", target_fixture="ordinary")
def an_ordinary_role(account: RecordedAccount) -> ObservedRole:
    """Create a role that is no service's."""
    role = observe(account, create_ordinary(account))
    if role is None:
        raise ProviderTrouble("the role that was just created cannot be found")
    return role


# ---- what is done


@when("the service-linked role is created", target_fixture="role")
def create_the_role(account: RecordedAccount, service: Service) -> ObservedRole:
    """Create the role, naming the service and nothing else."""
    return create(account, service)


@when(parsers.re("the service-linked role is created (?:again|by hand)"), target_fixture="outcome")
def create_by_hand(account: RecordedAccount, service: Service) -> Outcome:
    """Create it with the call that is made for it."""
    return account.attempt(account.client("iam").create_service_linked_role, AWSServiceName=service.principal)


@when("the service-linked role is created with a suffix", target_fixture="outcome")
def create_with_suffix(account: RecordedAccount, service: Service) -> Outcome:
    """Create it under a longer name."""
    return account.attempt(
        account.client("iam").create_service_linked_role, AWSServiceName=service.principal, CustomSuffix=SUFFIX
    )


@when(parsers.parse('a service-linked role is created for "{principal}"'), target_fixture="outcome")
def create_for(account: RecordedAccount, principal: str) -> Outcome:
    """Create the role of another service, or of none."""
    return account.attempt(account.client("iam").create_service_linked_role, AWSServiceName=principal)


@when("an ordinary role is created below the reserved path", target_fixture="outcome")
def create_on_reserved_path(account: RecordedAccount, service: Service) -> Outcome:
    """Create a role of the account's own where the services' roles are."""
    return account.attempt(
        account.client("iam").create_role,
        RoleName=account.unique_name("role"),
        Path=service.path,
        AssumeRolePolicyDocument=json.dumps(TRUSTING_EC2),
    )


@when("the account tries to assume the role", target_fixture="outcome")
def assume(account: RecordedAccount, role: ObservedRole) -> Outcome:
    """Ask for credentials of the role."""
    sts = account.client("sts")
    return account.attempt(sts.assume_role, RoleArn=role.arn, RoleSessionName="slrspec")


@when("the role is tagged", target_fixture="outcome")
def tag(account: RecordedAccount, role: ObservedRole) -> Outcome:
    """Put a tag on the role."""
    return account.attempt(
        account.client("iam").tag_role, RoleName=role.name, Tags=[{"Key": "team", "Value": "data"}]
    )


@when("the tag is taken off again", target_fixture="outcome")
def untag(account: RecordedAccount, role: ObservedRole) -> Outcome:
    """Remove the tag."""
    return account.attempt(account.client("iam").untag_role, RoleName=role.name, TagKeys=["team"])


# ---- what must be so


@then("the service-linked role exists", target_fixture="role")
def role_exists(account: RecordedAccount, service: Service, expect: Checks) -> ObservedRole:
    """Expect that the account has the role now."""
    return _present(account.patience.until(bool, lambda: find_role(account, service)), service, expect)


def _present(role: ObservedRole | None, service: Service, expect: Checks) -> ObservedRole:
    expect.equal(f"a service-linked role of {service.principal}", "present" if role else "absent", "present")
    assert role is not None  # the check above has failed otherwise
    return role


@then("no service-linked role exists")
def role_does_not_exist(account: RecordedAccount, service: Service, expect: Checks) -> None:
    """Expect that the account has no such role."""
    found = _looked_for(account, bool, lambda: find_role_name(account, service))
    expect.equal(f"a service-linked role of {service.principal}", "present" if found else "absent", "absent")


@then(parsers.parse('no role exists for "{principal}"'))
def no_role_for(account: RecordedAccount, principal: str, expect: Checks) -> None:
    """Expect that the account has no role of the service."""
    path = f"{RESERVED_PATH}{principal}/"
    found = _looked_for(account, bool, lambda: list(_names_below(account, path)))
    expect.equal(f"roles of {principal}", found, [])


@then("the role is unchanged")
def role_unchanged(account: RecordedAccount, role: ObservedRole, expect: Checks) -> None:
    """Expect that everything belonging to the role is as it was found."""

    def has_changed(now: ObservedRole | None) -> bool:
        return now is None or bool(differences(role, now))

    now = _looked_for(account, has_changed, lambda: observe(account, role.name))
    expect.equal("the role", "present" if now else "gone", "present")
    assert now is not None
    expect.equal("what has changed about the role", differences(role, now), [])


@then("the ordinary role is unchanged")
def ordinary_unchanged(account: RecordedAccount, ordinary: ObservedRole, expect: Checks) -> None:
    """Expect that the ordinary role is as it was made."""
    role_unchanged(account, ordinary, expect)


@then(parsers.parse('the role\'s name is "{name}"'))
def role_name(role: ObservedRole, name: str, expect: Checks) -> None:
    """Expect the very name."""
    expect.equal("the role's name", role.name, name, of=role.exchanges)


@then("the role has its recorded name")
def role_recorded_name(role: ObservedRole, service: Service, expect: Checks) -> None:
    """Expect the name that AWS was seen to give to the service's role."""
    role_name(role, service.role, expect)


@then("the suffix stands behind the role's name")
def role_ends_in_suffix(role: ObservedRole, suffix: str, expect: Checks) -> None:
    """Expect a service-linked role's name, whichever the service has chosen, and the scenario's own suffix."""
    expect.matches("the role's name", role.name, f"AWSServiceRoleFor.+_{re.escape(suffix)}", of=role.exchanges)


@then("a role of the same name and the suffix stands beside it")
def role_with_suffix(account: RecordedAccount, role: ObservedRole, service: Service, expect: Checks) -> None:
    """Expect two roles of the service: the one that was there, and the longer name."""
    wanted = sorted([role.name, f"{role.name}_{SUFFIX}"])
    names = account.patience.until(lambda found: found == wanted, lambda: sorted(_names(account, service)))
    expect.equal(f"roles of {service.principal}", names, wanted)


@then("the role's path names its service")
def role_path_of_service(role: ObservedRole, service: Service, expect: Checks) -> None:
    """Expect the path that is reserved for the service's roles."""
    role_path(role, service.path, expect)


@then(parsers.parse('the role\'s path is "{path}"'))
def role_path(role: ObservedRole, path: str, expect: Checks) -> None:
    """Expect the very path."""
    expect.equal("the role's path", role.path, path, of=role.exchanges)


@then("the role's path is reserved for service-linked roles")
def role_path_reserved(role: ObservedRole, expect: Checks) -> None:
    """Expect a path below `/aws-service-role/`."""
    expect.matches("the role's path", role.path, f"{RESERVED_PATH}.+/", of=role.exchanges)


@then("the role's ARN names its service")
def role_arn(role: ObservedRole, service: Service, expect: Checks) -> None:
    """Expect the service's name in the ARN, before the role's."""
    expect.matches(
        "the role's ARN",
        role.arn,
        rf"arn:aws[a-z-]*:iam::\d{{12}}:role{re.escape(service.path)}[\w+=,.@-]+",
        of=role.exchanges,
    )


@then("the role has a trust policy")
def role_has_trust(role: ObservedRole, expect: Checks) -> None:
    """Expect at least one statement that lets somebody assume the role."""
    allowing = [s for s in trust_statements(role) if s.get("Effect") == "Allow"]
    expect.includes(
        "what the trust policy allows",
        {action for s in allowing for action in _listed(s.get("Action"))},
        ["sts:AssumeRole"],
        of=role.exchanges,
    )


@then(parsers.parse("the role trusts {count:d} principal, a service"))
def role_trusts_services(role: ObservedRole, count: int, expect: Checks) -> None:
    """Expect that many principals, none of which is an account, a user or a federation."""
    expect.equal(
        "the kinds of principals",
        [name.split()[0] for name in trusted(role)],
        ["Service"] * count,
        of=role.exchanges,
    )


@then(parsers.parse('the role trusts "{principal}"'))
def role_trusts(role: ObservedRole, principal: str, expect: Checks) -> None:
    """Expect the service among the principals."""
    expect.includes("whom the role trusts", trusted(role), [f"Service {principal}"], of=role.exchanges)


@then(parsers.parse('the role trusts only "{principal}", without condition'))
def role_trusts_only(role: ObservedRole, principal: str, expect: Checks) -> None:
    """Expect one statement, for the service and no other principal, without condition."""
    expect.equal("how many statements the trust has", len(trust_statements(role)), 1, of=role.exchanges)
    expect.equal("whom the role trusts", trusted(role), [f"Service {principal}"], of=role.exchanges)
    conditions = [s["Condition"] for s in trust_statements(role) if s.get("Condition")]
    expect.equal("conditions of the trust", conditions, [], of=role.exchanges)


@then("the role trusts only its service, without condition")
def role_trusts_service(role: ObservedRole, service: Service, expect: Checks) -> None:
    """Expect the service that the role is of, and nobody else."""
    role_trusts_only(role, service.principal, expect)


@then(parsers.parse("the role's sessions last {seconds:d} seconds at most"))
def role_sessions(role: ObservedRole, seconds: int, expect: Checks) -> None:
    """Expect the very duration."""
    expect.equal("the longest session in seconds", role.max_session_seconds, seconds, of=role.exchanges)


@then("the service-linked role is back under a new id")
def role_is_back(account: RecordedAccount, role: ObservedRole, service: Service, expect: Checks) -> None:
    """Expect a role of the same name, of which IAM says that it is another one; a read may show the old one yet."""
    found = account.patience.until(
        lambda now: now is not None and now.id != role.id, lambda: find_role(account, service)
    )
    now = _present(found, service, expect)
    expect.equal("the role's name", now.name, role.name)
    expect.equal("the id of the old role", "kept" if now.id == role.id else "replaced", "replaced")


@then(parsers.parse("the role's {noun} is the same"), converters={"noun": str})
def role_attribute_same(account: RecordedAccount, role: ObservedRole, noun: str, expect: Checks) -> None:
    """Expect that one attribute is what it was."""
    was = getattr(role, noun)
    now = _looked_for(account, lambda found: getattr(found, noun, None) != was, lambda: observe(account, role.name))
    expect.equal(f"the role's {noun}", getattr(now, noun, None), was)


@then("an ordinary role that trusts the account can be assumed")
def ordinary_can_be_assumed(account: RecordedAccount, expect: Checks) -> None:
    """Expect credentials for a role whose trust names the account."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account.account_id}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    name = create_ordinary(account, trust)
    arn = account.client("iam").get_role(RoleName=name)["Role"]["Arn"]
    sts = account.client("sts")

    def assume_it() -> Outcome:
        return account.attempt(sts.assume_role, RoleArn=arn, RoleSessionName="slrspec")

    outcome = account.patience.until(lambda o: o.answer is not None, assume_it)
    expect.equal("assuming an ordinary role", str(outcome), "accepted")


@then("the same role can be created without a suffix")
def create_without_suffix(account: RecordedAccount, service: Service, expect: Checks) -> None:
    """Expect that the call succeeds when it asks for nothing special."""
    outcome = create_by_hand(account, service)
    expect.equal("creating the role", str(outcome), "accepted")


@then("an ordinary role can be created elsewhere")
def create_elsewhere(account: RecordedAccount, expect: Checks) -> None:
    """Expect that the same call succeeds without the path."""
    outcome = account.attempt(
        account.client("iam").create_role,
        RoleName=account.unique_name("role"),
        AssumeRolePolicyDocument=json.dumps(TRUSTING_EC2),
    )
    expect.equal("creating an ordinary role", str(outcome), "accepted")


@then(parsers.re(r'the role has (?:no tag|the tag "(?P<key>[^"]+)")'))
def role_tags(account: RecordedAccount, role: ObservedRole, key: str | None, expect: Checks) -> None:
    """Expect the one tag, or none, on the role as it is now."""
    wanted = [key] if key else []
    now = account.patience.until(
        lambda found: found is not None and [name for name, _ in found.tags] == wanted,
        lambda: observe(account, role.name),
    )
    expect.equal("tags", [name for name, _ in now.tags] if now else "role gone", wanted)


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
