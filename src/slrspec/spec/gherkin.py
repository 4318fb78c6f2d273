"""Reading feature files as a specification, and refusing what would not be one."""

from __future__ import annotations

import re
from sys import intern
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from slrspec.errors import SpecificationError
from slrspec.spec.document import read_document
from slrspec.spec.holding import Holding
from slrspec.spec.location import document_ids, features_folder
from slrspec.spec.parsing import digest, parsed
from slrspec.spec.places import Places
from slrspec.spec.rules import RECORDS, RULE_ID, NotChecked, Rule, Scenario, Section, Specification, Step
from slrspec.spec.services import Service
from slrspec.toml import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path


LEVELS = ("must", "may", "informative", RECORDS)
SEEN = ("api", "cli", "static", "manual")
# A scenario with one of these runs once for each service of its document; `<service>` in its name stands for it.
EACH_SERVICE: dict[str, Callable[[Service], bool]] = {
    "each-service": lambda _: True,
    "each-service-with-suffix": lambda service: service.takes_suffix,
    "each-service-without-suffix": lambda service: not service.takes_suffix,
}
SERVICE = "service"
# A scenario that makes a role under a suffix of its own and looks at no other: it can run where others' roles are.
DISPOSABLE = "disposable"
PLAIN_TAGS = frozenset(
    {*LEVELS, *SEEN, *EACH_SERVICE, "companion", "creates-cluster", "creates-instance", DISPOSABLE}
)
CAPABILITIES = frozenset(
    {"access-advisor", "command-line", "iam-enforcement", "policy-simulation", "real-time", "second-region"}
)
FILE_NAME = re.compile(r"(\d+)_([a-z_]+)\.feature")
NOT_CHECKED = re.compile(r"^Not run \(([^)]+)\):\s*(.+?)(?:\n\s*\n|\Z)", re.DOTALL | re.MULTILINE)
EDITION_TAG = re.compile(r"(from|until)-(\d{4}-\d{2}-\d{2})")
EVERY_EDITION = "*"
NO_NEEDS: frozenset[str] = frozenset()
PLACEHOLDER = re.compile(r"<([^<>]+)>")
MOST = 1024  # sections that are kept; the largest suite has fewer
_sections: dict[tuple[Path, bytes, tuple[Service, ...]], Section] = {}
_last: dict[str, tuple[Specification, Specification]] = {}  # by the edition asked for: all rules, those in force


def read_specification(folder: Path, edition: str = "") -> Specification:
    """Read all `N_section.feature` files of a folder, and its `document.toml`.

    Parameters
    ----------
    folder
        A folder laid out like `features/rds`.
    edition
        Day of the edition of the page whose rules are wanted; empty for the one that `document.toml` puts in force,
        `*` for the rules of all editions.

    Raises
    ------
    SpecificationError
        For a file that is no Gherkin, and for whatever keeps the files from being a specification: a rule
        without id, level or example, two rules with one id, a tag nobody knows, a scenario outside a rule.
        The error names file and line.
    UsageError
        For an edition that `document.toml` does not list.

    """
    if not folder.is_dir():
        raise SpecificationError("no such folder of features", where=(folder, None))
    document = read_document(folder, edition)
    sections = tuple(
        _read_section(file, document.services) for file in sorted(folder.glob("*.feature"), key=_place)
    )
    if not sections:
        raise SpecificationError("no feature file in this folder", where=(folder, None))
    whole = Specification(document, sections, folder)
    if edition not in _last or _last[edition][0] != whole:  # a command and its session read the same
        _refuse_second_use(whole)
        _last[edition] = whole, whole if edition == EVERY_EDITION else _in_force(whole)
    return _last[edition][1]


def read_all(features: Path | None = None) -> tuple[Specification, ...]:
    """Read the rules of all editions of every document that slrspec has.

    Parameters
    ----------
    features
        A folder that stands in the place of the document of the same id; None for nothing.

    """
    found = {name: read_specification(features_folder(name), EVERY_EDITION) for name in document_ids()}
    if features is not None:
        one = read_specification(features, EVERY_EDITION)
        found[one.document.id] = one
    return tuple(found.values())


def _in_force(specification: Specification) -> Specification:
    """Leave out the rules that do not hold in the document's edition."""
    day = specification.document.edition
    sections = []
    for section in specification.sections:
        others = frozenset(rule.id for rule in section.rules if not _holds(rule.tags, day))
        sections.append(replace(section, other_editions=others) if others else section)
    return replace(specification, sections=tuple(sections))


def _holds(tags: frozenset[str], day: str) -> bool:
    bounds = [match for tag in tags if (match := EDITION_TAG.fullmatch(tag))]
    return all(day >= match[2] if match[1] == "from" else day <= match[2] for match in bounds)


def _place(file: Path) -> tuple[int, str]:
    match = FILE_NAME.fullmatch(file.name)
    if match is None:
        raise SpecificationError(
            "not a name of a section's file", where=(file, None), hint="call it NUMBER_section.feature"
        )
    return int(match[1]), file.name


def _read_section(file: Path, services: tuple[Service, ...]) -> Section:
    return _section_of(file, text_of(file, SpecificationError), services)


def _section_of(file: Path, text: str, services: tuple[Service, ...]) -> Section:
    """Parse a file's text, and that once: a command and its session read the same, and so do hundreds of runs."""
    key = file, digest(text), services
    if key not in _sections:
        if len(_sections) == MOST:
            _sections.clear()
        _sections[key] = _parsed_section(file, text, services)
    return _sections[key]


def _parsed_section(file: Path, text: str, services: tuple[Service, ...]) -> Section:
    from gherkin.errors import CompositeParserException, ParserException

    try:
        document = parsed(text)
    except (CompositeParserException, ParserException) as error:
        raise _syntax_error(file, error) from error
    feature = document.get("feature")
    if feature is None:
        raise SpecificationError("the file has no feature", where=(file, 1))
    match = FILE_NAME.fullmatch(file.name)
    assert match is not None  # _place has let only such names through
    key = match[2].replace("_", "-")
    background: tuple[dict[str, Any], ...] = ()
    rules: list[Rule] = []
    for child in feature["children"]:
        if "background" in child:
            background = tuple(child["background"]["steps"])
        elif "rule" in child:
            rules.append(_read_rule(file, key, child["rule"], _Inherited(_tags(feature), background, services)))
        else:
            raise SpecificationError(
                "a scenario stands outside any rule",
                where=(file, child["scenario"]["location"]["line"]),
                hint="put it below the Rule: block that it is an example of",
            )
    return Section(key, int(match[1]), feature["name"], _text(feature["description"]), file, Holding(tuple(rules)))


def _syntax_error(file: Path, error: Exception) -> SpecificationError:
    first = next(iter(getattr(error, "errors", [])), error)
    line = getattr(first, "location", {}).get("line")
    message = re.sub(r"^\(\d+:\d+\):\s*", "", str(first).splitlines()[0])
    return SpecificationError(f"not Gherkin: {message}", where=(file, line))


class _Inherited(Struct, frozen=True):
    """What a rule's scenarios have of what they stand in: tags, steps that come first, and the services meant."""

    tags: frozenset[str]
    background: tuple[dict[str, Any], ...]
    services: tuple[Service, ...]


def _read_rule(file: Path, section: str, rule: Mapping[str, Any], inherited: _Inherited) -> Rule:
    line = rule["location"]["line"]
    tags = inherited.tags | _tags(rule)
    background = inherited.background
    rule_id = _exactly_one(file, line, "id", sorted(tag for tag in tags if RULE_ID.fullmatch(tag)))
    _refuse_unknown_tags(file, line, tags - {rule_id})
    description = _text(rule["description"])
    for child in rule["children"]:
        if "background" in child:
            background += tuple(child["background"]["steps"])
    scenarios = tuple(
        scenario
        for child in rule["children"]
        if "scenario" in child
        for scenario in _read_scenarios(
            file, rule_id, child["scenario"], replace(inherited, tags=tags, background=background)
        )
    )
    match = NOT_CHECKED.search(description)
    if bool(scenarios) == bool(match):
        raise SpecificationError(
            f"{rule_id} has both scenarios and a reason not to run" if match else f"{rule_id} has no scenario",
            where=(file, line),
            hint="a rule has either scenarios or a paragraph 'Not run (kind): reason'",
        )
    return Rule(
        id=rule_id,
        section=section,
        statement=rule["name"],
        description=description,
        level=_exactly_one(file, line, "level", [level for level in LEVELS if level in tags]),
        seen=_exactly_one(file, line, "way of being seen", [seen for seen in SEEN if seen in tags]),
        companion="companion" in tags,
        tags=tags,
        scenarios=scenarios,
        not_checked=NotChecked(match[1], " ".join(match[2].split())) if match else None,
        file=file,
        line=line,
    )


def _read_scenarios(
    file: Path, rule_id: str, scenario: Mapping[str, Any], inherited: _Inherited
) -> Iterator[Scenario]:
    line = scenario["location"]["line"]
    if not scenario["name"]:
        raise SpecificationError(f"a scenario of {rule_id} has no name", where=(file, line))
    if not scenario["steps"]:
        raise SpecificationError(f"the scenario {scenario['name']!r} has no step", where=(file, line))
    own_tags = _tags(scenario)
    for examples in scenario["examples"]:
        own_tags |= _tags(examples)
    _refuse_unknown_tags(file, line, own_tags)
    tags = inherited.tags | own_tags if own_tags - inherited.tags else inherited.tags
    each = tags & EACH_SERVICE.keys()
    if each and scenario["examples"]:
        raise SpecificationError("runs for each service already, and has examples", where=(file, line))
    rows = _rows(scenario["examples"]) if not each else _each(inherited.services, each)
    for example in rows:
        row = "" if not example else "#" + _slug(" ".join(value for _, value in example))
        yield Scenario(
            id=f"{rule_id}/{_slug(PLACEHOLDER.sub('', scenario['name']))}{row}",
            rule=rule_id,
            name=_filled(scenario["name"], example),
            title=intern(scenario["name"]),
            line=line,
            steps=tuple(_step(step, example) for step in (*inherited.background, *scenario["steps"])),
            example=example,
            needs=_needs(tags),
            tags=tags,
        )


def _needs(tags: frozenset[str]) -> frozenset[str]:
    found = frozenset(tag.removeprefix("needs-") for tag in tags if tag.startswith("needs-"))
    return found or NO_NEEDS  # Python has no single empty one, and most scenarios need nothing


def _each(services: tuple[Service, ...], tags: Iterable[str]) -> Iterator[tuple[tuple[str, str], ...]]:
    """Return a row for each service that every one of the tags wants."""
    for service in services:
        if all(EACH_SERVICE[tag](service) for tag in tags):
            yield ((SERVICE, service.principal),)


def _rows(examples: Iterable[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, str], ...]]:
    empty = True
    for table in examples:
        empty = False
        names = [cell["value"] for cell in table["tableHeader"]["cells"]]
        for row in table["tableBody"]:
            yield tuple(zip(names, (cell["value"] for cell in row["cells"]), strict=True))
    if empty:
        yield ()


def _step(step: Mapping[str, Any], example: tuple[tuple[str, str], ...]) -> Step:
    rows = step.get("dataTable", {}).get("rows", ())
    table = tuple(tuple(_filled(cell["value"], example) for cell in row["cells"]) for row in rows)
    return Step(intern(step["keyword"].strip()), _filled(step["text"], example), step["location"]["line"], table)


def _filled(text: str, example: tuple[tuple[str, str], ...]) -> str:
    """Put the values of an example into a text; each text is many times in a specification, and once in memory."""
    values = dict(example)
    return intern(PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text) if example else text)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _text(description: str) -> str:
    return "\n".join(line.strip() for line in description.strip().splitlines())


def _tags(node: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(intern(tag["name"].removeprefix("@")) for tag in node["tags"])


def _exactly_one(file: Path, line: int, what: str, found: list[str]) -> str:
    if len(found) == 1:
        return found[0]
    problem = f"has {len(found)} of them: {', '.join(found)}" if found else "has none"
    raise SpecificationError(f"a rule needs exactly one {what}, this one {problem}", where=(file, line))


def _refuse_unknown_tags(file: Path, line: int, tags: frozenset[str]) -> None:
    for tag in sorted(tags):
        if EDITION_TAG.fullmatch(tag):
            continue
        if tag not in PLAIN_TAGS and tag.removeprefix("needs-") not in CAPABILITIES:
            known = ", ".join(f"@{name}" for name in sorted(PLAIN_TAGS))
            raise SpecificationError(f"unknown tag @{tag}", where=(file, line), hint=f"known: {known}, @needs-…")


def _refuse_second_use(specification: Specification) -> None:
    seen = Places()  # the sections of the ids so far, by their numbers
    for number, section in enumerate(specification.sections):
        titles: dict[str, tuple[str, int]] = {}  # pytest-bdd knows the scenarios of a file by their names alone
        for rule in section.rules:
            if rule.id in seen:
                first = next(one for one in specification.sections[seen[rule.id]].rules if one.id == rule.id)
                raise SpecificationError(
                    f"{rule.id} is already the id of the rule at {first.file.name}:{first.line}",
                    where=(rule.file, rule.line),
                )
            seen[rule.id] = number
            ids: set[str] = set()
            for scenario in rule.scenarios:
                owner = titles.setdefault(scenario.title, (rule.id, scenario.line))
                if scenario.id in ids or owner != (rule.id, scenario.line):
                    raise SpecificationError(
                        f"a second scenario is called {scenario.name!r}", where=(rule.file, scenario.line)
                    )
                ids.add(scenario.id)
