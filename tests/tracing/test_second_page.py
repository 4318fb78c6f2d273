"""The trace of another page than the one it was made for. Its text is not kept; a copy may be given by hand."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from slrspec.spec.gherkin import read_specification
from slrspec.tracing.coverage import cover
from slrspec.tracing.editions import read_editions
from slrspec.tracing.page import page_of
from tests.conftest import ROOT, slrspec

# doc_source/redis/using-service-linked-roles.md of awsdocs/amazon-elasticache-docs at cd70d38.
COPY = os.environ.get("SLRSPEC_ELASTICACHE_PAGE", "")


@pytest.fixture
def features(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "features" / "elasticache", tmp_path / "features"))


def test_without_a_copy_nothing_is_missing(tmp_path: Path) -> None:
    run = slrspec("trace", "--document", "elasticache", "--check", "--format", "json", cwd=tmp_path)
    found = json.loads(run.stdout)
    assert (run.returncode, found["gaps"], found["suspect"]) == (0, [], [])
    assert (found["edition"], found["sentences"]) == ("2023-04-10", 162)
    assert found["claimed"] == found["normative"] == 94
    assert len(found["companions"]) == 5


@pytest.mark.skipif(not COPY, reason="no copy of the page is given by SLRSPEC_ELASTICACHE_PAGE")
def test_a_copy_of_the_page_is_accounted_for(tmp_path: Path) -> None:
    run = slrspec(
        "trace", "--document", "elasticache", "--check", "--source", COPY, "--format", "json", cwd=tmp_path
    )
    found = json.loads(run.stdout)
    assert (run.returncode, found["gaps"], found["blanks"]) == (0, [], [])


def test_every_deleted_tag_is_noticed(features: Path) -> None:
    edition = read_editions(features).of("2023-04-10")
    tried = 0
    for file in features.glob("*.feature"):
        original = file.read_text()
        for rule in re.findall(r"^  @(ELC-(?!COM)[A-Z]{3}-\d\d)", original, re.MULTILINE):
            file.write_text(original.replace(f"@{rule} ", "@ELC-XXX-01 ", 1))
            found = cover(read_specification(features), edition)
            assert any(rule in gap.what for gap in found.gaps), rule
            tried += 1
        file.write_text(original)
    assert tried == 61


def test_a_first_edition_is_drafted_with_ids_like_the_others(features: Path, tmp_path: Path) -> None:
    file = features / "document.toml"
    file.write_text(file.read_text().partition("[[editions]]")[0])
    (tmp_path / "page.md").write_text("# A page\n\nThe role is round. It stays so.\n")
    run = slrspec(
        *("trace", "--features", features, "scaffold", "--source", "page.md", "--edition", "2026-11-25"),
        cwd=tmp_path,
    )
    assert run.returncode == 0, run.stderr
    assert "@ELC-NEW-01 @must @api\n" in run.stdout
    assert "@ELC-NEW-02" in run.stdout
    assert run.stdout.count('kind = "TODO"') == 2
    assert "round" not in run.stdout
    checked = slrspec("trace", "--features", features, "--check", cwd=tmp_path)
    assert (checked.returncode, checked.stderr.count("\n")) == (2, 1)
    assert "no edition is listed" in checked.stderr


def test_an_unknown_document_is_one_line(tmp_path: Path) -> None:
    run = slrspec("trace", "--document", "nothing", "--check", cwd=tmp_path)
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)
    assert "unknown document 'nothing'" in run.stderr


MARKDOWN = """# Deleting it

Enter the following.

```
$ aws iam [delete\\-it](https://example.com/) --name it. Now --force
```

```
The policy:
{"Version": "2012-10-17", "Statement": []}
```
"""
HTML = """<h1>Deleting it</h1><p>Enter the following.</p>
<pre>$ aws iam <a href="https://example.com/">delete-it</a> --name it. Now --force</pre>
<pre>The policy:
{"Version": "2012-10-17", "Statement": []}</pre>"""


def test_a_command_is_one_sentence_and_json_may_stand_below_a_caption() -> None:
    page = page_of(MARKDOWN, ".md")
    assert [(s.section, s.ordinal, s.text) for s in page.sentences] == [
        (1, 0, "Deleting it"),
        (1, 1, "Enter the following."),
        (1, 2, "$ aws iam delete-it --name it. Now --force"),
        (1, 3, "The policy:"),
    ]
    assert [(block.section, block.content["Statement"]) for block in page.blocks] == [(1, [])]
    same = page_of(HTML, ".html")
    assert [s.fingerprint for s in same.sentences] == [s.fingerprint for s in page.sentences]
    assert same.blocks == page.blocks
