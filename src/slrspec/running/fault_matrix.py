"""Proving that checks can fail: the suite run against each fault of the documented model."""

from __future__ import annotations

import gc
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING

from slrspec.errors import SlrspecError
from slrspec.running.engine import Observer, Request, execute
from slrspec.running.selection import Selection
from slrspec.running.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from slrspec.documented.faults import Fault
    from slrspec.running.results import Run

PROVIDER = "documented"


@dataclass(frozen=True)
class Trial:
    """What became of one fault.

    Attributes
    ----------
    fault
        The fault.
    killers
        Ids of the failed scenarios, by rule; of all rules, not only those that the fault breaks.
    unsure
        Ids of the scenarios that ended in an error, by rule: they noticed something, and kill nothing.

    """

    fault: Fault
    killers: Mapping[str, tuple[str, ...]]
    unsure: Mapping[str, tuple[str, ...]]

    @property
    def survived(self) -> tuple[str, ...]:
        """Ids of the rules that the fault breaks and none of whose scenarios failed."""
        return tuple(rule for rule in self.fault.rules if not self.killers.get(rule))

    @property
    def others(self) -> tuple[str, ...]:
        """Ids of the other rules whose scenarios did not pass."""
        return tuple(sorted({*self.killers, *self.unsure} - set(self.fault.rules)))


def try_fault(fault: Fault, *, document: str = "", own: bool = False) -> Trial:
    """Run the suite on the model with one fault.

    Parameters
    ----------
    fault
        The fault, with the rules of the document that it breaks.
    document
        Whose rules to run; empty for the RDS page.
    own
        Run the scenarios of the rules that the fault breaks, and no others.

    """
    selection = Selection(fault.rules if own else ())
    provider = f"{PROVIDER}:{fault.id}"
    request = Request(
        (provider,), selection=selection, document=document, edition=fault.edition, no_deviations=True
    )
    trial = judge(fault, _whole_run(request))
    gc.collect()  # a run collects rarely, and hundreds of them would pile up
    return trial


def _whole_run(request: Request) -> Run:
    """Run, and pass on an interruption, which pytest keeps to itself: half a run proves nothing about a fault."""
    run = execute(request, Observer(lambda _: None))
    if run.run.interrupted:
        raise KeyboardInterrupt
    return run


def judge(fault: Fault, run: Run) -> Trial:
    """Tell from a run which scenarios noticed the fault."""
    return Trial(fault, _by_rule(run, Verdict.FAIL), _by_rule(run, Verdict.ERROR))


def _by_rule(run: Run, verdict: Verdict) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for result in run.scenarios:
        if result.verdict is verdict:
            found[result.rule] = (*found.get(result.rule, ()), result.scenario)
    return found


def refuse_unsound_model(document: str = "") -> None:
    """Make sure that the model passes without a fault; nothing could be proved by a scenario that fails anyway.

    Raises
    ------
    SlrspecError
        If a scenario does not pass.

    """
    run = _whole_run(Request((PROVIDER,), document=document, no_deviations=True))
    broken = [result for result in run.scenarios if result.verdict not in {Verdict.PASS, Verdict.NOT_RUN}]
    if broken:
        first = broken[0]
        raise SlrspecError(f"the model without a fault does not pass {first.scenario}: {first.reason}")


def try_all(
    chosen: Iterable[Fault],
    *,
    document: str = "",
    own: bool = False,
    workers: int = 1,
    done: Callable[[Trial], None],
) -> list[Trial]:
    """Try faults, in several processes if asked to, and return the trials in the order of the faults.

    Parameters
    ----------
    chosen
        The faults.
    document
        Whose rules to run; empty for the RDS page.
    own
        See `try_fault`.
    workers
        Number of processes; with 1, everything runs in this one.
    done
        Called with each trial as it ends.

    """
    chosen = list(chosen)
    trials: dict[str, Trial] = {}

    def note(trial: Trial) -> None:
        trials[trial.fault.id] = trial
        done(trial)

    if workers == 1:
        for fault in chosen:
            note(try_fault(fault, document=document, own=own))
    else:
        # A forked process would share what this one has open; a spawned one starts clean on every system.
        pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
        try:
            for future in as_completed([pool.submit(_try, fault.id, document, own=own) for fault in chosen]):
                note(future.result())
        finally:
            pool.shutdown(cancel_futures=True)
    return [trials[fault.id] for fault in chosen]


def _try(fault_id: str, document: str, *, own: bool) -> Trial:
    from slrspec.documented.faults import faults

    known = faults(document) if document else faults()
    return try_fault(next(fault for fault in known if fault.id == fault_id), document=document, own=own)
