"""From the verdicts on scenarios to the whole run: verdicts on rules, totals, exit code."""

from __future__ import annotations

from collections import Counter
from sys import intern
from typing import TYPE_CHECKING

from slrspec.running.deviations import problem
from slrspec.running.evidence import Finished
from slrspec.running.results import (
    DocumentInfo,
    ProviderInfo,
    RuleResult,
    RuleVerdict,
    Run,
    RunInfo,
    ScenarioResult,
    Suite,
    Totals,
    without_run,
)
from slrspec.running.verdict import Verdict, conformant, worst

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from slrspec.providers.contract import Description
    from slrspec.running.deviations import Deviation
    from slrspec.running.evidence import Judged, Results
    from slrspec.spec.rules import Rule, Scenario, Specification

Deviations = "Mapping[str, Mapping[str, Deviation]]"


def assemble(  # noqa: PLR0913 - a run is made of as many things
    specification: Specification,
    providers: Mapping[str, Description],
    selected: Sequence[Scenario],
    results: Results,
    *,
    rules: Sequence[Rule],
    deviations: Mapping[str, Mapping[str, Deviation]],
    today: date,
    info: RunInfo,
    environment: Mapping[str, str],
    version: str,
) -> Run:
    """Put a run together from what was judged.

    Parameters
    ----------
    providers
        What each provider says of itself, by its name, in the order asked for.
    selected
        The scenarios that were to run; those without a result become `not-run`.
    results
        What was judged, in any order.
    rules
        The rules asked for, those without scenarios too.
    deviations
        Known deviations by provider and rule.

    """
    missing = "interrupted before it ran" if info.interrupted else "no result arrived"
    for name in providers:
        for scenario in selected:
            if (name, scenario.id) not in results:
                results.add(Finished.of(without_run(scenario, name, Verdict.NOT_RUN, missing)))
    evidence = results.in_order((name, scenario.id) for name in providers for scenario in selected)
    return sum_up(
        info=info,
        suite=Suite(version=version, digest=specification.digest),
        document=DocumentInfo(
            id=specification.document.id,
            title=specification.document.title,
            url=specification.document.url,
            edition=specification.document.edition,
            policy=specification.document.policy,
        ),
        environment=dict(environment),
        providers=[_provider(name, description) for name, description in providers.items()],
        rules=results.aside((_rule(rule, providers, results, deviations, today) for rule in rules), RuleResult),
        scenarios=evidence,
        # What was recorded and not judged has run, too.
        ran=any(one.verdict is not Verdict.NOT_RUN or one.ran for one in evidence.judged),
    )


def sum_up(  # noqa: PLR0913 - as above
    *,
    info: RunInfo,
    suite: Suite,
    document: DocumentInfo,
    environment: dict[str, str],
    providers: list[ProviderInfo],
    rules: Sequence[RuleResult],
    scenarios: Sequence[ScenarioResult],
    ran: bool,
) -> Run:
    """Add up the verdicts on rules: totals, conformance, exit code; `ran` says whether anything ran at all."""
    names = [provider.name for provider in providers]
    return Run(
        run=info,
        suite=suite,
        document=document,
        environment=environment,
        providers=providers,
        totals=[_totals(name, rules) for name in names],
        conformant=all(conformant(one.verdict for one in _verdicts(rules, name)) for name in names),
        not_verified=[r.id for r in rules if any(v.verdict is Verdict.NOT_RUN for v in r.verdicts)],
        exit_code=_exit_code(_verdicts(rules), ran=ran, interrupted=info.interrupted),
        rules=rules,
        scenarios=scenarios,
    )


def _exit_code(verdicts: Iterable[RuleVerdict], *, ran: bool, interrupted: bool) -> int:
    """0 as expected, 1 not, 4 nobody can tell, 5 nothing ran; a certain failure outweighs an uncertainty."""
    problems = {verdict.verdict for verdict in verdicts if verdict.problem}
    if problems - {Verdict.ERROR}:
        return 1
    if problems or interrupted:
        return 4
    return 0 if ran else 5


def _rule(
    rule: Rule,
    providers: Iterable[str],
    results: Results,
    deviations: Mapping[str, Mapping[str, Deviation]],
    today: date,
) -> RuleResult:
    # The specification may read a rule anew each time; of a run's many results, each text is once in memory.
    return RuleResult(
        id=rule.id,
        section=intern(rule.section),
        statement=intern(rule.statement),
        level=intern(rule.level),
        seen=intern(rule.seen),
        companion=rule.companion,
        verdicts=[
            _rule_verdict(
                rule,
                name,
                [one for scenario in rule.scenarios if (one := results.get(name, scenario.id))],
                deviation,
                today,
            )
            for name in providers
            for deviation in [deviations.get(name, {}).get(rule.id)]
        ],
    )


def _rule_verdict(
    rule: Rule, provider: str, results: Sequence[Judged], deviation: Deviation | None, today: date
) -> RuleVerdict:
    verdict = worst(result.verdict for result in results)
    whole = len(results) == len(rule.scenarios)
    reason = next((result.reason for result in results if result.verdict is verdict), "")
    if rule.not_checked is not None:
        reason = f"{rule.not_checked.kind}: {rule.not_checked.reason}"
    said = problem(verdict, deviation, today, whole=whole)
    covered = deviation is not None and not said and verdict not in {Verdict.PASS, Verdict.NOT_RUN}
    return RuleVerdict(
        provider=provider,
        verdict=verdict,
        reason=intern(reason),
        known=deviation.known if deviation is not None and covered else None,
        problem=said,
    )


def _verdicts(rules: Iterable[RuleResult], provider: str = "") -> Iterator[RuleVerdict]:
    """Yield the verdicts on rules, on one provider or on all."""
    return (one for rule in rules for one in rule.verdicts if provider in {one.provider, ""})


def _totals(provider: str, rules: Iterable[RuleResult]) -> Totals:
    count: Counter[Verdict] = Counter()
    known = problems = 0
    for one in _verdicts(rules, provider):
        count[one.verdict] += 1
        known += one.known is not None
        problems += bool(one.problem)
    return Totals(
        provider=provider,
        rules=count.total(),
        passed=count[Verdict.PASS],
        failed=count[Verdict.FAIL],
        unsupported=count[Verdict.UNSUPPORTED],
        error=count[Verdict.ERROR],
        not_run=count[Verdict.NOT_RUN],
        known=known,
        problems=problems,
    )


def _provider(name: str, description: Description) -> ProviderInfo:
    return ProviderInfo(
        name=name,
        product=description.product,
        version=description.version,
        started_by=description.started_by,
        capabilities=sorted(description.capabilities),
        settings=dict(description.settings),
    )
