"""Jinja, set up so that no template can write text unescaped (see `slrspec.site.escape`)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from slrspec.site.escape import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

ENDING = ".md.j2"


@cache
def environment() -> Environment:
    """Return the environment of the pages' templates. It has one filter; `safe` and its like are not there."""
    made = Environment(
        loader=PackageLoader("slrspec.site", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    made.filters = {"length": len}
    return made


def render(template: str, context: Mapping[str, object]) -> str:
    """Return a rendered template, without the empty lines that its tags leave behind."""
    text = environment().get_template(f"{template}{ENDING}").render(context)
    return "\n".join(line.rstrip() for line in text.split("\n") if line.strip()) + "\n"
