"""What a night may cost: creation stops before the limit, reckoning every instance at its worst."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from slrspec.sandbox.prices import InstanceKind, price

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass
class Budget:
    """US dollars that may be spent, and that instances already have been reserved.

    Attributes
    ----------
    limit
        As `--max-usd` gives it.
    minutes
        How long an instance lives at worst: nobody reckons with less.
    reserved
        The sum for all instances that may have been created so far, whatever became of them.

    """

    limit: float
    minutes: float
    reserved: float = 0.0
    refused: list[str] = field(default_factory=list)

    def affords(self, regions: Iterable[str]) -> bool:
        """Tell whether one more instance in each of the Regions stays within the limit; unknown prices do not."""
        prices = [price(InstanceKind(region), self.minutes) for region in regions]
        return (
            all(one is not None for one in prices) and self.reserved + sum(p or 0.0 for p in prices) <= self.limit
        )

    def reserve(self, region: str) -> bool:
        """Reserve what an instance costs at worst; tell whether that was possible."""
        if not self.affords([region]):
            self.refused.append(region)
            return False
        self.reserved += price(InstanceKind(region), self.minutes) or 0.0
        return True

    def release(self, region: str) -> None:
        """Take back what was reserved for an instance that was never made."""
        self.reserved -= price(InstanceKind(region), self.minutes) or 0.0
