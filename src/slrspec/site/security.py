"""What a built page is given besides: a content security policy, and what a link to it shows elsewhere."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

INLINE = re.compile(r"<script(?:\s+(?!src)[^>]*)?>(.*?)</script>", re.DOTALL)
HEAD = re.compile(r"<head>")
# A dialog without a name, says axe; the theme leaves it out.
NAMELESS = 'data-md-component="search" role="dialog"'
TITLE = re.compile(r"<title>([^<]*)</title>")
DESCRIPTION = re.compile(r'<meta name="description" content="([^"]*)"')


def harden(site: Path) -> int:
    """Give every page of a site its policy, and return how many pages there are."""
    pages = sorted(site.rglob("*.html"))
    for page in pages:
        page.write_text(hardened(page.read_text(encoding="utf-8")), encoding="utf-8")
    return len(pages)


def hardened(page: str) -> str:
    """Return a page that may load and run what the site itself brings, and nothing else.

    The theme's inline scripts are allowed one by one, by their digests; a script that text from a provider had
    smuggled in would have none.

    Source: Content Security Policy Level 3, https://www.w3.org/TR/CSP3/
    """
    digests = sorted({_digest(script) for script in INLINE.findall(page) if script.strip()})
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(["'self'", *digests]),
        # The theme sets sizes with style attributes; they can neither run nor fetch.
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "frame-src": "'self'",
        "base-uri": "'self'",
        "form-action": "'none'",
    }
    policy = "; ".join(f"{name} {value}" for name, value in rules.items())
    tags = f'<meta http-equiv="Content-Security-Policy" content="{policy}">{_social(page)}'
    named = page.replace(NAMELESS, f'{NAMELESS} aria-label="Search"')
    return HEAD.sub(lambda match: match[0] + tags, named, count=1)


def _digest(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _social(page: str) -> str:
    """Return what other sites show of a link, from the title and description that the page has anyway."""
    title, description = TITLE.search(page), DESCRIPTION.search(page)
    tags = ['<meta property="og:type" content="website">', '<meta name="twitter:card" content="summary">']
    if title:
        tags.append(f'<meta property="og:title" content="{_quoted(title[1])}">')
    if description:
        tags.append(f'<meta property="og:description" content="{_quoted(description[1])}">')
    return "".join(tags)


def _quoted(text: str) -> str:
    return text.replace('"', "&quot;").replace("<", "&lt;")
