"""Anything that speaks AWS's protocols behind a URL, started by somebody else or for the run.

Scenarios are kept apart as the product allows: by a random account id each, by its reset route, or by deleting what
the scenario before has left. Which of them it is stands in the results.
"""

from __future__ import annotations

import http.client
import itertools
import json
import re
import secrets
import time
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from slrspec.errors import UsageError
from slrspec.providers.aws_cli import CAPABILITY, with_command_line
from slrspec.providers.contract import Description, Door, Patience, PolicyDocument, Principal
from slrspec.providers.endpoint_settings import RESET, EndpointSettings, checked
from slrspec.providers.leftovers import delete_leftovers
from slrspec.providers.loopback import local_environment, loopback_only
from slrspec.providers.moto import random_account_id
from slrspec.providers.server_process import ServerProcess
from slrspec.running.trouble import ProviderTrouble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boto3.session import Session
    from botocore.client import BaseClient

# moto's server takes the account from this header; who does not know it passes over it.
ACCOUNT_HEADER = "x-moto-account-id"
UNKNOWN_ACCOUNT = "000000000000"
BY_KEY = ""
"""No account is named, so that it follows from the access key."""
ANYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
SHORT = 3.0
"""Seconds to wait for an answer to a question about the product itself."""
EVERYTHING = frozenset({"iam-enforcement", "second-region"})
BETWEEN_LOOKS = 0.05
NOT_IMPLEMENTED = "NotImplementedError"
# What a variable of a product may be published as; any other value may be a secret.
SWITCH = re.compile(r"\d{1,6}|true|false|yes|no|on|off", re.IGNORECASE)


@dataclass(frozen=True)
class Caller:
    """Whose call it is: the account by its id, or `BY_KEY`, and the credentials."""

    account_id: str
    access_key: str
    secret_key: str = field(repr=False)


_caller: ContextVar[Caller] = ContextVar("slrspec_endpoint_caller")


@dataclass(frozen=True)
class Found:
    """What is known of a product once it was asked.

    Attributes
    ----------
    trouble
        Why nothing can be run on it; empty if it can.
    isolation
        See `EndpointSettings`.
    enforcement
        `always` (policies of users are checked), `switched` (moto's server checks all callers or none), or empty.

    """

    product: str = "unknown"
    version: str = "unknown"
    isolation: str = "names"
    enforcement: str = ""
    account_id: str = UNKNOWN_ACCOUNT
    trouble: str = ""


class EndpointProvider:
    """A provider for one endpoint.

    Parameters
    ----------
    argument
        A URL, or all that is known of the endpoint.

    """

    calls_wait = True

    def __init__(self, argument: str | EndpointSettings = "") -> None:
        if not argument:
            raise UsageError("the provider endpoint needs an address", hint="endpoint:http://127.0.0.1:5000")
        if isinstance(argument, str):
            argument = checked(EndpointSettings(name=f"endpoint:{argument}", url=argument))
        self.settings = argument
        self.name = argument.name
        self._opened = ExitStack()
        self._session: Session | None = None
        self._clients: dict[tuple[str, str], BaseClient] = {}
        self._server: ServerProcess | None = None
        self._found: Found | None = None
        self._suspect = False

    # ---- the contract

    @property
    def found(self) -> Found:
        """What the product says of itself, started if it has to be; asked for once."""
        if self._found is None:
            self._enter()
            try:
                if self.settings.start:
                    self._start_server()
                self._found = self._ask()
            except ProviderTrouble as trouble:
                self._found = Found(trouble=str(trouble))
        return self._found

    def describe(self) -> Description:
        """Say what answers at the endpoint. One that does not answer has every capability: nothing is left out."""
        found, settings = self.found, self.settings
        capabilities = settings.capabilities
        if capabilities is None:
            capabilities = EVERYTHING if found.trouble or found.enforcement else EVERYTHING - {"iam-enforcement"}
        how = {
            "account": "a random account id for each scenario",
            "reset": f"emptied before each scenario ({settings.reset})",
            "names": "what the scenario before has left is deleted",
        }
        described = Description(
            product=settings.product or found.product,
            version=settings.version or found.version,
            started_by=f"for the run: {' '.join(settings.start)}" if settings.start else "somebody else",
            capabilities=capabilities,
            settings={
                "isolation": how[found.isolation],
                "enforcement": found.enforcement or "none",
                **{
                    name: value if SWITCH.fullmatch(value) else "set"
                    for name, value in settings.environment.items()
                    if "PORT" not in name
                },
            },
        )
        # Whether it can be had depends on this machine, too; whether it is wanted, on the settings alone.
        left_out = settings.capabilities is not None and CAPABILITY not in settings.capabilities
        return with_command_line(described, why_not="its settings leave it out" if left_out else "")

    @contextmanager
    def open_account(self, scenario: str) -> Iterator[EndpointAccount]:  # noqa: ARG002 - each gets a new one
        """Open an account that nothing is in.

        Raises
        ------
        ProviderTrouble
            If the endpoint does not answer, or what is left in it cannot be deleted.

        """
        found = self.found
        if found.trouble:
            raise ProviderTrouble(found.trouble)
        if self._suspect:
            self._refuse_dead()
        if found.isolation == "account":
            number = random_account_id()
            yield EndpointAccount(self, Caller(number, number, number))
            return
        account = EndpointAccount(
            self, Caller(found.account_id, self.settings.access_key, self.settings.secret_key)
        )
        if found.isolation == "reset":
            self._reset()
        else:
            delete_leftovers(account)
        yield account

    @property
    def region(self) -> str:
        """Where calls go unless told otherwise."""
        return self.settings.region

    def close(self) -> None:
        """Stop what was started, and give the user's environment back."""
        self._clients.clear()
        self._session = None
        self._opened.close()

    @property
    def single(self) -> str:
        """Why several processes must not use it at once; empty if they may."""
        found = self.found
        if found.isolation != "account":
            return "its scenarios are kept apart by emptying it"
        if found.enforcement == "switched":
            return "it checks policies for all callers or for none"
        return "it is started for the run" if self.settings.start else ""

    # ---- clients

    def shared_client(self, service: str, region: str) -> BaseClient:
        """Return the one client for a service and a Region; the caller is chosen call by call."""
        key = (service, region)
        if key not in self._clients:
            from botocore.config import Config

            assert self._session is not None  # only accounts ask, and they exist only once it is there
            client: BaseClient = self._session.client(
                service,
                region_name=region,
                endpoint_url=self.settings.url,
                config=Config(
                    retries={"total_max_attempts": 1, "mode": "standard"},
                    connect_timeout=min(SHORT, self.settings.timeout),
                    read_timeout=self.settings.timeout,
                ),
            )
            client.meta.events.register("before-call", _name_account)
            self._clients[key] = client
        return self._clients[key]

    def call(self, client: Any, operation: str, parameters: dict[str, Any], *, checked: bool) -> Any:  # noqa: ANN401
        """Make a call, and tell what can be told of a server that did not answer as AWS does."""
        from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004 - botocore's own
        from botocore.parsers import ResponseParserError

        printed = self._server.printed() if self._server else 0
        try:
            with self._enforced(wanted=checked):
                return client._make_api_call(operation, parameters)  # noqa: SLF001
        except ClientError:
            raise
        except ResponseParserError as error:
            if self._server and self._server.prints(NOT_IMPLEMENTED, since=printed):
                raise NotImplementedError(operation) from error
            raise
        except (ConnectionError, HTTPClientError):
            self._suspect = True
            raise

    def door(self, account: EndpointAccount) -> Door:
        """Return where the AWS CLI gets into an account, which has to follow from the access key.

        The administrator's key does where the product takes it for the account, or knows only one. Elsewhere a user
        of that account is made, who may do anything.

        Raises
        ------
        ProviderTrouble
            If STS tells of another account all the same.

        """
        settings, own = self.settings, account.administrator
        caller = replace(own, account_id=BY_KEY)
        if self._identity(caller) not in {own.account_id, ""}:  # a product without STS has no accounts either
            user = account.principal("the AWS CLI", ANYTHING)
            caller = Caller(BY_KEY, user.access_key, user.secret_key)
            if self._identity(caller) != own.account_id:
                raise ProviderTrouble("no access key brings the AWS CLI into the account of the scenario")
        return Door(settings.url.rstrip("/"), caller.access_key, caller.secret_key, settings.timeout)

    @contextmanager
    def _enforced(self, *, wanted: bool) -> Iterator[None]:
        if not wanted or self._found is None or self._found.enforcement != "switched":
            yield
            return
        self._http("POST", "/moto-api/reset-auth", "0")
        try:
            yield
        finally:
            self._http("POST", "/moto-api/reset-auth", "inf")

    # ---- what it is

    def _enter(self) -> None:
        self._opened.enter_context(local_environment())
        self._opened.enter_context(loopback_only(self.settings.hosts))
        from boto3.session import Session
        from botocore.credentials import Credentials
        from botocore.session import Session as Botocore

        class Chosen(Credentials):
            """The credentials of whoever calls just now."""

            def get_frozen_credentials(self) -> Any:  # noqa: ANN401 - botocore's
                caller = _caller.get()
                return Credentials(caller.access_key, caller.secret_key).get_frozen_credentials()

        class Resolver:
            """Hands botocore those credentials, and no others."""

            @staticmethod
            def load_credentials() -> Credentials:
                return Chosen("chosen", "later")

        botocore = Botocore()
        botocore.register_component("credential_provider", Resolver())
        self._session = Session(botocore_session=botocore)

    def _start_server(self) -> None:
        parts = urlsplit(self.settings.url)
        assert parts.hostname is not None  # `checked` has seen it
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self._server = ServerProcess(self.settings.start, self.settings.environment, parts.hostname, port)
        self._opened.callback(self._server.stop)

    def _ask(self) -> Found:
        product, version, enforcement = self._product()
        number = random_account_id()
        answered = self._identity(Caller(number, number, number))
        accounts = answered == number
        isolation = self.settings.isolation or (
            "account" if accounts else "reset" if self.settings.reset else "names"
        )
        if isolation != "account":
            caller = Caller(UNKNOWN_ACCOUNT, self.settings.access_key, self.settings.secret_key)
            answered = self._identity(caller)
        if accounts and not enforcement and self._checks_policies():
            enforcement = "always"
        return Found(product, version, isolation, enforcement, answered or UNKNOWN_ACCOUNT)

    def _product(self) -> tuple[str, str, str]:
        """Return product, version and kind of enforcement, as far as the product has a route that tells."""
        told = self._json("/slrspec")
        if "slrspec" in told:
            return "slrspec serve", str(told["slrspec"]), "always"
        told = self._json("/_ministack/health")
        if "version" in told:
            return "ministack", str(told["version"]), ""
        told = self._json("/_localstack/health")
        if "version" in told:
            return "localstack", str(told["version"]), ""
        # The page alone: the data behind it take moto seconds once many accounts are in it.
        status, text = self._http("GET", "/moto-api/")
        if status == http.client.OK and "moto" in text.casefold():
            return "moto", "unknown", "switched"
        return "unknown", "unknown", ""

    def _identity(self, caller: Caller) -> str:
        """Return the account that STS tells; empty if there is no STS.

        Raises
        ------
        ProviderTrouble
            If nothing answers, or what answers does not speak AWS's protocols.

        """
        from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004 - botocore's own
        from botocore.parsers import ResponseParserError

        token = _caller.set(caller)
        where = f"{self.settings.url} "
        try:
            sts: Any = self.shared_client("sts", self.settings.region)
            answer = sts.get_caller_identity()
        except ClientError as error:
            if error.response["Error"]["Code"].isdigit():  # botocore has nothing but the HTTP status to name
                raise ProviderTrouble(f"{where}answers, but not as AWS does: {_brief(error)}") from error
            return ""
        except ResponseParserError as error:
            raise ProviderTrouble(f"{where}answers, but not as AWS does: {_brief(error)}") from error
        except (ConnectionError, HTTPClientError) as error:
            ended = f"; {self._server.ended}" if self._server and self._server.ended else ""
            raise ProviderTrouble(f"{where}does not answer: {_brief(error)}{ended}") from error
        finally:
            _caller.reset(token)
        account = answer.get("Account")
        if not isinstance(account, str):
            raise ProviderTrouble(f"{where}answers, but not as AWS does: GetCallerIdentity tells no account")
        return account

    def _checks_policies(self) -> bool:
        """Tell whether a user without a policy is refused; tried in an account that is thrown away."""
        from botocore.exceptions import BotoCoreError, ClientError

        number = random_account_id()
        account = EndpointAccount(self, Caller(number, number, number))
        try:
            nobody = account.principal("nobody", {"Version": "2012-10-17", "Statement": []})
            iam: Any = account.client("iam", principal=nobody)
            iam.list_users()
        except ClientError as error:
            return str(error.response["Error"]["Code"]).startswith("AccessDenied")
        except BotoCoreError:
            return False
        return False

    def _refuse_dead(self) -> None:
        """Make sure, after an answer did not come, that another one would, before waiting for each in vain."""
        began = time.monotonic()
        status, said = self._http("GET", "/")
        if not status:
            ended = f"; {self._server.ended}" if self._server and self._server.ended else ""
            raise ProviderTrouble(f"{self.settings.url} does not answer any more: {said}{ended}")
        self._suspect = time.monotonic() - began > SHORT / 2

    # ---- HTTP of its own

    def _reset(self) -> None:
        match = RESET.fullmatch(self.settings.reset)
        assert match is not None  # the settings were checked
        # A product that is emptied of many accounts may take a while: moto builds each of them once more.
        status, said = self._http(match[1], match[2], seconds=self.settings.timeout)
        if not http.client.OK <= status < http.client.MULTIPLE_CHOICES:
            raise ProviderTrouble(f"{self.settings.reset} answered {status or said}")

    def _json(self, path: str) -> dict[str, Any]:
        status, text = self._http("GET", path)
        if status == http.client.OK:
            with suppress(ValueError):
                found = json.loads(text)
                return found if isinstance(found, dict) else {}
        return {}

    def _http(self, method: str, path: str, body: str = "", *, seconds: float = SHORT) -> tuple[int, str]:
        """Return status and text of an answer; 0 and what went wrong if there is none. No redirect is followed."""
        parts = urlsplit(self.settings.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.netloc, timeout=min(seconds, self.settings.timeout))
        try:
            connection.request(method, path, body, {"Content-Type": "text/plain"})
            answer = connection.getresponse()
            return answer.status, answer.read(100_000).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            return 0, f"{type(error).__name__}: {error}"
        finally:
            connection.close()


@dataclass(frozen=True)
class EndpointAccount:
    """One account behind the endpoint."""

    provider: EndpointProvider
    administrator: Caller
    token: str = field(default_factory=lambda: secrets.token_hex(3))
    _numbers: dict[str, Iterator[int]] = field(default_factory=dict)

    @property
    def account_id(self) -> str:
        """Twelve digits."""
        return self.administrator.account_id

    @property
    def region(self) -> str:
        """Where calls go."""
        return self.provider.settings.region

    @property
    def second_region(self) -> str:
        """Another Region."""
        return self.provider.settings.second_region

    @property
    def patience(self) -> Patience:
        """Wait in real time, for as long as the settings say."""
        return Patience(self.provider.settings.patience, BETWEEN_LOOKS, time.sleep)

    def client(self, service: str, *, principal: Principal | None = None, region: str | None = None) -> BaseClient:
        """Return a client whose calls reach this account."""
        shared: Any = self.provider.shared_client(service, region or self.region)
        caller = self.administrator
        if principal is not None:
            caller = Caller(caller.account_id, principal.access_key, principal.secret_key)

        def make_api_call(operation: str, parameters: dict[str, Any]) -> Any:  # noqa: ANN401 - botocore's own
            token = _caller.set(caller)
            try:
                return self.provider.call(shared, operation, parameters, checked=principal is not None)
            finally:
                _caller.reset(token)

        copy: BaseClient = object.__new__(type(shared))
        copy.__dict__.update(shared.__dict__, _make_api_call=make_api_call)
        return copy

    def principal(self, name: str, policy: PolicyDocument) -> Principal:
        """Make a user with the policy inline, and an access key of theirs."""
        iam: Any = self.client("iam")
        user = self.unique_name("user")
        iam.create_user(UserName=user)
        if policy["Statement"]:
            iam.put_user_policy(UserName=user, PolicyName="only", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=user)["AccessKey"]
        return Principal(name, key["AccessKeyId"], key["SecretAccessKey"])

    def door(self) -> Door:
        """Return where the AWS CLI gets in."""
        return self.provider.door(self)

    def unique_name(self, noun: str) -> str:
        """Count up: nothing is in the account when it is opened."""
        number = next(self._numbers.setdefault(noun, itertools.count(1)))
        # Where accounts are shared, a name of an earlier run may still be about.
        shared = "" if self.provider.found.isolation == "account" else f"-{self.token}"
        return f"slrspec-{noun}{shared}-{number}"


def _name_account(params: dict[str, Any], **_: object) -> None:
    if account := _caller.get().account_id:
        params["headers"][ACCOUNT_HEADER] = account


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
