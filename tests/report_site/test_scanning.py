"""What must not be published is found, in whatever form it stands."""

from __future__ import annotations

import html
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


@pytest.mark.parametrize(
    "text",
    ["arn:aws:iam::<account>:role/x", "arn:aws:iam::123456789012:role/x", "AKIAIOSFODNN7EXAMPLE", "314159265358"],
)
def test_examples_and_references_are_let_through(text: str) -> None:
    assert not list(hits("x.html", text, Search(KNOWN)))


def test_credentials_of_this_machine_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "t" * 40)
    assert [hit.kind for hit in hits("x", f"<p>{'t' * 40}</p>", Search([]))] == ["the value of AWS_SESSION_TOKEN"]


def test_paths_of_this_machine_are_found() -> None:
    assert [hit.kind for hit in hits("x", f"in {Path.home()}/project", Search([]))] == ["a path of this machine"]


def test_the_message_names_the_place_and_not_the_value(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "data.ndjson").write_text(f"\n\n{ACCOUNT}")
    with pytest.raises(PublicationRefused) as refused:
        refuse_leaks(tmp_path, KNOWN)
    assert str(refused.value).startswith("deep/data.ndjson:3: the site is not published")
    assert ACCOUNT not in str(refused.value)
    assert refused.value.exit_code == 3
