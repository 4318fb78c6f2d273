"""Evidence lies on disk, comes back as it was, and goes with the run."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import msgspec
import pytest

from slrspec.running.engine import Observer, Request, execute
from slrspec.running.evidence import Evidence, Finished, Judged, Records, Results, by_rule
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
    assert isinstance(run.rules, Records)
    in_memory = msgspec.structs.replace(run, rules=list(run.rules), scenarios=list(run.scenarios))
    assert run == in_memory
    without = msgspec.structs.replace(in_memory, scenarios=[])
    for some in (in_memory, without, msgspec.structs.replace(without, rules=[])):
        assert encode(some) == msgspec.json.format(msgspec.json.encode(some), indent=2) + b"\n"
    assert encode(run) == encode(in_memory)


def test_results_come_back_in_any_order_and_the_last_one_of_a_scenario_counts() -> None:
    results = Results()
    first = one("a")
    later = one("a", reason="could not be cleaned up: \u2028 \n é")
    results.add(Finished.of(first))
    results.add(Finished.of(one("b", names=["x"] * 10_000)))
    results.add(Finished.of(later))
    assert (len(results), results.scenarios) == (2, {"a", "b"})
    found = results.get("moto", "a")
    assert found == Judged("moto", "a", Verdict.PASS, later.reason, ran=False)
    assert results.get("documented", "a") is None
    assert ("documented", "a") not in results
    with pytest.raises(KeyError):
        results.in_order([("documented", "a")])
    evidence = results.in_order([("moto", "b"), ("moto", "a"), ("moto", "b")])
    assert list(evidence) == [one("b", names=["x"] * 10_000), later, one("b", names=["x"] * 10_000)]
    assert evidence[1] == evidence[-2] == later
    assert evidence[1:] == [later, evidence[0]]
    results.add(Finished.of(one("c")))  # behind all others, though the first one was read last
    assert list(results.in_order([("moto", name) for name in "abc"])) == [later, evidence[0], one("c")]
    assert evidence != [later]
    assert [judged.reason for judged in evidence.judged] == ["", later.reason, ""]


@pytest.mark.parametrize("on_disk", [True, False])
def test_a_rules_results_are_found_and_only_they_are_read(on_disk: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    of_another = msgspec.structs.replace(one("RDS-DEL-02/b"), rule="RDS-DEL-02")
    given = [one("RDS-DEL-01/a"), of_another, one("RDS-DEL-01/c")]
    results = Results()
    for result in given:
        results.add(Finished.of(result))
    evidence = results.in_order((result.provider, result.scenario) for result in given)
    read: list[str] = []
    original = Evidence._read

    def reading(evidence: Evidence, start: int) -> ScenarioResult:
        result = original(evidence, start)
        read.append(result.scenario)
        return result

    monkeypatch.setattr(Evidence, "_read", reading)
    of = by_rule(evidence if on_disk else given)
    assert of("RDS-DEL-01", "moto") == [given[0], given[2]]
    assert of("RDS-DEL-01", "documented") == []
    assert read == (["RDS-DEL-01/a", "RDS-DEL-01/c"] if on_disk else [])


def test_the_file_has_no_name_and_goes_with_the_run() -> None:
    def held() -> set[int]:
        """Return the files that this process holds and nobody else can open; others' may go at any time."""
        links = [file for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]
        return {file.stat().st_ino for file in links if "(deleted)" in str(file.readlink())}

    gc.collect()  # what other tests have left, whose number a new file could have
    before = held()
    results = Results()
    results.add(Finished.of(one("a")))
    [ours] = held() - before
    evidence = results.in_order([("moto", "a")])
    del results
    assert ours in held()
    assert evidence[0] == one("a")
    del evidence
    gc.collect()
    assert ours not in held()
