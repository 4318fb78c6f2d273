"""Proving that checks can fail: the suite run against each fault of the documented model."""

from __future__ import annotations

import gc
import os
from _thread import interrupt_main
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context, parent_process
from threading import Event, Thread
from typing import TYPE_CHECKING

from slrspec.errors import SlrspecError
from slrspec.running.command_line import TAG
from slrspec.running.engine import Observer, Request, execute
from slrspec.running.interruption import remembered_interruption
from slrspec.running.selection import Selection
from slrspec.running.verdict import Verdict
from slrspec.spec.gherkin import EVERY_EDITION, read_specification
from slrspec.spec.location import features_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from multiprocessing.connection import Connection

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
    untried
        Ids of the rules that the fault breaks and whose scenarios cannot be run here: there is no AWS CLI.

    """

    fault: Fault
    killers: Mapping[str, tuple[str, ...]]
    unsure: Mapping[str, tuple[str, ...]]
    untried: tuple[str, ...] = ()

    @property
    def survived(self) -> tuple[str, ...]:
        """Ids of the rules that the fault breaks and none of whose scenarios failed, though they ran."""
        return tuple(rule for rule in self.fault.rules if not self.killers.get(rule) and rule not in self.untried)

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
    selections = [Selection(fault.rules, services=_sample(document))] if own else _selections([fault], document)
    provider = f"{PROVIDER}:{fault.id}"
    runs = [
        _whole_run(Request((provider,), one, document=document, edition=fault.edition, no_deviations=True))
        for one in selections
    ]
    _collect()
    return judge(fault, *runs)


def _collect() -> None:
    """Collect what a run has left: it collects rarely itself, and hundreds of them would pile up.

    What has been imported stays, and is not walked through again after every fault.
    """
    gc.collect()
    gc.freeze()


def _own(chosen: Iterable[Fault], document: str) -> list[tuple[str, Selection]]:
    """Return what to run for some faults if only the rules that they break matter, by edition."""
    by_edition: dict[str, set[str]] = {}
    for fault in chosen:
        by_edition.setdefault(fault.edition, set()).update(fault.rules)
    return [(day, Selection(tuple(sorted(ids)), services=_sample(document))) for day, ids in by_edition.items()]


def _whole(chosen: Iterable[Fault], document: str) -> list[tuple[str, Selection]]:
    return [("", one) for one in _selections(chosen, document)]


def _selections(chosen: Iterable[Fault], document: str) -> list[Selection]:
    """Return what to run for some faults: everything, but by commands only the rules that one of them breaks.

    A command takes a hundred times as long as a call, and fails by no other fault than the call does.
    """
    commands = sorted({rule for fault in chosen for rule in fault.rules} & _by_command(document))
    others = Selection(tags=(f"not {TAG}",) if _by_command(document) else (), services=_sample(document))
    return [others, *([Selection(tuple(commands))] if commands else [])]


# Of the many services of a document these are tried: one that takes no suffix, and one that takes it. The model,
# and with it a fault, makes no other difference between services.
SAMPLE = ("rds.amazonaws.com", "autoscaling.amazonaws.com")


@cache
def _sample(document: str) -> tuple[str, ...]:
    specification = read_specification(features_folder(document), EVERY_EDITION)
    return SAMPLE if len(specification.document.services) > 1 else ()


@cache
def _by_command(document: str) -> frozenset[str]:
    specification = read_specification(features_folder(document), EVERY_EDITION)
    return frozenset(rule.id for rule in specification.rules if rule.seen == TAG)


def _whole_run(request: Request) -> Run:
    """Run, and pass on an interruption, which pytest keeps to itself: half a run proves nothing about a fault."""
    run = execute(request, Observer(lambda _: None))
    if run.run.interrupted:
        raise KeyboardInterrupt
    return run


def judge(fault: Fault, *runs: Run) -> Trial:
    """Tell from runs of different rules which scenarios noticed the fault."""
    untried = {rule.id for run in runs for rule in run.rules for v in rule.verdicts if v.verdict is Verdict.NOT_RUN}
    return Trial(
        fault,
        _by_rule(runs, Verdict.FAIL),
        _by_rule(runs, Verdict.ERROR),
        tuple(rule for rule in fault.rules if rule in untried),
    )


def _by_rule(runs: Iterable[Run], verdict: Verdict) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for result in (result for run in runs for result in run.scenarios):
        if result.verdict is verdict:
            found[result.rule] = (*found.get(result.rule, ()), result.scenario)
    return found


def refuse_unsound_model(chosen: Iterable[Fault], document: str = "", *, own: bool = False) -> None:
    """Make sure that the model passes without a fault; nothing could be proved by a scenario that fails anyway.

    Parameters
    ----------
    chosen
        The faults that are to be tried.
    document
        Whose rules to run; empty for the RDS page.
    own
        Whether only the scenarios of the rules that they break will run; then no others need to pass.

    Raises
    ------
    SlrspecError
        If a scenario does not pass.

    """
    runs = [
        _whole_run(Request((PROVIDER,), one, document=document, edition=edition, no_deviations=True))
        for edition, one in (_own(chosen, document) if own else _whole(chosen, document))
    ]
    broken = [
        result for run in runs for result in run.scenarios if result.verdict not in {Verdict.PASS, Verdict.NOT_RUN}
    ]
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
        with remembered_interruption() as interrupted:
            for fault in chosen:
                trial = try_fault(fault, document=document, own=own)
                if interrupted():
                    raise KeyboardInterrupt
                note(trial)
    else:
        # A forked process would share what this one has open; a spawned one starts clean on every system.
        context = get_context("spawn")
        wanted, unwanted = context.Pipe(duplex=False)
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent, initargs=(wanted,))
        try:
            for future in as_completed([pool.submit(_try, fault.id, document, own=own) for fault in chosen]):
                note(future.result())
        finally:
            unwanted.close()
            pool.shutdown(cancel_futures=True)
            wanted.close()
    return [trials[fault.id] for fault in chosen]


_trying = Event()


def _end_with_parent(wanted: Connection) -> None:
    """Have a process of the pool end its work when that is not wanted any more, or whoever began it is gone.

    Left to itself it would try the faults that it has to their ends, and then wait for more for ever: its siblings
    hold the pipe open that they would come by.

    Parameters
    ----------
    wanted
        Ends when the other end is closed, which the system does for a process that is killed.

    """
    parent = parent_process()
    assert parent is not None  # this is called in such processes only

    def follow() -> None:
        wanted.poll(None)
        if _trying.is_set():  # else it waits for another fault, and is told in time that there is none
            interrupt_main()
        parent.join()
        os._exit(1)

    Thread(target=follow, daemon=True).start()


def _try(fault_id: str, document: str, *, own: bool) -> Trial:
    from slrspec.documented.faults import faults

    known = faults(document) if document else faults()
    _trying.set()
    try:
        return try_fault(next(fault for fault in known if fault.id == fault_id), document=document, own=own)
    finally:
        _trying.clear()
