"""What can go wrong, in the order in which a run meets it.

A run first reads its input. A wrong option, an unknown provider, rule, tag or file is a `UsageError`; a feature
file that cannot be read as a specification is a `SpecificationError`, which knows file and line; a deviations
file is checked likewise (`DeviationError`), and so is the plan of a run that is cut into cells (`PlanError`) and
what comes back of them (`BundleError`). All of them end with exit code 2 and one line.

Before anything is written to a real account a guard may refuse (`SafetyRefusal`, exit code 3). While scenarios
run, nothing may leave the machine: a connection that would is stopped by `ConnectionRefusedByGuard`.

What a *provider* does wrong is no error of slrspec and therefore no exception of this tree: it becomes a verdict
(see `slrspec.running.verdict`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class SlrspecError(Exception):
    """Anything slrspec itself refuses to do, with a message fit to be shown to its user.

    Parameters
    ----------
    what
        What was wrong, as one line without a final full stop.
    where
        The file, and the line in it, that has to be changed; None where there is none.
    hint
        What to do about it, as one line.

    """

    exit_code = 2

    def __init__(self, what: str, *, where: tuple[Path | str, int | None] | None = None, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = ""
        if self.where is not None:
            file, line = self.where
            place = f"{file}:{line}: " if line is not None else f"{file}: "
        return f"{place}{self.what}{f' ({self.hint})' if self.hint else ''}"


class UsageError(SlrspecError):
    """An option or argument that means nothing: an unknown provider, rule, tag, section or format."""


class SpecificationError(SlrspecError):
    """A feature file that cannot be read, or that breaks a rule of the specification itself."""


class DeviationError(SlrspecError):
    """A deviations file that cannot be read, or that names a rule nobody knows."""


class ResultsError(SlrspecError):
    """A results file that is missing, damaged, or written by an unknown version."""


class PlanError(SlrspecError):
    """A plan of cells that is missing, is none, or was made by another slrspec or for other features."""


class BundleError(SlrspecError):
    """What one cell has brought back is missing, damaged, or contradicts itself."""


class JournalError(SlrspecError):
    """A journal of writes that is missing, or that is damaged anywhere but where a crash may tear it."""


class LedgerError(SlrspecError):
    """A ledger of confirmations that cannot be read."""


class NothingSelected(SlrspecError):
    """A selection that matches no rule at all."""

    exit_code = 5


class UnknownMoto(SlrspecError):
    """The installed moto is not made as the documented model expects."""


class SafetyRefusal(SlrspecError):
    """A guard refused to go on before anything was written."""

    exit_code = 3


class ConnectionRefusedByGuard(SafetyRefusal):
    """Something tried to leave this machine while a local provider was running."""


class CallRefusedByGuard(ConnectionRefusedByGuard):
    """A call on a real account that the plan does not have, or of a thing that is not the run's own."""
