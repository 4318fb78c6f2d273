"""Stock moto: accounts apart from each other and from the user's environment."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import EntryPoint
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.core.base_backend import BaseBackend
from moto.core.common_models import BaseModel
from moto.ec2.models import EC2Backend

from slrspec.errors import UsageError
from slrspec.providers import registry
from slrspec.providers.contract import Patience
from slrspec.providers.moto import MotoProvider, _caller, _client
from slrspec.providers.registry import find_provider, provider_names

ALLOW_READING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "iam:ListRoles", "Resource": "*"}],
}


@pytest.fixture
def provider() -> Iterator[MotoProvider]:
    made = MotoProvider()
    yield made
    made.close()


def test_a_provider_is_found_by_its_name() -> None:
    assert "moto" in provider_names()
    assert find_provider("moto").name == "moto"


def test_nobody_elses_distribution_takes_one_of_slrspecs_names(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def installed(*, group: str) -> list[EntryPoint]:
        asked.append(group)
        return [EntryPoint(name, "slrspec.providers.replay:split", group) for name in ("moto", "theirs")]

    monkeypatch.setattr(registry, "entry_points", installed)
    registry._installed.cache_clear()
    try:
        assert type(find_provider("moto")) is MotoProvider
        assert asked == []  # nor is it read for one of them
        theirs: Any = find_provider("theirs:somewhere")
        assert theirs == (Path("somewhere"), "")
        assert asked == [registry.GROUP]
    finally:
        registry._installed.cache_clear()


def test_an_unknown_provider_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="known: .*moto"):
        find_provider("nope")


def test_an_argument_that_a_provider_does_not_take_is_refused() -> None:
    with pytest.raises(UsageError, match="moto takes nothing behind the colon"):
        find_provider("moto:5")


def test_what_is_in_one_account_is_not_in_another(provider: MotoProvider) -> None:
    with provider.open_account("one") as account:
        iam: Any = account.client("iam")
        iam.create_user(UserName="u")
        first = account.account_id
    with provider.open_account("two") as account:
        iam = account.client("iam")
        assert iam.list_users()["Users"] == []
        assert account.account_id != first


def test_no_scenario_has_motos_default_account(provider: MotoProvider) -> None:
    for _ in range(50):
        with provider.open_account("one") as account:
            assert account.account_id != "123456789012"
            assert len(account.account_id) == 12


def test_a_finished_account_is_forgotten(provider: MotoProvider) -> None:
    from moto.iam.models import iam_backends

    with provider.open_account("one") as account:
        iam: Any = account.client("iam")
        iam.create_user(UserName="u")
        assert account.account_id in list(iam_backends.keys())
    assert account.account_id not in list(iam_backends.keys())


def test_clients_are_shared_underneath(provider: MotoProvider) -> None:
    with provider.open_account("one") as account:
        first = account.client("iam")
    with provider.open_account("two") as account:
        second = account.client("iam")
    assert first is not second
    assert first.meta is second.meta


def test_a_principal_is_held_to_their_policy_and_the_administrator_to_none(provider: MotoProvider) -> None:
    with provider.open_account("one") as account:
        who = account.principal("a reader", ALLOW_READING)
        theirs: Any = account.client("iam", principal=who)
        assert theirs.list_roles()["Roles"] == []
        with pytest.raises(ClientError, match="AccessDenied"):
            theirs.create_user(UserName="u")
        iam: Any = account.client("iam")
        iam.create_user(UserName="u")


def test_one_client_serves_all_and_signs_with_the_keys_of_whoever_calls(provider: MotoProvider) -> None:
    with provider.open_account("one") as account:
        iam: Any = account.client("iam")
        who, other = (account.principal(name, ALLOW_READING) for name in ("a reader", "another"))
        signed: list[str] = []

        def note(request: Any, **_: Any) -> None:
            signed.append(request.headers["Authorization"].decode().partition("Credential=")[2].partition("/")[0])

        iam.meta.events.register("before-send.iam", note)
        clients: list[Any] = [account.client("iam", principal=one) for one in (who, other)]
        theirs, others = clients
        assert theirs.meta is others.meta is iam.meta
        for client in (theirs, iam, others, theirs):
            client.list_roles()
        iam.meta.events.unregister("before-send.iam", note)
        assert _caller.get(None) is None  # whoever calls without a scenario is nobody, not the last one
        assert signed == [who.access_key, "testing", other.access_key, who.access_key]


def test_enforcement_ends_with_the_call_even_if_it_is_refused(provider: MotoProvider) -> None:
    from moto import settings

    with provider.open_account("one") as account:
        before = settings.INITIAL_NO_AUTH_ACTION_COUNT
        theirs: Any = account.client("iam", principal=account.principal("a reader", ALLOW_READING))
        with pytest.raises(ClientError):
            theirs.create_user(UserName="u")
        assert before == settings.INITIAL_NO_AUTH_ACTION_COUNT


def test_a_second_region_is_another_place(provider: MotoProvider) -> None:
    with provider.open_account("one") as account:
        near: Any = account.client("rds")
        far: Any = account.client("rds", region=account.second_region)
        far.create_db_instance(
            DBInstanceIdentifier="i", DBInstanceClass="db.t4g.micro", Engine="mysql", AllocatedStorage=20
        )
        assert near.describe_db_instances()["DBInstances"] == []
        assert len(far.describe_db_instances()["DBInstances"]) == 1


def test_names_are_unique_within_an_account(provider: MotoProvider) -> None:
    with provider.open_account("one") as account:
        assert [account.unique_name("role"), account.unique_name("role")] == ["slrspec-role-1", "slrspec-role-2"]


FOREIGN = {
    "AWS_PROFILE": "production",
    "AWS_ENDPOINT_URL": "http://192.0.2.1",
    "AWS_ENDPOINT_URL_IAM": "http://192.0.2.1",
    "AWS_ACCESS_KEY_ID": "not-yours",
    "MOTO_ACCOUNT_ID": "999999999999",
    "HTTPS_PROXY": "http://192.0.2.1:8080",
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
}


def test_nothing_of_the_users_environment_comes_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\nregion = xx-nowhere-1\nendpoint_url = http://192.0.2.1\n")
    for name, value in (FOREIGN | {"AWS_CONFIG_FILE": str(config)}).items():
        monkeypatch.setenv(name, value)
    provider = MotoProvider()
    try:
        with provider.open_account("one") as account:
            iam: Any = account.client("iam")
            arn = iam.create_user(UserName="u")["User"]["Arn"]
            assert f":{account.account_id}:" in arn
            assert iam.meta.endpoint_url == "https://iam.amazonaws.com"
            assert "AWS_PROFILE" not in os.environ
            assert os.environ["AWS_ACCESS_KEY_ID"] != "not-yours"
    finally:
        provider.close()
    for name, value in FOREIGN.items():
        assert os.environ[name] == value
    assert os.environ["AWS_CONFIG_FILE"] == str(config)


def test_a_scenario_about_iam_alone_never_imports_motos_rds() -> None:
    program = (
        "import sys\n"
        "from slrspec.providers.moto import MotoProvider\n"
        "with MotoProvider().open_account('x') as account:\n"
        "    account.client('iam').list_roles()\n"
        "print([name for name in ('moto.rds', 'moto.ec2') if name in sys.modules])\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_describing_moto_does_not_import_it() -> None:
    program = "import sys, slrspec.providers.moto as m; m.MotoProvider().describe(); print('moto' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_patience_reads_again_until_it_is_content_or_time_is_up() -> None:
    slept: list[float] = []
    patience = Patience(timeout=10, interval=3, sleep=slept.append)
    readings = iter(range(100))
    assert patience.until(lambda n: n == 2, lambda: next(readings)) == 2
    assert slept == [3, 3]
    slept.clear()
    assert patience.until(lambda _: False, lambda: next(readings)) == 7
    assert slept == [3, 3, 3, 3]


def test_no_patience_reads_once() -> None:
    readings = iter(range(100))
    patience = Patience(timeout=0, interval=0, sleep=lambda _: None)
    assert patience.until(lambda _: False, lambda: next(readings)) == 0
    assert next(readings) == 1


def test_finished_accounts_do_not_pile_up_in_memory() -> None:
    provider = MotoProvider()
    _client.cache_clear()
    accounts = []
    try:
        for number in range(5):
            with provider.open_account(f"X/{number}") as account:
                accounts.append(account.account_id)
                rds: Any = account.client("rds")
                rds.create_db_instance(DBInstanceIdentifier="one", DBInstanceClass="db.t4g.micro", Engine="mysql")
                principal = account.principal("somebody", ALLOW_READING)
                account.client("iam", principal=principal)
        gc.unfreeze()
        gc.collect()
        kept = [
            type(one).__name__
            for one in gc.get_objects()
            if isinstance(one, BaseBackend | BaseModel) and getattr(one, "account_id", "") in accounts
        ]
        assert kept == []
        with provider.open_account("X/6"):
            pass
        weak = chain.from_iterable(EC2Backend.vpc_refs.values())
        assert [one for one in weak if one() is None] == []
        assert _client.cache_info().currsize == 2  # of IAM and of RDS, whoever calls
    finally:
        provider.close()


def test_runs_in_one_process_share_clients_and_nobody_else_gets_one() -> None:
    """moto answers none that is left over from a run: it would ask AWS itself."""
    clients = []
    for name in ("X/1", "X/2"):
        with closing(MotoProvider()) as provider, provider.open_account(name) as account:
            iam: Any = account.client("iam")
            assert iam.list_roles()["Roles"] == []
            clients.append(provider.shared_client("iam", "us-east-1"))
        with pytest.raises(AssertionError):
            account.client("iam")
    assert clients[0] is clients[1]
