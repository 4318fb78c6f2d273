"""The built site in a real Chromium: what a reader does there, and what the browser makes of it.

Needs the extra `browser` and Debian's chromium.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

playwright = pytest.importorskip(
    "playwright.sync_api", reason="needs the extra 'browser': pip install -e '.[browser]'"
)
axe_module = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the extra 'browser'")
CHROMIUM = os.environ.get("SLRSPEC_CHROMIUM") or shutil.which("chromium") or ""
if not CHROMIUM:
    pytest.skip("needs Debian's chromium", allow_module_level=True)

WIDE, NARROW = 1280, 360
A = "RDS-DEL-01"
EVIDENCE = f"evidence/moto/{A}-a-single-db-instance-keeps-the-role.html"
PAGES = [
    "index.html",
    "scenarios.html",
    "changes.html",
    "trend.html",
    "coverage.html",
    "policy.html",
    "faults.html",
    "data.html",
    f"rules/{A}.html",
    "rules/RDS-PER-05.html",
    "rules/RDS-INT-04.html",
    EVIDENCE,
    "evidence/moto/RDS-PER-05-every-ec2-action-of-the-page-is-granted.html",
    "providers/moto.html",
    "providers/documented.html",
    "404.html",
    "catalogue/index.html",
    "catalogue/services.html",
    "catalogue/services/moto/rds-amazonaws-com.html",
    "catalogue/rules/SLR-DEF-01.html",
]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    flags = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    flags += ["--disable-gpu", "--disable-gpu-rasterization"]  # there is none, and to pretend one takes longer
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield found
        found.close()


@pytest.fixture(scope="module")
def address(site_folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site_folder / "site")))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """A page that fails its test on any error in the console, and on any request to somewhere else."""
    yield from watched(browser, address, color_scheme="light", viewport={"width": WIDE, "height": 900})


def watched(browser: Any, address: str, **settings: Any) -> Iterator[Any]:
    context = browser.new_context(**settings)
    made, trouble = watched_page(context, address)
    yield made
    context.close()
    assert not trouble


def watched_page(context: Any, address: str, *, left: bool = False) -> tuple[Any, list[str]]:
    """A new page, and where all that goes wrong in it is noted.

    What is given up because the page is left for the next one has not failed, where pages are left.
    """
    forgiven = {"net::ERR_ABORTED"} if left else set()
    made = context.new_page()
    trouble: list[str] = []
    made.on("console", lambda said: trouble.append(said.text) if said.type in {"error", "warning"} else None)
    made.on("pageerror", lambda error: trouble.append(str(error)))
    made.on(
        "requestfailed",
        lambda request: None if request.failure in forgiven else trouble.append(f"failed: {request.url}"),
    )
    made.on(
        "request",
        lambda request: (
            None if request.url.startswith((address, "data:", "blob:")) else trouble.append(request.url)
        ),
    )
    return made, trouble


Look = Callable[..., AbstractContextManager[Any]]


@pytest.fixture(scope="module")
def look(browser: Any, address: str) -> Iterator[Look]:
    """Gives a page, watched as well, to tests that only look: those with the same settings take turns at one.

    A browser's context, with a process of its own and an empty cache, takes longer than most looks.
    """
    pages: dict[str, tuple[Any, list[str]]] = {}
    with ExitStack() as opened:

        @contextmanager
        def given(**settings: Any) -> Iterator[Any]:
            if (same := repr(settings)) not in pages:
                context = browser.new_context(**settings)
                opened.callback(context.close)
                pages[same] = watched_page(context, address, left=True)
            page, trouble = pages[same]
            yield page
            left = trouble.copy()
            trouble.clear()
            assert not left

        yield given


def shown_rules(page: Any) -> list[str]:
    found: list[str] = page.locator(".slr-row:visible th a").all_inner_texts()
    return found


def test_filters_live_in_the_address(page: Any, address: str) -> None:
    page.goto(f"{address}index.html")
    every = shown_rules(page)
    assert len(every) == 90
    page.select_option("select[name=verdict]", "known")
    page.select_option("select[name=section]", "deleting")
    page.select_option("select[name=provider]", "moto")
    few = shown_rules(page)
    assert few
    assert all(rule.startswith("RDS-DEL") for rule in few)
    assert page.url.endswith("#verdict=known&section=deleting&provider=moto")
    assert page.locator("th[data-provider=documented]").is_hidden()
    assert page.locator("[role=status]").inner_text() == f"{len(few)} of 90 rules"
    again = page.context.new_page()
    again.goto(page.url)  # as somebody does who is sent the address
    assert shown_rules(again) == few
    assert again.input_value("select[name=section]") == "deleting"
    page.fill("input[name=q]", "del-01")
    assert shown_rules(page) == [A]
    page.fill("input[name=q]", "no such rule")
    assert page.locator(".slr-none").is_visible()
    page.click(".slr-filter button[type=reset]")
    assert shown_rules(page) == every


def test_a_filter_in_the_address_means_nothing_but_text(page: Any, address: str) -> None:
    page.goto(f"{address}index.html#q=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&verdict=nonsense&x=y")
    assert shown_rules(page) == []
    assert page.locator("img[src=x]").count() == 0


def test_changed_rules_can_be_filtered(page: Any, address: str) -> None:
    page.goto(f"{address}index.html#changed=yes")
    assert shown_rules(page) == []  # the second run found moto as the first did


@pytest.mark.parametrize(
    ("words", "rule"),
    # The rule that says the same of the AWS CLI may stand first, and a rule about every service's role.
    [(A, A), ("any DB instance exists", "RDS-DEL-(01|28)"), ("UnmodifiableEntity", "(RDS-EDT|SLR-PRO|SLR-DEL)-")],
)
def test_search_finds_rules_by_id_words_and_error_code(page: Any, address: str, words: str, rule: str) -> None:
    page.goto(f"{address}index.html")
    search(page, words, rule)


def search(page: Any, words: str, rule: str) -> None:
    """Type into the search once it is ready, and wait until the first thing that it finds is a rule's page.

    It listens to keys, and finds something for each letter; what counts is what stands first in the end.
    """
    page.click("input[name=query]")
    until(page, "document.querySelector('.md-search-result__meta').textContent.includes('Type to start')")
    page.locator("input[name=query]").press_sequentially(words)
    first = f"Boolean(document.querySelector('.md-search-result__link')?.href.match('rules/{rule}'))"
    until(page, first)
    page.wait_for_timeout(500)
    assert page.evaluate(first)


def until(page: Any, expression: str) -> None:
    """Wait for something in the page. Playwright's own way evaluates a string, which the page's policy forbids."""
    for _ in range(150):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never true: {expression}")


def test_the_site_works_from_disk(browser: Any, site_folder: Path) -> None:
    home = (site_folder / "site" / "index.html").as_uri()
    for page in watched(browser, "file://", viewport={"width": WIDE, "height": 900}):
        page.goto(home)
        search(page, A, A)
        page.keyboard.press("Escape")
        page.goto(f"{home}#q=del-01")
        assert shown_rules(page) == [A]
        page.click(f".slr-row:visible a:has-text('{A}')")
        assert page.locator("h1").inner_text().startswith(A)


def test_dark_follows_the_system_and_the_switch(browser: Any, address: str) -> None:
    for page in watched(browser, address, color_scheme="dark", viewport={"width": WIDE, "height": 900}):
        page.goto(f"{address}index.html")
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert page.locator("body").get_attribute("data-md-color-scheme") == "slate"
        page.click("label[title=Light]:visible")
        assert page.locator("body").get_attribute("data-md-color-scheme") == "default"
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark


def test_everything_can_be_reached_by_keyboard(page: Any, address: str) -> None:
    page.goto(f"{address}{EVIDENCE}")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("document.activeElement.tagName + ' ' + document.activeElement.textContent.trim()")
        )
    assert any(one.startswith("SUMMARY Call 1: CreateDBInstance") for one in reached)
    assert "A Data" in reached
    call = page.locator("#call-1")
    call.locator("summary").focus()
    page.keyboard.press("Enter")
    assert call.get_attribute("open") is not None
    assert call.locator("text=MasterUserPassword").first.is_visible()


def test_the_focus_can_be_seen(page: Any, address: str) -> None:
    page.goto(f"{address}index.html")
    page.locator(".slr-row a").first.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_an_address_within_something_folded_opens_it(page: Any, address: str) -> None:
    page.goto(f"{address}{EVIDENCE}#call-3")
    assert page.locator("#call-3").get_attribute("open") is not None


@pytest.mark.parametrize("anchor", ["q=100%", "100%", "%E0%A4%A"])
def test_a_lone_percent_sign_in_the_address_is_text(page: Any, address: str, anchor: str) -> None:
    """The page fails its test on an error in the console."""
    page.goto(f"{address}index.html#{anchor}")
    until(page, "document.querySelector('[role=status]').textContent.endsWith('of 90 rules')")
    assert shown_rules(page) == [] or "=" not in anchor


IN_SIGHT = """() => {
  const box = document.activeElement.getBoundingClientRect()
  return [box.top + 2, box.top + box.height / 2, box.bottom - 2].some(height => {
    const there = document.elementFromPoint(box.left + box.width / 2, height)
    return document.activeElement.contains(there)
  })
}"""


def test_the_focus_is_not_below_the_head_of_the_matrix(page: Any, address: str) -> None:
    page.goto(f"{address}index.html")
    page.locator(".slr-row:last-child a").last.focus()
    seen = []
    for _ in range(60):
        page.keyboard.press("Shift+Tab")
        seen.append(page.evaluate(IN_SIGHT))
    assert all(seen)


BROKEN_WORDS = """() => [...document.querySelectorAll('.slr-scroll th[scope=col], .slr-scroll .slr-number')].filter(cell => {
  const range = document.createRange()
  range.selectNodeContents(cell)
  const lines = new Set([...range.getClientRects()].map(one => Math.round(one.top)))
  return !cell.innerText.trim().includes(' ') && lines.size > 1
}).map(cell => cell.innerText)"""


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("name", ["trend", "policy", "data", "coverage", "scenarios"])
def test_a_column_is_no_letter_wide(look: Look, address: str, name: str, width: int) -> None:
    with look(viewport={"width": width, "height": 800}) as page:
        page.goto(f"{address}{name}.html")
        page.evaluate("document.querySelectorAll('.slr details').forEach(one => { one.open = true })")
        assert page.evaluate(BROKEN_WORDS) == []
        cells = "[...document.querySelectorAll('.slr-scroll td')].map(one => one.getBoundingClientRect().width)"
        assert min(page.evaluate(cells)) > 40


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_the_lines_of_a_table_are_straight(look: Look, address: str, width: int) -> None:
    ends = """[...document.querySelectorAll('.slr-table tr')].map(
      row => new Set([...row.cells].map(cell => Math.round(cell.getBoundingClientRect().bottom))).size)"""
    with look(viewport={"width": width, "height": 800}) as page:
        page.goto(f"{address}scenarios.html")
        assert set(page.evaluate(ends)) == {1}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_two_words_of_the_trend_have_one_colour(look: Look, address: str, scheme: str) -> None:
    colours = """[...document.querySelectorAll('.slr-swatch')].map(one => getComputedStyle(one).backgroundColor)"""
    with look(color_scheme=scheme) as page:
        page.goto(f"{address}trend.html")
        found = page.evaluate(colours)
        assert len(found) == len(set(found)) == 7


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_a_narrow_screen(look: Look, address: str, name: str) -> None:
    with look(viewport={"width": NARROW, "height": 800}) as page:
        page.goto(f"{address}{name}")
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW


# Colours depend on the scheme alone and everything else on the width alone, so two looks see what four would.
@pytest.mark.parametrize(("scheme", "width"), [("light", WIDE), ("dark", NARROW)])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(look: Look, address: str, name: str, scheme: str, width: int) -> None:
    # what looks at the page is a script that the page's own policy would not let in
    settings = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}, "bypass_csp": True}
    with look(**settings) as page:
        page.goto(f"{address}{name}")
        page.evaluate("document.querySelectorAll('.slr details').forEach(one => { one.open = true })")
        found = axe_module.Axe().run(page).response
        assert [(v["id"], v["nodes"][0]["target"]) for v in found["violations"]] == []
        assert len(found["passes"]) > 10


@pytest.fixture(scope="module")
def documentation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's own pages, as plain MkDocs builds them; SLRSPEC_TEST_DOCUMENTATION is where that was done."""
    if built := os.environ.get("SLRSPEC_TEST_DOCUMENTATION"):
        return Path(built)
    folder = tmp_path_factory.mktemp("documentation")
    line = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)]
    subprocess.run(line, cwd=ROOT, check=True, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"})
    return folder


# The schemes differ in their colours alone, so in the dark nothing else is looked at.
@pytest.mark.parametrize(
    ("scheme", "shown", "rules"), [("light", "default", {}), ("dark", "slate", {"runOnly": ["color-contrast"]})]
)
def test_axe_finds_nothing_in_the_documentation_either(
    browser: Any, documentation: Path, scheme: str, shown: str, rules: dict[str, Any]
) -> None:
    pages = sorted(file for file in documentation.glob("*.html") if file.name != "404.html")
    assert len(pages) > 15
    context = browser.new_context(color_scheme=scheme, viewport={"width": NARROW, "height": 900}, bypass_csp=True)
    page = context.new_page()
    for file in pages:
        page.goto(file.as_uri())
        assert page.locator("body").get_attribute("data-md-color-scheme") == shown
        found = axe_module.Axe().run(page, options={"resultTypes": ["violations"], **rules}).response
        # `slrspec site` gives the theme's search its name
        left = [(v["id"], v["nodes"][0]["html"]) for v in found["violations"] if v["id"] != "aria-dialog-name"]
        assert (file.name, left) == (file.name, [])
        assert "color-contrast" in [one["id"] for one in found["passes"]]
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    context.close()


def test_axe_would_find_something(browser: Any, address: str) -> None:
    """The check above can fail."""
    for page in watched(browser, address, bypass_csp=True):
        page.goto(f"{address}index.html")
        page.evaluate("document.querySelector('.slr-lead').style.color = '#888'")
        page.evaluate("document.querySelector('.slr-lead').style.background = '#777'")
        assert "color-contrast" in [v["id"] for v in axe_module.Axe().run(page).response["violations"]]


def test_the_policy_stops_a_script_that_was_smuggled_in(site_folder: Path, browser: Any, tmp_path: Path) -> None:
    copy = tmp_path / "site"
    shutil.copytree(site_folder / "site", copy)
    home = copy / "index.html"
    evil = "<script>window.evil = 1</script><img src=x onerror='window.evil = 2'>"
    home.write_text(home.read_text().replace("<footer", f"{evil}<footer", 1))
    context = browser.new_context()
    made = context.new_page()
    made.goto(home.as_uri())
    made.wait_for_timeout(300)
    assert made.evaluate("window.evil") is None
    context.close()


def test_pages_print_without_what_is_for_the_screen_only(page: Any, address: str) -> None:
    page.goto(f"{address}index.html")
    page.emulate_media(media="print")
    assert page.locator(".slr-filter").is_hidden()
    assert page.locator("#matrix").is_visible()


def test_pages_print_long_values_whole_and_nothing_folded(page: Any, address: str) -> None:
    page.goto(f"{address}evidence/moto/RDS-PER-05-every-ec2-action-of-the-page-is-granted.html")
    page.emulate_media(media="print")
    sizes = "[...document.querySelectorAll('.slr-pre')].map(one => [one.clientHeight, one.scrollHeight])"
    found = page.evaluate(sizes)
    assert all(shown >= whole > 0 for shown, whole in found)
    assert max(whole for _, whole in found) > 26 * 20  # there is one that the screen cuts


def test_a_command_can_be_copied(page: Any, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{address}providers/moto.html")
    page.locator("[data-copy]").first.click()
    assert page.evaluate("navigator.clipboard.readText()") == "slrspec run --provider moto"


def test_the_page_is_whole_without_scripts(browser: Any, address: str) -> None:
    for page in watched(browser, address, java_script_enabled=False):
        page.goto(f"{address}index.html")
        assert page.locator(".slr-row").count() == 90
        assert page.locator(".slr-filter").is_hidden()
