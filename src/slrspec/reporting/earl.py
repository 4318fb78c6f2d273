"""A run in W3C's Evaluation and Report Language: an assertion for each rule and provider, as JSON-LD.

Source: EARL 1.0 Schema, https://www.w3.org/TR/EARL10-Schema/
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from slrspec.reporting.conformance import conformance
from slrspec.running.verdict import Verdict

if TYPE_CHECKING:
    from slrspec.running.results import RuleResult, RuleVerdict, Run

CONTEXT = {
    "earl": "http://www.w3.org/ns/earl#",
    "dct": "http://purl.org/dc/terms/",
    "doap": "http://usefulinc.com/ns/doap#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dct:date": {"@type": "xsd:dateTime"},
    "dct:isPartOf": {"@type": "@id"},
    "dct:conformsTo": {"@type": "@id"},
    "dct:source": {"@type": "@id"},
    "earl:assertedBy": {"@type": "@id"},
    "earl:subject": {"@type": "@id"},
    "earl:test": {"@type": "@id"},
    "earl:mode": {"@type": "@id"},
    "earl:outcome": {"@type": "@id"},
}
OUTCOME = {
    Verdict.PASS: "earl:passed",
    Verdict.FAIL: "earl:failed",
    Verdict.UNSUPPORTED: "earl:failed",
    Verdict.ERROR: "earl:cantTell",
    Verdict.NOT_RUN: "earl:untested",
}


def render(run: Run) -> str:
    """Return the report. A subject has `dct:conformsTo` if and only if it is conformant."""
    base = f"urn:slrspec:{run.run.id}"
    assertor = {
        "@id": f"{base}:slrspec",
        "@type": ["earl:Software", "earl:Assertor"],
        "dct:title": f"slrspec {run.suite.version}",
        "doap:release": {"@id": f"{base}:release", "doap:revision": run.suite.version},
        "dct:description": f"features {run.suite.digest}",
    }
    graph: list[dict[str, Any]] = [assertor]
    for number, one in enumerate(conformance(run), 1):
        subject: dict[str, Any] = {
            "@id": f"{base}:subject:{number}",
            "@type": "earl:TestSubject",
            "dct:title": one.provider.name,
            "dct:hasVersion": f"{one.provider.product} {one.provider.version}",
            "dct:description": one.said,
        }
        if one.conformant:
            subject["dct:conformsTo"] = run.document.url
        graph.append(subject)
        graph += [_assertion(run, base, number, rule, verdict) for rule, verdict in one.verdicts]
    graph += [_criterion(run, rule) for rule in run.rules]
    return json.dumps({"@context": CONTEXT, "@graph": graph}, indent=1, ensure_ascii=False) + "\n"


def _criterion(run: Run, rule: RuleResult) -> dict[str, Any]:
    return {
        "@id": f"urn:slrspec:rule:{rule.id}",
        "@type": "earl:TestCriterion",
        "dct:identifier": rule.id,
        "dct:title": rule.statement,
        "dct:source": run.document.url,
    }


def _assertion(run: Run, base: str, number: int, rule: RuleResult, verdict: RuleVerdict) -> dict[str, Any]:
    said = f"{verdict.verdict}: {verdict.reason}" if verdict.reason else str(verdict.verdict)
    known = f"; known deviation until {verdict.known.expires}" if verdict.known else ""
    return {
        "@id": f"{base}:assertion:{number}:{rule.id}",
        "@type": "earl:Assertion",
        "earl:assertedBy": f"{base}:slrspec",
        "earl:subject": f"{base}:subject:{number}",
        "earl:test": f"urn:slrspec:rule:{rule.id}",
        "earl:mode": "earl:automatic",
        "earl:result": {
            "@id": f"{base}:result:{number}:{rule.id}",
            "@type": "earl:TestResult",
            "earl:outcome": OUTCOME[verdict.verdict],
            "dct:description": said + known,
            "dct:date": run.run.started,
        },
    }
