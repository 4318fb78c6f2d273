"""Evidence lies on disk, comes back as it was, and goes with the run."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import msgspec
import pytest

from slrspec.running.engine import Observer, Request, execute
from slrspec.running.evidence import Evidence, Finished, Results, Spool, by_rule
from slrspec.running.results import Run, ScenarioResult, encode
from slrspec.running.selection import Selection
from slrspec.running.verdict import Verdict


@pytest.fixture(scope="module")
def run() -> Run:
    return execute(Request(("moto",), Selection(sections=("editing",))), Observer(lambda _: None))


def one(scenario: str, **more: Any) -> ScenarioResult:
    return ScenarioResult(
        scenario=scenario, rule="RDS-DEL-01", provider="moto", name="A name", verdict=Verdict.PASS, **more
    )


def test_a_run_is_encoded_piece_by_piece_to_the_byte_as_in_one_go(run: Run) -> None:
    assert isinstance(run.scenarios, Evidence)
    in_memory = msgspec.structs.replace(run, scenarios=list(run.scenarios))
    assert run == in_memory
    without = msgspec.structs.replace(run, scenarios=[])
    for some in (in_memory, without, msgspec.structs.replace(without, rules=[])):
        assert encode(some) == msgspec.json.format(msgspec.json.encode(some), indent=2) + b"\n"
    assert encode(run) == encode(in_memory)


def test_results_come_back_in_any_order_and_the_last_one_of_a_scenario_counts() -> None:
    results = Results()
    first = one("a")
    later = one("a", reason="could not be cleaned up: \u2028 \n é")
    results.add(Finished.of(first))
    other = results.add(Finished.of(one("b", names=["x"] * 10_000)))
    results.add(Finished.of(later))
    assert (len(results), results.scenarios) == (2, {"a", "b"})
    found = results.get("moto", "a")
    assert found is not None
    assert found.reason == later.reason
    assert results.get("documented", "a") is None
    evidence = results.in_order([other, found, other])
    assert list(evidence) == [one("b", names=["x"] * 10_000), later, one("b", names=["x"] * 10_000)]
    assert evidence[1] == evidence[-2] == later
    assert evidence[1:] == [later, evidence[0]]
    assert evidence != [later]


@pytest.mark.parametrize("on_disk", [True, False])
def test_a_rules_results_are_found_and_only_they_are_read(on_disk: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    results = Results()
    of_another = msgspec.structs.replace(one("RDS-DEL-02/b"), rule="RDS-DEL-02")
    given = [one("RDS-DEL-01/a"), of_another, one("RDS-DEL-01/c")]
    evidence = results.in_order([results.add(Finished.of(result)) for result in given])
    read: list[str] = []
    original = Spool.read
    monkeypatch.setattr(Spool, "read", lambda spool, j: read.append(j.scenario) or original(spool, j))  # type: ignore[func-returns-value]
    of = by_rule(evidence if on_disk else given)
    assert of("RDS-DEL-01", "moto") == [given[0], given[2]]
    assert of("RDS-DEL-01", "documented") == []
    assert read == (["RDS-DEL-01/a", "RDS-DEL-01/c"] if on_disk else [])


def test_the_file_has_no_name_and_goes_with_the_run() -> None:
    def held() -> int:
        links = (file.readlink() for file in Path("/proc/self/fd").iterdir() if file.is_symlink())
        return sum("(deleted)" in str(link) for link in links)

    gc.collect()  # what other tests have left
    before = held()
    results = Results()
    evidence = results.in_order([results.add(Finished.of(one("a")))])
    del results
    assert held() == before + 1
    assert evidence[0] == one("a")
    del evidence
    gc.collect()
    assert held() == before
