"""Reading a copy of the page: what carries no meaning changes nothing, and everything else does."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slrspec.tracing.compare import compare
from slrspec.tracing.page import fingerprint, normal, page_of, read_page, split
from tests.conftest import SHARED

SOURCES = SHARED / "source"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One thing. Another thing.", ["One thing.", "Another thing."]),
        ("Use a tool, e.g. The Tool, for it. Then stop.", ["Use a tool, e.g. The Tool, for it.", "Then stop."]),
        ("It is i.e. Always there.", ["It is i.e. Always there."]),
        ("Allow arn:aws:iam::*:role/x.y/Z. Deny it.", ["Allow arn:aws:iam::*:role/x.y/Z.", "Deny it."]),
        ("Open rds.amazonaws.com now. Wait.", ["Open rds.amazonaws.com now.", "Wait."]),
        ("Version 1.2 is there. It works.", ["Version 1.2 is there.", "It works."]),
        ("If asked Go on?, choose Yes. Done.", ["If asked Go on?, choose Yes.", "Done."]),
        ('He said "Stop." She went.', ['He said "Stop."', "She went."]),
        ("A list (such as one, two). Next.", ["A list (such as one, two).", "Next."]),
        ("No end", ["No end"]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert split(text) == expected


WORDS = st.lists(st.text("abdegh", min_size=2, max_size=6), min_size=2, max_size=8)
SENTENCES = st.lists(WORDS.map(lambda words: " ".join(words).capitalize() + "."), min_size=1, max_size=6)


@given(SENTENCES)
def test_sentences_that_were_joined_are_split_again(sentences: list[str]) -> None:
    assert split(" ".join(sentences)) == sentences


@given(st.text(max_size=200))
def test_splitting_loses_nothing(text: str) -> None:
    assert re.sub(r"\s", "", "".join(split(text))) == re.sub(r"\s", "", text)


@given(st.text(max_size=80))
def test_the_normal_form_is_its_own(text: str) -> None:
    assert normal(normal(text)) == normal(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("It's “there”.", 'It\'s "there".'),
        ("a – b", "a - b"),
        ("a  b\n c", "a b c"),
        ("Open it at https://console.aws.amazon.com/rds/.", "Open it at"),
        ("The end", "The end."),
        ("instances .", "instances."),
    ],
)
def test_what_carries_no_meaning(one: str, other: str) -> None:
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("You can delete it.", "You cannot delete it."),
        ("You must delete all.", "You must delete some."),
        ("After 2017.", "After 2018."),
        ("rds.amazonaws.com", "docdb.amazonaws.com"),
        ("service-linked", "service linked"),
        ("DB instance", "db instance"),
        ("a, b or c", "a b or c"),
        ("Is it?", "Is it."),
    ],
)
def test_what_carries_meaning(one: str, other: str) -> None:
    assert fingerprint(one) != fingerprint(other)


@given(WORDS, st.integers(0, 7), st.sampled_from(["not", "always", "7"]))
def test_a_word_more_is_another_sentence(words: list[str], place: int, word: str) -> None:
    more = [*words[:place], word, *words[place:]]
    assert fingerprint(" ".join(words)) != fingerprint(" ".join(more))


PAGE = """Using a thing

The thing has a name. It is never changed, because others rely on it.

Deleting a thing

To delete a thing (console)

  1. Open the console.

  2. Choose the thing – not its name – and choose "Delete".

{ "Version": "2012-10-17", "Statement": [ { "Effect": "Allow", "Action": "a:B", "Resource": "*" } ] }
"""


def test_formats_of_one_page_are_one_page() -> None:
    markdown = """# Using a thing<a name="x"></a>

The thing has a **name**\\. It is never changed, because [others](https://x.example/y) rely on it\\.

## Deleting a thing<a name="y"></a>

**To delete a thing \\(console\\)**

1. Open the console\\.

1. Choose the thing – not its name – and choose **Delete**\\.
**Note**

```
{"Statement": [{"Effect": "Allow", "Action": ["a:B"], "Resource": ["*"]}], "Version": "2012-10-17"}
```
"""
    html = """<html><head><title>t</title><style>p {}</style></head><body><nav>Elsewhere</nav><h1>Using a thing</h1>
<p>The thing has a <b>name</b>. It is never changed, because <a href="x">others</a> rely on it.</p>
<h2>Deleting a thing</h2><p><b>To delete a thing (console)</b></p><ol><li><p>Open the console.</p></li>
<li>Choose the thing &#8211; not its name &#8211; and choose <b>Delete</b>.</li></ol>
<pre>{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "a:B", "Resource": "*"}]}</pre>
<script>let x = "no text";</script></body></html>"""
    pages = [page_of(PAGE), page_of(markdown, ".md"), page_of(html, ".html")]
    for other in pages[1:]:
        assert not compare(pages[0], other).any
        assert [(s.section, s.ordinal) for s in other.sentences] == [
            (s.section, s.ordinal) for s in pages[0].sentences
        ]


def rewritten(text: str, seed: int) -> str:
    """Wrap, quote, number and space a text copy otherwise, leaving every word."""
    draw = random.Random(seed)
    chunks = []
    for written in re.split(r"\n[ \t]*\n", text):
        if written.strip().startswith("{"):
            chunks.append(re.sub(r"([{\[,]) ", lambda m: m[1] + draw.choice([" ", "\n  ", "   "]), written))
            continue
        chunk = re.sub(r"(?<=\w) (?=\w)", lambda _: draw.choice([" ", " ", "  ", "\n"]), written)
        quoted = re.sub(r"'", lambda _: draw.choice(["'", "’"]), chunk)
        dashed = re.sub(r"– ", lambda _: draw.choice(["– ", "— ", "- "]), quoted)
        numbered = re.sub(r"^(\s*)\d+\. ", lambda m: m[1] + draw.choice(["1. ", "9. ", "- "]), dashed)
        chunks.append(draw.choice(["", " "]) + numbered)
    return draw.choice(["\n\n", "\n \n", "\n\n\n"]).join(chunks)


@pytest.mark.parametrize("seed", range(100))
def test_a_page_that_is_only_set_otherwise_has_not_changed(seed: int) -> None:
    assert not compare(page_of(PAGE), page_of(rewritten(PAGE, seed))).any


@pytest.mark.skipif(not SOURCES.exists(), reason="no copy of the page here")
@pytest.mark.parametrize("seed", range(50))
def test_the_real_page_set_otherwise_has_not_changed(seed: int) -> None:
    text = (SOURCES / "rds-service-linked-roles.2020-10-09.txt").read_text(encoding="utf-8")
    assert not compare(page_of(text), page_of(rewritten(text, seed))).any


@pytest.mark.skipif(not SOURCES.exists(), reason="no copy of the page here")
def test_a_changed_word_of_the_real_page_is_one_reworded_sentence() -> None:
    text = (SOURCES / "rds-service-linked-roles.2020-10-09.txt").read_text(encoding="utf-8")
    sentences = [s.text for s in page_of(text).sentences if not s.heading and len(s.text.split()) > 6]
    draw = random.Random(1)
    for sentence in draw.sample(sentences, 20):
        words = sentence.split()
        place = draw.randrange(1, len(words) - 1)
        changed = " ".join([*words[:place], "emphatically", *words[place:]])
        found = compare(page_of(text), page_of(text.replace(sentence, changed, 1)))
        assert (len(found.reworded), len(found.gone), len(found.new)) == (1, 0, 0), sentence


def test_both_formats_of_the_real_page_are_read_alike() -> None:
    if not SOURCES.exists():
        pytest.skip("no copy of the page here")
    text, markdown = (read_page(SOURCES / f"rds-service-linked-roles.2020-10-09.{kind}") for kind in ("txt", "md"))
    found = compare(markdown, text)
    assert not found.any
    assert len(found.blanks) == 2
