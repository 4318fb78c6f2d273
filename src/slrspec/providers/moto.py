"""Stock moto, in this process, answering as it does for everybody.

Scenarios are kept apart by a fresh random account id each (header `x-moto-account-id`) instead of by a reset,
which would build every backend once more. Sessions and clients are shared.
"""

from __future__ import annotations

import random
import sys
import time
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from slrspec.providers.aws_cli import with_command_line
from slrspec.providers.callers_keys import session_with_keys
from slrspec.providers.contract import Description, Door, Patience, PolicyDocument, Principal
from slrspec.providers.in_process_door import opened_door, why_none
from slrspec.providers.loopback import local_environment, loopback_only
from slrspec.providers.moto_lookups import looked_up_once
from slrspec.running.garbage import no_collection_importing
from slrspec.running.plain import plain_wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boto3.session import Session
    from botocore.client import BaseClient

REGION = "us-east-1"
SECOND_REGION = "eu-west-1"
DEFAULT_ACCOUNT = "123456789012"  # moto's own; no scenario may share it
# The default images are some 1,300 records for each new account, and no rule reads one of them.
SETTINGS = {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}

ADMINISTRATOR = Principal("administrator", "testing", "testing")
AT_ONCE = Patience(timeout=0, interval=0, sleep=time.sleep)


class Caller(Struct, frozen=True):
    """Who makes a call, and in which account."""

    account_id: str
    principal: Principal


_caller: ContextVar[Caller] = ContextVar("slrspec_moto_caller")


class MotoProvider:
    """moto as it comes."""

    name = "moto"
    region = REGION

    def __init__(self) -> None:
        self._opened = ExitStack()
        self._started = False
        self._served = ""
        self._looks_up_once = not plain_wanted()

    def describe(self) -> Description:
        """Say which moto is installed, without importing it."""
        described = Description(
            product="moto",
            version=version("moto"),
            started_by="in this process",
            capabilities=frozenset({"iam-enforcement", "second-region"}),
            settings={
                **SETTINGS,
                "isolation": "a random account id for each scenario (x-moto-account-id)",
                "managed policies": "not loaded, which is moto's default",
            },
        )
        return with_command_line(described, why_not=why_none())

    @property
    def plainly(self) -> dict[str, str]:
        """For the results: which shortcuts could not be taken."""
        return {} if self._looks_up_once else {"moto's look-ups": "made for each call"}

    @contextmanager
    def open_account(self, scenario: str) -> Iterator[MotoAccount]:  # noqa: ARG002 - every scenario gets a new one
        """Open an account that has never been used."""
        self._start()
        account = MotoAccount(self, random_account_id())
        try:
            yield account
        finally:
            _forget_account(account.account_id)

    def preload(self) -> None:
        """Start, and import and make what the first calls would, so that forks of this process need not."""
        with self.open_account("before all") as account:
            iam: Any = account.client("iam")
            rds: Any = account.client("rds")
            iam.list_roles()
            rds.describe_db_instances()

    def close(self) -> None:
        """Stop the mock and give the user's environment back."""
        self._started = False
        self._served = ""
        self._opened.close()

    def served(self) -> str:
        """Return the URL at which the running mock is served to other processes, from the first call on."""
        if not self._served:
            self._served = self._opened.enter_context(opened_door())
        return self._served

    def shared_client(self, service: str, region: str) -> BaseClient:
        """Return the one client for a service and a Region; account and caller are chosen call by call."""
        assert self._started  # only accounts ask; a client that moto does not answer would ask AWS itself
        return _client(service, region)

    def _start(self) -> None:
        if self._started:
            return
        self._opened.enter_context(local_environment(**SETTINGS))
        self._opened.enter_context(loopback_only())
        with no_collection_importing("moto"):
            from moto import mock_aws

            self._opened.enter_context(mock_aws())
            self._looks_up_once = self._opened.enter_context(looked_up_once())
            self._started = True


class MotoAccount(Struct, frozen=True):
    """One account inside the running mock."""

    provider: MotoProvider
    account_id: str
    region: str = REGION
    second_region: str = SECOND_REGION
    patience: Patience = AT_ONCE
    enforced: bool = True  # whether moto itself checks what a principal may do
    _names: list[str] = field(default_factory=list)

    def client(self, service: str, *, principal: Principal | None = None, region: str | None = None) -> BaseClient:
        """Return a client whose calls reach this account; a principal's calls are checked against their policy."""
        shared = self.provider.shared_client(service, region or self.region)
        caller = Caller(self.account_id, principal or ADMINISTRATOR)
        return _bound(shared, caller, enforced=self.enforced and principal is not None)

    def principal(self, name: str, policy: PolicyDocument) -> Principal:
        """Make a user with the policy inline, and an access key of theirs."""
        import json

        iam: Any = self.client("iam")
        user = self.unique_name("user")
        iam.create_user(UserName=user)
        iam.put_user_policy(UserName=user, PolicyName="only", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=user)["AccessKey"]
        return Principal(name, key["AccessKeyId"], key["SecretAccessKey"])

    def door(self) -> Door:
        """Return where another process gets in; there an access key of twelve digits is the account."""
        return Door(self.provider.served(), self.account_id, self.account_id)

    def unique_name(self, noun: str) -> str:
        """Count up: the account is new, so nothing else is in it."""
        self._names.append(noun)
        return f"slrspec-{noun}-{self._names.count(noun)}"


@cache
def _session() -> Session:
    """Return the one session of this process; moto, which has hooked into it, may be stopped and started again.

    It hooks into those that are made after its import, so this must not be called before.
    """
    return session_with_keys(_keys_of_caller)


@cache
def _client(service: str, region: str) -> BaseClient:
    """Make a client, once in this process: that takes as long as a call, and the matrix of faults has 200 runs."""
    from botocore.config import Config

    config = Config(retries={"total_max_attempts": 1, "mode": "standard"})
    client: BaseClient = _session().client(service, region_name=region, config=config)
    client.meta.events.register("before-call", _name_account)
    return client


def _bound(client: Any, caller: Caller, *, enforced: bool) -> BaseClient:  # noqa: ANN401 - botocore types no internals
    """Return a copy of a client that sets account and caller, and IAM's enforcement, around each of its calls."""

    def make_api_call(operation: str, parameters: dict[str, Any]) -> Any:  # noqa: ANN401 - botocore's own signature
        token = _caller.set(caller)
        try:
            if not enforced:
                return client._make_api_call(operation, parameters)  # noqa: SLF001
            with _iam_enforced():
                return client._make_api_call(operation, parameters)  # noqa: SLF001
        finally:
            _caller.reset(token)

    copy: BaseClient = object.__new__(type(client))
    copy.__dict__.update(client.__dict__, _make_api_call=make_api_call)
    return copy


def _name_account(params: dict[str, Any], **_: object) -> None:
    params["headers"]["x-moto-account-id"] = _caller.get().account_id


def _keys_of_caller() -> tuple[str, str]:
    principal = _caller.get().principal
    return principal.access_key, principal.secret_key


def random_account_id() -> str:
    """Return twelve digits that no scenario has had, and that are not moto's own account."""
    number = DEFAULT_ACCOUNT
    while number == DEFAULT_ACCOUNT:
        number = str(random.SystemRandom().randrange(10**11, 10**12))
    return number


@contextmanager
def _iam_enforced() -> Iterator[None]:
    """Let moto check signature and policy of the calls made meanwhile.

    moto has `enable_iam_authentication` only since 5.1, so its two switches are turned here.
    """
    from moto import settings

    try:
        from moto.core.authorization import ActionAuthenticatorMixin
    except ImportError:  # before 5.1
        from moto.core.responses import ActionAuthenticatorMixin  # type: ignore[attr-defined,unused-ignore]

    before = settings.INITIAL_NO_AUTH_ACTION_COUNT, ActionAuthenticatorMixin.request_count
    settings.INITIAL_NO_AUTH_ACTION_COUNT, ActionAuthenticatorMixin.request_count = 0, 0
    try:
        yield
    finally:
        settings.INITIAL_NO_AUTH_ACTION_COUNT, ActionAuthenticatorMixin.request_count = before


def _forget_account(account_id: str) -> None:
    """Drop a finished account's backends, which otherwise slow down and fatten every later call.

    This leans on private parts of moto; where they are missing, the accounts simply stay.
    """
    from moto.core.base_backend import BackendDict

    for backends in getattr(BackendDict, "_instances", ()):
        dict.pop(backends, account_id, None)
    # Every object is tracked, for moto's dashboard alone.
    getattr(sys.modules.get("moto.core.model_instances"), "reset_model_data", _nothing)()
    # A method of subnets remembers each one for ever, and through it the whole of EC2 in every account there was;
    # another one remembers 128 accounts, and Python itself 32,768 patterns, which EC2 makes of each account's ids.
    for module, function in (
        ("moto.ec2.models.subnets", "Subnet._base_avail_ip_iterator"),
        ("moto.core.base_backend", "AccountSpecificBackend._generate_regions"),
        ("fnmatch", "_compile_pattern"),
    ):
        remembering: Any = sys.modules.get(module)
        for name in function.split("."):
            remembering = getattr(remembering, name, None)
        getattr(remembering, "cache_clear", _nothing)()
    # EC2 keeps a reference to each of its backends, also those that are gone.
    ec2 = getattr(sys.modules.get("moto.ec2.models"), "EC2Backend", None)
    for name in ("vpc_refs", "vpc_pcx_refs", "backend_refs"):
        for references in getattr(ec2, name, {}).values():
            references -= {one for one in references if one() is None}


def _nothing() -> None:
    """Stand in for what another moto does not have."""
