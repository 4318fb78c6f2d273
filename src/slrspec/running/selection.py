"""Which rules and scenarios a run is asked for."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from msgspec import Struct

from slrspec.errors import NothingSelected, UsageError
from slrspec.spec.holding import Each
from slrspec.spec.rules import RULE_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slrspec.spec.rules import Rule, Scenario, Specification


PRINCIPAL = ".amazonaws.com"


class Selection(Struct, frozen=True):
    """Rules to run by id, tag and section, and services to run them for; what is empty selects everything.

    Names of one kind widen the selection, different kinds narrow it. A tag with `not ` before it leaves out. A
    service is named by its principal; that of RDS also as `rds`.
    """

    rules: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    services: tuple[str, ...] = ()

    @property
    def partial(self) -> bool:
        """Whether anything at all was asked for by name."""
        return bool(self.rules or self.tags or self.sections or self.services)

    def as_dict(self) -> dict[str, list[str]]:
        """Return the names asked for, by kind, without the empty kinds."""
        kinds = {
            "rules": self.rules,
            "tags": self.tags,
            "sections": self.sections,
            "services": self.services,
        }
        return {kind: sorted(names) for kind, names in kinds.items() if names}

    def checked(self, specification: Specification) -> Selection:
        """Return the selection with ids and tags spelled as in the features.

        Raises
        ------
        UsageError
            For a name that no rule, tag or section has.

        """
        return Selection(
            tuple(_known("rule", name.upper(), specification.by_id) for name in self.rules),
            tuple(_known_tag(name, specification) for name in self.tags),
            tuple(
                _known("section", name.lower(), [s.key for s in specification.sections]) for name in self.sections
            ),
            tuple(_known_service(name.lower(), specification) for name in self.services),
        )

    def select(self, specification: Specification) -> tuple[Sequence[Rule], Sequence[Scenario]]:
        """Return the rules and the scenarios asked for, in the page's order, to be gone through as often as needed.

        Raises
        ------
        NothingSelected
            If there are none.

        """
        rules = Each(lambda: (rule for rule in specification.rules if self._takes(rule, specification)))
        if not rules:
            raise NothingSelected("the selection matches no rule", hint="slrspec rules lists them")
        return rules, Each(
            lambda: (s for rule in specification.rules for s in self.scenarios_of(rule, specification))
        )

    def scenarios_of(self, rule: Rule, specification: Specification) -> tuple[Scenario, ...]:
        """Return the scenarios of a rule that are asked for, in the page's order."""
        if not self.partial:
            return rule.scenarios
        if not self._names(rule):
            return ()
        return tuple(
            s
            for s in rule.scenarios
            if self._wants(s.tags) and (not self.services or specification.service_of(s).principal in self.services)
        )

    def _takes(self, rule: Rule, specification: Specification) -> bool:
        if rule.scenarios:
            return bool(self.scenarios_of(rule, specification))
        return self._names(rule) and self._wants(rule.tags)

    def _names(self, rule: Rule) -> bool:
        return (not self.rules or rule.id in self.rules) and (not self.sections or rule.section in self.sections)

    def _wants(self, tags: frozenset[str]) -> bool:
        wanted = [tag for tag in self.tags if not tag.startswith("not ")]
        unwanted = [tag.removeprefix("not ") for tag in self.tags if tag.startswith("not ")]
        return (not wanted or bool(tags & set(wanted))) and not tags & set(unwanted)


def _known_tag(name: str, specification: Specification) -> str:
    negation = "not " if name.startswith("not ") else ""
    return negation + _known("tag", name.removeprefix("not ").strip().removeprefix("@"), specification.tags)


def _known_service(name: str, specification: Specification) -> str:
    principals = [service.principal for service in specification.document.services]
    return _known("service", name if "." in name else f"{name}{PRINCIPAL}", principals)


def _known(kind: str, name: str, names: Iterable[str]) -> str:
    names = sorted(names)
    if name in names:
        return name
    close = get_close_matches(name, names, n=3, cutoff=0.6)
    tags = ", ".join(name for name in names if not RULE_ID.fullmatch(name))
    lists = f"known: {tags}" if kind == "tag" else f"slrspec rules lists every {kind}"
    hint = f"did you mean {' or '.join(close)}?" if close else lists
    raise UsageError(f"unknown {kind} {name!r}", hint=hint)
