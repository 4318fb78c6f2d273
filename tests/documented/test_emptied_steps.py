"""Every single `Then` step matters: empty it, and a fault that its scenario noticed survives.

Some steps are backed up: what they notice, a later step of the same scenario notices, too. They are listed, each with
the step that stands behind it, and nothing else may be.
"""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.conftest import ROOT

BACKED_UP = {
    ("RDS-PER-13", "no service-linked role exists"): "the allowed person could not create it a second time",
    ("RDS-PER-20", "no service-linked role exists"): "the right person could not create it a second time",
    ("RDS-CRE-03", "the role has a permissions policy"): "the grants are compared",
    ("RDS-CRE-06", "it is accepted"): "the role is looked for",
    ("RDS-EDT-09", "the role's name is the same"): "the id is looked up by the name",
    ("RDS-DEL-01", "the request is accepted"): "a deletion that was not accepted has not failed either",
    ("RDS-DEL-03", "the request is accepted"): "a deletion that was not accepted has not succeeded either",
    ("RDS-DEL-11", "the deletion fails"): "only a failure tells Regions",
    ("RDS-DEL-14", "the DB instance exists"): "it is deleted afterwards",
    ("RDS-DEL-15", "it is accepted"): "the answer's status is looked at",
    ("RDS-DEL-18", "it is accepted"): "the answer's status is looked at",
    ("RDS-DEL-19", "it is accepted"): "the answer's status is looked at",
    ("RDS-DEL-20", "the DB instance exists"): "it is deleted afterwards",
    ("RDS-DEL-21", "the DB instance exists"): "it is deleted afterwards",
    ("RDS-COM-11", "the DB instance exists"): "it is deleted afterwards",
}

SAME_PHRASE = {"the role's name is the same": "the role's id is the same"}

PARTS = 2
# Not the rules seen by commands: the same phrases as where the API is called, at the price of a command each.
EMPTYING = """
import importlib, json, sys
from slrspec.documented.faults import faults
from slrspec.running.engine import Observer, Request, execute
from slrspec.running.selection import Selection
from slrspec.spec.gherkin import read_specification
from slrspec.spec.location import features_folder

bdd = importlib.import_module("pytest_bdd.scenario")
original, emptied = bdd._execute_step_function, set()

def sometimes(request, scenario, step, context):
    if (scenario.feature.rel_filename.rpartition("/")[2], step.line_number) not in emptied:
        return original(request, scenario, step, context)
    named = dict(request=request, feature=scenario.feature, scenario=scenario, step=step)
    request.config.hook.pytest_bdd_before_step(**named, step_func=context.step_func)
    request.config.hook.pytest_bdd_after_step(**named, step_func=context.step_func, step_func_args={})

bdd._execute_step_function = sometimes

def run(fault, rules):
    request = Request((f"documented:{fault.id}",), selection=Selection(rules), no_deviations=True)
    return execute(request, Observer(lambda _: None)).scenarios

def thens(scenario):
    asserting = False
    for step in scenario.steps:
        asserting = step.keyword == "Then" or (asserting and step.keyword in {"And", "But"})
        if asserting:
            yield step

part, parts = map(int, sys.argv[1:])
rules = [rule for rule in read_specification(features_folder()).rules if rule.seen != "cli"][part::parts]
ours = {rule.id for rule in rules}

noticed = {}
for fault in (one for one in faults() if not one.edition and ours & {*one.rules}):
    for result in run(fault, tuple(sorted(ours & {*fault.rules}))):
        for step in result.steps:
            if step.verdict == "fail":
                noticed.setdefault((result.rule, step.line), []).append((fault, result.scenario))

survivors, blind = [], []
for rule in rules:
    for line, text in sorted({step.line: step.text for scenario in rule.scenarios for step in thens(scenario)}.items()):
        emptied.clear()
        emptied.add((rule.file.name, line))
        for fault, scenario in noticed.get((rule.id, line), []):
            if not any(r.verdict == "fail" for r in run(fault, (rule.id,)) if r.scenario == scenario):
                survivors.append([rule.id, text, fault.id])
                break
        else:
            blind.append([rule.id, text])
print(json.dumps({"survivors": survivors, "blind": blind}))
"""


def emptied(part: int) -> dict[str, list[list[str]]]:
    """What became of the steps of every PARTS-th rule."""
    run = subprocess.run(
        [sys.executable, "-c", EMPTYING, str(part), str(PARTS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, list[list[str]]] = json.loads(run.stdout)
    return found


def test_emptying_any_then_step_leaves_a_named_survivor() -> None:
    with ThreadPoolExecutor(PARTS) as pool:
        parts = list(pool.map(emptied, range(PARTS)))
    found = {kind: [step for part in parts for step in part[kind]] for kind in ("blind", "survivors")}
    assert {(rule, text) for rule, text in found["blind"]} == set(BACKED_UP)
    assert len(found["survivors"]) > 10 * len(BACKED_UP)
    # Each phrase that asserts has a survivor somewhere, so none could be empty everywhere.
    surviving = {text for _, text, _ in found["survivors"]}
    assert {SAME_PHRASE.get(text, text) for _, text in BACKED_UP} <= surviving
