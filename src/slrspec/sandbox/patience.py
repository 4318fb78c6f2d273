"""Waiting on a real account: in real time, with an end, and on record."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from msgspec import field

from slrspec.providers.contract import Patience
from slrspec.running.trouble import ProviderTrouble

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
# What a DB instance is in while something is being done to it: none of these is an answer.
UNDER_WAY = frozenset(
    {"backing-up", "configuring-enhanced-monitoring", "creating", "deleting", "modifying", "rebooting"}
)


@dataclass(frozen=True)
class Wait:
    """A wait that is over: for whom, on what call, for how many seconds, and whether it came to its end."""

    scenario: str
    on: str
    seconds: float
    ended: bool


@dataclass
class LastCall:
    """The read by which something is being waited for."""

    operation: str = ""


class RealPatience(Patience, frozen=True):
    """Waits for instances as long as instances take, and for anything else as long as that takes to show.

    Attributes
    ----------
    scenario
        For the record.
    instance_timeout, instance_interval
        Seconds, where what is read is a DB instance.
    last
        Tells what was read.
    waits
        Gets every wait.

    """

    scenario: str = ""
    instance_timeout: float = 1800.0
    instance_interval: float = 15.0
    last: LastCall = field(default_factory=LastCall)
    waits: list[Wait] = field(default_factory=list)

    def until(self, done: Callable[[T], bool], read: Callable[[], T]) -> T:
        """Read until `done` is content or time is up.

        Raises
        ------
        ProviderTrouble
            If a DB instance is still under way when time is up: that it is slow breaks no rule.

        """
        began = time.monotonic()
        reading = read()
        while not done(reading):
            about_instance = self.last.operation == "DescribeDBInstances"
            timeout = self.instance_timeout if about_instance else self.timeout
            waited = time.monotonic() - began
            if waited >= timeout:
                self._note(began, ended=False)
                if reading in UNDER_WAY:
                    raise ProviderTrouble(f"the DB instance is still {reading} after {waited / 60:.0f} minutes")
                return reading
            self.sleep(self.instance_interval if about_instance else self.interval)
            reading = read()
        self._note(began, ended=True)
        return reading

    def _note(self, began: float, *, ended: bool) -> None:
        seconds = round(time.monotonic() - began, 1)
        if seconds >= self.interval:
            self.waits.append(Wait(self.scenario, self.last.operation, seconds, ended))
