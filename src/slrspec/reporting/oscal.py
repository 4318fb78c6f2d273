"""A run as OSCAL assessment results: an observation for each rule and provider, a finding for each that was run.

OSCAL knows a finding to be satisfied or not. A rule that was not run, or of which nobody can tell, therefore has an
observation and no finding.

Source: NIST OSCAL 1.1.3, assessment-results.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from slrspec.reporting.conformance import Conformance, conformance
from slrspec.reporting.plain import plain
from slrspec.running.verdict import Verdict

if TYPE_CHECKING:
    from slrspec.running.results import RuleResult, RuleVerdict, Run

OSCAL = "1.1.3"
# What ids are made from: equal runs give equal ids.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:slrspec")
PROPERTIES = "https://github.com/slrspec/ns/oscal"
SETTLED = frozenset({Verdict.PASS, Verdict.FAIL, Verdict.UNSUPPORTED})


def render(run: Run) -> str:
    """Return the assessment results, with one result for each provider."""
    ended = datetime.fromisoformat(run.run.started) + timedelta(milliseconds=run.run.duration_ms)
    page = _id(run, "page")
    document = {
        "assessment-results": {
            "uuid": _id(run, "document"),
            "metadata": {
                "title": f"slrspec: {run.document.title}",
                "last-modified": ended.isoformat(),
                "version": run.run.id,
                "oscal-version": OSCAL,
            },
            "import-ap": {"href": f"#{page}"},
            "results": [_result(run, one, ended) for one in conformance(run)],
            "back-matter": {
                "resources": [
                    {
                        "uuid": page,
                        "title": run.document.title,
                        "description": f"edition of {run.document.edition}, as features {run.suite.digest}",
                        "rlinks": [{"href": run.document.url}],
                    }
                ]
            },
        }
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _result(run: Run, one: Conformance, ended: datetime) -> dict[str, Any]:
    properties = [_property("conformant", str(one.conformant).lower())]
    properties += [_property("not-verified", rule) for rule in one.not_verified]
    findings = [_finding(run, one, rule, v) for rule, v in one.verdicts if v.verdict in SETTLED]
    return {
        "uuid": _id(run, one.provider.name),
        "title": plain(f"{one.provider.name}: {one.provider.product} {one.provider.version}"),
        "description": one.said,
        "start": run.run.started,
        "end": ended.isoformat(),
        "props": properties,
        "reviewed-controls": {"control-selections": [{"include-all": {}}]},
        "observations": [_observation(run, one, rule, verdict) for rule, verdict in one.verdicts],
        **({"findings": findings} if findings else {}),
    }


def _observation(run: Run, one: Conformance, rule: RuleResult, verdict: RuleVerdict) -> dict[str, Any]:
    return {
        "uuid": _id(run, one.provider.name, rule.id, "observation"),
        "title": rule.id,
        "description": _said(rule, verdict),
        "props": [_property("verdict", verdict.verdict), _property("rule", rule.id)],
        "methods": ["TEST"],
        "collected": run.run.started,
    }


def _finding(run: Run, one: Conformance, rule: RuleResult, verdict: RuleVerdict) -> dict[str, Any]:
    passed = verdict.verdict is Verdict.PASS
    return {
        "uuid": _id(run, one.provider.name, rule.id, "finding"),
        "title": plain(rule.statement),
        "description": _said(rule, verdict),
        "target": {
            "type": "objective-id",
            "target-id": rule.id,
            "status": {
                "state": "satisfied" if passed else "not-satisfied",
                "reason": "pass" if passed else "fail",
            },
        },
        "related-observations": [
            {"observation-uuid": _id(run, one.provider.name, rule.id, "observation")},
        ],
    }


def _said(rule: RuleResult, verdict: RuleVerdict) -> str:
    known = f" Known deviation until {verdict.known.expires}: {verdict.known.reason}" if verdict.known else ""
    return plain(f"{rule.statement}: {verdict.verdict}. {verdict.reason}{known}")


def _property(name: str, value: str) -> dict[str, str]:
    return {"name": name, "ns": PROPERTIES, "value": value}


def _id(run: Run, *names: str) -> str:
    return str(uuid.uuid5(NAMESPACE, "/".join((run.run.id, *names))))
