"""Hold the downloads of a site against what others say they are: schemas, and the programs that read them.

    python tools/validate_exports.py SITE/report/data --schema SCHEMA.json --npm FOLDER --xsd junit-10.xsd

Needs compliance-trestle, rdflib, xmlschema and jsonschema, chromium, and below the folder of npm packages
@cucumber/messages and @cucumber/html-formatter. Each check is made to fail once, on a damaged copy, before it
is believed.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FORMATTER = """
import fs from 'node:fs'
import {createRequire} from 'node:module'
import {pipeline} from 'node:stream/promises'
import {Readable, Writable} from 'node:stream'
const require = createRequire(process.argv[3] + '/')
const {CucumberHtmlStream} = require('@cucumber/html-formatter')
const home = process.argv[3] + '/@cucumber/html-formatter/dist/'
const messages = fs.readFileSync(process.argv[2], 'utf8').trim().split('\\n').map(line => JSON.parse(line))
const out = fs.createWriteStream(process.argv[4])
await pipeline(Readable.from(messages), new CucumberHtmlStream(home + 'main.css', home + 'main.js'),
  new Writable({write: (chunk, encoding, done) => out.write(chunk, encoding, done), final: done => out.end(done)}))
"""


def main() -> int:
    """Check every run's files, and print what was found of each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--schema", type=Path, required=True)
    parser.add_argument("--npm", type=Path, required=True)
    parser.add_argument("--xsd", type=Path, required=True)
    options = parser.parse_args()
    folders = [folder for folder in sorted(options.data.iterdir()) if (folder / "results.json").is_file()]
    if not folders:
        print(f"no run below {options.data}", file=sys.stderr)
        return 2
    npm = (options.npm / "node_modules").resolve()
    for folder in folders:
        print(folder.name)
        _json("results.json", folder, options.schema)
        _junit(folder, options.xsd)
        _messages(folder, npm)
        _earl(folder)
        _oscal(folder)
    for badge in sorted((options.data.parent / "badges").glob("*.json")):
        _badge(badge)
    return 0


def _say(name: str, what: str) -> None:
    print(f"  {name}: {what}")


def _must_fail(check: Callable[[], object], name: str) -> None:
    """Make sure that a check notices a damaged file."""
    try:
        check()
    except Exception:  # noqa: BLE001 - whatever the other's validator raises
        return
    raise SystemExit(f"the check of {name} does not notice a damaged file")


def _json(name: str, folder: Path, schema: Path) -> None:
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(json.loads(schema.read_text()))
    content = json.loads((folder / name).read_text())
    validator.validate(content)
    _must_fail(lambda: validator.validate(content | {"conformant": "perhaps"}), name)
    _say(name, f"valid, {len(content['scenarios'])} scenarios")


def _junit(folder: Path, xsd: Path) -> None:
    import xmlschema

    schema = xmlschema.XMLSchema(_with_properties_of_cases(xsd.read_text()))
    text = (folder / "junit.xml").read_text()
    schema.validate(text)
    _must_fail(lambda: schema.validate(text.replace("<testcase ", "<testcast ", 1)), "junit.xml")
    _say("junit.xml", f"valid, {text.count('<testcase ')} cases")


def _with_properties_of_cases(schema: str) -> str:
    """Return Jenkins' schema with the one thing that it lacks: properties of a case, as pytest writes them.

    Jenkins' own JUnit plugin has read them since its version 1166.
    """
    case = schema.index('<xs:element name="testcase">')
    place = schema.index("<xs:sequence>", case) + len("<xs:sequence>")
    return f'{schema[:place]}<xs:element ref="properties" minOccurs="0" maxOccurs="1"/>{schema[place:]}'


def _messages(folder: Path, npm: Path) -> None:
    from jsonschema import Draft202012Validator
    from referencing import Registry, Resource

    home = npm / "@cucumber" / "messages"
    found = next(home.rglob("messages.schema.json"), None) or next(home.rglob("Envelope.json"))
    schema = json.loads(found.read_text())
    validator = Draft202012Validator(schema, registry=Registry().with_resource("", Resource.from_contents(schema)))
    file = folder / "messages.ndjson"
    envelopes = [json.loads(line) for line in file.read_text().splitlines()]
    for envelope in envelopes:
        validator.validate(envelope)
    _must_fail(lambda: validator.validate({"testCaseStarted": {"id": 1}}), file.name)
    shown = _shown_by_cucumber(file, npm)
    scenarios = json.loads((folder / "results.json").read_text())["scenarios"]
    passed = sum(one["verdict"] == "pass" for one in scenarios)
    failed = [one for one in scenarios if one["verdict"] == "fail"]
    wanted = f"({passed} / {len(scenarios)}) passed"
    if wanted not in shown or not all(one["rule"] in shown for one in failed):
        raise SystemExit(f"Cucumber's formatter does not show {wanted} and what failed, but {shown[:300]}")
    _say(file.name, f"{len(envelopes)} valid messages; Cucumber's html formatter shows {wanted}")


def _shown_by_cucumber(file: Path, npm: Path) -> str:
    """Return the text of the page that Cucumber's html formatter makes, as Chromium shows it."""
    with tempfile.TemporaryDirectory() as folder:
        script, page = Path(folder, "format.mjs"), Path(folder, "page.html")
        script.write_text(FORMATTER)
        subprocess.run(["node", script, file, npm, page], check=True)
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        command = ["chromium", *flags, "--virtual-time-budget=20000", "--dump-dom", page.as_uri()]
        document = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    text = re.sub(r"<(script|style).*?</\1>", " ", document, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def _earl(folder: Path) -> None:
    from rdflib import RDF, Graph, Namespace

    earl = Namespace("http://www.w3.org/ns/earl#")
    graph = Graph().parse(str(folder / "earl.jsonld"), format="json-ld")
    assertions = set(graph.subjects(RDF.type, earl.Assertion))
    outcomes = {"passed", "failed", "cantTell", "inapplicable", "untested"}
    for one in assertions:
        for name in ("assertedBy", "subject", "test", "result"):
            if len(list(graph.objects(one, earl[name]))) != 1:
                raise SystemExit(f"{one} has not one earl:{name}")
        (result,) = graph.objects(one, earl.result)
        (outcome,) = graph.objects(result, earl.outcome)
        if str(outcome).removeprefix(str(earl)) not in outcomes:
            raise SystemExit(f"{one} has the outcome {outcome}")
    results = json.loads((folder / "results.json").read_text())
    wanted = sum(len(rule["verdicts"]) for rule in results["rules"])
    if len(assertions) != wanted:
        raise SystemExit(f"{len(assertions)} assertions of {wanted}")
    _say("earl.jsonld", f"{len(graph)} triples, {len(assertions)} assertions, each with one outcome of EARL")


def _oscal(folder: Path) -> None:
    from trestle.oscal.assessment_results import Model

    content = json.loads((folder / "oscal.json").read_text())
    Model.parse_obj(content)
    damaged = json.loads(json.dumps(content))
    damaged["assessment-results"]["uuid"] = "no uuid"
    _must_fail(lambda: Model.parse_obj(damaged), "oscal.json")
    results = content["assessment-results"]["results"]
    _say("oscal.json", f"valid, {sum(len(one['observations']) for one in results)} observations")


def _badge(file: Path) -> None:
    """Source: https://shields.io/badges/endpoint-badge, of the fields that it knows and requires."""
    from jsonschema import validate

    schema = {
        "type": "object",
        "required": ["schemaVersion", "label", "message"],
        "additionalProperties": False,
        "properties": {
            "schemaVersion": {"const": 1},
            "label": {"type": "string", "minLength": 1},
            "message": {"type": "string", "minLength": 1},
            "color": {"type": "string"},
            "isError": {"type": "boolean"},
        },
    }
    content = json.loads(file.read_text())
    validate(content, schema)
    _must_fail(lambda: validate({}, schema), file.name)
    _say(file.name, f"valid: {content['message']}")


if __name__ == "__main__":
    sys.exit(main())
