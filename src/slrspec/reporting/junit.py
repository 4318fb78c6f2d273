"""A run as JUnit XML: a suite for each provider, a case for each scenario and for each rule without one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from slrspec.reporting.conformance import conformance
from slrspec.running.evidence import by_rule
from slrspec.running.verdict import Verdict

if TYPE_CHECKING:
    from slrspec.running.results import RuleResult, RuleVerdict, Run, ScenarioResult

# XML 1.0 has no way to write these, not even escaped.
UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(run: Run) -> str:
    """Return the XML. Known deviations and rules that were not run are skipped cases with their reason."""
    root = ET.Element("testsuites", name="slrspec")
    of = by_rule(run.scenarios)
    for one in conformance(run):
        suite = ET.SubElement(root, "testsuite", name=one.provider.name, timestamp=run.run.started[:19])
        properties = ET.SubElement(suite, "properties")
        ET.SubElement(properties, "property", name="conformant", value=str(one.conformant).lower())
        ET.SubElement(properties, "property", name="not-verified", value=" ".join(one.not_verified))
        for rule, verdict in one.verdicts:
            results = of(rule.id, one.provider.name)
            for result in results:
                _scenario(suite, rule, verdict, result)
            if not results:
                _skipped(_case(suite, rule, rule.statement, 0), verdict.reason)
        for attribute, path in (("tests", "testcase"), ("failures", ".//failure"), ("errors", ".//error")):
            suite.set(attribute, str(len(suite.findall(path))))
        suite.set("skipped", str(len(suite.findall(".//skipped"))))
        suite.set("time", f"{sum(float(case.get('time', '0')) for case in suite.iter('testcase')):.3f}")
    _make_writable(root)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _scenario(suite: ET.Element, rule: RuleResult, verdict: RuleVerdict, result: ScenarioResult) -> None:
    case = _case(suite, rule, result.name, result.duration_ms)
    ET.SubElement(_properties(case), "property", name="verdict", value=result.verdict)
    if result.verdict is Verdict.NOT_RUN:
        _skipped(case, result.reason)
    elif result.verdict is not Verdict.PASS and verdict.known is not None:
        _skipped(case, f"known deviation until {verdict.known.expires}: {verdict.known.reason}")
    elif result.verdict is Verdict.ERROR:
        ET.SubElement(case, "error", message=result.reason, type=result.verdict)
    elif result.verdict is not Verdict.PASS:
        failure = ET.SubElement(case, "failure", message=result.reason, type=result.verdict)
        failure.text = "\n".join(f"{s.keyword} {s.text} [{s.verdict or 'not reached'}]" for s in result.steps)
    elif verdict.problem:
        ET.SubElement(case, "failure", message=verdict.problem, type="unexpected")


def _case(suite: ET.Element, rule: RuleResult, name: str, duration_ms: float) -> ET.Element:
    case = ET.SubElement(
        suite,
        "testcase",
        classname=f"{rule.section}.{rule.id}",
        name=name,
        time=f"{duration_ms / 1000:.3f}",
    )
    properties = _properties(case)
    ET.SubElement(properties, "property", name="rule", value=rule.id)
    ET.SubElement(properties, "property", name="level", value=rule.level)
    return case


def _properties(case: ET.Element) -> ET.Element:
    found = case.find("properties")
    return found if found is not None else ET.SubElement(case, "properties")


def _skipped(case: ET.Element, reason: str) -> None:
    ET.SubElement(case, "skipped", message=reason)


def _make_writable(root: ET.Element) -> None:
    """Replace what XML cannot have, wherever it comes from: names may be those of somebody else's results."""
    for element in root.iter():
        for name, value in element.attrib.items():
            element.set(name, UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", value))
        if element.text:
            element.text = UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", element.text)
