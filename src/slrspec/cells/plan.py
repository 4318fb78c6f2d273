"""What is to be run where: the plan of a run that is cut into cells.

A plan is data, and depends on nothing but what was asked for and the features: whoever makes it twice has the same
bytes, and so the same hash. It holds all that merging has to know of rules whose cell never came back.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from slrspec.cells.sharding import shard_of
from slrspec.errors import PlanError, UsageError
from slrspec.json_files import decoded
from slrspec.running.results import DocumentInfo, Record, Suite

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from slrspec.running.selection import Selection
    from slrspec.spec.rules import Rule, Scenario, Specification

SCHEMA_VERSION = 1
NO_ACCOUNT = "-"
UNSAFE = re.compile(r"[^a-z0-9.-]+")
SAFE_ID = re.compile(r"[a-z0-9-][a-z0-9._-]*")
LONGEST_PART = 60
GITHUB_JOBS = 256
"""More jobs GitHub Actions does not make of one matrix."""


@dataclass(frozen=True)
class Place:
    """Where cells run.

    Attributes
    ----------
    provider
        As `--provider` spells it.
    account
        Twelve digits, or `-` for a provider whose accounts are made up.
    label
        What to call the account where its id must not be seen; empty for a digest of it.
    region
        Where calls go, or `-` if the provider does not tell.

    """

    provider: str
    region: str
    account: str = NO_ACCOUNT
    label: str = ""


class Cell(Record, frozen=True, kw_only=True):
    """One part of a run: the rules of one document, or a shard of them, at one place.

    `id` names the cell, its bundle's file and its artefact. `account` is twelve digits, or `-` where accounts are
    made up; `label` is what the results call it. `shard` counts from 1.
    """

    id: str
    provider: str
    account: str
    label: str
    region: str
    document: str
    shard: int
    shards: int

    @property
    def column(self) -> str:
        """The provider's name in the merged results; a real account and its Region stand in it."""
        return self.provider if self.account == NO_ACCOUNT else f"{self.provider}@{self.label}/{self.region}"


class PlannedScenario(Record, frozen=True, kw_only=True):
    """A scenario that is to run."""

    id: str
    name: str


class PlannedRule(Record, frozen=True, kw_only=True):
    """A rule as the results tell it, and the scenarios that are to run; none for a rule that no API can check."""

    id: str
    section: str
    statement: str
    level: str
    seen: str
    companion: bool
    scenarios: list[PlannedScenario]


class PlannedDocument(Record, frozen=True, kw_only=True):
    """A document, the slrspec and features that are to judge it, and the rules asked for, in the page's order."""

    document: DocumentInfo
    suite: Suite
    rules: list[PlannedRule]


class Plan(Record, frozen=True, kw_only=True):
    """All cells of a run, in the order of the columns, and the documents that they judge."""

    schema_version: Annotated[int, Meta(ge=SCHEMA_VERSION, le=SCHEMA_VERSION)] = SCHEMA_VERSION
    selection: dict[str, list[str]]
    documents: list[PlannedDocument]
    cells: list[Cell]

    @property
    def hash(self) -> str:
        """SHA-256 of the plan, as hexadecimal digits."""
        return hashlib.sha256(encode(self)).hexdigest()

    def document_of(self, cell: Cell) -> PlannedDocument:
        """Return the document that a cell judges.

        Raises
        ------
        PlanError
            If the plan has no such document.

        """
        for one in self.documents:
            if one.document.id == cell.document:
                return one
        raise PlanError(f"{cell.id!r} is no cell of the plan's documents")

    def rules_of(self, cell: Cell) -> list[PlannedRule]:
        """Return the rules that a cell judges, in the page's order."""
        return [rule for rule in self.document_of(cell).rules if shard_of(rule.id, cell.shards) == cell.shard]

    def cell(self, name: str) -> Cell:
        """Return a cell by its id, or by its place in the plan, counted from 0 as array jobs count.

        Raises
        ------
        UsageError
            If the plan has no such cell.

        """
        found = [cell for cell in self.cells if cell.id == name]
        if not found and name.isdecimal() and int(name) < len(self.cells):
            found = [self.cells[int(name)]]
        if not found:
            raise UsageError(f"the plan has no cell {name!r}", hint="slrspec plan --cells lists them")
        return found[0]


def make_plan(
    specifications: Iterable[Specification],
    selection: Selection,
    places: Iterable[Place],
    *,
    shards: int = 1,
    version: str,
) -> Plan:
    """Cut a run into cells.

    Parameters
    ----------
    specifications
        One for each document.
    selection
        Which rules and scenarios.
    places
        Where; each gets a cell for every document.
    shards
        Into how many parts to cut the rules of a document. Cells of a real account stay whole, for an account has
        only one service-linked role; a shard that no rule falls into has no cell.
    version
        That of slrspec.

    Raises
    ------
    UsageError
        For a name that no rule, tag or section has.
    NothingSelected
        If a document has none of what is asked for.

    """
    documents = [_document(one, selection, version) for one in specifications]
    cells = [
        _cell(place, document.document.id, shard, number)
        for place in dict.fromkeys(places)
        for document in documents
        for number in [shards if place.account == NO_ACCOUNT else 1]
        for shard in sorted({shard_of(rule.id, number) for rule in document.rules})
    ]
    return Plan(selection=selection.as_dict(), documents=documents, cells=cells)


def _document(specification: Specification, selection: Selection, version: str) -> PlannedDocument:
    selection = selection.checked(specification)
    rules, _ = selection.select(specification)
    document = specification.document
    return PlannedDocument(
        document=DocumentInfo(
            id=document.id,
            title=document.title,
            url=document.url,
            edition=document.edition,
            policy=document.policy,
        ),
        suite=Suite(version=version, digest=specification.digest),
        rules=[_rule(rule, selection.scenarios_of(rule, specification)) for rule in rules],
    )


def _rule(rule: Rule, scenarios: Iterable[Scenario]) -> PlannedRule:
    return PlannedRule(
        id=rule.id,
        section=rule.section,
        statement=rule.statement,
        level=rule.level,
        seen=rule.seen,
        companion=rule.companion,
        scenarios=[PlannedScenario(id=s.id, name=s.name) for s in scenarios],
    )


def _cell(place: Place, document: str, shard: int, shards: int) -> Cell:
    label = place.label or _label(place.account)
    parts = [document, place.provider, *([label] if place.account != NO_ACCOUNT else []), place.region]
    safe = [UNSAFE.sub("-", part.casefold())[:LONGEST_PART].strip("-.") or "-" for part in parts]
    identifier = "_".join(safe)
    if safe != parts or place.label:  # something is lost, so a digest keeps apart what would look the same
        told = "\0".join((document, place.provider, place.account, place.region))
        identifier += f"_{hashlib.sha256(told.encode()).hexdigest()[:8]}"
    return Cell(
        id=identifier + (f"_{shard}of{shards}" if shards > 1 else ""),
        provider=place.provider,
        account=place.account,
        label=label,
        region=place.region,
        document=document,
        shard=shard,
        shards=shards,
    )


def _label(account: str) -> str:
    """Return what stands for an account's id in names that everybody may see."""
    return account if account == NO_ACCOUNT else f"a-{hashlib.sha256(account.encode()).hexdigest()[:8]}"


def github_matrix(plan: Plan) -> dict[str, list[dict[str, str]]]:
    """Return the value of `strategy.matrix` of a job of GitHub Actions; no account id stands in it.

    Raises
    ------
    UsageError
        If there are more cells than GitHub makes jobs of.

    """
    if len(plan.cells) > GITHUB_JOBS:
        raise UsageError(
            f"{len(plan.cells)} cells, and GitHub makes {GITHUB_JOBS} jobs of a matrix at most",
            hint="fewer --shards, or a plan for each provider",
        )
    return {"include": [_entry(cell) for cell in plan.cells]}


def _entry(cell: Cell) -> dict[str, str]:
    return {
        "cell": cell.id,
        "provider": cell.provider,
        "account": cell.label,
        "region": cell.region,
        "document": cell.document,
        "shard": f"{cell.shard}/{cell.shards}",
    }


def encode(plan: Plan) -> bytes:
    """Return the JSON of a plan, two-space indented, with a final line break; equal plans give equal bytes."""
    return msgspec.json.format(msgspec.json.encode(plan), indent=2) + b"\n"


def read_plan(file: Path) -> Plan:
    """Read a plan that `slrspec plan --cells` has written.

    Raises
    ------
    PlanError
        If the file is missing, or is no plan.

    """
    try:
        content = file.read_bytes()
    except FileNotFoundError as error:
        raise PlanError("no plan here", where=(file, None), hint="slrspec plan --cells writes it") from error
    except OSError as error:
        raise PlanError(f"cannot be read: {error.strerror}", where=(file, None)) from error
    plan = decoded(content, Plan, file, PlanError, "not a plan of slrspec")
    if said := contradiction(plan):
        raise PlanError(f"not a plan of slrspec: {said}", where=(file, None))
    return plan


def contradiction(plan: Plan) -> str:
    """Return what keeps a plan that somebody may have edited from being one; empty if nothing does."""
    documents = [one.document.id for one in plan.documents]
    for kind, names in (("document", documents), ("cell", [cell.id for cell in plan.cells])):
        if len(set(names)) < len(names):
            return f"two {kind}s have the same id"
    judged: dict[tuple[str, str], list[str]] = defaultdict(list)
    for cell in plan.cells:
        if not SAFE_ID.fullmatch(cell.id) or cell.document not in documents or cell.shards < 1:
            return f"{cell.id!r} is no cell of the plan's documents"
        judged[cell.column, cell.document] += [rule.id for rule in plan.rules_of(cell)]
    for (column, document), rules in judged.items():
        wanted = next(one for one in plan.documents if one.document.id == document).rules
        if sorted(rules) != sorted(rule.id for rule in wanted):
            return f"its cells of {column} do not judge each rule once"
    return "" if plan.cells else "it has no cells"
