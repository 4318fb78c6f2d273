"""What `slrspec.toml` may say of the sandbox, and how it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from slrspec.errors import SafetyRefusal, SlrspecError, UsageError
from slrspec.sandbox.settings import SandboxSettings, read_settings

WHOLE = {
    "account-id": '"111122223333"',
    "alias": '"slrspec-sandbox"',
    "regions": '["us-east-1", "eu-west-1"]',
    "role-arn": '"arn:aws:iam::111122223333:role/slrspec-runner"',
    "blocklist": '["444455556666"]',
}


def written(folder: Path, **changes: str | None) -> Path:
    """A settings file in which some lines are otherwise, or missing."""
    chosen = WHOLE | {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [f"{name} = {value}" for name, value in chosen.items() if value is not None]
    file = folder / "slrspec.toml"
    file.write_text("\n".join(["[sandbox]", *lines, ""]), encoding="utf-8")
    return file


def refused(folder: Path, kind: type[SlrspecError], **changes: str | None) -> str:
    with pytest.raises(kind) as refusal:
        read_settings(written(folder, **changes))
    assert type(refusal.value) is kind
    return str(refusal.value)


def test_a_whole_table_is_read(tmp_path: Path) -> None:
    found = read_settings(written(tmp_path))
    assert isinstance(found, SandboxSettings)
    assert (found.region, found.second_region, found.role_name) == ("us-east-1", "eu-west-1", "slrspec-runner")


def test_there_is_no_default_account(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no default"):
        read_settings(tmp_path / "slrspec.toml")


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_nothing_that_matters_has_a_default(name: str, tmp_path: Path) -> None:
    assert f"the sandbox has no {name}; there is no default" in refused(
        tmp_path, UsageError, **{name.replace("-", "_"): None}
    )


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("account_id", '"12"', 2),
        ("account_id", "111122223333", 2),
        ("alias", '""', 3),
        ("regions", "[]", 4),
        ("regions", '["us-east-1", "us-east-1"]', 4),
        ("regions", '["us-east-1", "us-east-2", "us-west-2"]', 4),
        ("regions", '["everywhere"]', 4),
        ("regions", '"us-east-1"', 4),
        ("role_arn", '"arn:aws:iam::999999999999:role/slrspec-runner"', 5),
        ("role_arn", '"arn:aws:iam::111122223333:user/somebody"', 5),
        ("blocklist", "[]", 6),
        ("blocklist", '["prod"]', 6),
        ("boundary", '"arn:aws:iam::999999999999:policy/boundary"', 7),
        ("instance_minutes", "0", 7),
        ("propagation_seconds", "true", 7),
        ("max_usd", "3", 7),
    ],
)
def test_nonsense_is_refused_by_its_line(name: str, value: str, line: int, tmp_path: Path) -> None:
    assert f"slrspec.toml:{line}: " in refused(tmp_path, UsageError, **{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("blocklist", '["444455556666", "111122223333"]'),
        ("alias", '"company-prod"'),
        ("alias", '"production"'),
        ("alias", '"live"'),
        ("alias", '"PRD-eu"'),
        ("rehearsal", '"https://iam.amazonaws.com"'),
        ("rehearsal", '"http://192.0.2.1:5000"'),
        ("rehearsal", '"http://localhost"'),
        ("rehearsal", '"http://127.0.0.1:99999"'),
    ],
)
def test_danger_is_refused_as_such(name: str, value: str, tmp_path: Path) -> None:
    assert "slrspec.toml:" in refused(tmp_path, SafetyRefusal, **{name: value})


def test_an_alias_that_only_contains_such_a_word_is_none(tmp_path: Path) -> None:
    assert read_settings(written(tmp_path, alias='"olive-delivery"')).alias == "olive-delivery"
