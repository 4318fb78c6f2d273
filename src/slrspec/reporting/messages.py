"""A run as Cucumber Messages: a line of JSON each, which Cucumber's own formatters read.

Source: github.com/cucumber/messages, version 34. Every provider has its own copy of each feature, under its name,
for the protocol knows one result for each scenario only.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import msgspec

from slrspec.reporting.conformance import conformance
from slrspec.running.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from slrspec.running.results import Run, ScenarioResult, StepResult
    from slrspec.spec.rules import Scenario, Specification

PROTOCOL = "34.2.0"
STATUS = {
    Verdict.PASS: "PASSED",
    Verdict.FAIL: "FAILED",
    Verdict.UNSUPPORTED: "FAILED",
    Verdict.ERROR: "UNKNOWN",
    Verdict.NOT_RUN: "SKIPPED",
}
Envelope = dict[str, Any]


def render(run: Run, specification: Specification) -> str:
    """Return the messages, a line each.

    Parameters
    ----------
    specification
        The one that was run: its feature files are a part of the messages.

    """
    return msgspec.json.Encoder().encode_lines(_envelopes(run, specification)).decode()


def _envelopes(run: Run, specification: Specification) -> Iterator[Envelope]:
    environment = run.environment
    yield {
        "meta": {
            "protocolVersion": PROTOCOL,
            "implementation": {"name": "slrspec", "version": run.suite.version},
            "runtime": {"name": environment.get("implementation", ""), "version": environment.get("python", "")},
            "os": {"name": environment.get("system", "")},
            "cpu": {"name": "unknown"},
        }
    }
    started = datetime.fromisoformat(run.run.started)
    cases: list[tuple[Envelope, ScenarioResult]] = []
    results = {(result.provider, result.scenario): result for result in run.scenarios}
    for provider in run.providers:
        for section in specification.sections:
            scenarios = [scenario for rule in section.rules for scenario in rule.scenarios]
            yield from _feature(section.file, provider.name, scenarios, results, cases)
    yield {"testRunStarted": {"id": run.run.id, "timestamp": _timestamp(started)}}
    for case, _ in cases:
        yield {"testCase": {"testRunStartedId": run.run.id, **case}}
    for case, result in cases:
        yield from _case(case, result, started)
    said = "; ".join(f"{one.provider.name}: {one.said}" for one in conformance(run))
    skipped = f"; not verified: {', '.join(run.not_verified)}" if run.not_verified else ""
    ended = started + timedelta(milliseconds=run.run.duration_ms)
    yield {
        "testRunFinished": {
            "testRunStartedId": run.run.id,
            "timestamp": _timestamp(ended),
            "success": run.conformant,
            "message": said + skipped,
        }
    }


def _feature(
    file: Path,
    provider: str,
    scenarios: Sequence[Scenario],
    results: dict[tuple[str, str], ScenarioResult],
    cases: list[tuple[Envelope, ScenarioResult]],
) -> Iterator[Envelope]:
    from gherkin.parser import Parser

    found = [results[provider, scenario.id] for scenario in scenarios if (provider, scenario.id) in results]
    if not found:
        return
    text = file.read_text(encoding="utf-8")
    uri = f"{provider}/{file.name}"
    document: Envelope = _named_apart(Parser().parse(text), uri)
    document["uri"] = uri
    yield {"source": {"uri": uri, "data": text, "mediaType": "text/x.cucumber.gherkin+plain"}}
    yield {"gherkinDocument": document}
    for scenario, pickle in _pickles(document, uri, scenarios):
        result = results.get((provider, scenario.id))
        if result is None:
            continue
        yield {"pickle": pickle}
        steps = [{"id": f"{step['id']}/run", "pickleStepId": step["id"]} for step in pickle["steps"]]
        cases.append(({"id": f"{pickle['id']}/case", "pickleId": pickle["id"], "testSteps": steps}, result))


def _pickles(document: Envelope, uri: str, scenarios: Sequence[Scenario]) -> Iterator[tuple[Scenario, Envelope]]:
    """Yield each scenario with its pickle; those of another edition of the page are passed over.

    Outlines have a pickle for each row, in the order of the rows, as we have a scenario for each. What runs for
    each of many services is no outline to Gherkin: its one pickle is copied for each of them.
    """
    from gherkin.pickles.compiler import Compiler

    by_line: dict[int, list[Scenario]] = defaultdict(list)
    for scenario in scenarios:
        by_line[scenario.line].append(scenario)
    lines = {node["id"]: node["location"]["line"] for node in _scenario_nodes(document["feature"])}
    for compiled in Compiler().compile(cast("Any", document)):
        pickle = _named_apart(compiled, f"{uri}#")  # the compiler counts from 0 once more
        waiting = by_line[lines[pickle["astNodeIds"][0]]]
        if waiting and waiting[0].for_each_service:
            yield from ((scenario, _copied(pickle, scenario)) for scenario in waiting)
        elif waiting:
            yield waiting.pop(0), pickle


def _copied(pickle: Envelope, scenario: Scenario) -> Envelope:
    """Return a pickle for one of many services, with its words and with ids of its own."""
    of = "/".join(value for _, value in scenario.example)
    steps = [
        {**step, "id": f"{step['id']}/{of}", "text": said.text}
        for step, said in zip(pickle["steps"], scenario.steps, strict=True)
    ]
    return {**pickle, "id": f"{pickle['id']}/{of}", "name": scenario.name, "steps": steps}


def _named_apart(node: Any, prefix: str) -> Any:  # noqa: ANN401 - JSON goes in and comes out
    """Return Gherkin's tree with ids that are no other file's; the ids of AST nodes lose a pickle's own mark."""
    if isinstance(node, list):
        return [_named_apart(item, prefix) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: f"{prefix}{value}" if key == "id" else _named_apart(value, prefix) for key, value in node.items()}


def _scenario_nodes(feature: Envelope) -> Iterator[Envelope]:
    for child in feature["children"]:
        if "rule" in child:
            yield from _scenario_nodes(child["rule"])
        elif "scenario" in child:
            yield child["scenario"]


def _case(case: Envelope, result: ScenarioResult, begun: datetime) -> Iterator[Envelope]:
    moment = datetime.fromisoformat(result.started) if result.started else begun
    started = f"{case['id']}/1"
    yield {
        "testCaseStarted": {
            "id": started,
            "testCaseId": case["id"],
            "attempt": 0,
            "timestamp": _timestamp(moment),
        }
    }
    by_number = {exchange.number: exchange for exchange in result.exchanges}
    for number, step in enumerate(case["testSteps"]):
        done = result.steps[number] if number < len(result.steps) else None
        at = {"testCaseStartedId": started, "testStepId": step["id"]}
        yield {"testStepStarted": {**at, "timestamp": _timestamp(moment)}}
        for exchange in done.exchanges if done else ():
            yield {"attachment": {**at, **_attachment(by_number[exchange])}}
        moment += timedelta(milliseconds=done.duration_ms if done else 0)
        first = number == 0
        yield {
            "testStepFinished": {
                **at,
                "testStepResult": _step_result(done, result, first=first),
                "timestamp": _timestamp(moment),
            }
        }
    yield {
        "testCaseFinished": {
            "testCaseStartedId": started,
            "timestamp": _timestamp(moment),
            "willBeRetried": False,
        }
    }


def _attachment(exchange: Any) -> Envelope:  # noqa: ANN401 - a record, turned into JSON
    body = msgspec.json.format(msgspec.json.encode(exchange), indent=2).decode()
    return {
        "body": body,
        "contentEncoding": "IDENTITY",
        "mediaType": "application/json",
        "fileName": f"call-{exchange.number}-{exchange.operation}.json",
    }


def _step_result(step: StepResult | None, result: ScenarioResult, *, first: bool) -> Envelope:
    if step is None or step.verdict is None:
        # A scenario that never began says why with its first step, for there alone a reader looks.
        message = {"message": result.reason} if first and result.reason else {}
        status = STATUS[result.verdict] if step is None and first else "SKIPPED"
        return {"status": status, "duration": _duration(0), **message}
    message = {"message": f"{step.verdict}: {step.message}"} if step.verdict is not Verdict.PASS else {}
    return {"status": STATUS[step.verdict], "duration": _duration(step.duration_ms), **message}


def _duration(milliseconds: float) -> Envelope:
    nanoseconds = round(milliseconds * 1e6)
    return {"seconds": nanoseconds // 10**9, "nanos": nanoseconds % 10**9}


def _timestamp(moment: datetime) -> Envelope:
    return {"seconds": int(moment.timestamp()), "nanos": moment.microsecond * 1000}
