"""Rules and their scenarios, read from Gherkin once and handed on as frozen records."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from slrspec.spec.document import Document
from slrspec.spec.grants import Grant
from slrspec.spec.holding import Each, Holding
from slrspec.spec.places import Places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from slrspec.spec.services import Service

RECORDS = "records"
"""The level of an open question: its scenarios write down what is answered, and nothing is judged."""
TABLE = "the permissions policy grants"
"""The phrase below which a table lists what the page's permissions policy grants."""
RULE_ID = re.compile(r"[A-Z][A-Z0-9]*-[A-Z]{3}-\d{2}")


class Step(Struct, frozen=True, gc=False):
    """One line of a scenario.

    Attributes
    ----------
    keyword
        `Given`, `When`, `Then`, `And` or `But`, as written.
    text
        The phrase, with the values of the example filled in.
    line
        Line in the feature file, counted from 1.
    table
        The rows of the data table below the phrase, its header first; empty if there is none.

    """

    keyword: str
    text: str
    line: int
    table: tuple[tuple[str, ...], ...] = ()


class Scenario(Struct, frozen=True, gc=False):
    """One example of a rule; each row of an outline is a scenario of its own.

    Attributes
    ----------
    id
        `RULE/name-of-the-scenario`, with `#row` behind it for the row of an outline. Unique in a specification.
    name
        As written, values filled in.
    title
        As written in the file, `<placeholders>` kept; two rows of one outline share it.
    example
        The row of the outline by column name; empty for a plain scenario.
    needs
        Capabilities that a provider must declare, from the tags `@needs-…` of rule and scenario.
    tags
        All tags of feature, rule and scenario, without `@`.

    """

    id: str
    rule: str
    name: str
    title: str
    line: int
    steps: tuple[Step, ...]
    example: tuple[tuple[str, str], ...] = ()
    needs: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()

    @property
    def for_each_service(self) -> bool:
        """Whether it is one of many, alike but for the service."""
        return any(tag.startswith("each-service") for tag in self.tags)


class Told(Struct, frozen=True, gc=False):
    """A scenario as a reader is told of it: of one that runs for each of many services, once for all of them.

    Attributes
    ----------
    times
        How many scenarios it stands for.

    """

    name: str
    steps: tuple[Step, ...]
    times: int


class NotChecked(Struct, frozen=True, gc=False):
    """Why no API can check a rule.

    Attributes
    ----------
    kind
        `console step`, `history`, `completeness`, … in two words.
    reason
        One sentence.

    """

    kind: str
    reason: str


class Rule(Struct, frozen=True, gc=False):
    """One atomic claim of the document, written once as a `Rule:` block.

    Attributes
    ----------
    id
        The tag, without `@`. Never used again for another rule.
    section
        Key of the section it belongs to, which is the name of its feature file without number and ending.
    statement
        The claim, in our own words.
    description
        What the block says below its name.
    level
        `must`, `may` or `informative`; or `records` for an open question, which is neither kept nor broken.
    seen
        How the rule is seen: `api`, `cli`, `static` or `manual`.
    companion
        True for what AWS is known for and the page only implies.
    not_checked
        Set if and only if the rule has no scenario.
    file, line
        Where the block begins.

    """

    id: str
    section: str
    statement: str
    description: str
    level: str
    seen: str
    companion: bool
    tags: frozenset[str]
    scenarios: tuple[Scenario, ...]
    not_checked: NotChecked | None
    file: Path
    line: int

    @property
    def told(self) -> tuple[Told, ...]:
        """The scenarios as a reader is told of them."""
        each: dict[str, list[Scenario]] = {}
        for scenario in self.scenarios:
            each.setdefault(scenario.title if scenario.for_each_service else scenario.id, []).append(scenario)
        return tuple(
            Told(of[0].title if of[0].for_each_service else of[0].name, of[0].steps, len(of))
            for of in each.values()
        )


class Section(Struct, frozen=True):
    """A section of the page: one feature file.

    Attributes
    ----------
    key
        Name to select it by (`deleting`).
    number
        Its place in the page, from 1.
    title, description
        As the feature file says.
    holding
        The rules of all editions that the file has.
    other_editions
        Ids of those of them that hold in other editions of the page than the one in force.

    """

    key: str
    number: int
    title: str
    description: str
    file: Path
    holding: Holding
    other_editions: frozenset[str] = frozenset()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in force, in the file's order."""
        rules = self.holding.rules
        return tuple(rule for rule in rules if rule.id not in self.other_editions) if self.other_editions else rules


class Specification(Struct, frozen=True, dict=True):
    """All sections of one document, in the page's order.

    What it gives is read from the sections whenever it is gone through: a large suite is not held as a whole.
    """

    document: Document
    sections: tuple[Section, ...]
    folder: Path

    @property
    def other_editions(self) -> frozenset[str]:
        """Ids of rules that hold in other editions of the page than the one in force."""
        return frozenset().union(*(section.other_editions for section in self.sections))

    @cached_property
    def rules(self) -> Each[Rule]:
        """The rules of all sections, in the page's order."""
        return Each(lambda: (rule for section in self.sections for rule in section.rules))

    @cached_property
    def by_id(self) -> Mapping[str, Rule]:
        """The rules by their ids, in the page's order."""
        return RulesById(self.sections)

    @cached_property
    def scenarios(self) -> Each[Scenario]:
        """The scenarios of all rules, in the page's order."""
        return Each(lambda: (scenario for rule in self.rules for scenario in rule.scenarios))

    def service_of(self, scenario: Scenario) -> Service:
        """Return the service whose role a scenario is about: its own row's, or the one of the document."""
        named = dict(scenario.example).get("service")
        return next(one for one in self.document.services if named in {None, one.principal})

    @cached_property
    def printed(self) -> frozenset[Grant]:
        """What the page's permissions policy grants, by its rules' tables; empty if the page only names it."""
        return tabled(self.rules)

    @cached_property
    def tags(self) -> frozenset[str]:
        """Every tag that some rule or scenario has."""
        each = ((rule.tags, *(scenario.tags for scenario in rule.scenarios)) for rule in self.rules)
        return frozenset().union(*chain.from_iterable(each))

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the feature files, as hexadecimal digits: two equal digests mean equal features.

        Of a document about many services, each service's row counts likewise.
        """
        total = hashlib.sha256()
        for section in self.sections:
            total.update(section.file.name.encode() + b"\0" + section.file.read_bytes() + b"\0")
        if len(self.document.services) > 1:
            total.update(repr(self.document.services).encode())
        return total.hexdigest()


class RulesById(Mapping[str, Rule]):
    """The rules of some sections by their ids, of which nothing is kept but the section that each is in."""

    def __init__(self, sections: Iterable[Section]) -> None:
        self._sections = tuple(sections)
        self._section_of = Places()
        for number, section in enumerate(self._sections):
            for rule in section.rules:
                self._section_of[rule.id] = number

    def __getitem__(self, name: str) -> Rule:
        return next(rule for rule in self._sections[self._section_of[name]].rules if rule.id == name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._section_of

    def __iter__(self) -> Iterator[str]:
        return (rule.id for section in self._sections for rule in section.rules)

    def __len__(self) -> int:
        return len(self._section_of)


def tabled(rules: Iterable[Rule]) -> frozenset[Grant]:
    """Return the grants that the tables of some rules list."""
    return frozenset(
        Grant(*row)
        for rule in rules
        for scenario in rule.scenarios
        for step in scenario.steps
        if step.text == TABLE
        for row in step.table[1:]
    )
