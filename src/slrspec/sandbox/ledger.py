"""The ledger of confirmations: when each rule was last confirmed on AWS itself, by which run, of which edition.

It is a small file in the repository, so that whoever reads a rule can tell an expectation that AWS has confirmed
from one that rests on documents alone. Only runs of the provider `aws` on a real account are entered. A rehearsal,
a replay or a run without the request ids of AWS is refused: each of them would be slrspec confirming itself.

A rule that is stated for many services is entered by its scenarios: no account can show all of them, and what a
role of Auto Scaling with a suffix has shown says nothing of the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slrspec.errors import LedgerError, SafetyRefusal, UsageError
from slrspec.running.verdict import Verdict
from slrspec.toml import read_toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from slrspec.running.results import ProviderInfo, Run, ScenarioResult
    from slrspec.spec.rules import Rule, Specification

FILE = Path(__file__).with_name("data") / "confirmed.toml"
REAL, PRODUCT = "aws", "AWS"
STALE_AFTER_DAYS = 30
NEVER, PARTLY, CONFIRMED, STALE, CONTRADICTED = "never", "partly", "confirmed", "stale", "contradicted"
HEADER = """\
# What AWS itself has said of each rule, and when: `slrspec confirm` writes this from a run of the provider `aws`.
# A rule that is not listed was never confirmed on AWS. What is older than so many days is shown as stale.
# Of a rule that is stated for many services each scenario stands for itself.
"""


@dataclass(frozen=True)
class Entry:
    """What one run on AWS has said of a rule.

    Attributes
    ----------
    day
        When the run began, UTC.
    run
        Its id, which begins with the time and so tells which of two is later.
    edition
        Day of the edition of the page whose rules were judged.

    """

    day: date
    run: str
    edition: str


@dataclass(frozen=True)
class Standing:
    """How a rule stands with AWS on a day.

    Attributes
    ----------
    state
        `never`, `confirmed`, `partly`: some scenarios of a rule for many services, `stale`, or `contradicted`: the
        last run that could tell says otherwise.
    entry
        The run that it is from; None for `never`.
    days
        How long ago that was.
    before
        The confirmation before the contradiction, if there was one.
    scenarios
        Those that it is about, where it is not about the rule as a whole.

    """

    state: str
    entry: Entry | None = None
    days: int = 0
    before: Entry | None = None
    scenarios: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """The standing in words."""
        if self.entry is None:
            return "never confirmed on AWS"
        word = CONTRADICTED if self.state == CONTRADICTED else CONFIRMED
        ago = "today" if not self.days else f"{self.days} day{'s' if self.days > 1 else ''} ago"
        source = f"run {self.entry.run}, edition of {self.entry.edition}"
        more = f"; confirmed before on {self.before.day}" if self.before else ""
        stale = ", stale" if self.state == STALE else ""
        return f"{word} on AWS {ago}{stale}{self._part} ({source}{more})"

    @property
    def _part(self) -> str:
        if not self.scenarios:
            return ""
        only = (
            self.scenarios[0].partition("/")[2] if len(self.scenarios) == 1 else f"{len(self.scenarios)} scenarios"
        )
        return f", in part: {only}"

    def as_dict(self) -> dict[str, Any]:
        """Return what programs read."""
        entry = self.entry
        return {
            "state": self.state,
            "day": entry and entry.day.isoformat(),
            "run": entry and entry.run,
            "edition": entry and entry.edition,
            "days": self.days if entry else None,
            "said": self.said,
        }


@dataclass(frozen=True)
class Ledger:
    """What AWS has said, by rule: the last confirmation, and the last contradiction if it is later.

    Rules that are stated for many services are there by their scenarios.
    """

    confirmed: Mapping[str, Entry] = field(default_factory=dict)
    contradicted: Mapping[str, Entry] = field(default_factory=dict)
    stale_after_days: int = STALE_AFTER_DAYS

    def standing(self, rule: str, today: date) -> Standing:
        """Return how a rule stands on a day."""
        confirmed, contradicted = self.confirmed.get(rule), self.contradicted.get(rule)
        if contradicted is not None:
            return Standing(CONTRADICTED, contradicted, _days(contradicted, today), confirmed)
        if confirmed is None:
            return self._in_part(rule, today)
        days = _days(confirmed, today)
        return Standing(STALE if days > self.stale_after_days else CONFIRMED, confirmed, days)

    def _in_part(self, rule: str, today: date) -> Standing:
        """Return how a rule's scenarios stand: contradicted if one is, and as old as the oldest confirmation."""
        for state, entries in ((CONTRADICTED, self.contradicted), (PARTLY, self.confirmed)):
            if found := {one: entry for one, entry in entries.items() if one.startswith(f"{rule}/")}:
                oldest = min(found.values(), key=lambda entry: entry.run)
                days = _days(oldest, today)
                stale = state == PARTLY and days > self.stale_after_days
                return Standing(STALE if stale else state, oldest, days, scenarios=tuple(sorted(found)))
        return Standing(NEVER)

    def after(self, entered: Entered) -> Ledger:
        """Return the ledger with what a run has said. What a later run has said stays."""
        confirmed, contradicted = dict(self.confirmed), dict(self.contradicted)
        for rule in (*entered.confirmed, *entered.contradicted):
            known = [entry for entry in (confirmed.get(rule), contradicted.get(rule)) if entry is not None]
            if any(entry.run > entered.entry.run for entry in known):
                continue
            if rule in entered.confirmed:
                confirmed[rule] = entered.entry
                contradicted.pop(rule, None)
            else:
                contradicted[rule] = entered.entry
        return Ledger(confirmed, contradicted, self.stale_after_days)


@dataclass(frozen=True)
class Entered:
    """What one run says: ids of the rules that it confirms, and of those that it contradicts.

    Of rules that are stated for many services, those of their scenarios.
    """

    entry: Entry
    confirmed: tuple[str, ...]
    contradicted: tuple[str, ...]


def read_ledger(file: Path = FILE) -> Ledger:
    """Read the ledger.

    Raises
    ------
    LedgerError
        If it cannot be read, or is not made as `slrspec confirm` makes it.

    """
    _, data = read_toml(file, LedgerError)
    stale = data.pop("stale_after_days", STALE_AFTER_DAYS)
    unknown = set(data) - {CONFIRMED, CONTRADICTED}
    if unknown or not isinstance(stale, int) or isinstance(stale, bool) or stale < 1:
        said = f"unknown table [{min(unknown)}]" if unknown else "stale_after_days has to be a whole number above 0"
        raise LedgerError(said, where=(file, None), hint="slrspec confirm writes it")
    confirmed, contradicted = (dict(_entries(file, kind, data.get(kind, {}))) for kind in (CONFIRMED, CONTRADICTED))
    return Ledger(confirmed, contradicted, stale)


def _entries(file: Path, kind: str, table: Any) -> Iterator[tuple[str, Entry]]:  # noqa: ANN401 - TOML's
    kinds = {"day": date, "run": str, "edition": str}
    for rule, entry in (table if isinstance(table, dict) else {kind: None}).items():
        if not isinstance(entry, dict) or {key: type(value) for key, value in entry.items()} != kinds:
            raise LedgerError(
                f"the entry {kind}.{rule} has to have a day, a run and an edition",
                where=(file, None),
                hint="slrspec confirm writes it",
            )
        yield rule, Entry(**entry)


def encode_ledger(ledger: Ledger) -> str:
    """Return the file of a ledger; equal ledgers give equal text."""
    lines = [HEADER + f"stale_after_days = {ledger.stale_after_days}"]
    for kind, entries in ((CONFIRMED, ledger.confirmed), (CONTRADICTED, ledger.contradicted)):
        if entries:
            lines.append(f"\n[{kind}]")
        for rule, entry in sorted(entries.items()):
            key = rule if "/" not in rule else f'"{rule}"'
            lines.append(f'{key} = {{day = {entry.day}, run = "{entry.run}", edition = "{entry.edition}"}}')
    return "\n".join(lines) + "\n"


def what_aws_said(run: Run, specification: Specification) -> Entered:
    """Return which rules a run on AWS confirms and contradicts.

    A rule is confirmed if every one of its scenarios passed, and contradicted if one failed. Of one that is stated
    for many services each scenario counts by itself. Errors, and what was not run, say nothing.

    Raises
    ------
    SafetyRefusal
        If it was no run on AWS, but a rehearsal, a replay or something without AWS's request ids.
    UsageError
        If nothing in it was run on AWS, or the rules were others than these.

    """
    _refuse_others(run)
    if run.suite.digest != specification.digest or run.document.id != specification.document.id:
        raise UsageError(
            f"run {run.run.id} judged other rules than these features state",
            hint=f"check out the slrspec that made it ({run.suite.version}, features {run.suite.digest[:12]})",
        )
    results = [result for result in run.scenarios if result.provider == REAL]
    _refuse_unsigned(results)
    entry = Entry(date.fromisoformat(run.run.started[:10]), run.run.id, run.document.edition)
    verdicts = {one: verdict for rule in specification.rules for one, verdict in _verdicts(rule, results)}
    return Entered(
        entry,
        tuple(rule for rule, verdict in verdicts.items() if verdict is Verdict.PASS),
        tuple(rule for rule, verdict in verdicts.items() if verdict is Verdict.FAIL),
    )


def _verdicts(rule: Rule, results: list[ScenarioResult]) -> Iterator[tuple[str, Verdict]]:
    verdicts = {result.scenario: result.verdict for result in results if result.rule == rule.id}
    if any(one.for_each_service for one in rule.scenarios):
        yield from verdicts.items()
        return
    whole = rule.scenarios and all(verdicts.get(one.id) is Verdict.PASS for one in rule.scenarios)
    broken = Verdict.FAIL in verdicts.values()
    yield rule.id, Verdict.FAIL if broken else Verdict.PASS if whole else Verdict.NOT_RUN


def _refuse_others(run: Run) -> None:
    found = next((provider for provider in run.providers if provider.name == REAL), None)
    if found is None:
        replayed = any(provider.name.startswith("replay") for provider in run.providers)
        said = "a replay confirms nothing" if replayed else f"run {run.run.id} was not on AWS"
        raise UsageError(said, hint="slrspec confirm takes the results of the provider aws")
    if not is_real(found):
        raise SafetyRefusal(
            "a rehearsal says nothing about AWS, and is not entered",
            hint=f"it ran against {found.settings.get('rehearsal', found.product)}",
        )


def _refuse_unsigned(results: list[ScenarioResult]) -> None:
    for result in results:
        for exchange in result.exchanges:
            answered = exchange.error is None or exchange.error.status
            if answered and not exchange.request_id:
                where = f"exchange {exchange.number} of {result.scenario}"
                raise SafetyRefusal(f"{where} has no request id: nothing shows that AWS answered")


def is_real(provider: ProviderInfo) -> bool:
    """Tell whether what answered was AWS itself."""
    return provider.name == REAL and provider.product == PRODUCT and "rehearsal" not in provider.settings


def _days(entry: Entry, today: date) -> int:
    return max(0, (today - entry.day).days)
