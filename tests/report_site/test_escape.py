"""Whatever a provider answers, a page shows it and obeys none of it."""

from __future__ import annotations

import re
import unicodedata
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import markdown
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import nodes
from mkdocs.utils.yaml import yaml_load

from slrspec.running.results import Exchange, Run, ScenarioResult, StepResult
from slrspec.running.verdict import Verdict
from slrspec.site.escape import UNSEEN, shown
from slrspec.site.pages import every_file
from slrspec.site.templating import environment
from tests.conftest import ROOT
from tests.recorded.runs import a_run
from tests.report_site.conftest import MakeReport

HOSTILE = [
    "<script>alert(1)</script>",
    "</div></div><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "[link](javascript:alert(1)) ![x](http://192.0.2.1/x.png)",
    "# heading\n\n* item\n\n```\nfence\n```\n\n| a | b |\n|---|---|\n",
    '--8<-- "README.md"',
    "{{ 7 * 7 }} {% raw %} {# no #}",
    "&lt;b&gt; &amp; &#60;",
    "a\u202eb\u2066c\u200b\ufeffd",
    "\x00\x07\x1b[31m\x02\x03\x85\u2028\u2029",
    "<!-- --> ]]> <![CDATA[ <?php ?> <!DOCTYPE x>",
    "</textarea></style></title><svg/onload=alert(1)>",
    "{++ins++} ==mark== :smile: $$x$$ [[wiki]] *[HTML]: x",
    "---\ntitle: x\n---",
    "  two  spaces \t tab \r\n",
    "é ß 漢字 \U0001f600 ‘quotes’ e\u0301",
]


def visible(text: str) -> str:
    """Return the text as a reader of the page sees it: what `shown` writes, read back."""
    return "".join(
        character
        if character in {"\n", "\t"} or unicodedata.category(character) not in UNSEEN
        else f"\N{LEFT-POINTING ANGLE BRACKET}U+{ord(character):04X}\N{RIGHT-POINTING ANGLE BRACKET}"
        for character in text
    )


class Reader(HTMLParser):
    """Reads a page as a browser would: its elements with the names of their attributes, and its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.text = ""
        self.other: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.elements.append((f"/{tag}", ()))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.other.append(data)

    def handle_decl(self, decl: str) -> None:
        self.other.append(decl)

    def unknown_decl(self, data: str) -> None:
        self.other.append(data)

    def handle_pi(self, data: str) -> None:
        self.other.append(data)


def extensions() -> dict[str, Any]:
    """The extensions of the project's own site, and some that others use."""
    listed = yaml_load((ROOT / "mkdocs.yml").read_text())["markdown_extensions"]
    found: dict[str, Any] = {}
    for one in listed:
        found |= one if isinstance(one, dict) else {one: {}}
    found["pymdownx.snippets"] = {"base_path": [str(ROOT)], "check_paths": True}
    return found | {
        name: {}
        for name in (
            "abbr",
            "footnotes",
            "def_list",
            "pymdownx.critic",
            "pymdownx.emoji",
            "pymdownx.magiclink",
            "pymdownx.mark",
            "pymdownx.tilde",
            "pymdownx.details",
            "pymdownx.tabbed",
            "smarty",
        )
    }


@pytest.fixture(scope="module")
def build() -> Any:
    found = extensions()
    made = markdown.Markdown(extensions=list(found), extension_configs=found)

    def build(text: str) -> Reader:
        made.reset()
        reader = Reader()
        body = text.partition("---\n")[2].partition("\n---\n")[2]
        reader.feed(made.convert(body))
        reader.close()
        return reader

    return build


@pytest.mark.parametrize("text", HOSTILE)
def test_text_comes_back_as_it_was(text: str) -> None:
    reader = Reader()
    reader.feed(f'<p title="{shown(text)}">{shown(text)}</p>')
    reader.close()
    assert reader.text == visible(text)
    assert reader.elements == [("p", ("title",)), ("/p", ())]


@pytest.mark.parametrize(
    ("text", "written"),
    [("a b", "a b"), ("a  b", "a &#32;b"), ("   a", "&#32;&#32;&#32;a"), ("a ", "a "), ("a  \nb", "a &#32;&#10;b")],
)
def test_no_space_stands_beside_another(text: str, written: str) -> None:
    """Markdown makes code of four at the beginning, and a line break of two at the end."""
    assert str(shown(text)) == written


@given(st.text())
@settings(max_examples=500)
def test_nothing_but_letters_digits_and_single_spaces_is_written_as_it_is(text: str) -> None:
    written = str(shown(text))
    rest = re.sub(r"&#\d+;", "", written)
    assert all(c.isalnum() or c == " " or not c.isascii() for c in rest)
    assert "  " not in written
    assert not written.startswith(" ")
    written.encode("utf-8")


def poisoned(text: str) -> Run:
    """A run in which every text that a provider has a hand in is the given one."""
    exchange = Exchange(
        number=1,
        service=text,
        operation=text,
        region=text,
        principal=text,
        duration_ms=1.0,
        parameters={text: [text]},
        answer={"Deep": {text: text}},
        command=_command(text),
    )
    refused = msgspec.structs.replace(exchange, number=2, answer=None, error=_error(text))
    step = StepResult(
        keyword="Then",
        text=text,
        line=1,
        table=[[text, text]],
        verdict=Verdict.FAIL,
        message=text,
        exchanges=[1, 2],
        checks=[_check(text, ok=False), _check(text, ok=True)],
    )
    result = ScenarioResult(
        scenario="RDS-DEL-01/x",
        rule="RDS-DEL-01",
        provider="p",
        name=text,
        verdict=Verdict.FAIL,
        reason=text,
        region=text,
        steps=[step],
        exchanges=[exchange, refused],
    )
    run = a_run({"RDS-DEL-01": {"p": "fail"}}, scenarios=(result,))
    verdict = msgspec.structs.replace(run.rules[0].verdicts[0], reason=text, problem=text)
    rule = msgspec.structs.replace(run.rules[0], verdicts=[verdict])
    provider = msgspec.structs.replace(run.providers[0], product=text, version=text, settings={text: text})
    return msgspec.structs.replace(run, rules=[rule], providers=[provider])


def _command(text: str) -> Any:
    from slrspec.running.results import Command

    return Command(line=text, exit_code=255, stdout=text, stderr=text)


def _error(text: str) -> Any:
    from slrspec.running.results import ErrorAnswer

    return ErrorAnswer(code=text, message=text, status=400)


def _check(text: str, *, ok: bool) -> Any:
    from slrspec.running.results import Check

    return Check(what=text, expected={text: text}, actual=[text], ok=ok, exchanges=[1])


PAGES = (
    "evidence/p/RDS-DEL-01-x.md",
    "rules/RDS-DEL-01.md",
    "providers/p.md",
    "index.md",
    "scenarios.md",
    "trend.md",
)


def pages_of(make_report: MakeReport, text: str) -> dict[str, str]:
    files = dict(every_file(make_report(poisoned(text))))
    return {name: files[name].decode() for name in PAGES}


@pytest.fixture(scope="module")
def harmless(make_report: MakeReport, build: Any) -> dict[str, Reader]:
    return {name: build(page) for name, page in pages_of(make_report, "plain").items()}


def check_page(reader: Reader, plain: Reader, text: str) -> None:
    """The page has the elements of the harmless one, no other, and the text where it belongs."""
    assert [e for e in reader.elements if e not in NEUTRAL] == [e for e in plain.elements if e not in NEUTRAL]
    assert not reader.other


# How many lines a difference has goes with the text's own lines; nothing else may.
NEUTRAL = {("span", ("class",)), ("/span", ())}


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_changes_what_a_page_is_made_of(
    text: str, make_report: MakeReport, build: Any, harmless: dict[str, Reader]
) -> None:
    for name, page in pages_of(make_report, text).items():
        reader = build(page)
        check_page(reader, harmless[name], text)
        if name.startswith("evidence"):
            assert visible(text) in reader.text


@given(
    st.lists(
        st.sampled_from([*HOSTILE, "\n", "\n\n", "    ", "`", "~~~", "<", ">", "*", "_", "x"]),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=60, deadline=None)
def test_no_mixture_of_them_does(
    make_report: MakeReport, build: Any, harmless: dict[str, Reader], parts: list[str]
) -> None:
    text = "".join(parts)
    pages = pages_of(make_report, text)
    for name in PAGES[:2]:
        check_page(build(pages[name]), harmless[name], text)


@given(st.text(min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_no_text_at_all_does(make_report: MakeReport, build: Any, harmless: dict[str, Reader], text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    check_page(build(pages_of(make_report, text)[PAGES[0]]), harmless[PAGES[0]], text)


def templates() -> list[Path]:
    return sorted((ROOT / "src" / "slrspec" / "site" / "templates").iterdir())


@pytest.mark.parametrize("file", templates(), ids=lambda file: file.name)
def test_no_template_gets_around_the_escaping(file: Path) -> None:
    """A filter could make markup of text, and so could `~`, which escapes in another way than ours."""
    tree = environment().parse(file.read_text())
    assert not list(tree.find_all((nodes.Concat, nodes.FilterBlock, nodes.ScopedEvalContextModifier)))
    assert {node.name for node in tree.find_all(nodes.Filter)} <= {"length"}


def test_the_filters_that_could_are_not_there() -> None:
    assert set(environment().filters) == {"length"}


def test_no_module_makes_markup_but_the_one_that_escapes() -> None:
    for file in (ROOT / "src" / "slrspec").rglob("*.py"):
        assert file.name == "escape.py" or "Markup" not in file.read_text(), file


def test_megabytes_are_cut(make_report: MakeReport) -> None:
    run = poisoned("x" * 2_000_000)
    files = dict(every_file(make_report(run)))
    page = files[PAGES[0]].decode()
    assert len(page) < 500_000
    assert "more characters stand in" in page
    assert len(files[PAGES[0].replace(".md", ".json")]) > 2_000_000
