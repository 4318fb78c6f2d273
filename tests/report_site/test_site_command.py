"""`slrspec report` and `slrspec site`, as their users call them, with the real MkDocs."""

from __future__ import annotations

import html
import json
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

from slrspec.running.results import encode
from slrspec.running.withheld import Withheld, digests, write_withheld
from slrspec.site.publishing import MARKER
from tests.conftest import ROOT, slrspec
from tests.recorded.runs import a_run

A = "RDS-DEL-01"
GOOD = a_run({A: {"moto": "pass"}})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run.json").write_bytes(encode(GOOD))
    return tmp_path


class Links(HTMLParser):
    """The addresses that a page leads to, and the places in it."""

    def __init__(self) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        for name in ("href", "src"):
            if tag in {"a", "link", "script", "img", "iframe"} and found.get(name):
                self.links.add(str(found[name]))
        if found.get("id"):
            self.ids.append(str(found["id"]))


def read(page: Path) -> Links:
    links = Links()
    links.feed(page.read_text())
    return links


def test_every_link_of_the_built_site_leads_somewhere(site_folder: Path) -> None:
    site = site_folder / "site"
    pages = {page.resolve(): read(page) for page in site.rglob("*.html")}
    assert len(pages) > 200
    broken = []
    for page, found in pages.items():
        for link in found.links:
            address, anchor = urldefrag(link)
            if re.match(r"[a-z]+:", address) or page.name == "404.html":
                continue
            target = (page.parent / unquote(address)).resolve() if address else page
            target = target / "index.html" if target.is_dir() else target
            known = pages.get(target)
            if not target.exists() or (anchor and "=" not in anchor and known and anchor not in known.ids):
                broken.append((page.name, link))
    assert not broken


def test_every_address_of_a_snippet_leads_to_a_file(site_folder: Path) -> None:
    """Here the report is all of the site, and a second document is below the first."""
    site = site_folder / "site"
    pages = [*site.glob("providers/*.html"), *site.glob("catalogue/providers/*.html")]
    assert len(pages) == 4
    for page in pages:
        found = re.findall(r"https://example\.com/([\w./-]+)", html.unescape(page.read_text()))
        assert len(found) > 6
        assert [address for address in found if not (site / address).is_file()] == []


def test_no_page_has_two_places_of_one_name(site_folder: Path) -> None:
    for page in (site_folder / "site").rglob("*.html"):
        ids = [one for one in read(page).ids if not one.startswith("__")]
        assert len(ids) == len(set(ids)), page


def test_every_page_has_a_policy_and_loads_nothing_from_elsewhere(site_folder: Path) -> None:
    for page in (site_folder / "site").rglob("*.html"):
        text = page.read_text()
        assert text.count("Content-Security-Policy") == 1
        assert "unsafe-eval" not in text
        assert "script-src 'self' 'sha256-" in text
        for tag in re.findall(r"<(?:script|link|img|iframe)\b[^>]*>", text):
            source = re.search(r'(?:src|href)="(https?:)?//', tag)
            assert source is None or 'rel="canonical"' in tag, tag


def test_evidence_is_neither_in_the_search_nor_in_the_navigation(site_folder: Path) -> None:
    site = site_folder / "site"
    index = json.loads((site / "search" / "search_index.json").read_text())
    places = {entry["location"].partition("#")[0] for entry in index["docs"]}
    assert f"rules/{A}.html" in places
    assert not [place for place in places if place.startswith("evidence/")]
    home = (site / "index.html").read_text()
    assert "evidence/" not in home.partition('class="slr"')[0]


def test_two_runs_make_a_history(site_folder: Path) -> None:
    changes = (site_folder / "site" / "changes.html").read_text()
    assert "new (1)" in re.sub(r"<[^>]+>", "", changes).replace("&#40;", "(").replace("&#41;", ")")


def test_a_report_alone_is_markdown(folder: Path) -> None:
    done = slrspec("report", "run.json", cwd=folder)
    assert done.returncode == 0, done.stderr
    out = folder / "docs" / "report"
    assert (out / "index.md").read_text().startswith("---\n")
    assert (out / MARKER).exists()
    assert "docs/report" in done.stdout


def test_a_leak_is_not_published_and_the_old_site_stays(folder: Path) -> None:
    assert slrspec("site", "run.json", cwd=folder).returncode == 0
    before = (folder / "site" / "index.html").read_bytes()
    leaky = json.loads(encode(GOOD))
    leaky["rules"][0]["verdicts"][0]["reason"] = "role of 998877665544"
    leaky["rules"][0]["verdicts"][0]["verdict"] = "fail"
    (folder / "run.json").write_text(json.dumps(leaky))
    write_withheld(folder, Withheld("salt", frozenset(digests("salt", ["998877665544"]))))
    refused = slrspec("site", "run.json", cwd=folder)
    assert refused.returncode == 3
    assert re.fullmatch(
        r"slrspec: \S+:\d+: the site is not published: a real value .* \(the old site stays\)",
        refused.stderr.splitlines()[-1],
    )
    assert (folder / "site" / "index.html").read_bytes() == before
    assert not [path for path in folder.iterdir() if path.name.startswith(".site")]


def test_without_digests_that_is_said(folder: Path) -> None:
    done = slrspec("site", "run.json", cwd=folder)
    assert "run.json: no digests of real values beside it" in done.stderr


def test_a_site_that_does_not_build_is_one_line_and_the_old_one_stays(folder: Path) -> None:
    (folder / "docs").mkdir()
    (folder / "docs" / "index.md").write_text("# x\n")
    settings = (
        "site_name: x\nuse_directory_urls: false\ntheme: {name: material, font: false}\nnot_in_nav: /report/\n"
    )
    (folder / "mkdocs.yml").write_text(settings + "nav: [index.md]\nexclude_docs: /report/front.md\n")
    assert slrspec("site", "run.json", cwd=folder).returncode == 0
    (folder / "docs" / "index.md").write_text("[gone](gone.md)\n")
    refused = slrspec("site", "run.json", cwd=folder)
    assert refused.returncode == 4
    assert "gone.md" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert (folder / "site" / "report" / "index.html").exists()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("site_name: x\n", r"mkdocs.yml: the report needs addresses that end in .html \(add use_directory_urls"),
        ("a: [\n", r"mkdocs.yml:2: not YAML"),
        ("text\n", r"mkdocs.yml: no settings"),
    ],
)
def test_bad_settings_are_one_line(folder: Path, settings: str, said: str) -> None:
    (folder / "mkdocs.yml").write_text(settings)
    done = slrspec("site", "run.json", cwd=folder)
    assert done.returncode == 2
    assert re.search(said, done.stderr), done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "none.json"),
        ("site", "none.json"),
        ("site", "run.json", "--provider", "moto"),
        ("site", "--config", "x"),
        ("report", "run.json", "--faults", "none"),
        ("report", "run.json", "--live", "none"),
        ("report", "run.json", "--source", "none"),
    ],
    ids=" ".join,
)
def test_bad_input_is_one_line(folder: Path, arguments: tuple[str, ...]) -> None:
    done = slrspec(*arguments, cwd=folder)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert not (folder / "site").exists()


def test_a_foreign_folder_is_not_written_over(folder: Path) -> None:
    (folder / "docs" / "report").mkdir(parents=True)
    (folder / "docs" / "report" / "mine.md").write_text("x")
    done = slrspec("report", "run.json", cwd=folder)
    assert done.returncode == 2
    assert "holds files that slrspec has not written" in done.stderr
    assert [path.name for path in (folder / "docs" / "report").iterdir()] == ["mine.md"]


def test_exit_code_is_that_of_the_run(folder: Path, tmp_path: Path) -> None:
    done = slrspec("site", "--provider", "documented:tag-lost", cwd=folder)
    assert done.returncode == 1, done.stderr
    assert (folder / "site" / "index.html").exists()


def test_serve_until_it_is_interrupted(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "slrspec", "site", "run.json", "--serve", "--port", "0"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    line = next(line for line in process.stdout if line.startswith("Serving on"))
    address = line.split()[2]
    assert address.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(f"{address}index.html", timeout=10) as answer:
        assert b"slr-matrix" in answer.read()
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=10)[0].strip() == ""
    assert process.returncode == 0


def test_the_projects_own_site_has_the_same_shim() -> None:
    """The docs need it without a report, too."""
    ours = ROOT / "src" / "slrspec" / "site" / "assets" / "iframe-worker.js"
    assert (ROOT / "docs" / "assets" / "iframe-worker.js").read_bytes() == ours.read_bytes()


def test_the_docs_build_without_a_report(tmp_path: Path) -> None:
    copy = tmp_path / "project"
    copy.mkdir()
    shutil.copy(ROOT / "mkdocs.yml", copy)
    shutil.copytree(ROOT / "docs", copy / "docs", ignore=shutil.ignore_patterns("report"))
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
