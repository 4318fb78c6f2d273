"""botocore's files are parsed once each, to the same end, and only in a botocore that is as expected."""

from __future__ import annotations

import copy
import os
from typing import TYPE_CHECKING, Any

import boto3.session
import pytest
from botocore import loaders
from botocore.session import Session

from slrspec.running import botocore_models
from slrspec.running.botocore_models import EXPECTED, models_read_once

if TYPE_CHECKING:
    from pathlib import Path

SERVICES = ("iam", "rds", "sts", "elasticache")


TYPES = ("service-2", "paginators-1", "waiters-2", "endpoint-rule-set-1", "examples-1", "resources-1", "none")


def services() -> dict[str, list[str]]:
    """List the services that have a file of each type, with boto3's own among them."""
    loader = boto3.session.Session()._session.get_component("data_loader")
    return {name: loader.list_available_services(name) for name in TYPES}


def models() -> list[Any]:
    loader = Session().get_component("data_loader")
    return [copy.deepcopy(loader.load_service_model(name, "service-2")) for name in SERVICES]


def test_each_file_is_parsed_once_for_all_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = models()
    parsed: list[str] = []
    load = getattr(loaders.JSONFileLoader, "_load_file")  # noqa: B009 - it has no type

    def counted(self: Any, full_path: str, open_method: Any) -> Any:
        found = load(self, full_path, open_method)
        if found is not None:
            parsed.append(full_path)
        return found

    monkeypatch.setattr(loaders.JSONFileLoader, "_load_file", counted)
    monkeypatch.setattr(botocore_models, "_read", {})
    before = loaders.JSONFileLoader.load_file
    with models_read_once() as possible:
        assert possible
        # A service's extras are merged into the one model again and again, and change it no more.
        assert models() == models() == models() == plain
    assert len(parsed) == len(set(parsed)) > len(SERVICES)
    assert loaders.JSONFileLoader.load_file is before


def test_the_folders_are_looked_through_once_for_all_sessions(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    listed: list[str] = []

    def noting(name: str) -> None:
        real = getattr(os, name)

        def noted(path: str) -> Any:
            listed.append(os.fspath(path))
            return real(path)

        monkeypatch.setattr(os, name, noted)

    noting("listdir")
    noting("scandir")
    monkeypatch.setattr(botocore_models, "_listed", {})
    plain = services()
    assert len(listed) > len(TYPES) * len(plain["service-2"]) > len(TYPES) * len(SERVICES)
    listed.clear()
    with models_read_once():
        Session().get_available_services().clear()  # whoever spoils theirs spoils nobody else's
        assert services() == services() == plain
        assert len(listed) == len(set(listed))
        other = Session()
        other.set_config_variable("data_path", str(tmp_path))  # who looks elsewhere looks for themselves
        (tmp_path / "llama" / "2026-01-01").mkdir(parents=True)
        (tmp_path / "llama" / "2026-01-01" / "service-2.json").write_text("{}", encoding="utf-8")
        assert "llama" in other.get_available_services()


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda one: one[1])
def test_another_botocore_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, expected: tuple[str, str, list[str]]
) -> None:
    def other(self: Any, one: str, more: str) -> None: ...

    owner, name, _ = expected
    before = loaders.JSONFileLoader.load_file, loaders.Loader.list_available_services
    with monkeypatch.context() as changed:
        changed.setattr(getattr(loaders, owner), name, other)
        with models_read_once() as possible:
            assert not possible
            assert getattr(getattr(loaders, owner), name) is other
    assert (loaders.JSONFileLoader.load_file, loaders.Loader.list_available_services) == before
    monkeypatch.delattr(loaders, owner)
    with models_read_once() as possible:
        assert not possible


def test_whoever_wants_the_plain_way_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLRSPEC_PLAIN", "1")
    with models_read_once() as possible:
        assert not possible
