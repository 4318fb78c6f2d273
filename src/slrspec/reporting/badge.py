"""A provider's verdicts as a badge: for shields.io's endpoint, and as an SVG of our own.

Source of the first: https://shields.io/badges/endpoint-badge
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from slrspec.reporting.plain import plain, shortened
from slrspec.running.verdict import Verdict

if TYPE_CHECKING:
    from slrspec.reporting.conformance import Conformance

# Of white text on each: 4.5 to 1 or better (WCAG 1.4.3).
COLOURS = {"green": "#1a7f37", "yellow": "#8a6100", "red": "#c62828", "grey": "#5c6570"}
# What a badge speaks of, by the document's id: its title would be too long.
LABELS = {
    "rds": "RDS role rules",
    "elasticache": "ElastiCache role rules",
    "catalogue": "service-linked role rules",
    "questions": "RDS role questions",
}
LONGEST = 60
CHARACTER, PADDING, HEIGHT = 6.6, 7, 20


@dataclass(frozen=True)
class Badge:
    """What a badge says: label, message, and one of the names of `COLOURS`."""

    label: str
    message: str
    colour: str


def label_of(document: str) -> str:
    """Return what a badge speaks of."""
    return LABELS.get(document, f"{document} rules")


def badge(one: Conformance, document: str) -> Badge:
    """Return what a provider's badge says of a document. Rules that were not run are counted aloud."""
    verdicts = [verdict for _, verdict in one.verdicts]
    judged = [verdict for verdict in verdicts if verdict.verdict is not Verdict.NOT_RUN]
    passed = sum(verdict.verdict is Verdict.PASS for verdict in judged)
    skipped = f", {len(one.not_verified)} not run" if one.not_verified else ""
    if not judged:
        colour = "grey"
    elif one.conformant:
        colour = "green"
    else:
        colour = "red" if any(v.problem for v in judged) else "yellow"
    return Badge(label_of(document), f"{passed}/{len(judged)} kept{skipped}", colour)


def shields(shown: Badge) -> str:
    """Return the JSON of shields.io's endpoint."""
    content = {
        "schemaVersion": 1,
        "label": shown.label,
        "message": shown.message,
        "color": COLOURS[shown.colour].removeprefix("#"),
        "isError": shown.colour == "red",
    }
    return json.dumps(content, indent=1) + "\n"


def svg(shown: Badge) -> str:
    """Return an SVG, 20 pixels high, that says its text to a screen reader, too."""
    label, message = (shortened(plain(text), LONGEST) for text in (shown.label, shown.message))
    left, right = (round(len(text) * CHARACTER + 2 * PADDING) for text in (label, message))
    whole = quoteattr(f"{label}: {message}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{HEIGHT}" role="img" '
        f"aria-label={whole}><title>{escape(f'{label}: {message}')}</title>"
        f'<clipPath id="r"><rect width="{left + right}" height="{HEIGHT}" rx="4"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="{HEIGHT}" fill="#3b434d"/>'
        f'<rect x="{left}" width="{right}" height="{HEIGHT}" fill="{COLOURS[shown.colour]}"/></g>'
        f'<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="{left / 2}" y="14">{escape(label)}</text>'
        f'<text x="{left + right / 2}" y="14">{escape(message)}</text></g></svg>\n'
    )
