"""What is withheld is known by digests: it can be found in what is published, and read by nobody."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import msgspec
import pytest

from slrspec.running.normal import References
from slrspec.running.withheld import FILE, Digests, Search, Withheld, digests, read_withheld, write_withheld
from tests.conftest import slrspec

ACCOUNT = "998877665544"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYzzzzzzzzzz"


@pytest.fixture
def withheld() -> Withheld:
    return Withheld("salt", frozenset(digests("salt", [ACCOUNT, SECRET, "short"])))


@pytest.mark.parametrize(
    "text",
    [
        f"arn:aws:iam::{ACCOUNT}:role/x",
        f"{ACCOUNT}",
        f"db-{ACCOUNT}-prod",
        f"x{ACCOUNT}y",
        f'"SecretAccessKey": "{SECRET}"',
        f"<code>{SECRET}</code>",
    ],
)
def test_it_is_found_wherever_it_stands(withheld: Withheld, text: str) -> None:
    assert list(Search([withheld]).found_in(text))


@pytest.mark.parametrize("text", ["", "123456789012", "arn:aws:iam::<account>:role/x", "short", ACCOUNT + "1"])
def test_nothing_else_is(withheld: Withheld, text: str) -> None:
    assert not list(Search([withheld]).found_in(text))


def test_secrets_and_account_ids_of_an_exchange_are_withheld() -> None:
    references = References(ACCOUNT)
    shown = references.normal({"Arn": f"arn:aws:iam::{ACCOUNT}:role/x", "MasterUserPassword": {"deep": SECRET}})
    assert shown == {"Arn": "arn:aws:iam::<account>:role/x", "MasterUserPassword": "<secret>"}
    assert references.withheld == {ACCOUNT, SECRET}
    references.text("AKIA" + "Q" * 16)
    assert "AKIA" + "Q" * 16 in references.withheld


def test_a_run_leaves_the_digests_for_its_owner_only(tmp_path: Path) -> None:
    assert slrspec("run", "--rule", "RDS-DEL-01", "--out", tmp_path, cwd=tmp_path).returncode == 0
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    withheld = read_withheld(tmp_path)
    assert withheld is not None
    scenarios = json.loads((tmp_path / "results.json").read_text())["scenarios"]
    # each scenario has an account of its own; the password of its DB instance is no secret
    assert len(withheld.digests) == len(scenarios) > 0


def test_several_processes_leave_as_many_digests_as_one(tmp_path: Path) -> None:
    found = []
    for workers in ("1", "2"):
        out = tmp_path / workers
        assert slrspec("run", "-q", "--out", out, "--workers", workers, cwd=tmp_path).returncode == 0
        withheld = read_withheld(out)
        assert withheld is not None
        found.append(len(withheld.digests))
    assert found[0] == found[1] > 80


def test_a_damaged_file_is_no_digests(tmp_path: Path, withheld: Withheld) -> None:
    write_withheld(tmp_path, withheld)
    assert read_withheld(tmp_path) == withheld
    (tmp_path / FILE).write_text("{")
    assert read_withheld(tmp_path) is None


def test_digests_come_in_from_scenarios_and_each_is_there_once() -> None:
    some, others = digests("salt", {"123456789012", "a-secret-of-some-length"}), digests("salt", {"210987654321"})
    taken = Digests()
    assert not taken
    for given in (some, [], others, some):
        taken.update(given)
    assert len(taken) == 3
    assert sorted(taken) == sorted({*some, *others})
    assert taken == Digests([*others, *some]) != Digests(some)
    assert "210987654321" in Withheld("salt", taken)


@pytest.mark.parametrize("number", [0, 1, 3])
def test_digests_are_written_as_others_are_and_read_again(number: int, tmp_path: Path) -> None:
    held = digests("salt[]", [f"a-secret-with-number-{one}" for one in range(number)])
    write_withheld(tmp_path, Withheld("salt[]", Digests(held)))
    as_others_are = msgspec.json.encode(Withheld("salt[]", frozenset(held)), order="deterministic")
    assert (tmp_path / FILE).read_bytes() == as_others_are
    assert read_withheld(tmp_path) == Withheld("salt[]", frozenset(held))
