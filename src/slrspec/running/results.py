"""What one execution produced: the records behind `results.json`, which is the only truth about a run.

Every page, table and export is made from these records. The JSON Schema of the file is generated from them
(`slrspec schema`) and published as `docs/schema/results-1.json`.
"""

from __future__ import annotations

import gzip
import inspect
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from slrspec.errors import ResultsError
from slrspec.json_files import decoded
from slrspec.running.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from slrspec.spec.rules import Scenario

SCHEMA_VERSION = 1


class Record(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A frozen record; a field that the schema does not know is an error, not a surprise."""


class ErrorAnswer(Record, frozen=True, kw_only=True):
    """How a provider refused or failed: code and message as it gave them, HTTP status or 0 if there was none."""

    code: str
    message: str
    status: int

    def __str__(self) -> str:
        return f"{self.code} ({self.status}): {self.message}" if self.status else f"{self.code}: {self.message}"


class Command(Record, frozen=True, kw_only=True):
    """The command of the AWS CLI that made a call, and what it printed.

    `<endpoint>` stands for the endpoint's URL. `exit_code` is null if the command had to be stopped.
    """

    line: str
    exit_code: int | None
    stdout: str
    stderr: str


class Exchange(Record, frozen=True, kw_only=True):
    """One recorded API call.

    `number` counts from 1 within the scenario. Exactly one of `answer` and `error` is set. Account ids, access
    keys and generated ids are replaced by numbered references, times by `<time>`. `command` is set if the call was
    made through the AWS CLI. `request_id` is the provider's own id of the call where it is worth keeping, which is
    on AWS; elsewhere two equal runs would differ in it.
    """

    number: int
    service: str
    operation: str
    region: str
    principal: str
    parameters: dict[str, Any]
    duration_ms: float
    attempts: int = 1
    answer: dict[str, Any] | None = None
    error: ErrorAnswer | None = None
    command: Command | None = None
    request_id: str = ""


class Wait(Record, frozen=True, kw_only=True):
    """One bounded wait for something eventual: how many readings it took, and whether the last one was content.

    `seconds` lie between the first reading and the last, by the clock of the provider's patience.
    """

    readings: int
    seconds: float
    content: bool


class Check(Record, frozen=True, kw_only=True):
    """One thing that an assertion looked at: what it was, what was expected, what the provider showed.

    `exchanges` are the numbers of the exchanges that the actual value comes from; never empty.
    """

    what: str
    expected: Any
    actual: Any
    ok: bool
    exchanges: list[int]


class StepResult(Record, frozen=True, kw_only=True):
    """One step of a scenario; `verdict` is null for a step that was not reached."""

    keyword: str
    text: str
    line: int
    table: list[list[str]] = []
    verdict: Verdict | None = None
    message: str = ""
    duration_ms: float = 0.0
    exchanges: list[int] = []
    checks: list[Check] = []


class ScenarioResult(Record, frozen=True, kw_only=True):
    """One scenario on one provider. `reason` says why, for every verdict but `pass`.

    `names` are those made up for the scenario, and `waits` its waits, both in order: with them and the exchanges
    the scenario can be judged again, offline.
    """

    scenario: str
    rule: str
    provider: str
    name: str
    verdict: Verdict
    reason: str = ""
    region: str = ""
    started: str = ""
    duration_ms: float = 0.0
    steps: list[StepResult] = []
    exchanges: list[Exchange] = []
    names: list[str] = []
    waits: list[Wait] = []


def without_run(scenario: Scenario, provider: str, verdict: Verdict, reason: str) -> ScenarioResult:
    """Return the result of a scenario that never began, or of which nothing arrived."""
    return ScenarioResult(
        scenario=scenario.id,
        rule=scenario.rule,
        provider=provider,
        name=scenario.name,
        verdict=verdict,
        reason=reason,
    )


class Known(Record, frozen=True, kw_only=True):
    """The deviation that covers a rule's verdict on a provider."""

    reason: str
    since: str
    expires: str
    link: str = ""


class RuleVerdict(Record, frozen=True, kw_only=True, gc=False):
    """The verdict of one rule on one provider.

    `problem` is empty, or says why the rule breaks the run although or because there is a deviation: a new
    failure, an unexpected pass, an expired entry.
    """

    provider: str
    verdict: Verdict
    reason: str = ""
    known: Known | None = None
    problem: str = ""


class RuleResult(Record, frozen=True, kw_only=True, gc=False):
    """One rule of the document with its verdicts, one for each provider of the run."""

    id: str
    section: str
    statement: str
    level: str
    seen: str
    companion: bool
    verdicts: list[RuleVerdict]


class ProviderInfo(Record, frozen=True, kw_only=True):
    """Where the scenarios ran. `settings` names whatever makes the provider differ from its defaults."""

    name: str
    product: str
    version: str
    started_by: str
    capabilities: list[str]
    settings: dict[str, str]


class Totals(Record, frozen=True, kw_only=True):
    """How many rules have which verdict on one provider, and how many of them are known deviations."""

    provider: str
    rules: int
    passed: int
    failed: int
    unsupported: int
    error: int
    not_run: int
    known: int
    problems: int


class RunInfo(Record, frozen=True, kw_only=True):
    """When, with what, and how much of the specification was run."""

    id: str
    started: str
    duration_ms: float
    complete: bool
    selection: dict[str, list[str]]
    interrupted: bool = False


class Suite(Record, frozen=True, kw_only=True):
    """Which version of slrspec and of its features judged; `digest` is SHA-256 over the feature files."""

    version: str
    digest: str


class DocumentInfo(Record, frozen=True, kw_only=True):
    """The page whose rules were judged, and the edition in force."""

    id: str
    title: str
    url: str
    edition: str
    policy: str


class RunSummary(Struct, frozen=True, kw_only=True):
    """What a run found, without its evidence: as much as history, changes and gates need.

    `conformant` is true if, on every provider, each rule that was run passes and one was run at all; `not_verified`
    lists the rules that were not run, so that a skip can never be read as a pass. `exit_code` is what the command
    ended with.
    """

    schema_version: Annotated[int, Meta(ge=SCHEMA_VERSION, le=SCHEMA_VERSION)] = SCHEMA_VERSION
    run: RunInfo
    suite: Suite
    document: DocumentInfo
    environment: dict[str, str]
    providers: list[ProviderInfo]
    totals: list[Totals]
    conformant: bool
    not_verified: list[str]
    exit_code: int
    rules: Sequence[RuleResult]


class Run(RunSummary, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that one execution produced: the verdicts, and the evidence behind them."""

    scenarios: Sequence[ScenarioResult]


AnyRun = TypeVar("AnyRun", bound=RunSummary)
NOTHING = b"[]"
BETWEEN = b',\n  "scenarios": '


def encode(run: Run) -> bytes:
    """Return the JSON of a run, two-space indented, with a final line break; equal runs give equal bytes."""
    return b"".join(encoded(run))


def encoded(run: Run) -> Iterator[bytes]:
    """Yield what `encode` returns, a rule and a scenario at a time, so that no more than one need be in memory."""
    without = msgspec.structs.replace(run, rules=[], scenarios=[])
    text = msgspec.json.format(msgspec.json.encode(without), indent=2)
    head = text.removesuffix(NOTHING + BETWEEN + NOTHING + b"\n}")
    assert head != text  # rules and scenarios are a run's last fields
    yield head
    yield from _listed(run.rules)
    yield BETWEEN
    yield from _listed(run.scenarios)
    yield b"\n}\n"


def _listed(records: Iterable[Record]) -> Iterator[bytes]:
    before = b"["
    # What lies on disk as JSON already need not be read as records for that.
    for item in getattr(records, "encoded", None) or map(msgspec.json.encode, records):
        # No string of JSON has a line break in it, so whatever is broken here is a line.
        yield before + b"\n    " + msgspec.json.format(item, indent=2).replace(b"\n", b"\n    ")
        before = b","
    yield NOTHING if before == b"[" else b"\n  ]"


def write_run(file: Path, run: Run) -> None:
    """Write a `results.json`, a scenario at a time."""
    with file.open("wb") as stream:
        stream.writelines(encoded(run))


def read_run(file: Path) -> Run:
    """Read and validate a `results.json`, or a compressed one, `….json.gz`.

    Raises
    ------
    ResultsError
        If the file is missing, is no JSON, or breaks the schema; the message names the place.

    """
    return _read(file, Run)


def read_summary(file: Path) -> RunSummary:
    """Read and validate what a results file says of a run, its evidence unread; raises like `read_run`."""
    return _read(file, RunSummary)


def _read(file: Path, kind: type[AnyRun]) -> AnyRun:
    try:
        content = file.read_bytes()
        if file.suffix == ".gz":
            content = gzip.decompress(content)
        if not content:
            raise ResultsError("the run that was to write this file never ended", where=(file, None))
        return decoded(content, kind, file, ResultsError, "not a results file of slrspec")
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ResultsError(f"not a whole compressed file: {error}", where=(file, None)) from error
    except FileNotFoundError as error:
        raise ResultsError("no results here yet", where=(file, None), hint="slrspec run writes them") from error
    except OSError as error:
        raise ResultsError(f"cannot be read: {error.strerror}", where=(file, None)) from error


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of `results.json`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "slrspec results",
        **_cleaned(msgspec.json.schema(Run)),
    }


def _cleaned(node: Any) -> Any:  # noqa: ANN401 - JSON goes in and comes out
    """Return a schema whose descriptions have lost the indentation of the source, as Python 3.13 takes it away."""
    if isinstance(node, list):
        return [_cleaned(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: inspect.cleandoc(item) if key == "description" and isinstance(item, str) else _cleaned(item)
        for key, item in node.items()
    }
