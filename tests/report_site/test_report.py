"""What the pages say of runs: which run is shown, what changed, what is missing."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import msgspec
import pytest

from slrspec.errors import UsageError
from slrspec.history.changes import Kind
from slrspec.history.folder import History, PassedOver
from slrspec.reporting.badge import LABELS
from slrspec.running.results import DocumentInfo, Run, ScenarioResult
from slrspec.running.verdict import Verdict
from slrspec.site.pages import every_file
from slrspec.site.report import Neighbour, Report, Sources, slug, unique_slugs
from slrspec.spec.gherkin import read_specification
from slrspec.spec.location import document_ids, features_folder
from tests.recorded.runs import a_run
from tests.report_site.conftest import MakeReport

A, B = "RDS-DEL-01", "RDS-DEL-02"


def files_of(report: Report) -> dict[str, str]:
    return {name: content.decode() for name, content in every_file(report)}


def words(page: str) -> str:
    """The text of a page."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_each_provider_has_a_column_with_its_latest_whole_run(make_report: MakeReport) -> None:
    whole = a_run({A: {"moto": "pass"}}, day=1)
    part = a_run({A: {"moto": "fail"}}, day=2, complete=False)
    other = a_run({A: {"aws": "pass"}}, day=3)
    report = make_report(whole, part, other)
    assert [(c.provider.name, c.run.run.id) for c in report.columns] == [
        ("moto", whole.run.id),
        ("aws", other.run.id),
    ]
    assert "Partial" not in files_of(report)["index.md"]


def test_a_partial_run_is_labelled(make_report: MakeReport) -> None:
    report = make_report(a_run({A: {"moto": "pass"}}, complete=False))
    for page in ("index.md", "providers/moto.md", "data.md"):
        assert "artial" in files_of(report)[page]


def test_what_a_partial_run_left_out_is_no_fall(make_report: MakeReport) -> None:
    before = a_run({A: {"moto": "pass"}, B: {"moto": "pass"}}, day=1)
    report = make_report(a_run({A: {"moto": "pass"}}, day=2, complete=False), past=(before,))
    assert report.reported[0].since is not None
    assert report.changes == 0
    assert "Nothing changed" in words(files_of(report)["changes.md"])


def test_a_change_is_marked_in_the_matrix_and_told(make_report: MakeReport) -> None:
    before, after = a_run({A: {"moto": "pass"}}, day=1), a_run({A: {"moto": "fail"}}, day=2)
    report = make_report(after, past=(before,))
    (row,) = report.rows
    assert row.cells[0].kind is Kind.REGRESSED
    files = files_of(report)
    assert "▼ regressed, was pass" in words(files["index.md"])
    assert "regressed (1)" in words(files["changes.md"])
    assert "fail since 2026-11-02" in words(files[f"rules/{A}.md"])


def test_a_renamed_rule_and_provider_are_followed(make_report: MakeReport) -> None:
    from tests.recorded.runs import provider

    old = msgspec.structs.replace(provider("moto", mode="x"), name="old")
    new = msgspec.structs.replace(old, name="new")
    before = a_run({A: {"old": "pass"}}, statements={A: "Stays"}, providers={"old": old})
    after = a_run({B: {"new": "fail"}}, day=2, statements={B: "Stays"}, providers={"new": new})
    told = words(files_of(make_report(after, past=(before,)))["changes.md"])
    assert f"regressed (1) Rule Claim Provider Before Now {B} Stays new pass fail" in told
    assert "old is called new now" in told


def test_the_run_before_is_the_latest_whole_one_of_the_same_providers(make_report: MakeReport) -> None:
    best = a_run({A: {"moto": "pass"}}, day=1)
    part = a_run({A: {"moto": "pass"}}, day=2, complete=False)
    other = a_run({A: {"aws": "pass"}}, day=3)
    future = a_run({A: {"moto": "pass"}}, day=5)
    (reported,) = make_report(a_run({A: {"moto": "fail"}}, day=4), past=(best, part, other, future)).reported
    assert reported.since is not None
    assert reported.since.before.run.id == best.run.id
    assert [one.before.run.id for one in reported.others] == [part.run.id]


def test_the_number_of_changes_is_that_of_the_marks_beside_it(make_report: MakeReport) -> None:
    """The run before may have had one of the providers only; the matrix marks what it found otherwise."""
    both = a_run({A: {"moto": "fail", "documented": "pass"}}, day=1)
    alone = a_run({A: {"moto": "pass"}}, day=2)
    report = make_report(a_run({A: {"moto": "fail", "documented": "pass"}}, day=3), past=(both, alone))
    home = files_of(report)["index.md"]
    assert home.count("data-changed") == 1
    assert "1 verdict changed since the run before" in words(home)


def test_without_an_earlier_run_nothing_is_claimed(make_report: MakeReport) -> None:
    report = make_report(a_run({A: {"moto": "pass"}}))
    assert report.changes is None
    assert "no run before" in words(files_of(report)["index.md"])


def test_faults_that_were_not_tried_are_not_counted(make_report: MakeReport) -> None:
    files = files_of(make_report(a_run({A: {"moto": "pass"}})))
    assert "faults not tried" in words(files["index.md"])
    assert "Not tried" in words(files[f"rules/{A}.md"])


def test_a_rule_that_the_features_do_not_have_is_shown_all_the_same(make_report: MakeReport) -> None:
    files = files_of(make_report(a_run({"RDS-OLD-01": {"moto": "fail"}})))
    assert "do not have this rule" in words(files["rules/RDS-OLD-01.md"])


C = "RDS-DEL-03"


def test_each_rule_says_how_it_stands_with_aws(make_report: MakeReport) -> None:
    from datetime import date

    from slrspec.sandbox.ledger import Entry, Ledger

    ledger = Ledger(
        confirmed={
            A: Entry(date(2026, 10, 30), "night-2", "2020-10-09"),
            B: Entry(date(2026, 9, 1), "night-1", "x"),
        },
        contradicted={},
    )
    # A pass in a run that calls itself aws enters nothing: it may be a rehearsal.
    files = files_of(make_report(a_run({one: {"aws": "pass"} for one in (A, B, C)}), ledger=ledger))
    said = {one: words(files[f"rules/{one}.md"]) for one in (A, B, C)}
    assert "On AWS itself confirmed on AWS 2 days ago (run night-2, edition of 2020-10-09)" in said[A]
    assert "On AWS itself confirmed on AWS 61 days ago, stale" in said[B]
    assert "On AWS itself never confirmed on AWS" in said[C]
    coverage = words(files["coverage.md"])
    assert "1 confirmed on AWS 1 stale on AWS 1 never confirmed" in coverage
    assert "confirmed on AWS 61 days ago, stale" in coverage


def test_a_rule_for_many_services_stands_with_aws_by_its_scenarios(make_report: MakeReport) -> None:
    from datetime import date

    from slrspec.sandbox.ledger import Entry, Ledger

    ledger = Ledger({f"{A}/a-name#one": Entry(date(2026, 10, 30), "night-2", "2020-10-09")})
    files = files_of(make_report(a_run({one: {"aws": "pass"} for one in (A, B)}), ledger=ledger))
    assert "On AWS itself confirmed on AWS 2 days ago, in part: a-name#one (run night-2" in words(
        files[f"rules/{A}.md"]
    )
    assert "1 confirmed in part on AWS 1 never confirmed" in words(files["coverage.md"])


def test_a_provider_that_keeps_everything_says_so(make_report: MakeReport) -> None:
    files = files_of(make_report(a_run({A: {"moto": "pass", "other": "fail"}})))
    assert "keeps every rule that was checked" in words(files["providers/moto.md"])
    assert "keeps every rule" not in words(files["providers/other.md"])


def test_a_provider_of_which_nothing_is_known_keeps_nothing(make_report: MakeReport) -> None:
    files = files_of(make_report(a_run({A: {"moto": "not-run"}})))
    assert "keeps every rule" not in words(files["providers/moto.md"])
    assert "Nothing was checked" in words(files["providers/moto.md"])


def test_a_file_that_is_no_run_is_named(specification: object, make_report: MakeReport) -> None:
    from dataclasses import replace

    report = make_report(a_run({A: {"moto": "pass"}}))
    history = History((), (PassedOver(Path("cut.json.gz"), "not a whole compressed file"),))
    told = words(files_of(Report(replace(report.sources, history=history)))["changes.md"])
    assert "cut.json.gz : not a whole compressed file" in told


def test_sentences_are_shown_only_with_a_copy_of_the_page(make_report: MakeReport) -> None:
    from slrspec.tracing.page import Page, Sentence

    run = a_run({A: {"moto": "pass"}})
    report = make_report(run)
    assert report.edition is not None
    place = report.edition.sentences[1]
    page = Page((Sentence(1, 1, "A sentence of the page."),), ())
    told = words(files_of(report)["coverage.md"])
    assert place.fingerprint in told
    assert "A sentence of the page" not in told
    from dataclasses import replace

    edition = replace(report.edition, sentences=(replace(place, fingerprint=page.sentences[0].fingerprint),))
    copied = make_report(run, page=page)
    copied.__dict__["edition"] = edition
    assert "A sentence of the page." in words(files_of(copied)["coverage.md"])


def test_the_live_policy_is_compared_grant_by_grant(make_report: MakeReport) -> None:
    from slrspec.tracing.drift import NamedPolicy

    live = NamedPolicy("live v15", {"Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}]})
    told = words(files_of(make_report(a_run({A: {"moto": "pass"}}), live=live))["policy.md"])
    assert "recorded v14 -> live v15:" in told
    assert "removed" in told
    assert "No live policy was given" not in told


def test_equal_runs_give_equal_bytes(make_report: MakeReport) -> None:
    run = a_run({A: {"moto": "pass"}})
    assert files_of(make_report(run)) == files_of(make_report(run))


def test_every_page_names_its_run(make_report: MakeReport) -> None:
    run = a_run({A: {"moto": "fail"}})
    for name, page in files_of(make_report(run)).items():
        if name.endswith(".md"):
            assert run.run.id in words(page), name


def test_figures_and_downloads_say_the_same(make_report: MakeReport) -> None:
    """One run feeds both, so that they cannot disagree."""
    run = a_run({A: {"moto": "pass"}, B: {"moto": "fail"}})
    files = files_of(make_report(run))
    results = json.loads(files[f"data/{run.run.id}/results.json"])
    passed = sum(v["verdict"] == "pass" for rule in results["rules"] for v in rule["verdicts"])
    assert f"{passed} of 2 kept by moto" in words(files["index.md"])


def test_downloads_have_their_size_and_digest(make_report: MakeReport) -> None:
    import hashlib

    run = a_run({A: {"moto": "pass"}})
    files = files_of(make_report(run))
    told = words(files["data.md"])
    names = [name for name in files if name.startswith(f"data/{run.run.id}/")]
    assert len(names) == 6
    for name in names:
        content = files[name].encode()
        assert hashlib.sha256(content).hexdigest() in told
        assert f"{len(content):,}" in told


def report_of(document: str, *, root: str = "", place: str = "report/", text: str = "x") -> Report:
    """A report of a run of any document, with a scenario."""
    scenario = ScenarioResult(scenario=f"{A}/s", rule=A, provider="moto", name=text, verdict=Verdict.FAIL)
    run = a_run({A: {"moto": "fail"}}, scenarios=(scenario,))
    run = msgspec.structs.replace(run, document=replaced(run, id=document))
    specification = read_specification(features_folder(document))
    neighbours = (Neighbour(document, "Title", root),) if root else ()
    return Report(Sources((run,), specification, None, neighbours=neighbours, place=place))


def replaced(run: Run, **changes: str) -> DocumentInfo:
    return msgspec.structs.replace(run.document, **changes)


@pytest.mark.parametrize("document", document_ids())
def test_a_page_says_how_to_see_the_same_of_its_own_document(document: str) -> None:
    files = files_of(report_of(document))
    wanted = "slrspec run --provider moto" + (f" --document {document}" if document != "rds" else "")
    for name in ("providers/moto.md", f"evidence/moto/{A}-s.md"):
        page = html.unescape(files[name])
        assert f">{wanted}{f' --rule {A} -v' if 'evidence' in name else ''}<" in page, name


@pytest.mark.parametrize("document", document_ids())
def test_a_badge_speaks_of_its_own_document(document: str) -> None:
    label = LABELS[document]
    files = files_of(report_of(document))
    assert f">{label}<" in files["badges/moto.svg"]
    assert json.loads(files["badges/moto.json"])["label"] == label
    assert f"[![{label}](" in html.unescape(files["providers/moto.md"])


@pytest.mark.parametrize(
    ("document", "level", "said"),
    [
        ("catalogue", "must", "How moto keeps the rules of Page ."),
        ("questions", "records", "What moto answers where nobody has recorded what AWS does: Page ."),
    ],
)
def test_what_is_no_page_is_not_said_to_document_anything(document: str, level: str, said: str) -> None:
    report = report_of(document)
    rules = report.latest.rules
    assert isinstance(rules, list)
    rules[0] = msgspec.structs.replace(rules[0], level=level)
    home = files_of(report)["index.md"]
    assert said in words(home)
    assert "documented" not in home.partition("---\n\n")[0]


def test_a_page_is_said_to_document_its_rules(make_report: MakeReport) -> None:
    home = words(files_of(make_report(a_run({A: {"moto": "fail"}})))["index.md"])
    assert "How moto keeps the rules that AWS documents in Page ." in home


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://192.0.2.1/", "data:text/html,x", "HTTPS:x", ""])
def test_the_address_of_a_document_is_a_link_to_nothing_but_a_page(make_report: MakeReport, url: str) -> None:
    run = a_run({A: {"moto": "fail"}})
    files = files_of(make_report(msgspec.structs.replace(run, document=replaced(run, url=url))))
    for name, page in files.items():
        if name.endswith(".md"):
            assert f'href="{url}"' not in html.unescape(page), name
    assert 'href="https://example.com/"' in html.unescape(files_of(make_report(run))["coverage.md"])


@pytest.mark.parametrize(
    ("root", "place", "wanted"),
    [("", "report/", "/report"), ("", "", ""), ("catalogue/", "report/", "/report/catalogue"), ("x/", "", "/x")],
)
def test_a_snippet_has_the_address_at_which_the_badge_will_be(root: str, place: str, wanted: str) -> None:
    page = html.unescape(files_of(report_of("catalogue", root=root, place=place))["providers/moto.md"])
    assert (
        f"](https://example.com{wanted}/badges/moto.svg)](https://example.com{wanted}/providers/moto.html)" in page
    )


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "documented:edition=v14", "", "é", "x" * 500, "CON"])
def test_no_name_leads_out_of_the_report(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9-]{1,100}", slug(name))


def test_two_names_have_two_addresses() -> None:
    names = ["a:b", "a/b", "A-B", "a-b-2", "ab"]
    found = unique_slugs(names)
    assert len({made.casefold() for made in found.values()}) == len(names)


def test_runs_of_different_documents_are_refused(make_report: MakeReport) -> None:
    one = a_run({A: {"moto": "pass"}})
    other = msgspec.structs.replace(one, document=msgspec.structs.replace(one.document, id="other"))
    with pytest.raises(UsageError, match="different documents"):
        make_report(one, msgspec.structs.replace(other, run=msgspec.structs.replace(other.run, id="x")))


def test_size_grows_with_the_evidence_and_not_with_its_square(make_report: MakeReport) -> None:
    """The same evidence page costs the same, however many there are."""

    def evidence(number: int) -> dict[str, int]:
        results = tuple(
            ScenarioResult(scenario=f"{A}/s{i:04}", rule=A, provider="moto", name="n", verdict=Verdict.PASS)
            for i in range(number)
        )
        files = files_of(make_report(a_run({A: {"moto": "pass"}}, scenarios=results)))
        return {name: len(page) for name, page in files.items() if name.startswith("evidence/")}

    few, many = evidence(5), evidence(50)
    assert set(many.values()) == set(few.values())
    assert len(many) == 10 * len(few)
