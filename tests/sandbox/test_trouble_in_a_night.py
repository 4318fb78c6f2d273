"""Trouble beside the scenarios: it is told for what it is, and no rule fails by it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from slrspec.running.withheld import read_withheld
from slrspec.sandbox.journal import read_journal
from tests.sandbox.faulty_proxy import Plan, denied, proxied
from tests.sandbox.places import Place, clean_environment
from tests.sandbox.rehearsal import ALIAS, Rehearsal
from tests.sandbox.whole_account import everything

# The command, after something of slrspec's own has been spoiled.
SPOILED = """
{spoil}
import sys
from slrspec.cli import main
sys.argv[0] = "slrspec"
main()
"""
Judged = dict[str, tuple[str, str]]


def spoiled(found: Rehearsal, spoil: str, *rules: str) -> subprocess.CompletedProcess[str]:
    """Run a night of some rules in which slrspec itself does something else at one place."""
    given = ("run", "--provider", "aws", "--max-usd", "100", "--confirm", ALIAS, "--no-history", "-q")
    return subprocess.run(
        [sys.executable, "-c", SPOILED.format(spoil=spoil), *given, *selected(*rules)],
        cwd=found.folder,
        env=clean_environment() | found.credentials,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def selected(*rules: str) -> list[str]:
    return [part for rule in rules for part in ("--rule", rule)]


def judged(found: Rehearsal) -> Judged:
    return {one["rule"]: (one["verdict"], one["reason"]) for one in found.results()["scenarios"]}


def refusals(found: Rehearsal, rule: str, operation: str) -> list[bool]:
    """Whether each call of an operation was refused, by a rule's evidence."""
    (one,) = [one for one in found.results()["scenarios"] if one["rule"] == rule]
    return [bool(made["error"]) for made in one["exchanges"] if made["operation"] == operation]


# ---- what one scenario has left


NOT_LOOKED_AT = """
import slrspec.providers.aws as aws
plainly, calls = aws.give_back, []
def give_back(held, started):
    calls.append(started)
    if len(calls) == 1:
        raise OSError("nobody could look at it")
    plainly(held, started)
aws.give_back = give_back
"""
NOT_DELETED = """
import slrspec.sandbox.tidying as tidying
plainly, calls = tidying.delete_instances, []
def delete_instances(held, instances):
    there = [one for one in instances if tidying.status_of(held, *one) != "gone"]
    calls.extend(there)
    if there and len(calls) == len(there):
        held.left.append("DB instance %s in %s" % there[0])
    else:
        plainly(held, instances)
tidying.delete_instances = delete_instances
"""
NEVER_DELETED = """
import slrspec.sandbox.tidying as tidying
plainly = tidying.delete_instances
def delete_instances(held, instances):
    if held.ending:
        return plainly(held, instances)
    there = [one for one in instances if tidying.status_of(held, *one) != "gone"]
    held.left.extend("DB instance %s in %s" % one for one in there)
tidying.delete_instances = delete_instances
"""


@pytest.mark.parametrize(
    ("spoil", "rules"),
    [
        (NOT_LOOKED_AT, ("RDS-CRE-05", "RDS-DEL-10")),
        (NOT_DELETED, ("RDS-PER-16", "RDS-DEL-02")),
    ],
    ids=["nobody looked at it", "it was not deleted in time"],
)
def test_an_instance_that_one_scenario_has_left_is_taken_away_before_the_next(
    spoil: str, rules: tuple[str, str], documented_place: Place, tmp_path: Path
) -> None:
    found = Rehearsal(documented_place, tmp_path, documented_place.url)
    before = everything(documented_place)
    run = spoiled(found, spoil, *rules)
    assert run.returncode == 4, run.stdout + run.stderr
    assert {rule: verdict for rule, (verdict, _) in judged(found).items()} == dict(
        zip(rules, ("error", "pass"), strict=True)
    )
    assert everything(documented_place) == before


def test_where_an_instance_stays_the_next_scenario_is_not_judged(documented_place: Place, tmp_path: Path) -> None:
    found = Rehearsal(documented_place, tmp_path, documented_place.url)
    before = everything(documented_place)
    run = spoiled(found, NEVER_DELETED, "RDS-PER-16", "RDS-DEL-02")
    assert run.returncode == 4, run.stdout + run.stderr
    verdict, reason = judged(found)["RDS-DEL-02"]
    assert verdict == "error"
    assert "a DB instance of an earlier scenario is still there" in reason
    assert everything(documented_place) == before


# ---- what is started for later scenarios


# PER-16 makes two calls: the first is refused, as the rule has it. The third one is for DEL-20.
@pytest.mark.parametrize(("times", "verdict"), [(1, "pass"), (10, "error")])
def test_a_refusal_of_an_instance_for_a_later_scenario_is_that_scenarios(
    times: int, verdict: str, documented_place: Place, tmp_path: Path
) -> None:
    third = Plan(denied, at=3, times=times, concerns=lambda call: call.operation == "CreateDBInstance")
    with proxied(documented_place.url, documented_place.account, third) as proxy:
        found = Rehearsal(documented_place, tmp_path, proxy.url)
        before = everything(documented_place)
        run = found.run("-q", *selected("RDS-PER-16", "RDS-DEL-20"))
    assert proxy.spoiled, run.stdout + run.stderr
    told = judged(found)
    assert told["RDS-PER-16"] == ("pass", "")
    assert refusals(found, "RDS-PER-16", "CreateDBInstance") == [True, False]
    assert told["RDS-DEL-20"][0] == verdict
    assert ("could not be prepared" in told["RDS-DEL-20"][1]) == (verdict == "error")
    assert everything(documented_place) == before


# ---- what may be said of it


NOT_PREPARED = """
import slrspec.sandbox.preparing as preparing
def start(held, need):
    raise OSError(f"arn:aws:sts::{held.settings.account_id}:assumed-role/night may not")
preparing._start = start
"""
NOT_GIVEN_BACK = """
import slrspec.providers.aws as aws
def give_back(held, started):
    raise OSError(f"arn:aws:sts::{held.settings.account_id}:assumed-role/night may not")
aws.give_back = give_back
"""


@pytest.mark.parametrize("spoil", [NOT_PREPARED, NOT_GIVEN_BACK], ids=["not prepared", "not given back"])
def test_trouble_beside_a_scenario_does_not_tell_the_account(
    spoil: str, documented_place: Place, tmp_path: Path
) -> None:
    found = Rehearsal(documented_place, tmp_path, documented_place.url)
    run = spoiled(found, spoil, "RDS-DEL-20")
    assert run.returncode == 4, run.stdout + run.stderr
    (verdict, reason) = judged(found)["RDS-DEL-20"]
    assert verdict == "error"
    assert "arn:aws:sts::<account>:assumed-role/night may not" in reason
    assert documented_place.account not in (tmp_path / ".slrspec" / "results.json").read_text()
    withheld = read_withheld(tmp_path / ".slrspec")
    assert withheld is not None
    assert documented_place.account in withheld


# ---- the end of the session


LATE = """
import datetime
import slrspec.sandbox.account as account
class Late(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.now(tz) + datetime.timedelta(minutes=97)
account.datetime = Late
"""


def test_in_the_last_minutes_of_a_session_no_instance_is_created(documented_place: Place, tmp_path: Path) -> None:
    """Of two hours 23 minutes are left; the lease would last five more."""
    found = Rehearsal(documented_place, tmp_path, documented_place.url)
    run = spoiled(found, LATE, "RDS-EDT-01", "RDS-DEL-20", "RDS-CRE-05")
    assert run.returncode == 0, run.stdout + run.stderr
    told = judged(found)
    assert told["RDS-EDT-01"] == ("pass", "")
    for rule in ("RDS-DEL-20", "RDS-CRE-05"):
        assert told[rule] == ("not-run", "the session ends too soon to clean up: 22 minutes are left")
    journal = read_journal(tmp_path / ".slrspec" / "journal.jsonl")
    assert [one for one in journal if one.operation == "CreateDBInstance"] == []
