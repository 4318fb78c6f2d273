"""What changed between two runs: keyed by rule and provider, so that no renaming of a file or scenario matters."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from slrspec.running.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from slrspec.running.results import RuleResult, RuleVerdict, RunSummary

BROKEN = frozenset({Verdict.FAIL, Verdict.UNSUPPORTED})


class Kind(StrEnum):
    """What a change is, the gravest first."""

    REGRESSED = "regressed"
    """The rule was kept, and is broken now."""
    LOST = "no longer checked"
    """The rule was judged, and was not run now although the run was complete."""
    UNSURE = "cannot tell"
    """One of the two runs ended in an error, which says nothing about the provider."""
    MOVED = "still broken, otherwise"
    """From `fail` to `unsupported`, or back."""
    FIXED = "fixed"
    """The rule was broken, and is kept now."""
    CHECKED = "now checked"
    """The rule was not run before."""
    NEW = "new"
    """The rule, or the provider, was not there before."""
    GONE = "gone"
    """The rule, or the provider, is not there any more."""
    REWORDED = "rule changed"
    """The rule has another statement, level or id."""


@dataclass(frozen=True)
class Change:
    """One difference.

    Attributes
    ----------
    rule
        Id as it is now; of a rule that is gone, as it was.
    provider
        Name of the provider; empty for a change of the rule itself.
    before, after
        Verdicts, statements or ids; empty where there is none.
    excused
        Whether a known deviation covers what it is now.

    """

    kind: Kind
    rule: str
    statement: str
    provider: str
    before: str
    after: str
    excused: bool = False


@dataclass(frozen=True)
class Comparison:
    """Two runs, and how they differ.

    Attributes
    ----------
    changes
        The gravest first, then in the order of the rules.
    around
        What else is different: edition, suite, versions; a line each.
    compared
        How many verdicts have a counterpart in both.
    partial
        Whether one of the two ran a part of the rules only. What it left out is then no change.

    """

    before: RunSummary
    after: RunSummary
    changes: tuple[Change, ...]
    around: tuple[str, ...]
    compared: int
    partial: bool

    def of(self, kind: Kind) -> tuple[Change, ...]:
        """Return the changes of one kind."""
        return tuple(change for change in self.changes if change.kind is kind)


def compare_runs(before: RunSummary, after: RunSummary) -> Comparison:
    """Compare two runs.

    A rule that has another id but the very statement of one that is gone is that rule, renamed. A provider with
    another name but the same product and settings is that provider.
    """
    names = _renamed_providers(before, after)
    ids = _renamed_rules(before, after)
    old_rules = {ids.get(rule.id, rule.id): rule for rule in before.rules}
    new_rules = {rule.id: rule for rule in after.rules}
    changes = [*_rule_changes(before, after, old_rules, new_rules)]
    compared = 0
    for rule in after.rules:
        old = {names.get(v.provider, v.provider): v for v in _verdicts(old_rules.get(rule.id))}
        for verdict in rule.verdicts:
            was = old.get(verdict.provider)
            if was is None:
                continue
            compared += 1
            changes += _verdict_change(rule, was, verdict, whole=after.run.complete)
    changes += _provider_changes(before, after, names)
    order = list(Kind)
    return Comparison(
        before=before,
        after=after,
        changes=tuple(sorted(changes, key=lambda change: order.index(change.kind))),
        around=tuple(_around(before, after, names)),
        compared=compared,
        partial=not (before.run.complete and after.run.complete),
    )


def _verdicts(rule: RuleResult | None) -> Iterable[RuleVerdict]:
    return rule.verdicts if rule is not None else ()


def _verdict_change(rule: RuleResult, was: RuleVerdict, now: RuleVerdict, *, whole: bool) -> Iterator[Change]:
    kind = kind_of(was.verdict, now.verdict)
    if kind is None or (kind is Kind.LOST and not whole):
        return
    yield Change(
        kind, rule.id, rule.statement, now.provider, was.verdict, now.verdict, excused=now.known is not None
    )


def kind_of(was: Verdict, now: Verdict) -> Kind | None:
    """Return what a change from one verdict to another is; None if there is none."""
    if was is now:
        return None
    if Verdict.ERROR in {was, now}:
        return Kind.UNSURE
    if now is Verdict.NOT_RUN:
        return Kind.LOST
    if was is Verdict.NOT_RUN:
        return Kind.CHECKED
    if now is Verdict.PASS:
        return Kind.FIXED
    return Kind.REGRESSED if was is Verdict.PASS else Kind.MOVED


def _rule_changes(
    before: RunSummary,
    after: RunSummary,
    old_rules: Mapping[str, RuleResult],
    new_rules: Mapping[str, RuleResult],
) -> Iterator[Change]:
    if before.run.complete:
        for rule in after.rules:
            if rule.id not in old_rules:
                yield Change(Kind.NEW, rule.id, rule.statement, "", "", _said(rule))
    if after.run.complete:
        for identifier, rule in old_rules.items():
            if identifier not in new_rules:
                yield Change(Kind.GONE, rule.id, rule.statement, "", _said(rule), "")
    for identifier, rule in old_rules.items():
        if identifier in new_rules:
            yield from _rewordings(rule, new_rules[identifier])


def _rewordings(was: RuleResult, now: RuleResult) -> Iterator[Change]:
    for old, new in (
        (was.id, now.id),
        (was.statement, now.statement),
        (was.level, now.level),
        (was.section, now.section),
    ):
        if old != new:
            yield Change(Kind.REWORDED, now.id, now.statement, "", old, new)


def _said(rule: RuleResult) -> str:
    return ", ".join(f"{verdict.provider}: {verdict.verdict}" for verdict in rule.verdicts)


def _provider_changes(before: RunSummary, after: RunSummary, names: Mapping[str, str]) -> Iterator[Change]:
    old = {names.get(provider.name, provider.name) for provider in before.providers}
    new = {provider.name for provider in after.providers}
    for name in sorted(new - old):
        yield Change(Kind.NEW, "", "every rule", name, "", "judged")
    for name in sorted(old - new):
        yield Change(Kind.GONE, "", "every rule", name, "judged", "")


def _renamed_rules(before: RunSummary, after: RunSummary) -> dict[str, str]:
    """Return the new id of each rule that only its id was taken from."""
    old, new = {rule.id for rule in before.rules}, {rule.id for rule in after.rules}
    gone = [rule for rule in before.rules if rule.id not in new]
    fresh = {rule.statement: rule.id for rule in after.rules if rule.id not in old}
    return {rule.id: fresh[rule.statement] for rule in gone if rule.statement in fresh}


def _renamed_providers(before: RunSummary, after: RunSummary) -> dict[str, str]:
    old, new = {p.name for p in before.providers}, {p.name for p in after.providers}
    fresh = {(p.product, *sorted(p.settings.items())): p.name for p in after.providers if p.name not in old}
    return {
        provider.name: fresh[key]
        for provider in before.providers
        if provider.name not in new
        for key in [(provider.product, *sorted(provider.settings.items()))]
        if key in fresh
    }


def _around(before: RunSummary, after: RunSummary, names: Mapping[str, str]) -> Iterator[str]:
    if before.document.edition != after.document.edition:
        yield f"another edition of the page: {before.document.edition}, now {after.document.edition}"
    if before.document.policy != after.document.policy:
        yield f"another policy: {before.document.policy}, now {after.document.policy}"
    if before.suite.version != after.suite.version:
        yield f"another slrspec: {before.suite.version}, now {after.suite.version}"
    if before.suite.digest != after.suite.digest:
        yield f"other features: {before.suite.digest[:12]}, now {after.suite.digest[:12]}"
    now = {provider.name: provider for provider in after.providers}
    for provider in before.providers:
        found = now.get(names.get(provider.name, provider.name))
        if found is None:
            continue
        if found.name != provider.name:
            yield f"{provider.name} is called {found.name} now"
        if (found.product, found.version) != (provider.product, provider.version):
            was = f"{provider.product} {provider.version}"
            yield f"{found.name} is {found.product} {found.version} now, was {was}"
