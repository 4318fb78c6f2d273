"""What moto looks up anew for each call, and always finds the same, looked up once.

moto lists all methods of the class that answers, to see whether the action is among them, and has Python import the
module of its backend. Two functions of moto are remembered for it, by their parameters; where they are not as
expected, and where SLRSPEC_PLAIN is set, moto looks up as ever.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from slrspec.running.garbage import no_collection_importing
from slrspec.running.plain import plain_wanted, replaced, takes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Module, function, and the parameters that it must have.
EXPECTED = (
    ("moto.core.responses", "method_names_from_class", ["clazz"]),
    ("moto.backends", "_import_backend", ["module_name", "backends_name"]),
)


@contextmanager
def looked_up_once() -> Iterator[bool]:
    """Have moto, which must be imported, look up once for as long as the context lasts; yield whether it does.

    Contexts may overlap: the first one looks after it for all.
    """
    modules = [sys.modules.get(module) for module, _, _ in EXPECTED]
    plain: list[Any] = [getattr(module, name, None) for module, (_, name, _) in zip(modules, EXPECTED, strict=True)]
    expected = (parameters for _, _, parameters in EXPECTED)
    if plain_wanted() or not all(map(takes, plain, expected)):
        yield False
        return
    if all(hasattr(function, "cache_clear") for function in plain):
        yield True
        return
    methods, import_backend = plain
    once = cache(methods), cache(_uncollected(import_backend))
    names = (name for _, name, _ in EXPECTED)
    with replaced(*zip(modules, names, once, strict=True)):
        yield True


def _uncollected(import_backend: Callable[[str, str], Any]) -> Callable[[str, str], Any]:
    """Pause the collection of garbage for the import: EC2's alone makes half a million objects, all to stay."""

    def importing(module_name: str, backends_name: str) -> Any:  # noqa: ANN401 - whatever moto returns
        with no_collection_importing(f"moto.{module_name}"):
            return import_backend(module_name, backends_name)

    return importing
