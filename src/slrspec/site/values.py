"""Values of the evidence, as the pages print them: as JSON, cut where they are long, with what differs."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from slrspec.reporting.plain import compact, shortened
from slrspec.running.verdict import Verdict
from slrspec.site.escape import LONGEST

if TYPE_CHECKING:
    from slrspec.running.results import Check, Exchange, ScenarioResult

LONGEST_LINE = 500
LONGEST_INLINE = 160
MOST_LINES = 300
"""Lines of a value that a difference is worked out for, which takes the square of it."""


@dataclass(frozen=True)
class Cut:
    """The beginning of a text, and how many characters of it are left out."""

    text: str
    left: int


def pretty(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return a value as it is read best: a text as it is, all else as indented JSON."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False, default=str)


def cut(value: Any) -> Cut:  # noqa: ANN401
    """Return a value, not longer than a page bears."""
    text = pretty(value)
    return Cut(text[:LONGEST], max(0, len(text) - LONGEST))


def brief(text: object) -> str:
    """Return a line of text, not longer than a page bears."""
    return shortened(str(text), LONGEST_LINE)


def brief_value(value: Any) -> str:  # noqa: ANN401
    """Return a value in one short line."""
    return shortened(value if isinstance(value, str) else compact(value), LONGEST_INLINE)


def difference(expected: Any, actual: Any) -> tuple[tuple[str, str], ...]:  # noqa: ANN401
    """Return the lines of two values with a sign: `-` expected only, `+` actual only, space in both.

    Nothing is returned for two short values, which are as clear side by side, and for very long ones.
    """
    old, new = (pretty(value).splitlines() for value in (expected, actual))
    if max(len(old), len(new)) < 2 or len(old) + len(new) > MOST_LINES:  # noqa: PLR2004 - two lines
        return ()
    lines = difflib.unified_diff(
        [line[:LONGEST_LINE] for line in old], [line[:LONGEST_LINE] for line in new], lineterm="", n=MOST_LINES
    )
    # Two lines with the names of files come first, and a line with numbers before the one group of this context.
    return tuple((line[0], line[1:]) for line in islice(lines, 3, None))


def broken_checks(result: ScenarioResult) -> tuple[Check, ...]:
    """Return the checks of a scenario that did not see what they expected."""
    return tuple(check for step in result.steps for check in step.checks if not check.ok)


def looked_at(result: ScenarioResult) -> tuple[Exchange, ...]:
    """Return the exchanges that a verdict rests on: those of the broken checks, else of the step that stopped."""
    numbers = {number for check in broken_checks(result) for number in check.exchanges}
    if not numbers:
        stopped = [step for step in result.steps if step.verdict is not None and step.verdict is not Verdict.PASS]
        numbers = {number for step in stopped for number in step.exchanges}
    return tuple(exchange for exchange in result.exchanges if exchange.number in numbers)


def problem_of(call: Exchange) -> dict[str, Any]:
    """Return the refusal of a call as plain values."""
    assert call.error is not None  # asked for only where there is one
    return {"code": call.error.code, "message": call.error.message, "status": call.error.status}


def milliseconds(duration: float) -> str:
    """Return a duration in milliseconds as a reader takes it in."""
    return f"{duration / 1000:.1f} s" if duration >= 1000 else f"{duration:.0f} ms"  # noqa: PLR2004 - a second
