"""One scenario while it runs, and the result it leaves."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from msgspec import Struct, field

from slrspec.running.checks import CheckFailed, Checks, VacuousCheck
from slrspec.running.command_line import TAG, CommandLine
from slrspec.running.recorder import RecordedAccount, Recorder
from slrspec.running.results import Check, ScenarioResult, StepResult
from slrspec.running.trouble import (
    JudgedBefore,
    OperationUnsupported,
    ProviderTrouble,
    answered,
    answered_error,
)
from slrspec.running.verdict import Verdict
from slrspec.spec.rules import RECORDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from slrspec.providers.contract import Account, ByCommandLine, Door
    from slrspec.running.checks import Expected
    from slrspec.spec.rules import Scenario

DEFECT = "defect of slrspec"
RECORDED = "recorded, not judged"


class StepProgress(Struct):
    """What is known of a step so far; a step without a verdict was not reached."""

    verdict: Verdict | None = None
    message: str = ""
    begun: float = 0.0
    duration_ms: float = 0.0
    exchanges: list[int] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)


class ScenarioRun:
    """One scenario in one account: steps ask it for the account and for `expect`.

    Parameters
    ----------
    scenario
        What is to be run.
    provider
        Name of the provider, for the result.
    account
        The provider's account, opened for this scenario.
    expected
        See `Checks`.

    """

    def __init__(
        self, scenario: Scenario, provider: str, account: Account, expected: Expected | None = None
    ) -> None:
        self.scenario = scenario
        self.provider = provider
        # A replayed account has no door: what the CLI was answered stands in the record.
        by_cli = TAG in scenario.tags and hasattr(account, "door")
        self.recorder = Recorder(
            account.account_id,
            CommandLine(_door_of(account)) if by_cli else None,
            references=getattr(account, "references", None),
            request_ids=getattr(account, "keeps_request_ids", False),
        )
        self._finished: Callable[[ScenarioResult], ScenarioResult] = getattr(account, "finished", _as_it_is)
        self.account = RecordedAccount(account, self.recorder)
        self.checks = Checks(self.recorder, expected)
        self._steps = [StepProgress() for _ in scenario.steps]
        self._current = -1
        self._recorded = 0  # how many exchanges the steps so far have made
        self._kind = "given"
        self._started = datetime.now(UTC)
        self._begun = time.perf_counter()

    def begin_step(self, kind: str) -> None:
        """Turn to the next step, which is a `given`, `when` or `then`."""
        self._current += 1
        self._kind = kind
        self._steps[self._current].begun = time.perf_counter()
        self.checks.begin_step()

    def end_step(self, error: Exception | None = None) -> None:
        """Close the current step; without an error it has passed."""
        step = self._steps[self._current]
        step.verdict, step.message = judge(error, self._kind)
        if step.message:
            step.message = self.recorder.references.text(step.message)
        step.duration_ms = round((time.perf_counter() - step.begun) * 1000, 3)
        step.checks = self.checks.made
        recorded, self._recorded = self._recorded, len(self.recorder.exchanges)
        step.exchanges = list(range(recorded + 1, self._recorded + 1))

    @property
    def judged(self) -> bool:
        """Whether the last step ended with a verdict about the provider, not with a defect of slrspec."""
        step = self._steps[self._current]
        return step.verdict is not None and not step.message.startswith(DEFECT)

    def result(self) -> ScenarioResult:
        """Return the result as it stands."""
        steps = [
            StepResult(
                keyword=step.keyword,
                text=step.text,
                line=step.line,
                table=[list(row) for row in step.table],
                verdict=done.verdict,
                message=done.message,
                duration_ms=done.duration_ms,
                exchanges=done.exchanges,
                checks=done.checks,
            )
            for step, done in zip(self.scenario.steps, self._steps, strict=True)
        ]
        verdict, reason = _scenario_verdict(steps)
        if RECORDS in self.scenario.tags:
            verdict, reason = unjudged(verdict, reason)
        result = ScenarioResult(
            scenario=self.scenario.id,
            rule=self.scenario.rule,
            provider=self.provider,
            name=self.scenario.name,
            verdict=verdict,
            reason=reason,
            region=self.account.region,
            started=self._started.isoformat(timespec="milliseconds"),
            duration_ms=round((time.perf_counter() - self._begun) * 1000, 3),
            steps=steps,
            exchanges=self.recorder.exchanges,
            names=self.recorder.names,
            waits=self.recorder.waits,
        )
        return self._finished(result)


def _as_it_is(result: ScenarioResult) -> ScenarioResult:
    return result


def unjudged(verdict: Verdict, reason: str) -> tuple[Verdict, str]:
    """Return the verdict on an open question: none, whatever was answered, and how far the recording came.

    Only a defect of slrspec is one here, too.
    """
    if reason.startswith(DEFECT):
        return verdict, reason
    return Verdict.NOT_RUN, RECORDED if verdict is Verdict.PASS else f"{RECORDED}, as far as it came: {reason}"


def _door_of(account: Account) -> Callable[[], Door]:
    # The provider has declared the capability `command-line`, so its accounts have one.
    return cast("ByCommandLine", account).door


def judge(error: Exception | None, kind: str) -> tuple[Verdict, str]:
    """Return the verdict on a step that ended with the given error, and why.

    A refusal that no step expected is the provider's failure where the rule's own claim is tried or checked. In
    a `given` it only means that the scenario's beginning could not be reached: nobody can tell about the rule.
    """
    match error:
        case None:
            return Verdict.PASS, ""
        case CheckFailed():
            return Verdict.FAIL, str(error)
        case OperationUnsupported():
            return Verdict.UNSUPPORTED, str(error)
        case ProviderTrouble():
            return Verdict.ERROR, str(error)
        case JudgedBefore():
            return error.verdict, str(error)
        case _:
            return _judge_unexpected(error, kind)


def _judge_unexpected(error: Exception, kind: str) -> tuple[Verdict, str]:
    answer = answered_error(error)
    if not answered(error):
        name = "" if isinstance(error, VacuousCheck) else f"{type(error).__name__}: "
        return Verdict.ERROR, f"{DEFECT}: {name}{error}"
    if kind == "given":
        return Verdict.ERROR, f"could not be prepared: {answer}"
    return Verdict.FAIL, f"refused: {answer}"


def _scenario_verdict(steps: list[StepResult]) -> tuple[Verdict, str]:
    for step in steps:
        if step.verdict is None:
            return Verdict.ERROR, f"not reached: {step.keyword} {step.text}"
        if step.verdict is not Verdict.PASS:
            return step.verdict, step.message
    if not any(step.checks for step in steps):
        return Verdict.ERROR, f"{DEFECT}: no check looked at anything the provider answered"
    return Verdict.PASS, ""
