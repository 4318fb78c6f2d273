"""What must not be published is found, in whatever form it stands."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest

from slrspec.running.withheld import Search, Withheld, digests
from slrspec.site.escape import shown
from slrspec.site.scanning import PublicationRefused, hits, refuse_leaks

ACCOUNT, SECRET = "998877665544", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYzzzzzzzzzz"
KNOWN = [Withheld("salt", frozenset(digests("salt", [ACCOUNT, SECRET])))]


@pytest.mark.parametrize(
    "text",
    [
        f"<code>{ACCOUNT}</code>",
        f"<p>{shown(SECRET)}</p>",
        f"<p>{html.escape(f'arn:aws:iam::{ACCOUNT}:role/x')}</p>",
        f'{{"key": "{SECRET}"}}',
        f"<p>{shown('arn:aws:iam::314159265358:role/other')}</p>",
        "AKIA" + "Q" * 16,
        "ASIA" + "Q" * 16,
    ],
)
def test_it_is_found(text: str) -> None:
    assert {hit.line for hit in hits("x.html", f"line one\n{text}\n", Search(KNOWN))} == {2}


@pytest.mark.parametrize("value", [SECRET, "AKIA" + "Q" * 16, "arn:aws:iam::314159265358:role/other"])
@pytest.mark.parametrize("before", ["\n", "\t", "\r", "\b", "\f", "\x1b", " "])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_it_is_found_behind_an_escape_of_json(value: str, before: str, depth: int) -> None:
    """What a provider said is a text in JSON; in Cucumber's attachments, a text in JSON in JSON."""
    text = f"key{before}{value}"
    for _ in range(depth):
        text = json.dumps({"stdout": text})
    for name, found in (("x.ndjson", text), ("x.html", f"<pre>{shown(text)}</pre>")):
        assert {hit.line for hit in hits(name, f"{{}}\n{found}\n", Search(KNOWN))} == {2}


def test_it_is_found_whose_own_characters_are_escaped() -> None:
    for text in (SECRET.replace("/", "\\/"), SECRET.replace("+", "\\u002B"), SECRET.replace("w", "\\\\u0077")):
        assert list(hits("x.json", f'{{"key": "{text}"}}', Search(KNOWN)))


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:iam::<account>:role/x",
        "arn:aws:iam::123456789012:role/x",
        "AKIAIOSFODNN7EXAMPLE",
        "314159265358",
        "learn:aws:iam::314159265358:role/x",
        "xAKIA" + "Q" * 16,
        "AKIA" + "Q" * 17,
    ],
)
def test_examples_and_references_are_let_through(text: str) -> None:
    assert not list(hits("x.html", text, Search(KNOWN)))


def test_credentials_of_this_machine_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "t" * 40)
    assert [hit.kind for hit in hits("x", f"<p>{'t' * 40}</p>", Search([]))] == ["the value of AWS_SESSION_TOKEN"]


def test_paths_of_this_machine_are_found() -> None:
    assert [hit.kind for hit in hits("x", f"in {Path.home()}/project", Search([]))] == ["a path of this machine"]


def test_a_user_without_a_home_of_its_own_can_publish(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many a container has: `/` would be a path of any machine, and no home is not to be looked for."""
    monkeypatch.setenv("HOME", "/")
    assert not list(hits("x", "https://example.com//x", Search([])))

    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nobody)
    assert not list(hits("x", "text", Search([])))


def test_the_message_names_the_place_and_not_the_value(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "data.ndjson").write_text(f"\n\n{ACCOUNT}")
    with pytest.raises(PublicationRefused) as refused:
        refuse_leaks(tmp_path, KNOWN)
    assert str(refused.value).startswith("deep/data.ndjson:3: the site is not published")
    assert ACCOUNT not in str(refused.value)
    assert refused.value.exit_code == 3
