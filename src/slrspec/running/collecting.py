"""Making pytest items of scenarios: of a file's, as pytest collects them, or each of them when its turn comes."""

from __future__ import annotations

import inspect
from functools import cached_property, partial
from itertools import chain, groupby
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import Struct

from slrspec.running.plain import plain_wanted
from slrspec.spec.rules import Scenario, Section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


class FeatureFile(pytest.Module):
    """A feature file, collected by pytest as if it were a module whose functions are the scenarios."""

    section: Section
    wanted: Sequence[Scenario]
    providers: Sequence[str]

    @classmethod
    def from_section(
        cls, parent: pytest.Collector, section: Section, wanted: Iterable[Scenario], providers: Sequence[str]
    ) -> FeatureFile:
        """Make the collector of a section, of whose scenarios only the wanted ones become items."""
        collector: FeatureFile = cls.from_parent(parent, path=section.file.absolute())
        collector.section = section
        collector.wanted = tuple(wanted)
        collector.providers = providers
        return collector

    def _getobj(self) -> ModuleType:
        module = ModuleType(self.section.key)
        module.__file__ = str(self.path)
        return module

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item for every wanted scenario on every provider, with parameters that pytest can select by."""
        by_title: dict[str, list[Scenario]] = {}
        for row in self.wanted:
            by_title.setdefault(row.title, []).append(row)
        for title, rows in by_title.items():
            bound = self._bound(title, _run_on)
            if rows[0].for_each_service:
                examples = [pytest.param(dict(row.example), id=row.example[0][1]) for row in rows]
                bound = pytest.mark.parametrize(EXAMPLE, examples)(bound)
            setattr(self.obj, title, bound)
            # pytest has no public way to make items of a function that is not a name of a module.
            items: Iterator[Any] = self._genfunctions(title, bound)
            by_example = {row.example: row for row in rows}
            for item in items:
                example = tuple(item.callspec.params.get(EXAMPLE, {}).items())
                yield self._of(item, by_example[example], item.callspec.params["provider_name"])

    def in_turn(self, scenarios: Iterable[Scenario]) -> Iterator[pytest.Item]:
        """Yield an item for each of some scenarios, without parameters, which only pytest's own selection needs."""
        [provider] = self.providers
        shared = not plain_wanted()
        fixtures: Any = None
        place = ""
        bound: dict[str, Any] = {}
        for row in scenarios:
            if row.title not in bound:
                bound[row.title] = _in_account(self._bound(row.title, _run))
            name = f"{row.title}[{'-'.join([provider, *dict(row.example).values()])}]"
            item: Any = ScenarioItem.from_parent(self, name=name, callobj=bound[row.title], fixtureinfo=fixtures)
            self._of(item, row, provider)
            if shared:  # all have the same; where it is not found, each has its own
                fixtures = getattr(item, "_fixtureinfo", None)
                place = place or item.location[0]
                item.location = (place, row.line - 1, name)
                item.funcargs.update(_known(item, row))
            yield item

    def _bound(self, title: str, run: Callable[..., None]) -> Any:  # noqa: ANN401 - types know no code of a function
        from pytest_bdd import scenario as bind

        bound: Any = bind(str(self.path), title, features_base_dir="")(run)
        bound.__signature__ = _signature(bound)
        return bound

    def _of(self, item: Any, row: Scenario, provider: str) -> pytest.Item:  # noqa: ANN401 - its method is replaced
        item.stash[SCENARIO] = row
        item.stash[PROVIDER] = provider
        # pytest would look for the source of the function, which is pytest-bdd's and the same for all.
        item.reportinfo = partial(_place_of, self.path, row.line - 1, item.name)
        made: pytest.Item = item
        return made


class ScenarioItem(pytest.Function):
    """An item of pytest's that looks up once which hooks there are for its file."""

    @cached_property
    def ihook(self) -> Any:  # noqa: ANN401 - pytest's own
        """The hooks for the item's file."""
        return super().ihook


class Planned(Struct, frozen=True):
    """A scenario that is to be run.

    Attributes
    ----------
    provider
        Name of the provider on which it is.
    section
        Where it stands.

    """

    provider: str
    section: Section
    scenario: Scenario


def items_of(session: pytest.Session, planned: Iterable[Planned]) -> Iterator[pytest.Item]:
    """Yield the items of what is planned, in this order, each made when it is asked for, and planned not before.

    pytest keeps what it collects to the end, and some ten kilobytes for each item are the most of what a large run
    would take.

    Parameters
    ----------
    session
        Whose items these are.
    planned
        What is to be run.

    """
    from pytest_bdd import feature

    for (provider, _), portion in groupby(planned, lambda one: (one.provider, one.section.file)):
        first = next(portion)
        file = FeatureFile.from_section(session, first.section, (), [provider])
        yield from file.in_turn(one.scenario for one in chain([first], portion))
        getattr(feature, "features", {}).clear()  # pytest-bdd, too, keeps what it reads


EXAMPLE = "_pytest_bdd_example"  # what pytest-bdd calls a row of an outline
SCENARIO = pytest.StashKey["Scenario"]()
PROVIDER = pytest.StashKey[str]()


def scenario_of(node: pytest.Item) -> Scenario | None:
    """Return the scenario that an item runs; None for anybody else's test."""
    return node.stash.get(SCENARIO, None)


def provider_of(node: pytest.Item) -> str:
    """Return the name of the provider on which an item runs a scenario."""
    return node.stash[PROVIDER]


_signatures: dict[object, inspect.Signature] = {}


def _signature(bound: Any) -> inspect.Signature:  # noqa: ANN401 - types know no code of a function
    """Return a function's signature: pytest asks for it several times, and it is that of the function's code."""
    code = bound.__code__
    if code not in _signatures:
        _signatures[code] = inspect.signature(bound)
    return _signatures[code]


def _known(item: Any, row: Scenario) -> dict[str, object]:  # noqa: ANN401 - pytest keeps its request to itself
    """Return what the item's function is called with that no fixture need be made for."""
    known: dict[str, object] = {EXAMPLE: dict(row.example)}
    request = getattr(item, "_request", None)
    return known if request is None else known | {"request": request}


def _place_of(*place: object) -> tuple[object, ...]:
    return place


def _run() -> None:
    """Stand below every scenario."""


def _in_account(bound: Any) -> Any:  # noqa: ANN401 - pytest-bdd's function of a scenario
    """Return a scenario's function with one more parameter, by which pytest knows that an account is needed.

    Were it the function below that had it, pytest-bdd would make marks for it, and anew for each scenario.
    """

    def run(request: object, _pytest_bdd_example: object, scenario_run: object) -> None:  # noqa: ARG001
        bound(request, _pytest_bdd_example)

    function: Any = run
    function.__signature__ = _signature(run)
    return function


def _run_on(scenario_run: object, provider_name: object) -> None:
    """Stand there where pytest is to have a parameter for the provider."""
