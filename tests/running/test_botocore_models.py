"""botocore's files are parsed once each, to the same end, and only in a botocore that is as expected."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from botocore import loaders
from botocore.session import Session

from slrspec.running import botocore_models
from slrspec.running.botocore_models import METHOD, models_read_once

SERVICES = ("iam", "rds", "sts", "elasticache")


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


def test_another_botocore_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(self: Any, path: str, more: str) -> None: ...

    monkeypatch.setattr(loaders.JSONFileLoader, METHOD, other)
    with models_read_once() as possible:
        assert not possible
        assert getattr(loaders.JSONFileLoader, METHOD) is other
    monkeypatch.delattr(loaders, "JSONFileLoader")
    with models_read_once() as possible:
        assert not possible


def test_whoever_wants_the_plain_way_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLRSPEC_PLAIN", "1")
    with models_read_once() as possible:
        assert not possible
