"""The repository holds none of the page's sentences, and no path of anybody's machine."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.conftest import ROOT, SHARED

IN_A_ROW = 11
# AWS's own error message and the role's ARN are facts that clients meet, and may be quoted.
QUOTED = (
    "Unable to create the resource. Verify that you have permission to create service linked role. "
    "Otherwise wait and try again later"
)
ARN = "Resource arn:aws:iam::*:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS"


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def rows(text: str) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[i : i + IN_A_ROW]) for i in range(len(found) - IN_A_ROW + 1)}


def tracked() -> list[tuple[str, str]]:
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    texts = []
    for name in filter(None, names):
        file = ROOT / name
        if file.is_file() and file.suffix not in {".png", ".svg", ".lock", ".gz"}:
            texts.append((name, file.read_text(encoding="utf-8", errors="replace")))
    if not texts:
        pytest.skip("not a git checkout")
    return texts


def test_no_tracked_file_has_eleven_words_in_a_row_of_the_page() -> None:
    sources = sorted((SHARED / "source").glob("*.txt")) + sorted((SHARED / "source").glob("*.md"))
    if not sources:
        pytest.skip("the page is not here")
    page: set[tuple[str, ...]] = set()
    for source in sources:
        # The policy is data: what it grants is stated in tables.
        page |= rows(re.sub(r"\{\s*\"Version\".*?\]\s*\}", " ", source.read_text(), flags=re.DOTALL))
    page -= rows(QUOTED) | rows(ARN)
    assert page
    assert [name for name, text in tracked() if rows(text) & page] == []


def test_no_tracked_file_names_a_path_of_a_machine() -> None:
    path = re.compile(r"(?<![\w.])/(?:work|root|farm|home)/[\w.]")
    assert [name for name, text in tracked() if path.search(text) and name != "tests/spec/test_own_words.py"] == []
