"""From verdicts on scenarios to the run: nothing is lost, and a skip is never a pass."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import jsonschema
import msgspec
import pytest

from slrspec.errors import ResultsError
from slrspec.providers.contract import Description
from slrspec.running.assemble import assemble, sum_up
from slrspec.running.deviations import Deviation
from slrspec.running.evidence import Finished, Results
from slrspec.running.results import RuleVerdict, Run, RunInfo, ScenarioResult, encode, read_run, schema
from slrspec.running.verdict import Verdict
from slrspec.spec.rules import Specification

TODAY = date(2026, 11, 23)
RULES = ("RDS-DEL-01", "RDS-EDT-06", "RDS-INT-04")  # one scenario, two scenarios, none


def run_of(
    specification: Specification,
    verdicts: Sequence[tuple[str, Verdict]],
    *,
    deviations: Sequence[Deviation] = (),
    interrupted: bool = False,
    rules: Sequence[str] = RULES,
) -> Run:
    chosen = [specification.by_id[rule] for rule in rules]
    scenarios = [scenario for rule in chosen for scenario in rule.scenarios]
    given = dict(zip((scenario.id for scenario in scenarios), verdicts, strict=False))
    results = Results()
    for s in scenarios:
        if s.id in given:
            reason, verdict = given[s.id]
            result = ScenarioResult(
                scenario=s.id, rule=s.rule, provider="p", name=s.name, verdict=verdict, reason=reason
            )
            results.add(Finished.of(result))
    return assemble(
        specification,
        {"p": Description(product="P", version="1", started_by="nobody")},
        scenarios,
        results,
        rules=chosen,
        deviations={"p": {deviation.rule: deviation for deviation in deviations}},
        today=TODAY,
        info=RunInfo(
            id="x",
            started="2026-11-23T00:00:00",
            duration_ms=1.0,
            complete=False,
            selection={},
            interrupted=interrupted,
        ),
        environment={"python": "3"},
        version="0",
    )


def known(rule: str) -> Deviation:
    return Deviation(rule, Verdict.FAIL, "because", TODAY, TODAY + timedelta(days=1))


OK = ("", Verdict.PASS)
BAD = ("expected a, got b", Verdict.FAIL)
LOST = ("time-out", Verdict.ERROR)
SKIPPED = ("needs more", Verdict.NOT_RUN)


@pytest.mark.parametrize(
    ("verdicts", "deviations", "code", "conformant"),
    [
        ([OK, OK, OK], [], 0, True),
        ([OK, OK, BAD], [], 1, False),
        ([BAD, OK, OK], [known("RDS-DEL-01")], 0, False),
        ([OK, OK, OK], [known("RDS-DEL-01")], 1, True),
        ([OK, LOST, OK], [], 4, False),
        ([BAD, LOST, OK], [], 1, False),
        ([SKIPPED, SKIPPED, SKIPPED], [], 5, False),
        ([OK, SKIPPED, OK], [], 0, True),
    ],
)
def test_the_exit_code_says_what_happened(
    specification: Specification,
    verdicts: list[tuple[str, Verdict]],
    deviations: list[Deviation],
    code: int,
    conformant: bool,
) -> None:
    run = run_of(specification, verdicts, deviations=deviations)
    assert run.exit_code == code
    assert run.conformant is conformant


def test_an_interrupted_run_could_not_tell(specification: Specification) -> None:
    run = run_of(specification, [OK], interrupted=True)
    assert run.exit_code == 4
    assert [s.verdict for s in run.scenarios] == [Verdict.PASS, Verdict.NOT_RUN, Verdict.NOT_RUN]
    assert run.scenarios[1].reason == "interrupted before it ran"


def test_a_rule_has_the_worst_verdict_of_its_scenarios_with_its_reason(specification: Specification) -> None:
    run = run_of(specification, [OK, OK, BAD])
    verdict = next(rule for rule in run.rules if rule.id == "RDS-EDT-06").verdicts[0]
    assert (verdict.verdict, verdict.reason, verdict.problem) == (Verdict.FAIL, BAD[0], "new failure")


def test_what_was_not_run_is_listed_as_not_verified(specification: Specification) -> None:
    assert run_of(specification, [OK, SKIPPED, OK]).not_verified == ["RDS-EDT-06", "RDS-INT-04"]


def test_rules_without_scenarios_say_why(specification: Specification) -> None:
    run = run_of(specification, [OK, OK, OK])
    assert run.rules[-1].verdicts[0].reason.startswith("completeness: ")


def test_the_totals_add_up(specification: Specification) -> None:
    (totals,) = run_of(specification, [BAD, OK, OK], deviations=[known("RDS-DEL-01")]).totals
    assert totals.rules == 3
    assert totals.passed + totals.failed + totals.unsupported + totals.error + totals.not_run == 3
    assert (totals.failed, totals.known, totals.problems) == (1, 1, 0)
    (totals,) = run_of(specification, [BAD, BAD, OK]).totals
    assert (totals.failed, totals.known, totals.problems) == (2, 0, 2)


def test_each_provider_has_totals_of_its_own(specification: Specification) -> None:
    run = run_of(specification, [BAD, OK, OK])
    both = [
        msgspec.structs.replace(
            rule,
            verdicts=[*rule.verdicts, RuleVerdict(provider="another", verdict=Verdict.PASS)],
        )
        for rule in run.rules
    ]
    providers = [msgspec.structs.replace(run.providers[0], name=name) for name in ("p", "another")]
    summed = sum_up(
        info=run.run,
        suite=run.suite,
        document=run.document,
        environment=run.environment,
        providers=providers,
        rules=both,
        scenarios=run.scenarios,
        ran=True,
    )
    first, second = summed.totals
    assert first == run.totals[0]
    assert (second.provider, second.rules, second.passed, second.failed) == ("another", 3, 3, 0)
    assert not summed.conformant


def test_results_survive_writing_and_reading(specification: Specification, tmp_path: Path) -> None:
    run = run_of(specification, [OK, BAD, LOST])
    file = tmp_path / "results.json"
    file.write_bytes(encode(run))
    assert read_run(file) == run


@pytest.mark.parametrize("text", ["{}", "[1]", '{"schema_version": 2}', "not JSON"])
def test_what_is_no_results_file_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "results.json"
    file.write_text(text)
    with pytest.raises(ResultsError, match="not a results file"):
        read_run(file)


def test_a_field_that_nobody_knows_is_refused(specification: Specification, tmp_path: Path) -> None:
    data = json.loads(encode(run_of(specification, [OK, OK, OK]))) | {"surprise": 1}
    file = tmp_path / "results.json"
    file.write_bytes(msgspec.json.encode(data))
    with pytest.raises(ResultsError, match="surprise"):
        read_run(file)


def test_the_schema_accepts_results_and_refuses_others(specification: Specification) -> None:
    validator = jsonschema.Draft202012Validator(schema())
    good = json.loads(encode(run_of(specification, [OK, BAD, LOST])))
    assert list(validator.iter_errors(good)) == []
    assert list(validator.iter_errors(good | {"exit_code": "0"}))
    assert list(validator.iter_errors({key: value for key, value in good.items() if key != "rules"}))
