"""The proxy does what it says: a matrix that ran without its faults would prove nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from tests.sandbox.faulty_proxy import FAULTS, FOREVER, Plan, denied, expired, kill_after, kill_before, proxied
from tests.sandbox.places import Place

DONE = {"timeout after", "answer lost", "500 after", "body cut", "body cut, length right"}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("service", ["iam", pytest.param("ssm", marks=pytest.mark.long)])
def test_a_fault_is_met_and_the_call_is_done_only_if_it_says_so(moto_url: str, name: str, service: str) -> None:
    with proxied(moto_url, Place("").account, Plan(FAULTS[name])) as proxy:
        through = Place(proxy.url, timeout=0.3)
        beside = Place(moto_url, proxy.account)
        if service == "iam":
            with pytest.raises((ClientError, BotoCoreError, ResponseParserError)):
                through.iam.create_user(UserName="u")
        elif name.startswith("body cut"):  # JSON that cannot be read is for botocore an answer without members
            assert "Version" not in through.ssm.put_parameter(Name="u", Value="v", Type="String")
        else:
            with pytest.raises((ClientError, BotoCoreError)):
                through.ssm.put_parameter(Name="u", Value="v", Type="String")
        users = beside.iam.list_users()["Users"]
        parameters = beside.ssm.describe_parameters()["Parameters"]
        assert len(users) + len(parameters) == (1 if name in DONE else 0)
        assert [(call.service, call.number) for call in proxy.spoiled] == [(service, 1)]


def test_only_the_calls_whose_turn_it_is_are_spoiled(moto_url: str) -> None:
    plan = Plan(denied, at=2, times=2, concerns=lambda call: call.write)
    with proxied(moto_url, Place("").account, plan) as proxy:
        iam = Place(proxy.url).iam
        codes = []
        for name in "abcd":
            iam.list_users()
            try:
                iam.create_user(UserName=name)
            except ClientError as error:
                codes.append(error.response["Error"]["Code"])
        assert codes == ["AccessDenied"] * 2
        assert [user["UserName"] for user in iam.list_users()["Users"]] == ["a", "d"]


def test_a_session_that_has_ended_stays_so(moto_url: str) -> None:
    with proxied(moto_url, Place("").account, Plan(expired, at=2, times=FOREVER)) as proxy:
        place = Place(proxy.url)
        place.iam.list_users()
        for call in (place.iam.list_users, place.rds().describe_db_instances, place.ssm.describe_parameters):
            with pytest.raises(ClientError, match="ExpiredToken"):
                call()


def test_reads_lag_behind_a_write_for_a_while(moto_url: str) -> None:
    with proxied(moto_url, Place("").account, Plan(lag=2)) as proxy:
        iam = Place(proxy.url).iam
        assert iam.list_users()["Users"] == []
        iam.create_user(UserName="u")
        shown = [len(iam.list_users()["Users"]) for _ in range(4)]
        assert shown == [0, 0, 1, 1]


@pytest.mark.parametrize("fault", [kill_before, kill_after])
def test_the_client_dies_in_the_middle_of_a_call(moto_url: str, fault: object) -> None:
    program = "import sys; from tests.sandbox.places import Place; Place(sys.argv[1]).iam.create_user(UserName='u')"
    with proxied(moto_url, Place("").account, Plan(fault)) as proxy:  # type: ignore[arg-type]
        client = subprocess.Popen([sys.executable, "-c", program, proxy.url])
        proxy.victim = lambda: client.pid
        assert client.wait(60) == -9
        assert proxy.killed
        users = Place(moto_url, proxy.account).iam.list_users()["Users"]
        assert len(users) == (1 if fault is kill_after else 0)


def test_the_log_tells_every_call_and_what_it_was_about(moto_url: str) -> None:
    with proxied(moto_url, Place("").account) as proxy:
        place = Place(proxy.url)
        place.iam.create_user(UserName="u")
        place.client("rds", "eu-west-1").describe_db_instances()
        place.ssm.put_parameter(Name="/n", Value="v", Type="String", Overwrite=False)
        told = [(call.service, call.operation, call.region, call.write) for call in proxy.calls]
        assert told == [
            ("iam", "CreateUser", "us-east-1", True),
            ("rds", "DescribeDBInstances", "eu-west-1", False),
            ("ssm", "PutParameter", "us-east-1", True),
        ]
        assert proxy.calls[0].parameters["UserName"] == "u"
        assert proxy.calls[2].parameters["Overwrite"] == "False"
