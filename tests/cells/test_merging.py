"""Merging: the same bytes in any order, nothing lost, and whatever does not belong is refused by name."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from slrspec.cells.bundle import ENDING, Bundle, read_bundle, seal, write_bundle
from slrspec.cells.merging import Chosen, choose, merge, merged_withheld
from slrspec.cells.plan import Place, Plan, encode, make_plan
from slrspec.errors import BundleError, PlanError
from slrspec.running import results
from slrspec.running.results import Run, read_run, schema
from slrspec.running.selection import Selection
from slrspec.running.verdict import Verdict
from slrspec.spec.rules import Specification
from tests.cells.many import bundle_of, cut, flip, plan_of_200, rewrite
from tests.conftest import slrspec

Named = list[tuple[str, Bundle]]


@pytest.fixture(scope="module")
def moto_run(moto_results: dict[str, Any]) -> Run:
    return msgspec.convert(moto_results, Run)


@pytest.fixture(scope="module")
def plan(specification: Specification) -> Plan:
    return plan_of_200(specification)


@pytest.fixture(scope="module")
def bundles(plan: Plan, moto_run: Run) -> Named:
    return [(f"{cell.id}{ENDING}", bundle_of(plan, cell, moto_run)) for cell in plan.cells]


def without(bundles: Named, *numbers: int) -> Named:
    return [one for number, one in enumerate(bundles) if number not in numbers]


def only(chosen: Chosen) -> Run:
    (run,) = merge(chosen).values()
    return run


# ---- what is merged


def test_two_hundred_bundles_give_the_same_bytes_in_any_order(bundles: Named) -> None:
    assert len(bundles) == 200
    found = set()
    for seed in range(4):
        shuffled = random.Random(seed).sample(bundles, len(bundles))
        found.add(results.encode(only(choose(shuffled))))
    assert len(found) == 1


def test_every_cell_finds_its_place(bundles: Named, plan: Plan, moto_run: Run) -> None:
    merged = only(choose(bundles))
    assert [p.name for p in merged.providers] == list(dict.fromkeys(cell.provider for cell in plan.cells))
    assert [rule.id for rule in merged.rules] == [rule.id for rule in moto_run.rules]
    for rule, single in zip(merged.rules, moto_run.rules, strict=True):
        assert {verdict.verdict for verdict in rule.verdicts} == {single.verdicts[0].verdict}
        assert len(rule.verdicts) == len(merged.providers)
    assert len(merged.scenarios) == len(moto_run.scenarios) * len(merged.providers)
    assert merged.run.complete
    assert not merged.run.interrupted
    assert merged.exit_code == 0


def test_the_merged_results_keep_the_schema(specification: Specification, moto_run: Run) -> None:
    plan = make_plan([specification], Selection(), [Place("moto", "-")], shards=9, version=moto_run.suite.version)
    made = [(cell.id, bundle_of(plan, cell, moto_run)) for cell in plan.cells[1:3]]
    merged = msgspec.to_builtins(only(choose(made)))
    jsonschema.Draft202012Validator(schema()).validate(merged)


def test_a_missing_cells_rules_are_not_run_with_the_reason(bundles: Named, plan: Plan) -> None:
    chosen = choose(without(bundles, 17))
    gone = plan.cells[17]
    merged = only(chosen)
    assert chosen.missing == (gone,)
    rules = {rule.id for rule in plan.rules_of(gone)}
    reason = f"no bundle of the cell {gone.id} arrived"
    for rule in merged.rules:
        (verdict,) = [v for v in rule.verdicts if v.provider == gone.provider]
        assert (verdict.reason == reason) is (rule.id in rules)
        if rule.id in rules:
            assert verdict.verdict is Verdict.NOT_RUN
            assert rule.id in merged.not_verified
    for result in merged.scenarios:
        assert (result.reason == reason) is (result.rule in rules and result.provider == gone.provider)


def test_a_missing_cell_is_neither_a_success_nor_a_whole_run(bundles: Named) -> None:
    merged = only(choose(without(bundles, 17)))
    assert (merged.exit_code, merged.run.complete, merged.run.interrupted) == (4, False, True)


def test_a_provider_none_of_whose_cells_came_has_a_column_all_the_same(bundles: Named, plan: Plan) -> None:
    merged = only(choose(bundles[8:]))
    assert merged.providers[0].name == plan.cells[0].provider
    assert merged.providers[0].product == "unknown"
    assert merged.totals[0].not_run == merged.totals[0].rules == len(merged.rules)


def test_the_digests_of_all_cells_are_kept(bundles: Named) -> None:
    withheld = merged_withheld(choose(bundles))
    for _, bundle in bundles:
        assert f"secret of {bundle.cell}" in withheld
    assert list(withheld.digests) == sorted(withheld.digests)  # or each merging would write other bytes


def test_another_cell_gives_the_run_another_id(bundles: Named) -> None:
    ids = {only(choose(some)).run.id for some in (bundles, without(bundles, 1), without(bundles, 2))}
    assert len(ids) == 3


def test_the_merged_run_lasts_from_the_first_beginning_to_the_last_end(bundles: Named) -> None:
    merged = only(choose(bundles))
    assert merged.run.started == "2026-11-25T03:00:00.000+00:00"
    assert merged.run.duration_ms == 59_000 + 1000 + 179


def test_what_cells_do_not_agree_on_stands_side_by_side(bundles: Named, plan: Plan) -> None:
    name, first = bundles[0]
    run = msgspec.structs.replace(first.run, environment=first.run.environment | {"python": "3.99.0"})
    other = seal(plan, plan.cells[0], run, first.withheld, first.judged)
    merged = only(choose([(name, other), *bundles[1:]]))
    assert merged.environment["python"].endswith(", 3.99.0")


def test_a_cell_that_was_interrupted_makes_the_merged_run_so(bundles: Named, plan: Plan) -> None:
    name, first = bundles[0]
    run = msgspec.structs.replace(first.run, run=msgspec.structs.replace(first.run.run, interrupted=True))
    merged = only(choose([(name, seal(plan, plan.cells[0], run, first.withheld, 0)), *bundles[1:]]))
    assert (merged.run.interrupted, merged.run.complete, merged.exit_code) == (True, False, 4)


def test_a_cell_that_lost_a_scenario_makes_the_merged_run_partial(bundles: Named, plan: Plan) -> None:
    name, first = bundles[0]
    merged = only(
        choose([(name, seal(plan, plan.cells[0], first.run, first.withheld, first.judged - 1)), *bundles[1:]])
    )
    assert not merged.run.complete


def test_accounts_and_regions_are_columns_of_their_own_without_their_ids(
    specification: Specification, moto_run: Run
) -> None:
    places = [Place("aws", region, number * 12) for number in "12" for region in ("eu-west-1", "us-east-1")]
    plan = make_plan([specification], Selection(), places, version=moto_run.suite.version)
    merged = only(choose((cell.id, bundle_of(plan, cell, moto_run)) for cell in plan.cells))
    assert len({provider.name for provider in merged.providers}) == 4
    assert all(name.startswith("aws@a-") for name in (provider.name for provider in merged.providers))
    assert [p.settings["Region"] for p in merged.providers] == ["eu-west-1", "us-east-1"] * 2
    assert not any(number * 12 in results.encode(merged).decode() for number in "12")


def test_each_document_has_results_of_its_own(specification: Specification, moto_run: Run) -> None:
    from msgspec.structs import replace

    other = replace(specification, document=replace(specification.document, id="other"))
    plan = make_plan([specification, other], Selection(), [Place("moto", "-")], version=moto_run.suite.version)
    made = [(cell.id, bundle_of(plan, cell, _judging(moto_run, cell.document))) for cell in plan.cells]
    assert {name: run.document.id for name, run in merge(choose(made)).items()} == {"rds": "rds", "other": "other"}


def _judging(run: Run, document: str) -> Run:
    return msgspec.structs.replace(run, document=msgspec.structs.replace(run.document, id=document))


# ---- what is refused


def test_none_of_two_bundles_of_a_cell_is_taken(bundles: Named) -> None:
    chosen = choose([*bundles, ("again", bundles[5][1])])
    assert [refused.file for refused in chosen.refused] == sorted(["again", bundles[5][0]])
    assert all("duplicate" in refused.why for refused in chosen.refused)
    reasons = {v.reason for rule in only(chosen).rules for v in rule.verdicts if "more than one" in v.reason}
    assert reasons == {f"more than one bundle of the cell {bundles[5][1].cell} arrived"}


def test_a_bundle_of_another_plan_is_refused(bundles: Named, specification: Specification, moto_run: Run) -> None:
    other = plan_of_200(specification, region="eu-west-1")
    stranger = bundle_of(other, other.cells[0], moto_run)
    chosen = choose([*bundles, ("stranger", stranger)])
    assert [str(refused) for refused in chosen.refused] == [
        f"stranger: foreign: of the plan {other.hash[:12]}, not {bundles[0][1].plan_hash[:12]}"
    ]
    assert only(chosen) == only(choose(bundles))


def test_what_is_refused_is_told_in_one_order_whatever_the_other(
    bundles: Named, specification: Specification, moto_run: Run
) -> None:
    other = plan_of_200(specification, region="eu-west-1")
    several = [(name, bundles[5][1]) for name in ("a", "b", "c")]
    several += [("z", bundle_of(other, other.cells[0], moto_run)), *bundles[:3]]
    told = {tuple(map(str, choose(random.Random(seed).sample(several, 7)).refused)) for seed in range(9)}
    (lines,) = told
    assert [line.partition(":")[0] for line in lines] == ["a", "b", "c", "z"]


def test_a_plan_that_leaves_rules_out_is_refused_although_its_bundle_is_sealed(bundles: Named, plan: Plan) -> None:
    forged = msgspec.structs.replace(plan, cells=plan.cells[1:])
    first = bundles[1][1]
    with pytest.raises(PlanError, match="do not judge each rule once"):
        choose([("one", seal(forged, plan.cells[1], first.run, first.withheld, first.judged))])


def test_the_plan_that_is_named_decides_and_not_the_majority(
    bundles: Named, specification: Specification, moto_run: Run
) -> None:
    other = plan_of_200(specification, region="eu-west-1")
    stranger = bundle_of(other, other.cells[0], moto_run)
    chosen = choose([*bundles[:3], ("stranger", stranger)], other)
    assert len(chosen.refused) == 3
    assert set(chosen.bundles) == {stranger.cell}


def test_as_many_bundles_of_one_plan_as_of_another_cannot_be_merged(
    bundles: Named, specification: Specification, moto_run: Run
) -> None:
    other = plan_of_200(specification, region="eu-west-1")
    with pytest.raises(PlanError, match="as many of each"):
        choose([bundles[0], ("stranger", bundle_of(other, other.cells[0], moto_run))])


def test_nothing_is_merged_out_of_nothing(plan: Plan) -> None:
    with pytest.raises(PlanError, match="nobody knows the plan"):
        choose([])
    with pytest.raises(PlanError, match="nothing to merge"):
        merge(choose([], plan))


DAMAGE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "one byte changed": (flip, "damaged: "),
    "cut off": (cut, "damaged: "),
    "empty": (lambda file: file.write_bytes(b""), "no bundle of slrspec"),
    "no archive": (lambda file: file.write_text("{}"), "damaged: "),
    "a verdict changed": (
        lambda file: rewrite(file, b'"verdict":"fail"', b'"verdict":"pass"'),
        "damaged: its content is not what its digest says",
    ),
    "the digest changed": (lambda file: rewrite(file, b'"digest":"', b'"digest":"0'), "what its digest says"),
    "a field too many": (lambda file: rewrite(file, b'"judged"', b'"more":1,"judged"'), "no bundle of slrspec"),
    "gone": (lambda file: file.unlink(), "cannot be read: No such file or directory"),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_bundle_is_refused(how: str, bundles: Named, tmp_path: Path) -> None:
    spoil, said = DAMAGE[how]
    file = write_bundle(tmp_path, bundles[0][1])
    assert read_bundle(file) == bundles[0][1]
    spoil(file)
    with pytest.raises(BundleError, match=said) as refused:
        read_bundle(file)
    assert refused.value.where == (file, None)


def resealed(bundle: Bundle, **changes: Any) -> Bundle:
    """Return a bundle that somebody has changed, digest and all."""
    from slrspec.cells.bundle import digest

    changed = msgspec.structs.replace(bundle, digest="", **changes)
    return msgspec.structs.replace(changed, digest=digest(changed))


def judging(run: Run, *verdicts: Verdict) -> Run:
    """Return a run whose rules have other verdicts than their scenarios, or none."""
    replace = msgspec.structs.replace
    rules = [
        replace(rule, verdicts=[replace(rule.verdicts[0], verdict=one) for one in verdicts]) for rule in run.rules
    ]
    return replace(run, rules=rules)


def begun(run: Run, started: str, duration_ms: float = 1.0) -> Run:
    """Return a run of another time."""
    info = msgspec.structs.replace(run.run, started=started, duration_ms=duration_ms)
    return msgspec.structs.replace(run, run=info)


def unsharded(bundle: Bundle) -> dict[str, Any]:
    """Return the changes to a bundle whose plan has cells of no shards."""
    cells = [msgspec.structs.replace(cell, shards=0) for cell in bundle.plan.cells]
    plan = msgspec.structs.replace(bundle.plan, cells=cells)
    return {"plan": plan, "plan_hash": plan.hash}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (lambda b, _: {"plan_hash": "0" * 64}, "its plan is not the one that its hash says"),
        (lambda b, _: {"cell": "nowhere"}, "its plan has no cell 'nowhere'"),
        (lambda b, o: {"cell": o.cell}, "its rules are not those"),
        (lambda b, _: {"rules": b.rules[1:]}, "its rules are not those"),
        (lambda b, o: {"run": o.run}, "its rules are not those"),
        (
            lambda b, _: {"run": msgspec.structs.replace(b.run, scenarios=b.run.scenarios[1:])},
            "its scenarios are not those",
        ),
        (lambda b, _: {"run": msgspec.structs.replace(b.run, providers=[])}, "its results are not of documented:"),
        (
            lambda b, _: {
                "run": msgspec.structs.replace(b.run, suite=msgspec.structs.replace(b.run.suite, version="0.0.9"))
            },
            "another slrspec, or other features",
        ),
        (
            lambda b, _: {"withheld": msgspec.structs.replace(b.withheld, salt="0")},
            "its digests have another salt",
        ),
        (lambda b, _: {"run": judging(b.run, Verdict.ERROR)}, "its verdict on RDS-.+ is not that of the rule's"),
        (lambda b, _: {"run": judging(b.run)}, "its verdict on RDS-.+ is not that of the rule's"),
        (
            lambda b, _: {
                "run": msgspec.structs.replace(
                    b.run, scenarios=[msgspec.structs.replace(one, provider="moto") for one in b.run.scenarios]
                )
            },
            "its scenarios' verdicts are not of documented:",
        ),
        (lambda b, _: {"run": begun(b.run, "yesterday")}, "it began at 'yesterday' and took .+ which is no time"),
        (lambda b, _: {"run": begun(b.run, "2026-01-01T00:00:00")}, "it began at '2026-01-01T00:00:00', without"),
        (lambda b, _: {"run": begun(b.run, b.run.run.started, 1e300)}, "which is no time"),
        (lambda b, _: {"run": begun(b.run, b.run.run.started, -1.0)}, "or ended before"),
        (lambda b, _: unsharded(b), "its plan is none: .+ is no cell of the plan's documents"),
    ],
)
def test_a_bundle_that_contradicts_itself_is_refused(
    changes: Callable[[Bundle, Bundle], dict[str, Any]], said: str, bundles: Named, tmp_path: Path
) -> None:
    first, second = bundles[0][1], bundles[1][1]
    file = tmp_path / f"one{ENDING}"
    changed = resealed(first, **changes(first, second))
    write_bundle(tmp_path, changed).replace(file)
    with pytest.raises(BundleError, match=said):
        read_bundle(file)


def test_a_bundle_written_twice_is_the_same_to_the_byte(bundles: Named, tmp_path: Path) -> None:
    first = write_bundle(tmp_path / "a", bundles[0][1]).read_bytes()
    assert write_bundle(tmp_path / "b", bundles[0][1]).read_bytes() == first
    assert [file.name for file in (tmp_path / "a").iterdir()] == [bundles[0][0]]


# ---- the command


def test_the_command_names_each_refused_bundle_and_merges_the_rest(
    bundles: Named, plan: Plan, specification: Specification, moto_run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "bundles"
    files = [write_bundle(folder, bundle) for _, bundle in bundles]
    other = plan_of_200(specification, region="eu-west-1")
    stranger = write_bundle(folder, bundle_of(other, other.cells[9], moto_run))
    twin = folder / f"twin{ENDING}"
    shutil.copy(files[20], twin)
    flip(files[40])
    cut(files[60])
    files[80].unlink()
    there = [*(file for file in files if file != files[80]), twin, stranger]
    outcomes = []
    for seed in (1, 2):
        shuffled = random.Random(seed).sample(there, len(there))
        run = slrspec("merge", *shuffled, "--out", f"merged-{seed}", cwd=tmp_path)
        written = tmp_path / f"merged-{seed}"
        kept = [(written / name).read_bytes() for name in ("results.json", "withheld.json")]
        outcomes.append((run.returncode, run.stderr, run.stdout.replace(f"merged-{seed}", "merged"), kept))
    assert outcomes[0] == outcomes[1]
    code, told, printed, _ = outcomes[0]
    assert code == 2
    named = [line.removeprefix("slrspec: ").partition(": ")[0] for line in told.splitlines()]
    assert sorted(named) == sorted(map(str, [files[20], twin, files[40], files[60], stranger]))
    assert "196 of 200 cells merged." in printed
    assert all(plan.cells[number].id in printed for number in (20, 40, 60, 80))
    merged = read_run(tmp_path / "merged-1" / "results.json")
    gone = {rule.id for number in (20, 40, 60, 80) for rule in plan.rules_of(plan.cells[number])}
    assert gone <= set(merged.not_verified)


def test_a_folder_stands_for_the_bundles_in_it(bundles: Named, tmp_path: Path) -> None:
    for number in (0, 1):
        write_bundle(tmp_path / f"artefact-{number}", bundles[number][1])
    run = slrspec("merge", tmp_path, cwd=tmp_path)
    assert "2 of 200 cells merged." in run.stdout
    assert run.returncode == 4


def test_a_bundle_that_is_named_twice_is_still_one(bundles: Named, tmp_path: Path) -> None:
    file = write_bundle(tmp_path, bundles[0][1])
    (tmp_path / "link").symlink_to(tmp_path)
    run = slrspec("merge", ".", file, file.name, "link", cwd=tmp_path)
    assert (run.returncode, run.stderr) == (4, "")
    assert "1 of 200 cells merged." in run.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.bundle.json.gz"], "cannot be read: No such file or directory"),
        (["."], "no bundle in this folder"),
        (["cells.json"], "damaged: "),
        (["cells.json", "--cells", "cells.json"], "nothing to merge"),
        (["cells.json", "--cells", "none.json"], "no plan here"),
        ([], "Missing argument"),
    ],
)
def test_nothing_to_merge_is_told_in_lines_and_nothing_is_written(
    arguments: list[str], said: str, plan: Plan, tmp_path: Path
) -> None:
    (tmp_path / "cells.json").write_bytes(encode(plan))
    run = slrspec("merge", *arguments, cwd=tmp_path)
    assert run.returncode == 2
    assert said in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / ".slrspec").exists()


def test_what_is_merged_whole_goes_into_the_history_once(
    specification: Specification, moto_run: Run, tmp_path: Path
) -> None:
    plan = make_plan([specification], Selection(), [Place("moto", "-")], shards=2, version=moto_run.suite.version)
    for cell in plan.cells:
        write_bundle(tmp_path / "bundles", bundle_of(plan, cell, moto_run))
    for _ in range(2):
        assert slrspec("merge", "bundles", cwd=tmp_path).returncode == 0
    (kept,) = (tmp_path / ".slrspec" / "history").iterdir()
    assert json.loads((tmp_path / ".slrspec" / "results.json").read_text())["run"]["id"] in kept.name
