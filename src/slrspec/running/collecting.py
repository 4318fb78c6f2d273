"""Making pytest items of scenarios: of a file's, as pytest collects them, or each of them when its turn comes."""

from __future__ import annotations

import inspect
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from slrspec.running.plain import plain_wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from slrspec.spec.rules import Scenario, Section


class FeatureFile(pytest.Module):
    """A feature file, collected by pytest as if it were a module whose functions are the scenarios."""

    section: Section
    wanted: set[str]
    providers: Sequence[str]

    @classmethod
    def from_section(
        cls, parent: pytest.Collector, section: Section, wanted: set[str], providers: Sequence[str]
    ) -> FeatureFile:
        """Make the collector of a section, of whose scenarios only the wanted ones become items."""
        collector: FeatureFile = cls.from_parent(parent, path=section.file.absolute())
        collector.section = section
        collector.wanted = wanted
        collector.providers = providers
        return collector

    def _getobj(self) -> ModuleType:
        module = ModuleType(self.section.key)
        module.__file__ = str(self.path)
        return module

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item for every wanted scenario on every provider, with parameters that pytest can select by."""
        for title, rows in self._by_title().items():
            bound = self._bound(title, _run_on)
            if rows[0].for_each_service:
                examples = [pytest.param(dict(row.example), id=row.example[0][1]) for row in rows]
                bound = pytest.mark.parametrize("_pytest_bdd_example", examples)(bound)
            setattr(self.obj, title, bound)
            # pytest has no public way to make items of a function that is not a name of a module.
            items: Iterator[Any] = self._genfunctions(title, bound)
            by_example = {row.example: row for row in rows}
            for item in items:
                example = tuple(item.callspec.params.get("_pytest_bdd_example", {}).items())
                row = by_example[example]
                if row.id in self.wanted:
                    yield self._of(item, row, item.callspec.params["provider_name"])

    def in_turn(self) -> Iterator[pytest.Item]:
        """Yield an item for every wanted scenario, without parameters, which only pytest's own selection needs."""
        [provider] = self.providers
        shared = not plain_wanted()
        fixtures: Any = None
        for title, rows in self._by_title().items():
            bound = self._bound(title, _run)
            for row in rows:
                if row.id in self.wanted:
                    name = f"{title}[{'-'.join([provider, *dict(row.example).values()])}]"
                    item = pytest.Function.from_parent(self, name=name, callobj=bound, fixtureinfo=fixtures)
                    if shared:  # all have the same; where it is not found, each has its own
                        fixtures = getattr(item, "_fixtureinfo", None)
                    yield self._of(item, row, provider)

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

    def _by_title(self) -> dict[str, list[Scenario]]:
        """Return the scenarios of each title any of whose scenarios is wanted."""
        titles: dict[str, list[Scenario]] = {}
        for rule in self.section.rules:
            for scenario in rule.scenarios:
                titles.setdefault(scenario.title, []).append(scenario)
        return {title: rows for title, rows in titles.items() if any(row.id in self.wanted for row in rows)}


Planned = tuple[str, "Scenario"]  # a provider's name, and what is to be run on it


def items_of(
    session: pytest.Session, planned: Iterable[Planned], sections: Iterable[Section]
) -> Iterator[pytest.Item]:
    """Yield the items of what is planned, in this order, each made when it is asked for.

    pytest keeps what it collects to the end, and some ten kilobytes for each item are the most of what a large run
    would take.

    Parameters
    ----------
    session
        Whose items these are.
    planned
        What is to be run.
    sections
        Where the scenarios are.

    """
    from pytest_bdd import feature

    for provider, section, wanted in _portions(planned, tuple(sections)):
        yield from FeatureFile.from_section(session, section, wanted, [provider]).in_turn()
        getattr(feature, "features", {}).clear()  # pytest-bdd, too, keeps what it reads


def _portions(planned: Iterable[Planned], sections: tuple[Section, ...]) -> Iterator[tuple[str, Section, set[str]]]:
    """Divide what is planned into what a file gives in its own order."""
    all_of = (
        (number, one) for number, section in enumerate(sections) for rule in section.rules for one in rule.scenarios
    )
    place = {one.id: (number, line) for line, (number, one) in enumerate(all_of)}
    last = ("", -1, -1)  # provider, number of the section, place in the specification
    wanted: set[str] = set()
    for provider, scenario in planned:
        here = (provider, *place[scenario.id])
        if wanted and (here[:2] != last[:2] or here < last):
            yield last[0], sections[last[1]], wanted
            wanted = set()
        wanted.add(scenario.id)
        last = here
    if wanted:
        yield last[0], sections[last[1]], wanted


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


def _place_of(*place: object) -> tuple[object, ...]:
    return place


def _run(scenario_run: object) -> None:
    """Stand below every scenario: by its parameter pytest knows that an account is needed."""


def _run_on(scenario_run: object, provider_name: object) -> None:
    """Stand there where pytest is to have a parameter for the provider."""
