"""Known deviations: failures of a provider that somebody looked into, reasoned about and dated."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from slrspec.errors import DeviationError
from slrspec.running.results import Known
from slrspec.running.verdict import Verdict
from slrspec.spec.location import DEFAULT_DOCUMENT
from slrspec.toml import read_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from slrspec.spec.rules import Specification

SHIPPED = Path(__file__).parents[1] / "providers" / "deviations"
KEYS = {"rule": str, "verdict": str, "reason": str, "since": date, "expires": date}
OPTIONAL = {"link": str}
COVERABLE = (Verdict.FAIL, Verdict.UNSUPPORTED)
DRAFT = "TODO"


class Deviation(Struct, frozen=True):
    """One rule that a provider is known to break.

    Attributes
    ----------
    rule
        Id of the rule.
    verdict
        The verdict that is expected, `fail` or `unsupported`; another one is news.
    reason
        What the provider does instead, in a sentence.
    since, expires
        Days. From the day after `expires` on, the entry no longer covers anything.
    link
        The provider's own issue about it, or empty.

    """

    rule: str
    verdict: Verdict
    reason: str
    since: date
    expires: date
    link: str = ""

    @property
    def known(self) -> Known:
        """The entry as it stands in the results."""
        return Known(
            reason=self.reason, since=self.since.isoformat(), expires=self.expires.isoformat(), link=self.link
        )


def shipped_file(provider: str, document: str = "") -> Path:
    """Return where slrspec ships a provider's deviations from a document's rules, whether or not there are any.

    Those from the RDS page lie beside the folders of the other documents.
    """
    folder = SHIPPED if document in {"", DEFAULT_DOCUMENT} else SHIPPED / document
    return folder / f"{provider.partition(':')[0]}.toml"


def read_deviations(file: Path, specification: Specification) -> dict[str, Deviation]:
    """Read a deviations file, and check it against the rules.

    Returns
    -------
    dict
        The entries by rule id, in the order of the file.

    Raises
    ------
    DeviationError
        If the file is no TOML, an entry lacks a key, has one too many or one of the wrong type, names an unknown
        rule, names one twice, or is a draft that nobody has completed.

    """
    text, data = read_toml(file, DeviationError)
    unknown = set(data) - {"deviation"}
    if unknown:
        raise DeviationError(f"unknown table [{min(unknown)}]", where=(file, None), hint="[[deviation]] is known")
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line.strip() == "[[deviation]]"]
    entries: dict[str, Deviation] = {}
    for index, entry in enumerate(data.get("deviation", [])):
        where = (file, lines[index] if index < len(lines) else None)
        deviation = _checked(entry, where)
        if deviation.rule in specification.other_editions:
            continue
        if deviation.rule not in specification.by_id:
            raise DeviationError(f"unknown rule {deviation.rule!r}", where=where, hint="slrspec rules lists them")
        if deviation.rule in entries:
            raise DeviationError(f"a second entry for {deviation.rule}", where=where)
        entries[deviation.rule] = deviation
    return entries


def _checked(entry: Mapping[str, Any], where: tuple[Path, int | None]) -> Deviation:
    for key in entry:
        if key not in KEYS | OPTIONAL:
            raise DeviationError(f"unknown key {key!r}", where=where, hint=f"known: {', '.join(KEYS | OPTIONAL)}")
    for key, kind in (KEYS | {key: kind for key, kind in OPTIONAL.items() if key in entry}).items():
        if key not in entry:
            raise DeviationError(f"the key {key!r} is missing", where=where)
        if type(entry[key]) is not kind:
            expected = "a date like 2026-12-31" if kind is date else "a text"
            raise DeviationError(f"{key} must be {expected}", where=where)
    if entry["verdict"] not in COVERABLE:
        raise DeviationError(
            f"a deviation cannot cover the verdict {entry['verdict']!r}",
            where=where,
            hint="fail or unsupported",
        )
    if not entry["reason"].strip() or entry["reason"].startswith(DRAFT):
        raise DeviationError(f"the entry for {entry['rule']} is a draft", where=where, hint="write its reason")
    return Deviation(
        entry["rule"],
        Verdict(entry["verdict"]),
        entry["reason"],
        entry["since"],
        entry["expires"],
        entry.get("link", ""),
    )


def problem(verdict: Verdict, deviation: Deviation | None, today: date, *, whole: bool) -> str:
    """Return why a rule's verdict breaks the run, or nothing if it does not.

    Parameters
    ----------
    verdict
        The rule's verdict on the provider.
    deviation
        The provider's entry for the rule, if it has one.
    today
        The day against which entries expire.
    whole
        Whether all scenarios of the rule ran; a part of them passing is no news.

    """
    if deviation is not None and deviation.expires < today:
        return f"its deviation expired on {deviation.expires.isoformat()}"
    if verdict is Verdict.ERROR:
        return "nobody can tell"
    if verdict is Verdict.PASS:
        return "passes, although it is listed as a deviation" if deviation and whole else ""
    if verdict is Verdict.NOT_RUN:
        return ""
    if deviation is None:
        return "new failure" if verdict is Verdict.FAIL else "not supported, and not listed as a deviation"
    return "" if deviation.verdict is verdict else f"listed as {deviation.verdict}, but it is {verdict}"


def draft(entries: Iterable[tuple[str, Verdict, str]], today: date, expires: date) -> str:
    """Return TOML for a person to complete: one entry for each rule, its verdict and what was seen.

    Until the reason is written in place of `TODO`, the file is refused.
    """
    blocks = [
        "\n".join(
            [
                "[[deviation]]",
                f'rule = "{rule}"',
                f'verdict = "{verdict}"',
                f"reason = {_quoted(f'{DRAFT}: {seen}')}",
                f"since = {today.isoformat()}",
                f"expires = {expires.isoformat()}",
            ]
        )
        for rule, verdict, seen in entries
    ]
    return "\n\n".join(blocks) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'
