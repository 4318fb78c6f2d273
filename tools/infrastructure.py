"""Write the policies of `infrastructure/template.yaml` from what slrspec calls, or check that they are those.

python tools/infrastructure.py           write them
python tools/infrastructure.py --check   exit 1 if the template has others
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slrspec.sandbox.policy import peoples_boundary, runner_boundary, runner_policies

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATE = Path(__file__).parents[1] / "infrastructure" / "template.yaml"
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*")


def documents() -> dict[str, dict[str, Any]]:
    """Return every policy of the template by its name."""
    return {**runner_policies(), "runner-boundary": runner_boundary(), "people": peoples_boundary()}


def scalar(value: str) -> str:
    """Return a text as YAML; one with a placeholder is for CloudFormation to fill in."""
    quoted = json.dumps(value)
    return f"!Sub {quoted}" if "${" in value else quoted


def lines_of(value: object, indent: str) -> Iterator[str]:
    """Yield a value as block YAML, each line with its indentation."""
    if isinstance(value, dict):
        for key, item in value.items():
            name = key if PLAIN.fullmatch(key) else json.dumps(key)
            if isinstance(item, str):
                yield f"{indent}{name}: {scalar(item)}"
            else:
                yield f"{indent}{name}:"
                yield from lines_of(item, f"{indent}  ")
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, str):
                yield f"{indent}- {scalar(item)}"
            else:
                first, *others = lines_of(item, f"{indent}  ")
                yield f"{indent}- {first.lstrip()}"
                yield from others


def written(template: str) -> str:
    """Return the template with the policies as they have to be."""
    for name, document in documents().items():
        pattern = re.compile(rf"^( *)# begin {name}\n.*?^ *# end {name}$", re.DOTALL | re.MULTILINE)
        if len(pattern.findall(template)) != 1:
            raise SystemExit(f"{TEMPLATE}: there has to be one place for {name}, between '# begin' and '# end'")

        def filled(match: re.Match[str], name: str = name, document: dict[str, Any] = document) -> str:
            indent = match[1]
            return "\n".join([f"{indent}# begin {name}", *lines_of(document, indent), f"{indent}# end {name}"])

        template = pattern.sub(filled, template)
    return template


def main() -> None:
    """Write, or check."""
    before = TEMPLATE.read_text(encoding="utf-8")
    after = written(before)
    if "--check" in sys.argv[1:]:
        if before != after:
            raise SystemExit(
                f"{TEMPLATE}: not what slrspec calls any more; python tools/infrastructure.py writes it"
            )
        return
    TEMPLATE.write_text(after, encoding="utf-8")
    print(f"{TEMPLATE}: {len(documents())} policies")


if __name__ == "__main__":
    main()
