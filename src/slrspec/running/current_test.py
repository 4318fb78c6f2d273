"""No PYTEST_CURRENT_TEST in a run: the C library remembers for ever whatever a variable was ever set to.

pytest sets it three times for each scenario, for nobody, and glibc keeps some 360 bytes for that. A function that
pytest keeps to itself is replaced; where it is not as expected, and where SLRSPEC_PLAIN is set, the variable is set
as ever, and the results say so.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from slrspec.running.plain import plain_wanted, replaced, takes

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "_update_current_test_var"


@contextmanager
def current_test_untold() -> Iterator[bool]:
    """Have pytest set no variable for as long as the context lasts; yield whether that is possible here."""
    from _pytest import runner

    if plain_wanted() or not takes(getattr(runner, NAME, None), ["item", "when"]):
        yield False
        return
    with replaced((runner, NAME, _say_nothing)):
        yield True


def _say_nothing(item: object, when: object) -> None:
    """Take what pytest would make the variable of."""
