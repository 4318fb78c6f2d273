"""Making pytest items of a section's scenarios."""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slrspec.spec.rules import Scenario, Section


class FeatureFile(pytest.Module):
    """A feature file, collected by pytest as if it were a module whose functions are the scenarios."""

    section: Section
    wanted: set[str]

    @classmethod
    def from_section(cls, parent: pytest.Collector, section: Section, wanted: set[str]) -> FeatureFile:
        """Make the collector of a section, of whose scenarios only the wanted ones become items."""
        collector: FeatureFile = cls.from_parent(parent, path=section.file)
        collector.section = section
        collector.wanted = wanted
        return collector

    def _getobj(self) -> ModuleType:
        module = ModuleType(self.section.key)
        module.__file__ = str(self.path)
        return module

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item for every wanted scenario on every provider."""
        from pytest_bdd import scenario as bind

        for title, rows in self._by_title().items():
            if not any(row.id in self.wanted for row in rows):
                continue
            bound = bind(str(self.path), title, features_base_dir="")(_run)
            if rows[0].for_each_service:
                examples = [pytest.param(dict(row.example), id=row.example[0][1]) for row in rows]
                bound = pytest.mark.parametrize("_pytest_bdd_example", examples)(bound)
            setattr(self.obj, title, bound)
            # pytest has no public way to make items of a function that is not a name of a module.
            items: Iterator[Any] = self._genfunctions(title, bound)
            by_example = {row.example: row for row in rows}
            for item in items:
                example = tuple(item.callspec.params.get("_pytest_bdd_example", {}).items())
                row = item.stash[SCENARIO] = by_example[example]
                # pytest would look for the source of the function, which is pytest-bdd's and the same for all.
                item.reportinfo = partial(_place_of, self.path, row.line - 1, item.name)
                if row.id in self.wanted:
                    yield item

    def _by_title(self) -> dict[str, list[Scenario]]:
        titles: dict[str, list[Scenario]] = {}
        for rule in self.section.rules:
            for scenario in rule.scenarios:
                titles.setdefault(scenario.title, []).append(scenario)
        return titles


SCENARIO = pytest.StashKey["Scenario"]()


def scenario_of(node: pytest.Item) -> Scenario | None:
    """Return the scenario that an item runs; None for anybody else's test."""
    return node.stash.get(SCENARIO, None)


def _place_of(*place: object) -> tuple[object, ...]:
    return place


def _run(scenario_run: object) -> None:
    """Stand below every scenario: by its parameter pytest knows that an account is needed."""
