"""The files for programs: each run in each format, with size, digest and schema."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slrspec.reporting import badge, earl, junit, markdown, messages, oscal
from slrspec.running import fault_results
from slrspec.running.results import encode, schema
from slrspec.site.report import slug

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slrspec.running.results import Run
    from slrspec.site.report import Report

SCHEMA = "data/results-1.schema.json"
XSD = "https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd"
MESSAGES = "https://github.com/cucumber/messages/tree/main/jsonschema"
EARL = "https://www.w3.org/TR/EARL10-Schema/"
OSCAL = "https://github.com/usnistgov/OSCAL/releases/download/v1.1.3/oscal_assessment-results_schema.json"


@dataclass(frozen=True)
class Download:
    """One file: its path below the report, what it is, and where its schema is, at home (`local`) or elsewhere."""

    path: str
    what: str
    content: bytes
    schema: str = ""
    local: bool = False

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.rpartition("/")[2]

    @property
    def size(self) -> str:
        """How many bytes, in groups of three digits."""
        return f"{len(self.content):,}"

    @property
    def digest(self) -> str:
        """SHA-256 of the content, as hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()


def downloads(report: Report) -> tuple[tuple[Run, tuple[Download, ...]], ...]:
    """Return the files of each reported run."""
    return tuple((one.run, tuple(_of(one.run, report))) for one in report.reported)


def _of(run: Run, report: Report) -> Iterator[Download]:
    folder = f"data/{slug(run.run.id)}"

    def file(name: str, what: str, text: str | bytes, schema: str = "", *, local: bool = False) -> Download:
        content = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
        return Download(f"{folder}/{name}", what, content, schema, local)

    yield file("results.json", "everything: verdicts, steps, exchanges", encode(run), SCHEMA, local=True)
    yield file(
        "junit.xml",
        "JUnit, for a CI server; rule ids as properties of cases, which the schema lacks",
        junit.render(run),
        XSD,
    )
    told = messages.render(run, report.specification)
    yield file("messages.ndjson", "Cucumber Messages, for Cucumber’s formatters", told, MESSAGES)
    yield file("earl.jsonld", "W3C’s Evaluation and Report Language, as JSON-LD", earl.render(run), EARL)
    yield file("oscal.json", "OSCAL 1.1.3 assessment results", oscal.render(run), OSCAL)
    yield file("summary.txt", "Markdown, for the summary page of a CI job", markdown.render(run))
    if report.faults is not None:
        yield file("faults.json", "the faults, and who noticed", fault_results.encode(report.faults))


def further(report: Report) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of what belongs to no run: the schema, and each provider's badges."""
    yield SCHEMA, (json.dumps(schema(), indent=2) + "\n").encode()
    for column in report.columns:
        shown = badge.badge(column.conformance, column.run.document.id)
        yield f"badges/{column.slug}.json", badge.shields(shown).encode()
        yield f"badges/{column.slug}.svg", badge.svg(shown).encode()
