"""A failure as a text that can be posted to the emulator's issue tracker, with a reproduction in plain boto3."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

from slrspec.reporting.plain import compact, plain, shortened
from slrspec.running.command_line import ENDPOINT
from slrspec.running.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from slrspec.running.results import Exchange, RuleResult, Run, ScenarioResult

REFERENCE = re.compile(r"<[a-z-]+(?::\d+)?>")
READS = ("Get", "List", "Describe", "Simulate")
LONGEST = 300
PLACEHOLDER_PORT = 5000


def write_issues(run: Run, folder: Path) -> int:
    """Write a text for each rule that a run's one provider breaks, and return how many there are."""
    shutil.rmtree(folder, ignore_errors=True)
    number = 0
    for rule in run.rules:
        result = next((s for s in run.scenarios if s.rule == rule.id and s.verdict is Verdict.FAIL), None)
        if result is not None:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{rule.id}.md").write_text(issue(run, rule, result), encoding="utf-8")
            number += 1
    return number


def issue(run: Run, rule: RuleResult, result: ScenarioResult) -> str:
    """Return the text about one failed scenario."""
    provider = next(p for p in run.providers if p.name == result.provider)
    check = next((c for step in result.steps for c in step.checks if not c.ok), None)
    steps = [f"    {step.keyword} {step.text}{'' if step.verdict else '  (not reached)'}" for step in result.steps]
    expected, actual = (check.expected, check.actual) if check else ("as documented", result.reason)
    lines = [
        f"# {plain(rule.statement)} ({rule.id})",
        "",
        f"{provider.product} {provider.version} does not keep a rule that AWS documents in",
        f"[{run.document.title}]({run.document.url}), section “{rule.section}”, edition of {run.document.edition}.",
        "",
        f"**Expected** {plain(check.what) + ': ' if check else ''}{_code(expected)}",
        "",
        f"**Actual** {_code(actual)}",
        "",
        *(
            ["```python", *reproduction(result), "```"]
            if _reproducible(result)
            else ["It takes a user with a policy; see the evidence."]
        ),
        "",
        *_commands(result),
        "Found by slrspec, with this scenario:",
        "",
        *steps,
        "",
    ]
    return "\n".join(lines)


def _commands(result: ScenarioResult) -> list[str]:
    """Return the commands that made some of those calls, where it is about the AWS CLI."""
    lines = [plain(call.command.line) for call in _that_matter(result) if call.command is not None]
    if not lines:
        return []
    where = f"http://127.0.0.1:{PLACEHOLDER_PORT}"
    return ["By the AWS CLI:", "", *(f"    {line.replace(ENDPOINT, where)}" for line in lines), ""]


def _reproducible(result: ScenarioResult) -> bool:
    return bool(result.exchanges) and all(call.principal == "administrator" for call in result.exchanges)


def reproduction(result: ScenarioResult) -> Iterator[str]:
    """Yield a script that makes the calls that matter, and prints the last answer.

    Of the calls before the failed step, those that only look are left out: the answer of the failed step's own look
    is what shows the failure.
    """
    calls = _that_matter(result)
    yield "import boto3"
    yield ""
    yield f'where = "http://127.0.0.1:{PLACEHOLDER_PORT}"'
    yield 'aws = dict(endpoint_url=where, aws_access_key_id="test", aws_secret_access_key="test")'
    for service, region in dict.fromkeys((call.service, call.region) for call in calls):
        place = "us-east-1" if region == "aws-global" else region
        yield f'{_name(service, region)} = boto3.client("{service}", region_name="{place}", **aws)'
    known: dict[str, str] = {}
    if any("<account>" in compact(call.parameters) for call in calls):
        known["<account>"] = "account"
        yield 'account = boto3.client("sts", region_name="us-east-1", **aws).get_caller_identity()["Account"]'
    for number, call in enumerate(calls, 1):
        yield from _call(call, f"answer{number}", known, last=number == len(calls))


def _that_matter(result: ScenarioResult) -> list[Exchange]:
    failed = next((step for step in result.steps if step.verdict is Verdict.FAIL), None)
    broken = [check for check in failed.checks if not check.ok] if failed else []
    looked = {number for check in broken for number in check.exchanges} | set(failed.exchanges if failed else ())
    last = max(looked, default=len(result.exchanges))
    writes = [c for c in result.exchanges if not c.operation.startswith(READS) and c.number <= last]
    shown = [c for c in result.exchanges if c.number in looked][-2:]
    numbers = {call.number for call in (*writes, *shown)}
    return [call for call in result.exchanges if call.number in numbers]


def _call(call: Exchange, answer: str, known: dict[str, str], *, last: bool) -> Iterator[str]:
    from botocore import xform_name

    arguments = ", ".join(f"{name}={_value(value, known)}" for name, value in call.parameters.items())
    line = f"{_name(call.service, call.region)}.{xform_name(call.operation)}({arguments})"
    if call.error is not None:
        yield f"# refused with {call.error.code}"
        yield "try:"
        yield f"    {line}"
        yield "except Exception as error:"
        yield "    print(error)"
    elif last:
        yield f"print({line})"
    else:
        yield f"{answer} = {line}"
        for reference, path in _references(call.answer or {}, answer):
            known.setdefault(reference, path)


def _name(service: str, region: str) -> str:
    return service if region in {"aws-global", "us-east-1"} else f"{service}_{region.replace('-', '_')}"


def _references(value: Any, path: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON
    """Yield each reference that is a whole value of an answer, and the expression that reads it."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _references(item, f"{path}[{key!r}]")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _references(item, f"{path}[{number}]")
    elif isinstance(value, str) and REFERENCE.fullmatch(value):
        yield value, path


def _value(value: Any, known: dict[str, str]) -> str:  # noqa: ANN401 - JSON
    """Return a parameter as Python, references read from earlier answers."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_value(item, known)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_value(item, known) for item in value) + "]"
    if not isinstance(value, str):
        return repr(value)
    if value in known:
        return known[value]
    if value == "<secret>":
        return repr("not-a-real-password")
    parts = [known.get(part, repr(part)) for part in re.split(f"({REFERENCE.pattern})", value) if part]
    return " + ".join(parts) or "''"


def _code(value: Any) -> str:  # noqa: ANN401 - JSON
    text = shortened(value if isinstance(value, str) else compact(value), LONGEST)
    return f"`{plain(text).replace('`', chr(39))}`"
