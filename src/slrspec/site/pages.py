"""Every page of the report, as Markdown: what each is called, where it lies, and what its template is given."""

from __future__ import annotations

import json
import re
import shlex
from datetime import datetime
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from slrspec.history.changes import Kind
from slrspec.history.timeline import version_of
from slrspec.reporting.badge import badge, label_of
from slrspec.reporting.comparison import summary
from slrspec.reporting.look import KNOWN, LOOKS, UNEXPECTED
from slrspec.running.checks import UNJUDGED
from slrspec.running.verdict import WORST_FIRST, Verdict, worst
from slrspec.sandbox.ledger import CONFIRMED, CONTRADICTED, NEVER, PARTLY, STALE
from slrspec.site import charts, values
from slrspec.site.downloads import downloads, further
from slrspec.site.report import STRIP, problems, slug
from slrspec.site.templating import render
from slrspec.spec.location import DEFAULT_DOCUMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from slrspec.reporting.look import Look
    from slrspec.running.results import Check, RunSummary
    from slrspec.site.report import Column, Evidence, Report, Row
    from slrspec.tracing.drift import NamedPolicy

PLACES = (
    ("Matrix", "index.html"),
    ("Scenarios", "scenarios.html"),
    ("Services", "services.html"),
    ("Changes", "changes.html"),
    ("Trend", "trend.html"),
    ("Coverage", "coverage.html"),
    ("Role and policy", "policy.html"),
    ("Faults", "faults.html"),
    ("Data", "data.html"),
    ("Answers", "questions.html"),
)
MEANINGS: tuple[tuple[Look, str], ...] = (
    (LOOKS[Verdict.PASS], "Every step ran, and what the provider answered is what the rule says."),
    (LOOKS[Verdict.FAIL], "The provider answered, and the answer contradicts the rule."),
    (KNOWN, "It fails, and somebody has looked into it: there is a reason, and a day on which it expires."),
    (LOOKS[Verdict.UNSUPPORTED], "The provider says that it does not have the operation."),
    (LOOKS[Verdict.ERROR], "Nobody can tell: a time-out, a lost answer, a crash. Says nothing about the provider."),
    (LOOKS[Verdict.NOT_RUN], "Not run here, on purpose, for a stated reason. No pass."),
    (UNEXPECTED, "It passes although a deviation is listed: take the entry off the list."),
)
# A title goes through other hands than ours, some of which turn references back into mark-up.
UNSAFE_IN_TITLES = re.compile(r"[^\w .,:;()/’-]", re.ASCII)
AGES = ((0, "today"), (7, "within 7 days"), (30, "within 30 days"), (90, "within 90 days"), (10**6, "longer ago"))
AGE_BAR = 120
OLDEST = 5
# Of what AWS has said of rules; all else is the state's own name.
STANDINGS = {NEVER: "never confirmed", PARTLY: "confirmed in part on AWS"}
LARGE = charts.Scale(bar=14, gap=4, height=140, last=60)
SMALL = charts.Scale(bar=7, gap=2, height=24, last=STRIP)


def every_file(report: Report) -> Iterator[tuple[str, bytes]]:
    """Yield path below the report and content of every file, pages and all else."""
    yield from _few(report)
    for row in report.rows:
        titles = {section.key: section.title for section in report.sections}
        context = {
            "row": row,
            "section_title": titles[row.result.section],
        }
        title = f"{row.id} {row.result.statement}"
        yield _page(report, "rule", f"rules/{row.slug}.md", title, _description(report, title), context)
    for column in report.columns:
        yield _provider(report, column)
    for found in report.evidence.values():
        for one in found:
            if not one.service:
                yield from _evidence(report, one)
    for service in report.by_service:
        for column in report.columns:
            yield from _service(report, service, column)
    for _, those in downloads(report):
        yield from ((file.path, file.content) for file in those)
    yield from further(report)
    for asset in files("slrspec.site").joinpath("assets").iterdir():
        yield f"assets/{asset.name}", asset.read_bytes()


def _few(report: Report) -> Iterator[tuple[str, bytes]]:
    """Yield the pages that there is one of."""
    matrix = _matrix(report)
    said = _description(report, "What each provider makes of each rule")
    yield _page(report, "matrix", "index.md", "Conformance", said, {**matrix, "heading": True})
    # For a home page to include; without front matter, and for a place one folder higher.
    if not _root(report):
        front = _body(report, "matrix", "", "", {**matrix, "heading": False, "base": "report/"})
        yield "front.md", front.encode()
    contexts: dict[str, Callable[[], dict[str, object]]] = {
        "scenarios": lambda: {"scenarios_of": _scenarios_of},
        "services": lambda: {
            "services": report.specification.document.services,
            "worst_of": _worst_of,
            "by_rule": _by_rule,
        },
        "changes": lambda: {"summary": summary},
        "trend": lambda: _trend(report),
        "coverage": lambda: _coverage(report),
        "policy": lambda: _policy(report),
        "faults": dict,
        "data": lambda: {"downloads": downloads(report)},
        "questions": lambda: {
            "asked": [(row, [one for cell in row.cells for one in cell.evidence]) for row in report.questions],
            "recorded": _recorded,
        },
    }
    for title, file in _places(report)[1:]:
        name = file.removesuffix(".html")
        context = contexts[name]()
        listed = name in {"scenarios", "services", "data"}
        yield _page(report, name, f"{name}.md", title, _description(report, title), context, searched=not listed)


def _places(report: Report) -> tuple[tuple[str, str], ...]:
    """Return name and file of the pages that there is one of, where the document has something to show on them."""
    without = {
        "scenarios.html": bool(report.by_service),
        "services.html": not report.by_service,
        "coverage.html": report.sources.editions is None,
        "policy.html": not _knows_policy(report),
        "faults.html": report.faults is None and report.sources.editions is None,
        "questions.html": not report.questions,
    }
    return tuple((name, file) for name, file in PLACES if not without.get(file, False))


def _knows_policy(report: Report) -> bool:
    """Tell whether the versions of the document's policy are known."""
    from slrspec.documented.catalogue import POLICY

    return report.specification.document.policy.split()[0] == POLICY


# ---- one page


def _page(
    report: Report,
    template: str,
    path: str,
    title: str,
    description: str,
    context: dict[str, object],
    *,
    searched: bool = True,
) -> tuple[str, bytes]:
    safe = {"title": _safe(title), "description": _safe(description)}
    front = ["---", *(f"{key}: {json.dumps(value)}" for key, value in safe.items()), "hide: [navigation, toc]"]
    front += [] if searched else ["search: {exclude: true}"]
    body = _body(report, template, path, title, context)
    return path, "\n".join([*front, "---", "", body]).encode()


def _safe(title: str) -> str:
    return " ".join(UNSAFE_IN_TITLES.sub(" ", title).split())[:200]


def _description(report: Report, what: str) -> str:
    return f"{what}; run {report.latest.run.id}, edition of {report.latest.document.edition}"


def _body(report: Report, template: str, path: str, title: str, context: dict[str, object]) -> str:
    common: dict[str, object] = {
        "report": report,
        "base": "../" * path.count("/"),
        "here": path.removesuffix(".md") + ".html",
        "title": title,
        "places": _places(report),
        "pages": frozenset(file for _, file in _places(report)),
        "neighbours": _neighbours(report),
        "meanings": MEANINGS,
        "looks": LOOKS,
        "known": KNOWN,
        "kinds": tuple(Kind),
        "strip_length": STRIP,
        "slug": slug,
        "brief": values.brief,
        "brief_value": values.brief_value,
        "broken_checks": values.broken_checks,
        "cut": values.cut,
        "difference": values.difference,
        "problem_of": values.problem_of,
        "judged_of": _judged_of,
        "kept_of": _kept_of,
        "milliseconds": values.milliseconds,
    }
    return render(template, common | context)


def _neighbours(report: Report) -> tuple[tuple[str, str, bool], ...]:
    """Return of each document of the site title, address below the report's root, and whether it is this one."""
    up = "../" * _root(report).count("/")
    ours = report.specification.document.id
    return tuple((one.title, f"{up}{one.root}index.html", one.id == ours) for one in report.sources.neighbours)


def _root(report: Report) -> str:
    """Return where the report's pages are, below those of the site's first document."""
    ours = report.specification.document.id
    return next((one.root for one in report.sources.neighbours if one.id == ours), "")


# ---- what single templates are given


def _matrix(report: Report) -> dict[str, object]:
    words = [look.word for look, _ in MEANINGS]
    present = {cell.look.word for row in report.rows for cell in row.cells}
    strips = [
        (column, charts.chart(report.runs_of(column), column.provider.name, SMALL)) for column in report.columns
    ]
    edition = _coverage(report)["coverage"] if report.edition else None
    figures = {
        "scenarios": len({one.result.scenario for found in report.evidence.values() for one in found}),
        "kept": {column.slug: column.totals.passed for column in report.columns},
        "claimed": getattr(edition, "claimed", 0),
        "sentences": getattr(edition, "normative", 0),
        "seconds": round(sum(one.run.run.duration_ms for one in report.reported) / 1000),
        "words": [word for word in words if word in present],
        "strips": {
            column.slug: f"The last {len(chart.bars)} runs on {column.provider.name}; the last: "
            f"{chart.bars[-1].said}"
            for column, chart in strips
        },
    }
    return {"figures": figures, "strips": strips}


def _recorded(one: Evidence) -> list[Check]:
    """Return what a question's scenario has written down."""
    return [check for step in one.result.steps for check in step.checks if check.expected == UNJUDGED]


def _scenarios_of(row: Row) -> list[tuple[str, list[Evidence]]]:
    found: dict[str, tuple[str, list[Evidence]]] = {}
    for cell in row.cells:
        for one in cell.evidence:
            found.setdefault(one.result.scenario, (one.result.name, []))[1].append(one)
    return list(found.values())


def _evidence(report: Report, one: Evidence) -> Iterator[tuple[str, bytes]]:
    column, path = one.column, f"evidence/{one.column.slug}/{one.slug}"
    row = report.by_id.get(one.result.rule)
    context: dict[str, object] = {
        "one": one,
        "statement": row.result.statement if row else "",
        "exchanges": {exchange.number: exchange for exchange in one.result.exchanges},
        "environment": _environment(column),
        "raw": f"{one.slug}.json",
        "reproduce": _command(column, "--rule", one.result.rule, "-v"),
    }
    title = f"{one.result.rule} on {column.provider.name}: {one.result.name}"
    said = _description(report, title)
    yield _page(report, "evidence", f"{path}.md", title, said, context, searched=False)
    yield f"{path}.json", msgspec.json.format(msgspec.json.encode(one.result), indent=2) + b"\n"


def _service(report: Report, service: str, column: Column) -> Iterator[tuple[str, bytes]]:
    found = report.by_service[service].get(column.slug, ())
    if not found:
        return
    path = found[0].file
    context: dict[str, object] = {
        "service": service,
        "column": column,
        "found": found,
        "kept": _kept_of(found),
        "looked_at": values.looked_at,
        "recorded": next(s for s in report.specification.document.services if s.principal == service),
        "raw": f"{slug(service)}.json",
        "reproduce": _command(column, "--service", service),
    }
    title = f"{service} on {column.provider.name}"
    yield _page(report, "service", f"{path}.md", title, _description(report, title), context, searched=False)
    results = [one.result for one in found]
    yield f"{path}.json", msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n"


def _judged(found: Sequence[Evidence]) -> dict[tuple[str, str], list[Evidence]]:
    """Return the evidence by rule and service; a rule may have several scenarios about a service."""
    judged: dict[tuple[str, str], list[Evidence]] = {}
    for one in found:
        judged.setdefault((one.result.rule, one.service), []).append(one)
    return judged


def _judged_of(found: Sequence[Evidence]) -> int:
    return len(_judged(found))


def _kept_of(found: Sequence[Evidence]) -> int:
    return sum(all(one.result.verdict is Verdict.PASS for one in those) for those in _judged(found).values())


def _by_rule(report: Report, column: Column) -> list[tuple[str, list[Evidence | None]]]:
    """Return each service with its verdict on every rule of the report; None where the rule is not about it."""
    table = []
    for service, columns in report.by_service.items():
        found = {
            rule: min(those, key=lambda one: WORST_FIRST.index(one.result.verdict))
            for (rule, _), those in _judged(columns.get(column.slug, ())).items()
        }
        if found:
            table.append((service, [found.get(row.id) for row in report.rows]))
    return table


def _worst_of(found: Sequence[Evidence]) -> Look:
    """Return how the worst of several verdicts looks."""
    return LOOKS[worst(one.result.verdict for one in found)]


def _environment(column: Column) -> list[tuple[str, str]]:
    return [*sorted(column.run.environment.items()), *sorted(column.provider.settings.items())]


def _command(column: Column, *arguments: str) -> str:
    document = column.run.document.id
    which = [] if document == DEFAULT_DOCUMENT else ["--document", document]
    return shlex.join(["slrspec", "run", "--provider", column.provider.name, *which, *arguments])


def _provider(report: Report, column: Column) -> tuple[str, bytes]:
    versions: dict[str, RunSummary] = {}
    for run in report.runs_of(column):
        info = next(provider for provider in run.providers if provider.name == column.provider.name)
        versions[version_of(info)] = run
    context: dict[str, object] = {
        "column": column,
        "found": problems(report.rows, column),
        "rows": report.rows,
        "reproduce": _command(column),
        "settings": sorted(column.provider.settings.items()),
        "versions": [
            (version, run, _counted(run, column.provider.name)) for version, run in reversed(versions.items())
        ],
        "badge": badge(column.conformance, column.run.document.id),
        "snippets": _snippets(report, column),
    }
    title = column.provider.name
    said = _description(report, f"{title}: {column.conformance.said}")
    return _page(report, "provider", f"providers/{column.slug}.md", title, said, context)


def _counted(run: RunSummary, provider: str) -> str:
    return ", ".join(f"{count} {word}" for word, count in charts.counts(run, provider).items())


def _snippets(report: Report, column: Column) -> list[tuple[str, str]]:
    site = f"https://example.com/{report.sources.place}{_root(report)}".removesuffix("/")
    image, page = f"{site}/badges/{column.slug}.svg", f"{site}/providers/{column.slug}.html"
    text = label_of(column.run.document.id)
    return [
        ("Markdown", f"[![{text}]({image})]({page})"),
        ("HTML", f'<a href="{page}"><img src="{image}" alt="{text}"></a>'),
        ("reStructuredText", f".. image:: {image}\n   :target: {page}\n   :alt: {text}"),
        ("AsciiDoc", f"image:{image}[{text},link={page}]"),
        ("shields.io", f"https://img.shields.io/endpoint?url={site}/badges/{column.slug}.json"),
    ]


def _trend(report: Report) -> dict[str, object]:
    trends, labels, ages = [], {}, {}
    today = datetime.fromisoformat(report.latest.run.started)
    rules = [row.id for row in report.rows]
    for column in report.columns:
        name = column.provider.name
        runs = report.runs_of(column)
        drawn = charts.chart(runs, name, LARGE)
        table = [
            (run, version_of(next(p for p in run.providers if p.name == name)), charts.counts(run, name))
            for run in reversed(runs)
        ]
        trends.append((column, drawn, table))
        labels[column.slug] = f"{len(drawn.bars)} runs on {name}; the last: {drawn.bars[-1].said}"
        ages[column.slug] = _ages(report.timelines.ages(name, rules, today))
    return {"trends": trends, "labels": labels, "ages": ages}


def _ages(found: dict[str, int]) -> dict[str, object]:
    buckets, least = [], -1
    for most, name in AGES:
        buckets.append((name, sum(least < days <= most for days in found.values())))
        least = most
    highest = max((count for _, count in buckets), default=0) or 1
    return {
        "buckets": [(name, count, round(count / highest * AGE_BAR)) for name, count in buckets],
        "oldest": sorted(found.items(), key=lambda one: -one[1])[:OLDEST],
    }


def _coverage(report: Report) -> dict[str, object]:
    from slrspec.tracing.coverage import cover

    page = report.sources.page
    texts = {sentence.fingerprint: sentence.text for sentence in page.sentences} if page else {}
    return {
        "coverage": cover(report.specification, report.edition) if report.edition else None,
        "texts": texts,
        "standings": [
            (STANDINGS.get(state, f"{state} on AWS"), rows)
            for state in (CONFIRMED, PARTLY, STALE, CONTRADICTED, NEVER)
            if (rows := [row for row in report.rows if row.standing.state == state])
        ],
    }


def _policy(report: Report) -> dict[str, object]:
    from slrspec.documented.catalogue import PINNED, policy_of, policy_versions
    from slrspec.tracing.drift import DOCUMENTED_ROLE, NamedPolicy, compare_policies

    def named(kind: str, edition: str) -> NamedPolicy:
        found = policy_of(edition)
        return NamedPolicy(f"{kind} {found.version}", json.loads(found.document))

    live = report.sources.live
    policies = [named("documented", report.latest.document.edition), named("recorded", PINNED)]
    policies += [live] if live else []
    every = sorted({grant for policy in policies for grant in policy.grants}, key=str)
    known = policy_versions()
    all_named = [NamedPolicy(one.version, json.loads(one.document)) for one in known]
    changes = ["", *(compare_policies(old, new).summary.partition(": ")[2] for old, new in pairwise(all_named))]
    return {
        "role": DOCUMENTED_ROLE,
        "live": live,
        "policies": policies,
        "drifts": [compare_policies(old, new) for old, new in pairwise(policies)],
        "grants": [(grant, [grant in policy.grants for policy in policies]) for grant in every],
        "versions": [
            (one.version, one.created, len(policy.grants), change)
            for one, policy, change in zip(known, all_named, changes, strict=True)
        ],
    }
