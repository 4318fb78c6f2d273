"""Importing a module without what it imports for work that is not done here."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def put_off(*names: str) -> Iterator[None]:
    """Let what is imported meanwhile have stand-ins for the classes of some modules.

    Whoever uses an instance of such a class gets a real one, of the real module, which is imported then.

    Parameters
    ----------
    names
        Names of modules. One that has been imported stays as it is.

    """
    stand_ins = {name: StandIn(name) for name in names if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name, stand_in in stand_ins.items():
            if sys.modules.get(name) is stand_in:
                del sys.modules[name]


class StandIn(ModuleType):
    """A module of which nothing has been imported."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the module has
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *given, **named: Instance(self.__name__, name, given, named)


class Instance:
    """An instance of a module's class that is made when it is used."""

    def __init__(self, module: str, of: str, given: tuple[object, ...], named: dict[str, object]) -> None:
        self._how = module, of, given, named
        self._made: Any = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever an instance has
        if self._made is None:
            module, of, given, named = self._how
            self._made = getattr(import_module(module), of)(*given, **named)
        return getattr(self._made, name)
