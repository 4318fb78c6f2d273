"""The machine outputs: each says the same of a run, and leaves no rule out."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest

from slrspec.reporting import earl, junit, markdown, messages, oscal
from slrspec.reporting.badge import COLOURS, badge, shields, svg
from slrspec.reporting.conformance import conformance
from slrspec.running.results import Run
from slrspec.running.verdict import Verdict
from slrspec.spec.gherkin import read_specification
from slrspec.spec.location import document_ids, features_folder
from slrspec.spec.rules import Specification
from tests.recorded.runs import Verdicts, a_run
from tests.running.test_assemble import run_of

A, B, C = "RDS-DEL-01", "RDS-DEL-02", "RDS-DEL-03"
KEPT = a_run({A: {"moto": "pass"}, B: {"moto": "pass"}, C: {"moto": "not-run"}})
BROKEN = a_run({A: {"moto": "pass"}, B: {"moto": "fail"}, C: {"moto": "not-run"}})
CASES = [
    (KEPT, True),
    (BROKEN, False),
    (a_run({A: {"moto": "error"}, B: {"moto": "pass"}, C: {"moto": "not-run"}}), False),
    (a_run({A: {"moto": "unsupported"}, B: {"moto": "pass"}, C: {"moto": "not-run"}}), False),
    (a_run({A: {"moto": "not-run"}, C: {"moto": "not-run"}}), False),
]


@pytest.fixture(scope="session")
def moto_run(moto_results: dict[str, Any]) -> Run:
    return msgspec.convert(moto_results, Run)


@pytest.mark.parametrize(("run", "conformant"), CASES)
def test_conformant_means_the_same_everywhere(run: Run, conformant: bool, specification: Specification) -> None:
    suite = ET.fromstring(junit.render(run)).find("testsuite/properties/property[@name='conformant']")
    assert suite is not None
    subject = next(node for node in json.loads(earl.render(run))["@graph"] if node["@type"] == "earl:TestSubject")
    result = json.loads(oscal.render(run))["assessment-results"]["results"][0]
    last = [json.loads(line) for line in messages.render(run, specification).splitlines()][-1]
    said = {
        "results": run.conformant,
        "junit": suite.get("value") == "true",
        "earl": "dct:conformsTo" in subject,
        "oscal": {"name": "conformant", "ns": oscal.PROPERTIES, "value": "true"} in result["props"],
        "messages": last["testRunFinished"]["success"],
        "markdown": "`moto`: conformant" in markdown.render(run),
        "badge": badge(conformance(run)[0], "rds").colour == "green",
    }
    assert set(said.values()) == {conformant}, said


@pytest.mark.parametrize(("run", "conformant"), CASES)
def test_what_was_not_run_is_listed_everywhere(run: Run, conformant: bool, specification: Specification) -> None:
    suite = ET.fromstring(junit.render(run)).find("testsuite/properties/property[@name='not-verified']")
    assert suite is not None
    assert C in suite.get("value", "").split()
    untested = [
        node["earl:test"]
        for node in json.loads(earl.render(run))["@graph"]
        if node["@type"] == "earl:Assertion" and node["earl:result"]["earl:outcome"] == "earl:untested"
    ]
    assert f"urn:slrspec:rule:{C}" in untested
    properties = json.loads(oscal.render(run))["assessment-results"]["results"][0]["props"]
    assert C in [one["value"] for one in properties if one["name"] == "not-verified"]
    last = json.loads(messages.render(run, specification).splitlines()[-1])
    assert C in last["testRunFinished"]["message"]
    assert C in markdown.render(run).partition("Not verified")[2].partition("\n")[0]
    assert "not run" in badge(conformance(run)[0], "rds").message or run.totals[0].not_run == run.totals[0].rules


def test_messages_hang_together(moto_run: Run, specification: Specification) -> None:
    envelopes = [json.loads(line) for line in messages.render(moto_run, specification).splitlines()]
    kinds = Counter(next(iter(envelope)) for envelope in envelopes)
    assert kinds["testCase"] == kinds["testCaseStarted"] == kinds["testCaseFinished"] == len(moto_run.scenarios)
    pickles = {e["pickle"]["id"]: e["pickle"] for e in envelopes if "pickle" in e}
    cases = {e["testCase"]["id"]: e["testCase"] for e in envelopes if "testCase" in e}
    assert len(pickles) == len(cases) == len(moto_run.scenarios)
    names = {case: pickles[of["pickleId"]]["name"] for case, of in cases.items()}
    # every scenario has its own pickle, in the order in which the run had them
    assert list(names.values()) == [result.name for result in moto_run.scenarios]
    steps = {s["id"] for case in cases.values() for s in case["testSteps"]}
    finished = [e["testStepFinished"] for e in envelopes if "testStepFinished" in e]
    assert {one["testStepId"] for one in finished} == steps
    assert Counter(one["testStepResult"]["status"] for one in finished)["FAILED"] == sum(
        step.verdict in {Verdict.FAIL, Verdict.UNSUPPORTED} for s in moto_run.scenarios for step in s.steps
    )


@pytest.mark.parametrize("document", document_ids())
def test_messages_tell_of_every_scenario_of_every_document(document: str) -> None:
    """A scenario that runs for each of many services is one to Gherkin, and has a verdict for each of them."""
    specification = read_specification(features_folder(document))
    verdicts = [("", Verdict.PASS)] * len(specification.scenarios)
    run = run_of(specification, verdicts, rules=list(specification.by_id))
    envelopes = [json.loads(line) for line in messages.render(run, specification).split("\n")[:-1]]
    pickles = {e["pickle"]["id"]: e["pickle"] for e in envelopes if "pickle" in e}
    cases = {e["testCase"]["id"]: e["testCase"] for e in envelopes if "testCase" in e}
    started = [e["testCaseStarted"]["testCaseId"] for e in envelopes if "testCaseStarted" in e]
    names = [pickles[cases[case]["pickleId"]]["name"] for case in started]
    assert names == [result.name for result in run.scenarios]
    assert len(set(started)) == len(pickles) == len(run.scenarios)
    assert not [name for name in names if "<" in name]
    steps = [step["id"] for one in pickles.values() for step in one["steps"]]
    assert len(steps) == len(set(steps))


def test_ids_are_unique_and_equal_runs_give_equal_exports(moto_run: Run) -> None:
    for render in (earl.render, oscal.render):
        text = render(moto_run)
        assert text == render(moto_run)
        found = [node["@id"] for node in json.loads(text)["@graph"]] if render is earl.render else _uuids(text)
        assert len(found) == len(set(found)) > len(moto_run.rules)


def _uuids(text: str) -> list[str]:
    found: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            found.extend(value for key, value in node.items() if key == "uuid")
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(json.loads(text))
    return found


def test_every_rule_is_in_every_output(moto_run: Run) -> None:
    for text in (junit.render(moto_run), earl.render(moto_run), oscal.render(moto_run), markdown.render(moto_run)):
        assert all(rule.id in text for rule in moto_run.rules)


@pytest.mark.parametrize(
    ("verdicts", "known", "colour", "message"),
    [
        ({A: {"moto": "pass"}}, False, "green", "1/1 kept"),
        ({A: {"moto": "fail"}, B: {"moto": "pass"}}, False, "red", "1/2 kept"),
        ({A: {"moto": "fail"}, B: {"moto": "pass"}}, True, "yellow", "1/2 kept"),
        ({A: {"moto": "not-run"}}, False, "grey", "0/0 kept, 1 not run"),
    ],
)
def test_badges(verdicts: Verdicts, known: bool, colour: str, message: str) -> None:
    shown = badge(conformance(a_run(verdicts, known=frozenset({A} if known else ())))[0], "rds")
    assert (shown.colour, shown.message) == (colour, message)
    content = json.loads(shields(shown))
    assert (content["schemaVersion"], content["message"]) == (1, message)
    root = ET.fromstring(svg(shown))
    assert root.get("aria-label") == f"RDS role rules: {message}"


def test_white_text_on_a_badge_can_be_read() -> None:
    assert all(1.05 / (luminance(colour) + 0.05) >= 4.5 for colour in [*COLOURS.values(), "#3b434d"])


def luminance(colour: str) -> float:
    """Relative luminance, by WCAG 2.2's definition."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
