"""Gates: questions about two runs that a pipeline stops on. A gate that is passed is told, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slrspec.history.changes import Change, Comparison, Kind
from slrspec.running.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Gate:
    """One question, and the changes that answer it with no; `unsure` is set if they are only doubts."""

    name: str
    against: tuple[Change, ...]
    unsure: bool = False

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.against


def gates(comparison: Comparison) -> tuple[Gate, ...]:
    """Return every gate, judged. Changes that only better something never stop one."""
    return (
        Gate("no rule regressed", comparison.of(Kind.REGRESSED)),
        Gate("every rule that was checked still is", (*comparison.of(Kind.LOST), *comparison.of(Kind.GONE))),
        Gate(
            "every verdict can be told",
            tuple(c for c in comparison.of(Kind.UNSURE) if c.after == Verdict.ERROR),
            unsure=True,
        ),
    )


def exit_code(judged: Iterable[Gate], *, compared: int) -> int:
    """0 all passed, 1 not, 4 nobody can tell, 5 the two runs have no verdict in common."""
    stopped = [gate for gate in judged if not gate.passed]
    if any(not gate.unsure for gate in stopped):
        return 1
    if stopped:
        return 4
    return 0 if compared else 5
