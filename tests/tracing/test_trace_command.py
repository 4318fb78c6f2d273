"""`slrspec trace`, and each kind of damage that its check finds."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, SHARED, slrspec

SOURCES = SHARED / "source"
NEEDS_PAGE = pytest.mark.skipif(not SOURCES.exists(), reason="no copy of the page here")
COPIES = {
    "rds-service-linked-roles.2020-10-09.txt": ("2020-10-09", 2),
    "rds-service-linked-roles.2020-10-09.md": ("2020-10-09", 0),
    "rds-service-linked-roles.2023-04-21.md": ("2023-04-21", 0),
}


def traced(*arguments: str | Path, cwd: Path) -> tuple[int, dict[str, Any]]:
    run = slrspec("trace", "--check", "--format", "json", *arguments, cwd=cwd)
    assert run.stdout, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return run.returncode, found


@pytest.fixture
def features(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "features" / "rds", tmp_path / "features"))


def damage(features: Path, file: str, old: str, new: str) -> None:
    text = (features / file).read_text()
    assert old in text
    (features / file).write_text(text.replace(old, new, 1))


@pytest.mark.parametrize("edition", ["2020-10-09", "2023-04-21"])
def test_without_a_copy_nothing_is_missing(edition: str, tmp_path: Path) -> None:
    code, found = traced("--edition", edition, cwd=tmp_path)
    assert (code, found["gaps"], found["suspect"]) == (0, [], [])
    assert found["claimed"] == found["normative"] == 46
    assert len(found["companions"]) == 12


@NEEDS_PAGE
@pytest.mark.parametrize("copy", COPIES)
def test_each_copy_of_the_page_is_accounted_for(copy: str, tmp_path: Path) -> None:
    code, found = traced("--source", SOURCES / copy, cwd=tmp_path)
    edition, blanks = COPIES[copy]
    assert (code, found["gaps"], found["edition"], len(found["blanks"])) == (0, [], edition, blanks)


@NEEDS_PAGE
def test_the_changes_of_2023_are_those_and_no_others(tmp_path: Path) -> None:
    copies = [SOURCES / f"rds-service-linked-roles.{name}.md" for name in ("2020-10-09", "2023-04-21")]
    run = slrspec("trace", "diff", *copies, "--format", "json", cwd=tmp_path)
    assert run.returncode == 1
    found = json.loads(run.stdout)
    assert (found["unchanged"], found["moved"], found["reworded"], found["gone"]) == (68, [], [], [])
    assert [s["section"] for s in found["new"]] == [2] * 2 + [12] * 16
    assert found["blocks"] == {"gone": [2], "new": [12]}
    assert [one["rule"] for one in found["suspect"]] == [f"RDS-PER-{n:02}" for n in range(5, 13)]
    same = slrspec("trace", "diff", copies[0], copies[0], cwd=tmp_path)
    assert (same.returncode, same.stdout.splitlines()[0][:31]) == (0, "sentences: 68 unchanged, 0 moved"[:31])


DAMAGES = {
    "a rule is gone": (
        "4_editing.feature",
        "@RDS-EDT-10 ",
        "@RDS-EDT-90 ",
        ["states RDS-EDT-10, which no feature"],
    ),
    "a rule has no sentence": ("4_editing.feature", "@RDS-EDT-10 ", "@RDS-EDT-90 ", ["RDS-EDT-90"]),
    "a sentence states nothing": ("document.toml", 'rules = ["RDS-INT-12"]', "rules = []", ["states no rule"]),
    "a claim is false": ("document.toml", 'rules = ["RDS-INT-12"]', 'rules = ["RDS-INT-99"]', ["RDS-INT-99"]),
    "a kind has no reason": ("document.toml", ', reason = "of that advice"', "", ["no kind with a reason"]),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_to_the_repository_is_found_without_a_copy(name: str, features: Path, tmp_path: Path) -> None:
    file, old, new, said = DAMAGES[name]
    damage(features, file, old, new)
    code, found = traced("--features", features, cwd=tmp_path)
    assert code == 1
    for words in said:
        assert any(words in f"{gap['where']}: {gap['what']}" for gap in found["gaps"]), found["gaps"]


@NEEDS_PAGE
def test_damage_to_a_table_or_to_the_page_is_found_with_a_copy(features: Path, tmp_path: Path) -> None:
    copy = tmp_path / "page.md"
    copy.write_text((SOURCES / "rds-service-linked-roles.2020-10-09.md").read_text())
    row = "        | ec2:DescribeSubnets                 | *        |\n"
    damage(features, "2_permissions.feature", row, "")
    code, found = traced("--features", features, "--source", copy, cwd=tmp_path)
    assert code == 1
    assert [gap["what"] for gap in found["gaps"]] == [
        "the copy grants ec2:DescribeSubnets on *, which no table lists"
    ]
    damage(tmp_path, "page.md", "You can delete the roles only", "You can never delete the roles, only")
    code, found = traced("--source", copy, cwd=tmp_path)
    assert sorted(gap["what"].split(":")[0] for gap in found["gaps"]) == ["is not in the copy", "is not listed"]


def test_every_deleted_tag_is_noticed(features: Path, tmp_path: Path) -> None:
    """Each rule but a companion is needed by some sentence, so that losing any of them is a gap."""
    from slrspec.spec.gherkin import read_specification
    from slrspec.tracing.coverage import cover
    from slrspec.tracing.editions import read_editions

    edition = read_editions(features).of("2020-10-09")
    text = {file: file.read_text() for file in features.glob("*.feature")}
    tried = 0
    for file, original in text.items():
        for rule in re.findall(r"^  @(RDS-(?!COM)[A-Z]{3}-\d\d)", original, re.MULTILINE):
            if rule == "RDS-PER-21":  # holds only in the other edition
                continue
            file.write_text(original.replace(f"@{rule} ", "@RDS-XXX-01 ", 1))
            found = cover(read_specification(features), edition)
            assert any(rule in gap.what for gap in found.gaps), rule
            tried += 1
        file.write_text(original)
    assert tried == 78


def test_a_reworded_sentence_makes_its_rules_suspect_until_they_are_reviewed(
    features: Path, tmp_path: Path
) -> None:
    toml = (features / "document.toml").read_text()
    old, new = toml.split('date = "2023-04-21"')
    line = next(line for line in old.splitlines() if '"RDS-EDT-09"' in line)
    fingerprint = line.split('fingerprint = "')[1][:16]
    (features / "document.toml").write_text(old + 'date = "2023-04-21"' + new.replace(fingerprint, "0" * 16))
    code, found = traced("--features", features, "--edition", "2023-04-21", cwd=tmp_path)
    assert code == 1
    assert [one["rule"] for one in found["suspect"]] == ["RDS-EDT-09"]
    review = slrspec(
        "trace",
        "--features",
        features,
        "review",
        "RDS-EDT-09",
        "--edition",
        "2023-04-21",
        "--by",
        "M",
        cwd=tmp_path,
    )
    assert review.returncode == 0, review.stderr
    assert traced("--features", features, "--edition", "2023-04-21", cwd=tmp_path)[0] == 0
    assert 'by = "M"' in (features / "document.toml").read_text()


@NEEDS_PAGE
def test_a_scaffold_carries_over_what_is_known_and_leaves_the_rest_to_do(tmp_path: Path) -> None:
    copy = tmp_path / "page.md"
    text = (SOURCES / "rds-service-linked-roles.2023-04-21.md").read_text()
    copy.write_text(text + "\n\nThe role may be painted green.\n")
    run = slrspec("trace", "scaffold", "--source", copy, "--edition", "2026-11-23", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    entry, drafts = run.stdout.split("# ---- for a feature")
    assert entry.count('kind = "TODO", reason = "TODO"') == 1
    assert entry.count("rules = [") == 46
    assert drafts.count("Rule: TODO") == 1
    assert "@RDS-NEW-01 @must @api @from-2026-11-23" in drafts
    assert "green" not in drafts + entry


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--source", "nowhere.txt"], "nowhere.txt: cannot be read: No such file or directory"),
        (["--edition", "1999-01-01"], "unknown edition '1999-01-01'"),
        (["review", "RDS-XXX-01", "--edition", "2020-10-09"], "no sentence of any edition states 'RDS-XXX-01'"),
        (["review", "RDS-EDT-01", "--edition", "2020-10-10"], "unknown edition '2020-10-10'"),
        (["diff", "nowhere.txt", "nowhere.md"], "nowhere.txt: cannot be read: No such file or directory"),
        (["scaffold", "--source", "nowhere.md", "--edition", "soon"], "'soon' is no day"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], said: str, tmp_path: Path) -> None:
    run = slrspec("trace", *arguments, cwd=tmp_path)
    assert (run.returncode, run.stderr.count("\n")) == (2, 1), run.stderr
    assert said in run.stderr


def test_an_empty_page_and_a_broken_list_are_said(features: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("\n")
    assert "there is no sentence" in slrspec("trace", "--source", "empty.txt", cwd=tmp_path).stderr
    damage(features, "document.toml", "ordinal = 0, ", 'ordinal = "x", ')
    run = slrspec("trace", "--features", features, cwd=tmp_path)
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert "'x' is no number" in run.stderr
    damage(features, "document.toml", 'ordinal = "x", ', "")
    run = slrspec("trace", "--features", features, cwd=tmp_path)
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert "document.toml" in run.stderr


def test_an_edition_picks_its_rules(tmp_path: Path) -> None:
    run = slrspec("run", "--edition", "2023-04-21", "--provider", "documented", "--format", "json", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    results = json.loads(run.stdout)
    ids = {rule["id"] for rule in results["rules"]}
    assert results["document"]["edition"] == "2023-04-21"
    assert "RDS-PER-21" in ids
    assert "RDS-PER-05" not in ids
    assert len(ids) == 83
    assert slrspec("run", "--edition", "2021-01-01", cwd=tmp_path).returncode == 2
