"""What `slrspec plan --cells` does: reads features and settings, makes the plan, writes and shows it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import slrspec
from slrspec.cells.places import places_of
from slrspec.cells.plan import Plan, encode, github_matrix, make_plan
from slrspec.errors import UsageError
from slrspec.spec.gherkin import read_specification
from slrspec.spec.location import features_folder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from slrspec.running.selection import Selection

SHORT = 12


def planned(  # noqa: PLR0913 - an option each
    providers: Iterable[str],
    selection: Selection,
    *,
    accounts: Iterable[str],
    regions: Iterable[str],
    shards: int,
    documents: Iterable[str],
    features: Path | None,
    edition: str,
) -> Plan:
    """Return the plan of what was asked for; see `make_plan` and `places_of` for its parts and what is raised."""
    folders = [features] if features else [features_folder(document) for document in documents]
    specifications = [read_specification(folder, edition) for folder in folders]
    places = places_of(providers, accounts, regions)
    for specification in specifications:
        selection = selection.checked(specification)
    return make_plan(specifications, selection, places, shards=shards, version=slrspec.__version__)


def write_plan(file: Path, plan: Plan) -> None:
    """Write a plan where `slrspec run --cell` looks for it.

    Raises
    ------
    UsageError
        If it cannot be written.

    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(encode(plan))
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=(file, None)) from error


def printed(plan: Plan, form: str, file: Path) -> str:
    """Return a plan as text, as its JSON, or as the one line of a matrix that GitHub Actions takes."""
    if form == "json":
        return encode(plan).decode()
    if form == "github-matrix":
        return json.dumps(github_matrix(plan), separators=(",", ":")) + "\n"
    width = max(len(cell.id) for cell in plan.cells)
    lines = []
    for cell in plan.cells:
        rules = plan.rules_of(cell)
        scenarios = sum(len(rule.scenarios) for rule in rules)
        account = "" if cell.account == cell.label else f"  account {cell.account}"
        lines.append(f"{cell.id:{width}}  {len(rules):3} rules  {scenarios:3} scenarios{account}")
    number = f"{len(plan.cells)} cell{'' if len(plan.cells) == 1 else 's'}"
    return "\n".join([*lines, f"Plan {plan.hash[:SHORT]}: {number}, {file}"]) + "\n"
