"""What pytest-bdd works out anew for each step and each file, worked out once.

pytest-bdd matches every step of every scenario against all steps that there are, one after the other, looks at the
same functions' signatures each time, and parses files that slrspec has parsed. Here it is told what is known, and
no step need be a fixture of pytest's. That leans on functions that pytest-bdd keeps to itself; where they are not
as expected, and where SLRSPEC_PLAIN is set, the plain way stays, and the results say so.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slrspec.running.plain import plain_wanted, replaced, takes
from slrspec.spec.parsing import parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType

    import pytest

# What is replaced or made use of, and the parameters that it must have.
EXPECTED: dict[str, dict[str, list[str] | None]] = {
    "pytest_bdd.scenario": {
        "get_step_function": ["request", "step"],
        "get_required_args": ["func"],
        "get_caller_module_path": ["depth"],
        "inject_fixture": ["request", "arg", "value"],
        "signature": None,
    },
    "pytest_bdd.parser": {"get_gherkin_document": ["abs_filename", "encoding"]},
}


@contextmanager
def remembered_steps() -> Iterator[HandedOn | None]:
    """Have steps found the short way for as long as the context lasts; yield nothing if that is impossible here.

    For sessions in which every step is defined for every scenario; a `conftest.py` may define some for its folder.
    What is yielded hands values on to a scenario's steps as one of them would.
    """
    # A function of the name `scenario` hides the module from an import statement.
    modules = {name: import_module(name) for name in EXPECTED}
    if plain_wanted() or not _as_expected(modules):
        yield None
        return
    scenario, parser = modules.values()
    steps = StepTable(scenario.step_function_context_registry)
    handed_on = HandedOn(scenario.inject_fixture)
    with replaced(
        (scenario, "get_step_function", steps.function),
        (scenario, "inject_fixture", handed_on.hand_on),
        (scenario, "get_caller_module_path", _nowhere),
        (scenario, "signature", cache(scenario.signature)),
        (scenario, "get_required_args", cache(scenario.get_required_args)),
        (parser, "get_gherkin_document", _already_parsed(parser)),
        (parser.Step, "render_datatable", _filled_in(parser.Step.render_datatable)),
    ):
        yield handed_on


def _as_expected(modules: dict[str, ModuleType]) -> bool:
    for module, functions in EXPECTED.items():
        for name, parameters in functions.items():
            function = getattr(modules[module], name, None)
            if function is None or (parameters is not None and not takes(function, parameters)):
                return False
    scenario, parser = modules.values()
    return (
        hasattr(scenario, "step_function_context_registry")
        and hasattr(parser, "GherkinDocument")
        and takes(getattr(parser.Step, "render_datatable", None), ["datatable", "context"])
    )


class StepTable:
    """The steps of a process, and which of them each phrase that was said has turned out to be.

    Parameters
    ----------
    registry
        pytest-bdd's contexts of step functions by function, the first defined first.

    """

    def __init__(self, registry: Mapping[Any, Any]) -> None:
        self._registry = registry
        self._known: dict[tuple[str, str], Any] = {}

    def function(self, request: object, step: Any) -> Any:  # noqa: ANN401, ARG002 - pytest-bdd's own
        """Return what `get_step_function` would: the last that matches, or None."""
        key = (step.type, step.name)
        if key not in self._known:
            self._known[key] = next(
                (
                    context
                    for context in reversed(list(self._registry.values()))
                    if context.type in {None, step.type} and context.parser.is_matching(step.name)
                ),
                None,
            )
        return self._known[key]


class HandedOn:
    """What a step hands on to the next ones, without defining a fixture for it that pytest would keep to the end.

    Parameters
    ----------
    plain
        pytest-bdd's `inject_fixture`, for a pytest in which the short way does not lead there.

    Attributes
    ----------
    kept
        Whether that was ever called, so that pytest keeps values.

    """

    def __init__(self, plain: Callable[..., None]) -> None:
        self._plain = plain
        self.kept = False

    def hand_on(self, request: Any, arg: str, value: object) -> None:  # noqa: ANN401 - pytest's own
        """Do what `inject_fixture` would: let a fixture of this name have this value from now on."""
        active = getattr(request, "_fixture_defs", None)
        if isinstance(active, dict) and active:
            active[arg] = _with_value(next(iter(active.values())), arg, value)
            if request.getfixturevalue(arg) is value:
                return
            del active[arg]
        self.kept = True
        self._plain(request, arg, value)


def _with_value(like: Any, arg: str, value: object) -> Any:  # noqa: ANN401 - pytest's own
    """Return a fixture like another one, but for its name and its value."""
    made = object.__new__(type(like))  # not `copy`, which takes three times as long
    vars(made).update(vars(like), argname=arg, cached_result=(value, None, None))
    return made


def _nowhere(depth: int = 2) -> str:  # noqa: ARG001 - pytest-bdd's own signature
    """Stand for the file that binds a scenario, which is looked for each time, and here none is relative to."""
    return ""


def _filled_in(plain: Callable[..., Any]) -> Any:  # noqa: ANN401 - a static method
    """Fill in a table that has placeholders as pytest-bdd does, in a deep copy, and take any other as it is."""

    def render_datatable(datatable: Any, context: Mapping[str, object]) -> Any:  # noqa: ANN401 - pytest-bdd's own
        has_some = any("<" in cell.value for row in datatable.rows for cell in row.cells)
        return plain(datatable, context) if has_some else datatable

    return staticmethod(render_datatable)


def _already_parsed(parser: Any) -> Any:  # noqa: ANN401 - a module of pytest-bdd, and a function of it
    def get_gherkin_document(abs_filename: str, encoding: str = "utf-8") -> Any:  # noqa: ANN401
        return parser.GherkinDocument.from_dict(parsed(Path(abs_filename).read_text(encoding=encoding)))

    return get_gherkin_document


def forget_values(item: pytest.Item) -> None:
    """Let go of what a finished scenario's steps have handed on, which pytest keeps to the end of the session.

    This leans on private parts of pytest; where they are missing, the values simply stay.
    """
    manager = getattr(item.session, "_fixturemanager", None)
    for by_node in getattr(manager, "_arg2node2fixturedefs", {}).values():
        by_node.pop(item, None)
