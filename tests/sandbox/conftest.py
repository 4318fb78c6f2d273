"""Servers that the tests of this folder share; each test takes an account of its own on them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.places import DOCUMENTED, MOTO, Place, serving


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    with serving(MOTO) as url:
        yield url


@pytest.fixture(scope="session")
def documented_url() -> Iterator[str]:
    with serving(DOCUMENTED) as url:
        yield url


@pytest.fixture
def moto_place(moto_url: str) -> Place:
    """An empty account on stock moto."""
    return Place(moto_url)


@pytest.fixture
def documented_place(documented_url: str) -> Place:
    """An empty account on AWS as documented."""
    return Place(documented_url)


@pytest.fixture(params=["documented", pytest.param("moto", marks=pytest.mark.long)])
def place(request: pytest.FixtureRequest) -> Place:
    """An empty account, on AWS as documented, and in the long part on stock moto too."""
    return Place(request.getfixturevalue(f"{request.param}_url"))
