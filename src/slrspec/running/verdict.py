"""The judgement on one scenario × provider, and how judgements add up."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Verdict(StrEnum):
    """What is known of a scenario, or of a rule, on one provider.

    The members stand from worst to best: a rule's verdict is the first of them that any of its scenarios has.
    """

    ERROR = "error"
    """Nobody can tell: time-out, throttling, lost answer, expired credentials, a crash on either side."""
    FAIL = "fail"
    """The provider answered, and the answer contradicts the rule."""
    UNSUPPORTED = "unsupported"
    """The provider says that it does not have the operation."""
    NOT_RUN = "not-run"
    """Deliberately not run here, for a stated reason."""
    PASS = "pass"  # noqa: S105 - no password
    """Every step ran, and at least one check looked at what the provider answered."""


WORST_FIRST = tuple(Verdict)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict of a rule whose scenarios have the given verdicts; of none at all, `NOT_RUN`."""
    return min(verdicts, key=WORST_FIRST.index, default=Verdict.NOT_RUN)


def conformant(verdicts: Iterable[Verdict]) -> bool:
    """Tell what `conformant` means in every output: each rule that was run passes, and at least one was run."""
    judged = set(verdicts) - {Verdict.NOT_RUN}
    return judged == {Verdict.PASS}
