"""What a provider promises: a place to run a scenario in, and nothing about Gherkin.

A provider is found by the entry point group `slrspec.providers`; its class is called with no argument, or with the
text behind the colon in `--provider name:argument`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from msgspec import Struct, field

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from botocore.client import BaseClient

T = TypeVar("T")
PolicyDocument = Mapping[str, Any]


class Description(Struct, frozen=True):
    """What a provider says of itself, for the results.

    Attributes
    ----------
    product, version
        What answers: `moto`, `5.2.5`.
    started_by
        Who started it and how: `in this process`.
    capabilities
        What it can do beyond answering calls. A scenario that needs another one is not run.
    settings
        Whatever makes the product differ from its defaults.
    lacks
        Why a capability is not there, where that can be said.

    """

    product: str
    version: str
    started_by: str
    capabilities: frozenset[str] = frozenset()
    settings: Mapping[str, str] = field(default_factory=dict)
    lacks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Principal:
    """Who makes a call.

    Attributes
    ----------
    name
        For people: `administrator`, or the policy in a few words.
    access_key, secret_key
        Credentials in the provider's account; never written to any file.

    """

    name: str
    access_key: str = dataclasses.field(repr=False)
    secret_key: str = dataclasses.field(repr=False)


@dataclass(frozen=True)
class Door:
    """Where another program gets into an account by its credentials alone.

    Attributes
    ----------
    url
        The endpoint.
    access_key, secret_key
        Of somebody of that account who may do anything.
    timeout
        Seconds to wait for an answer.

    """

    url: str
    access_key: str = dataclasses.field(repr=False)
    secret_key: str = dataclasses.field(repr=False)
    timeout: float = 10.0


class Patience(Struct, frozen=True):
    """How long, how often and against which clock to wait for something eventual.

    Attributes
    ----------
    timeout
        Seconds after which the last reading is taken for the answer; 0 reads once.
    interval
        Seconds between two readings.
    sleep
        Lets the seconds pass: `time.sleep`, or a virtual clock's.

    """

    timeout: float
    interval: float
    sleep: Callable[[float], None]

    def until(self, done: Callable[[T], bool], read: Callable[[], T]) -> T:
        """Read until `done` is content with the reading or time is up, and return the last reading.

        Whether the reading is as it should be is for the caller to check: patience judges nothing.
        """
        waited = 0.0
        reading = read()
        while not done(reading) and waited < self.timeout:
            self.sleep(self.interval)
            waited += self.interval
            reading = read()
        return reading


class Account(Protocol):
    """The isolated place that a provider opens for one scenario.

    Attributes
    ----------
    account_id
        Twelve digits.
    region, second_region
        Where calls go unless told otherwise, and another one.
    patience
        How to wait here.

    """

    @property
    def account_id(self) -> str: ...  # noqa: D102
    @property
    def region(self) -> str: ...  # noqa: D102
    @property
    def second_region(self) -> str: ...  # noqa: D102
    @property
    def patience(self) -> Patience: ...  # noqa: D102

    def client(self, service: str, *, principal: Principal | None = None, region: str | None = None) -> BaseClient:
        """Return a client for a service, of the account's administrator unless a principal is given."""

    def principal(self, name: str, policy: PolicyDocument) -> Principal:
        """Make someone who has exactly one policy, and return their credentials."""

    def unique_name(self, noun: str) -> str:
        """Return a name that nothing else in this account has, recognisably slrspec's."""


class ByCommandLine(Protocol):
    """What an account has besides, where the provider has the capability `command-line`."""

    def door(self) -> Door:
        """Return where the AWS CLI gets in; asked for once, and only in a scenario that needs it.

        Raises
        ------
        ProviderTrouble
            If it cannot be brought into this account.

        """


class Provider(Protocol):
    """Where scenarios run.

    One that has an attribute `region` tells `slrspec plan --cells` where its calls go, and one with a text `single`
    why several processes must not use it at once. One whose `calls_wait` for another process gets more workers for
    fewer scenarios, and one with a method `preload` is asked to load what first calls would before it is forked,
    which happens unasked where all of a run's have one.
    One with a method `in_order` has scenarios run in the order in which it returns their ids, and the texts that
    one has in `plainly`, by shortcuts that it could not take, stand in the results' `environment`.
    """

    @property
    def name(self) -> str:
        """The name it is selected by."""

    def describe(self) -> Description:
        """Say what answers here. May start the product, may not write to an account."""

    def open_account(self, scenario: str) -> AbstractContextManager[Account]:
        """Open the place for one scenario, known by its id; leaving it gives the place back."""

    def close(self) -> None:
        """Stop whatever was started. Called once, after the last scenario."""
