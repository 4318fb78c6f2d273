"""What `conformant` means, for every output alike: each rule that was run passes, and something was run at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slrspec.running import verdict as verdicts
from slrspec.running.verdict import Verdict

if TYPE_CHECKING:
    from slrspec.running.results import ProviderInfo, RuleResult, RuleVerdict, RunSummary


@dataclass(frozen=True)
class Conformance:
    """One provider's verdicts in sum.

    Attributes
    ----------
    verdicts
        Each rule with its verdict on the provider, in the page's order.
    not_verified
        Ids of the rules that were not run: no output leaves them out, so that a skip cannot be read as a pass.

    """

    provider: ProviderInfo
    verdicts: tuple[tuple[RuleResult, RuleVerdict], ...]

    @property
    def conformant(self) -> bool:
        """Whether each rule that was run passes, and at least one was run."""
        return verdicts.conformant(verdict.verdict for _, verdict in self.verdicts)

    @property
    def not_verified(self) -> tuple[str, ...]:
        """Ids of the rules that were not run."""
        return tuple(rule.id for rule, verdict in self.verdicts if verdict.verdict is Verdict.NOT_RUN)

    @property
    def said(self) -> str:
        """The same in one line."""
        passed = sum(verdict.verdict is Verdict.PASS for _, verdict in self.verdicts)
        skipped = f", {len(self.not_verified)} not verified" if self.not_verified else ""
        word = "conformant" if self.conformant else "not conformant"
        return f"{word}: {passed} of {len(self.verdicts)} rules pass{skipped}"


def conformance(run: RunSummary) -> tuple[Conformance, ...]:
    """Return the sum for each provider of a run."""
    return tuple(
        Conformance(
            provider,
            tuple((rule, v) for rule in run.rules for v in rule.verdicts if v.provider == provider.name),
        )
        for provider in run.providers
    )
