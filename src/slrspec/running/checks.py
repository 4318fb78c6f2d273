"""The one way in which steps assert: each check records what it looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

from slrspec.running.results import Check

if TYPE_CHECKING:
    from slrspec.running.recorder import Recorder

Expected = Callable[[str, Any], Any]
UNJUDGED = "whatever it is"


class CheckFailed(AssertionError):
    """The provider answered, and the answer is not what the rule says."""


class VacuousCheck(Exception):
    """A step asserted something without looking at any answer of the provider."""


class Checks:
    """The checks of one scenario.

    A step asks for it by the name `expect`. Each method compares and records, and raises `CheckFailed` if the
    comparison fails. What a check looked at are the exchanges of its own step, or those named by `of`.

    Parameters
    ----------
    recorder
        Where the scenario's exchanges are.
    expected
        Returns the value to compare with, given the check's description and the expected value. It is there so
        that a test can spoil one expectation and see the scenario fail.

    """

    def __init__(self, recorder: Recorder, expected: Expected | None = None) -> None:
        self._recorder = recorder
        self._expected = expected or (lambda _, value: value)
        self._step_began = 0
        self.made: list[Check] = []

    def begin_step(self) -> None:
        """Forget the exchanges and the checks of the step before."""
        self._step_began = len(self._recorder.exchanges)
        self.made = []

    def equal(self, what: str, actual: Any, expected: Any, *, of: Iterable[int] = ()) -> None:  # noqa: ANN401
        """Expect the very value."""
        expected = self._expected(what, expected)
        self._judge(what, expected, actual, actual == expected, of)

    def record(self, what: str, actual: Any, *, of: Iterable[int] = ()) -> None:  # noqa: ANN401 - as above
        """Expect nothing: write down what the provider shows, for a question that has no right answer."""
        self._judge(what, UNJUDGED, actual, True, of)  # noqa: FBT003 - whatever it is, it is well

    def matches(self, what: str, actual: str, pattern: str, *, of: Iterable[int] = ()) -> None:
        """Expect a text that a regular expression matches as a whole."""
        pattern = str(self._expected(what, pattern))
        self._judge(what, pattern, actual, re.fullmatch(pattern, actual) is not None, of)

    def says(self, what: str, actual: str, token: str, *, of: Iterable[int] = ()) -> None:
        """Expect a text with a few words in it, whatever their case; AWS rewords its messages over the years."""
        token = str(self._expected(what, token))
        self._judge(what, f"… {token} …", actual, token.casefold() in actual.casefold(), of)

    def includes(
        self, what: str, actual: Collection[Any], expected: Iterable[Any], *, of: Iterable[int] = ()
    ) -> None:
        """Expect at least these members, and at least one of them."""
        wanted = list(self._expected(what, list(expected)))
        missing = [member for member in wanted if member not in actual]
        said = f"{what}: lacks {len(missing)} of {len(wanted)}: {_brief(_strings(missing))}"
        self._judge(what, _strings(wanted), _strings(actual), bool(wanted) and not missing, of, said)

    def only_within(
        self, what: str, actual: Collection[Any], allowed: Iterable[Any], *, of: Iterable[int] = ()
    ) -> None:
        """Expect at least one member, and none but these."""
        allowed = list(self._expected(what, list(allowed)))
        others = [member for member in actual if member not in allowed]
        said = f"{what}: {_brief(_strings(others))} is not allowed" if others else f"{what}: there is nothing"
        self._judge(what, _strings(allowed), _strings(actual), bool(actual) and not others, of, said)

    def _judge(
        self,
        what: str,
        expected: object,
        actual: object,
        ok: bool,  # noqa: FBT001
        of: Iterable[int],
        said: str = "",
    ) -> None:
        seen = sorted({*of, *range(self._step_began + 1, len(self._recorder.exchanges) + 1)})
        if not seen:
            raise VacuousCheck(f"{what}: the check looks at nothing that the provider answered")
        normal = self._recorder.references.normal
        self.made.append(Check(what=what, expected=normal(expected), actual=normal(actual), ok=ok, exchanges=seen))
        if not ok:
            said = said or f"{what}: expected {_brief(normal(expected))}, got {_brief(normal(actual))}"
            raise CheckFailed(normal(said))


def _strings(members: Iterable[Any]) -> list[str]:
    return sorted(map(str, members))


def _brief(value: object, limit: int = 300) -> str:
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    text = str(value) if value not in {None, ""} else "nothing"
    return text if len(text) <= limit else f"{text[:limit]}…"
