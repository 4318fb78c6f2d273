"""moto looks up once what it would for each call, finds the same, and only where it is the moto that is known."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from moto import backends
from moto.core import responses
from moto.iam.responses import IamResponse
from moto.rds.responses import RDSResponse

from slrspec.providers.moto import MotoProvider
from slrspec.providers.moto_lookups import EXPECTED, looked_up_once


def functions() -> list[Any]:
    return [getattr(sys.modules[module], name) for module, name, _ in EXPECTED]


def test_what_is_found_is_what_moto_finds() -> None:
    def found() -> list[Any]:
        methods = [getattr(responses, "method_names_from_class")(one) for one in (IamResponse, RDSResponse)]  # noqa: B009
        return [*methods, *(backends.get_backend(name) for name in ("iam", "rds", "ec2"))]

    plain = found()
    before = functions()
    with looked_up_once() as once:
        assert once
        assert found() == found() == plain
        assert all(function.cache_info().hits for function in functions())
    assert functions() == before


def test_a_run_looks_up_once_and_leaves_moto_as_it_was() -> None:
    provider = MotoProvider()
    before = functions()
    with provider.open_account("any") as account:
        iam: Any = account.client("iam")
        for _ in range(3):
            iam.list_roles()
        assert [function.cache_info().misses for function in functions()] == [1, 1]
        assert all(function.cache_info().hits >= 2 for function in functions())
    provider.close()
    assert functions() == before
    assert provider.plainly == {}


def test_of_two_at_once_the_first_looks_after_it() -> None:
    before = functions()
    first, second = looked_up_once(), looked_up_once()
    first.__enter__()
    during = functions()
    assert second.__enter__()
    assert functions() == during != before
    first.__exit__(None, None, None)
    assert functions() == before
    second.__exit__(None, None, None)
    assert functions() == before


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, name, _ in EXPECTED])
def test_another_moto_looks_up_as_ever(monkeypatch: pytest.MonkeyPatch, module: str, name: str) -> None:
    def other(*, clazz: object) -> list[str]:
        raise AssertionError(clazz)

    monkeypatch.setattr(sys.modules[module], name, other, raising=True)
    if name == "method_names_from_class":
        monkeypatch.delattr(sys.modules[module], name)
    before = [getattr(sys.modules[m], n, None) for m, n, _ in EXPECTED]
    with looked_up_once() as once:
        assert not once
        assert [getattr(sys.modules[m], n, None) for m, n, _ in EXPECTED] == before


def test_the_plain_way_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLRSPEC_PLAIN", "1")
    provider = MotoProvider()
    before = functions()
    with provider.open_account("any"):
        assert functions() == before
    provider.close()
    assert list(provider.plainly) == ["moto's look-ups"]
