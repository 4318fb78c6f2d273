"""Runs made by hand, small enough to see what a comparison has to find."""

from __future__ import annotations

from collections.abc import Mapping

from slrspec.running.results import (
    DocumentInfo,
    Known,
    ProviderInfo,
    RuleResult,
    RuleVerdict,
    Run,
    RunInfo,
    ScenarioResult,
    Suite,
    Totals,
)
from slrspec.running.verdict import Verdict, conformant

Verdicts = Mapping[str, Mapping[str, str]]


def provider(name: str, version: str = "1.0", **settings: str) -> ProviderInfo:
    return ProviderInfo(
        name=name, product=name, version=version, started_by="", capabilities=["two-regions"], settings=settings
    )


def a_run(
    verdicts: Verdicts,
    *,
    day: int = 1,
    complete: bool = True,
    statements: Mapping[str, str] | None = None,
    providers: Mapping[str, ProviderInfo] | None = None,
    known: frozenset[str] = frozenset(),
    scenarios: tuple[ScenarioResult, ...] = (),
    edition: str = "2020-10-09",
) -> Run:
    """Return a run with the given verdicts, `{"RDS-DEL-01": {"moto": "fail"}}`."""
    names = list(dict.fromkeys(name for of in verdicts.values() for name in of))
    rules = [
        RuleResult(
            id=rule,
            section="deleting",
            statement=(statements or {}).get(rule, f"The claim of {rule}"),
            level="must",
            seen="api",
            companion=False,
            verdicts=[_verdict(name, verdict, known=rule in known) for name, verdict in of.items()],
        )
        for rule, of in verdicts.items()
    ]
    return Run(
        run=RunInfo(
            id=f"2026110{day}T030000Z-abc",
            started=f"2026-11-0{day}T03:00:00+00:00",
            duration_ms=1.0,
            complete=complete,
            selection={},
        ),
        suite=Suite(version="0.1.0", digest="0" * 64),
        document=DocumentInfo(id="rds", title="Page", url="https://example.com/", edition=edition, policy="P v6"),
        environment={"python": "3.11", "system": "Linux"},
        providers=[(providers or {}).get(name, provider(name)) for name in names],
        totals=[_totals(name, rules) for name in names],
        conformant=all(conformant(Verdict(of[name]) for of in verdicts.values() if name in of) for name in names),
        not_verified=[rule for rule, of in verdicts.items() if "not-run" in of.values()],
        exit_code=0,
        rules=rules,
        scenarios=list(scenarios),
    )


def _verdict(name: str, verdict: str, *, known: bool) -> RuleVerdict:
    deviation = Known(reason="so it is", since="2026-01-01", expires="2027-01-01") if known else None
    problem = "" if known or verdict in {"pass", "not-run"} else "new failure"
    return RuleVerdict(
        provider=name,
        verdict=Verdict(verdict),
        reason="" if verdict == "pass" else "why",
        known=deviation,
        problem=problem,
    )


def _totals(name: str, rules: list[RuleResult]) -> Totals:
    found = [v for rule in rules for v in rule.verdicts if v.provider == name]
    count = {verdict: sum(v.verdict is verdict for v in found) for verdict in Verdict}
    return Totals(
        provider=name,
        rules=len(found),
        passed=count[Verdict.PASS],
        failed=count[Verdict.FAIL],
        unsupported=count[Verdict.UNSUPPORTED],
        error=count[Verdict.ERROR],
        not_run=count[Verdict.NOT_RUN],
        known=sum(v.known is not None for v in found),
        problems=sum(bool(v.problem) for v in found),
    )
