"""A site of several documents: each has its pages, they lead to each other, and many services have a matrix."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

from slrspec.running.results import encode
from tests.conftest import slrspec
from tests.recorded.runs import a_run
from tests.report_site.conftest import CATALOGUED
from tests.report_site.test_report import words

A = "RDS-DEL-01"


def shown(page: Path) -> str:
    """A page's source as a browser reads it: the templates write most marks as references."""
    return html.unescape(page.read_text())


def test_each_document_leads_to_the_other(site_folder: Path) -> None:
    site = site_folder / "site"
    for page, other in (
        ("index.html", "catalogue/index.html"),
        (f"rules/{A}.html", "../catalogue/index.html"),
        ("catalogue/index.html", "../index.html"),
        ("catalogue/services/moto/rds-amazonaws-com.html", "../../../index.html"),
    ):
        assert f'href="{other}"' in shown(site / page), page


def test_services_and_providers_make_a_matrix(site_folder: Path) -> None:
    page = shown(site_folder / "site" / "catalogue" / "services.html")
    text = words(page)
    for service in CATALOGUED:
        assert re.search(rf"{re.escape(service)} AWSServiceRoleFor\w+ ✗ fail \d+ of 18 ✓ pass 18 of 18", text), (
            service
        )
    assert 'aria-label="fail: SLR-DEF-01 of rds.amazonaws.com"' in page
    assert 'aria-label="pass: SLR-DEF-02 of rds.amazonaws.com"' in page


def test_a_service_page_shows_the_exchange_behind_each_failure(site_folder: Path) -> None:
    folder = site_folder / "site" / "catalogue" / "services" / "moto"
    page = shown(folder / "rds-amazonaws-com.html")
    assert "AWSServiceRoleForrds" in page
    assert 'id="SLR-DEF-01-call-2"' in page
    assert 'href="#SLR-DEF-01-call-2"' in page
    assert "slrspec run --provider moto --document catalogue --service rds.amazonaws.com" in page
    raw = json.loads((folder / "rds-amazonaws-com.json").read_text())
    assert {result["rule"] for result in raw} >= {"SLR-DEF-01", "SLR-DEL-03"}
    assert all(result["exchanges"] for result in raw)


def test_the_catalogue_has_no_page_that_speaks_of_rds_alone(site_folder: Path) -> None:
    built = {page.name for page in (site_folder / "site" / "catalogue").glob("*.html")}
    assert built == {"index.html", "services.html", "changes.html", "trend.html", "data.html"}


def test_a_run_of_one_document_is_no_history_of_another(tmp_path: Path) -> None:
    """Runs of two documents may lie in one folder; a change is one of the same rules."""
    from slrspec.history.folder import append

    history = tmp_path / "history"
    append(history, a_run({A: {"moto": "pass"}}, day=1))
    (tmp_path / "now.json").write_bytes(encode(a_run({A: {"moto": "pass"}}, day=3)))
    other = slrspec("run", "--document", "catalogue", "--service", "rds", "--out", tmp_path, "-q", cwd=tmp_path)
    assert other.returncode in {0, 1}, other.stderr
    done = slrspec("report", "now.json", "--history", history, "--out", "report", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Nothing changed" in words((tmp_path / "report" / "changes.md").read_text())
    assert len(list(history.glob("*.gz"))) == 2


def test_a_document_is_chosen_for_runs_that_the_command_makes_itself(tmp_path: Path) -> None:
    run = slrspec("site", "--document", "catalogue", cwd=tmp_path)
    assert run.returncode == 2
    assert "--document is for runs that are made here (name a --provider)" in run.stderr
    run = slrspec("site", "--provider", "moto", "--document", "nothing", cwd=tmp_path)
    assert run.returncode == 2
    assert "unknown document 'nothing'" in run.stderr
