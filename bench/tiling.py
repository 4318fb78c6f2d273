"""The specification, repeated until it is as large as asked for: the suite at 300, 3,000 or 10,000 scenarios.

Each copy is the features with other ids of rules and other names of files; the scenarios are the same, so every one
makes its calls in an account of its own, as in the original.
"""

from __future__ import annotations

import re
import shutil
import string
from itertools import combinations, product
from typing import TYPE_CHECKING

from slrspec.spec.gherkin import read_specification
from slrspec.spec.location import features_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from slrspec.spec.rules import Section

ID = re.compile(r"@RDS-([A-Z]{3}-\d{2})\b")


def tile(folder: Path, scenarios: int) -> int:
    """Write features with about so many scenarios into a folder, and return how many there are.

    That is as many whole copies as it takes, or, for fewer than the specification has, the sections whose scenarios
    come nearest together, in number first, and then in the share of those that create a DB instance.
    """
    source = features_folder()
    specification = read_specification(source)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "document.toml").write_bytes((source / "document.toml").read_bytes())
    names = _names()
    copies = max(1, -(-scenarios // len(specification.scenarios)))
    sections = specification.sections
    if scenarios < len(specification.scenarios):
        some = (some for size in range(1, len(sections)) for some in combinations(sections, size))
        whole = _creating(sections) / _number(sections)
        sections = min(some, key=lambda s: (abs(_number(s) - scenarios), abs(_creating(s) / _number(s) - whole)))
    for copy in range(copies):
        name = next(names)
        for section in sections:
            text = section.file.read_text(encoding="utf-8")
            number = copy * 10 + section.number
            key = section.key.replace("-", "_")
            (folder / f"{number}_{key}_{name}.feature").write_text(
                ID.sub(rf"@T{name.upper()}-\1", text), encoding="utf-8"
            )
    return copies * _number(sections)


def _number(sections: Iterable[Section]) -> int:
    return sum(len(rule.scenarios) for section in sections for rule in section.rules)


def _creating(sections: Iterable[Section]) -> int:
    scenarios = (scenario for section in sections for rule in section.rules for scenario in rule.scenarios)
    return sum("creates-instance" in scenario.tags for scenario in scenarios)


def _names() -> Iterator[str]:
    return ("".join(letters) for letters in product(string.ascii_lowercase, repeat=3))
