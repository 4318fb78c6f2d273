"""A deviation covers exactly one verdict of one rule, until a day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from slrspec.errors import DeviationError
from slrspec.running.deviations import Deviation, draft, problem, read_deviations, shipped_file
from slrspec.running.verdict import Verdict
from slrspec.spec.rules import Specification

TODAY = date(2026, 11, 23)
TOMORROW = date(2026, 11, 24)
YESTERDAY = date(2026, 11, 22)
GOOD = """[[deviation]]
rule = "RDS-DEL-01"
verdict = "fail"
reason = "It deletes the role."
since = 2026-11-23
expires = 2027-05-31
"""


def entry(verdict: Verdict = Verdict.FAIL, expires: date = TOMORROW) -> Deviation:
    return Deviation("RDS-DEL-01", verdict, "because", YESTERDAY, expires)


@pytest.mark.parametrize(
    ("verdict", "deviation", "said"),
    [
        (Verdict.PASS, None, ""),
        (Verdict.NOT_RUN, None, ""),
        (Verdict.FAIL, None, "new failure"),
        (Verdict.UNSUPPORTED, None, "not supported, and not listed"),
        (Verdict.ERROR, None, "nobody can tell"),
        (Verdict.FAIL, entry(), ""),
        (Verdict.UNSUPPORTED, entry(Verdict.UNSUPPORTED), ""),
        (Verdict.UNSUPPORTED, entry(), "listed as fail, but it is unsupported"),
        (Verdict.ERROR, entry(), "nobody can tell"),
        (Verdict.PASS, entry(), "passes, although"),
        (Verdict.NOT_RUN, entry(), ""),
        (Verdict.FAIL, entry(expires=YESTERDAY), "expired"),
        (Verdict.PASS, entry(expires=YESTERDAY), "expired"),
        (Verdict.NOT_RUN, entry(expires=YESTERDAY), "expired"),
        (Verdict.FAIL, entry(expires=TODAY), ""),
    ],
)
def test_what_breaks_a_run(verdict: Verdict, deviation: Deviation | None, said: str) -> None:
    found = problem(verdict, deviation, TODAY, whole=True)
    assert said in found
    assert bool(said) == bool(found)


def test_a_part_of_a_rule_that_passes_is_no_news() -> None:
    assert problem(Verdict.PASS, entry(), TODAY, whole=False) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[deviation]\n", "not TOML"),
        ("[other]\n", "unknown table [other]"),
        (GOOD.replace("RDS-DEL-01", "RDS-DEL-99"), "1: unknown rule 'RDS-DEL-99'"),
        (GOOD + "\n" + GOOD, "8: a second entry for RDS-DEL-01"),
        (GOOD.replace('verdict = "fail"\n', ""), "1: the key 'verdict' is missing"),
        (GOOD.replace('"fail"', '"error"'), "cannot cover the verdict 'error'"),
        (GOOD.replace("expires = 2027-05-31", 'expires = "soon"'), "expires must be a date"),
        (GOOD.replace("reason =", "reasons ="), "unknown key 'reasons'"),
        (GOOD.replace("It deletes the role.", " "), "is a draft"),
        (GOOD.replace("It deletes the role.", "TODO: why"), "is a draft"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(
    tmp_path: Path, specification: Specification, text: str, said: str
) -> None:
    file = tmp_path / "moto.toml"
    file.write_text(text)
    with pytest.raises(DeviationError) as caught:
        read_deviations(file, specification)
    assert said in str(caught.value)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path, specification: Specification) -> None:
    with pytest.raises(DeviationError, match="cannot be read"):
        read_deviations(tmp_path / "nowhere.toml", specification)


def test_a_draft_is_refused_until_somebody_has_completed_it(tmp_path: Path, specification: Specification) -> None:
    seen = 'expected "a\\b"\nand\x00 a `quote`'
    file = tmp_path / "moto.toml"
    file.write_text(draft([("RDS-DEL-01", Verdict.FAIL, seen)], TODAY, TOMORROW))
    with pytest.raises(DeviationError, match="is a draft"):
        read_deviations(file, specification)
    file.write_text(file.read_text().replace("TODO: ", ""))
    completed = read_deviations(file, specification)["RDS-DEL-01"]
    assert completed.reason == seen
    assert (completed.since, completed.expires) == (TODAY, TOMORROW)


def test_the_shipped_deviations_of_moto_are_in_order(specification: Specification) -> None:
    entries = read_deviations(shipped_file("moto"), specification)
    assert list(entries) == [rule.id for rule in specification.rules if rule.id in entries]
    assert all(entry.since <= date(2026, 11, 25) < entry.expires for entry in entries.values())
