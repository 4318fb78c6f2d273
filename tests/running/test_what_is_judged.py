"""Steps judge what their rule is about: what a provider may do to be told apart from what befalls the run.

Each case is the documented model, one answer of which is changed on its way to the steps.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from slrspec.documented.behaviour import DOCUMENTED, Timing
from slrspec.providers.documented import DocumentedProvider
from slrspec.running import session
from slrspec.running.engine import Observer, Request, execute
from slrspec.running.selection import Selection
from slrspec.running.verdict import Verdict
from tests.conftest import ROOT

State = dict[str, int]
Hook = Callable[[State, str, dict[str, Any], Callable[[], Any]], Any]
RACE = "Unable to create the resource. Verify that you have permission. Otherwise wait and try again later"


class WithClient:
    """An account with another way to make clients."""

    def __init__(self, account: Any, client: Callable[..., Any]) -> None:
        self._account = account
        self.client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._account, name)


class Changed(DocumentedProvider):
    """The documented model, whose answers go through a function."""

    hook: Hook

    @contextmanager
    def open_account(self, scenario: str) -> Iterator[Any]:
        state: State = {}
        with super().open_account(scenario) as account:
            plain = account.client

            def client(service: str, **more: Any) -> Any:
                made: Any = plain(service, **more)
                copied = object.__new__(type(made))
                copied.__dict__.update(made.__dict__)
                copied._make_api_call = lambda operation, given: self.hook(
                    state, operation, given, lambda: made._make_api_call(operation, given)
                )
                return copied

            yield WithClient(account, client)


def plainly(_state: State, _operation: str, _given: dict[str, Any], call: Callable[[], Any]) -> Any:
    return call()


@pytest.fixture
def verdicts(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Verdict]]:
    def judge(
        *rules: str, hook: Hook = plainly, timing: Timing | None = None, **behaviour: Any
    ) -> dict[str, Verdict]:
        provider = Changed("")
        provider.hook = hook
        provider.setting = replace(provider.setting, behaviour=replace(DOCUMENTED, **behaviour))
        if timing:
            provider.setting = replace(provider.setting, timing=timing)
        monkeypatch.setattr(session, "find_provider", lambda _: provider)
        run = execute(Request(("documented",), Selection(rules)), Observer(lambda _: None))
        return {rule.id: rule.verdicts[0].verdict for rule in run.rules}

    return judge


def refusing(code: str, *operations: str, message: str = "said", times: int = 99) -> Hook:
    def hook(state: State, operation: str, _given: dict[str, Any], call: Callable[[], Any]) -> Any:
        if operation in operations and state.get("times", 0) < times:
            state["times"] = state.get("times", 0) + 1
            error: Any = {
                "Error": {"Code": code, "Message": message},
                "ResponseMetadata": {"HTTPStatusCode": 400},
            }
            raise ClientError(error, operation)
        return call()

    return hook


def trusting(change: Callable[[Any], object]) -> Hook:
    def hook(_state: State, operation: str, given: dict[str, Any], call: Callable[[], Any]) -> Any:
        answer = call()
        if operation == "GetRole" and "AWSServiceRole" in given["RoleName"]:
            answer = copy.deepcopy(answer)
            change(answer["Role"]["AssumeRolePolicyDocument"])
        return answer

    return hook


def answering_without(operation: str, member: str) -> Hook:
    def hook(_state: State, called: str, _given: dict[str, Any], call: Callable[[], Any]) -> Any:
        answer = call()
        return {key: value for key, value in answer.items() if key != member} if called == operation else answer

    return hook


EVERYBODY_ELSE = {
    "Effect": "Allow",
    "NotPrincipal": {"Service": "rds.amazonaws.com"},
    "Action": "sts:AssumeRole",
}


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (lambda trust: trust["Statement"].append(EVERYBODY_ELSE), {"RDS-INT-05", "RDS-PER-04"}),
        (
            lambda trust: trust["Statement"][0].update(Effect="Deny"),
            {"RDS-INT-05", "RDS-INT-07", "RDS-PER-03", "RDS-PER-04"},
        ),
        (
            lambda trust: trust["Statement"][0].update(Action="sts:TagSession"),
            {"RDS-INT-05", "RDS-INT-07", "RDS-PER-03", "RDS-PER-04"},
        ),
    ],
    ids=["everybody else, too", "denied", "another action"],
)
def test_who_is_trusted_is_who_may_assume_the_role(
    change: Callable[[Any], object], broken: set[str], verdicts: Callable[..., dict[str, Verdict]]
) -> None:
    found = verdicts("RDS-INT-05", "RDS-INT-07", "RDS-PER-03", "RDS-PER-04", hook=trusting(change))
    assert {rule for rule, verdict in found.items() if verdict is Verdict.FAIL} == broken
    assert set(found.values()) <= {Verdict.PASS, Verdict.FAIL}


@pytest.mark.parametrize(
    ("operation", "rules"),
    [
        ("CreateInstanceProfile", ["RDS-EDT-08"]),
        ("CreatePolicy", ["RDS-EDT-03", "RDS-INT-09"]),
        ("DescribeDBSnapshots", ["RDS-DEL-18"]),
    ],
)
def test_a_refused_call_that_no_rule_is_about_says_nothing(
    operation: str, rules: list[str], verdicts: Callable[..., dict[str, Verdict]]
) -> None:
    found = verdicts(*rules, hook=refusing("AccessDenied", operation))
    assert found == dict.fromkeys(rules, Verdict.ERROR)


def test_a_role_that_has_not_spread_is_waited_for(verdicts: Callable[..., dict[str, Verdict]]) -> None:
    rules = ("RDS-CRE-01", "RDS-CRE-02", "RDS-CRE-05", "RDS-DEL-01")
    once = refusing("InvalidParameterValue", "CreateDBInstance", message=RACE, times=1)
    assert verdicts(*rules, hook=once) == dict.fromkeys(rules, Verdict.PASS)
    always = refusing("InvalidParameterValue", "CreateDBInstance", message=RACE)
    assert verdicts("RDS-CRE-01", hook=always) == {"RDS-CRE-01": Verdict.ERROR}


def test_a_refusal_that_is_a_rule_s_own_is_not_waited_out(verdicts: Callable[..., dict[str, Verdict]]) -> None:
    calls: list[str] = []

    def noting(_state: State, operation: str, _given: dict[str, Any], call: Callable[[], Any]) -> Any:
        calls.append(operation)
        return call()

    assert verdicts("RDS-PER-16", hook=noting) == {"RDS-PER-16": Verdict.PASS}
    assert calls.count("CreateDBInstance") == 2  # the refused one, and that of somebody who may


def test_one_task_for_two_requests_takes_two_that_are_accepted(verdicts: Callable[..., dict[str, Verdict]]) -> None:
    assert verdicts("RDS-COM-06", everywhere=frozenset({"OrdinaryRole"})) == {"RDS-COM-06": Verdict.FAIL}
    nameless = answering_without("DeleteServiceLinkedRole", "DeletionTaskId")
    rules = ("RDS-COM-06", "RDS-DEL-03", "RDS-DEL-09")
    assert verdicts(*rules, hook=nameless) == dict.fromkeys(rules, Verdict.FAIL)


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("RDS-PER-16", {"created_though_refused": True}),
        ("RDS-COM-02", {"written": frozenset({"Suffix"})}),
        ("RDS-PER-14", {"written": frozenset({"MayNotEdit"})}),
    ],
)
def test_what_must_not_have_changed_is_looked_at_again_where_reads_lag(
    rule: str, fault: dict[str, Any], verdicts: Callable[..., dict[str, Verdict]]
) -> None:
    assert verdicts(rule, timing=Timing(lag=2)) == {rule: Verdict.PASS}
    assert verdicts(rule, timing=Timing(lag=2), **fault) == {rule: Verdict.FAIL}


@pytest.mark.parametrize(
    "fault",
    [
        {"grants_missing": frozenset({("sns:Publish", "*")}), "grants_added": frozenset({("s3:*", "*")})},
        {"grants_added": frozenset({("s3:*", "*")})},
        {"denies": "ec2:*"},
    ],
    ids=["as many grants, and others", "a grant more", "a denial"],
)
def test_the_role_that_rds_creates_has_the_very_permissions(
    fault: dict[str, Any], verdicts: Callable[..., dict[str, Verdict]]
) -> None:
    assert verdicts("RDS-CRE-03") == {"RDS-CRE-03": Verdict.PASS}
    assert verdicts("RDS-CRE-03", when_by_service=fault) == {"RDS-CRE-03": Verdict.FAIL}


def test_what_was_there_before_is_told_from_what_a_rule_forbids(
    verdicts: Callable[..., dict[str, Verdict]],
) -> None:
    def beforehand(state: State, operation: str, given: dict[str, Any], call: Callable[[], Any]) -> Any:
        answer = call()
        if operation == "ListRoles" and not state.get("asked"):
            state["asked"] = 1
            role = {"RoleName": "AWSServiceRoleForElastiCache", "Path": given["PathPrefix"]}
            return {**answer, "Roles": [role]}
        return answer

    rules = ("RDS-PER-13", "RDS-PER-18", "RDS-PER-19", "RDS-PER-20")
    assert verdicts(*rules, hook=beforehand) == dict.fromkeys(rules, Verdict.ERROR)


@pytest.mark.parametrize("edition", ["2020-10-09", "2023-04-21"])
def test_the_model_of_an_edition_keeps_the_rules_of_the_edition(edition: str) -> None:
    request = Request((f"documented:edition={edition}",), Selection(tags=("api",)), edition=edition)
    run = execute(request, Observer(lambda _: None))
    assert {result.rule for result in run.scenarios if result.verdict is Verdict.FAIL} == set()
    assert run.exit_code == 0


def test_what_aws_is_known_to_have_changed_since_is_listed_for_the_first_night() -> None:
    rules = ("RDS-PER-06", "RDS-PER-11", "RDS-CRE-03", "RDS-DEL-07")
    listed = ROOT / "src" / "slrspec" / "providers" / "deviations" / "aws.toml"
    run = execute(
        Request(("documented:edition=v14",), Selection(rules), deviations=listed), Observer(lambda _: None)
    )
    assert run.exit_code == 0
    assert {rule.id for rule in run.rules if rule.verdicts[0].known} == {*rules} - {"RDS-DEL-07"}
