"""A moto that is not made as the model expects is refused in one line, before anything is changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from slrspec.documented import documented_aws, hooks
from slrspec.errors import UnknownMoto
from tests.conftest import slrspec


@pytest.fixture(autouse=True)
def asked_anew() -> Any:
    caches = (hooks._shared_response, hooks._refuse_unknown)
    for known in caches:
        known.cache_clear()
    yield
    for known in caches:
        known.cache_clear()


@pytest.mark.parametrize("version", ["4.2.14", "5.0.27", "6.0.0", "7.1", "nonsense"])
def test_versions_that_nobody_has_tried_are_refused(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(hooks, "_version", lambda: version)
    with pytest.raises(UnknownMoto) as caught, documented_aws():
        pass
    assert str(caught.value).startswith(f"cannot teach moto {version}: ")
    assert "known: moto 5.0.28 to 5.2.5" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_newer_versions_of_the_same_make_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "_version", lambda: "5.9.1.dev3")
    with documented_aws():
        pass


@pytest.mark.parametrize(
    ("owner", "name"),
    [("moto.iam.responses.IamResponse", "get_access_key"), ("moto.iam.models", "AWSManagedPolicy")],
)
def test_a_missing_part_is_named(monkeypatch: pytest.MonkeyPatch, owner: str, name: str) -> None:
    from importlib import import_module

    module, _, cls = owner.rpartition(".")
    target: Any = getattr(import_module(module), cls) if cls[0].isupper() else import_module(owner)
    holder = next((one for one in getattr(target, "__mro__", ()) if name in vars(one)), target)
    monkeypatch.delattr(holder, name)
    with pytest.raises(UnknownMoto, match=name), documented_aws():
        pass


def test_a_changed_signature_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from moto.iam.models import IAMBackend

    backend: Any = IAMBackend
    monkeypatch.setattr(backend, "create_role", lambda self, role_name: None)
    with pytest.raises(UnknownMoto, match="linked_service"), documented_aws():
        pass


def test_the_command_says_it_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "moto").mkdir()
    metadata = tmp_path / "moto-4.2.14.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: moto\nVersion: 4.2.14\n")
    run = slrspec("serve", "--port", "0", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert run.returncode == 2
    assert run.stderr.count("\n") == 1
    assert "moto" in run.stderr


def test_what_was_refused_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    from moto.core.models import MockAWS

    before = MockAWS._nested_count
    monkeypatch.setattr(hooks, "_version", lambda: "4.2.14")
    with pytest.raises(UnknownMoto), documented_aws():
        pass
    assert MockAWS._nested_count == before


def test_a_part_of_rds_that_is_missing_is_named_when_rds_is_first_called(monkeypatch: pytest.MonkeyPatch) -> None:
    from boto3.session import Session
    from moto.rds import (
        models,
        responses,  # noqa: F401 - has the name already that is taken away now
    )

    monkeypatch.delattr(models, "rds_backends")
    with documented_aws(), pytest.raises(UnknownMoto, match="rds_backends"):
        Session().client("rds", region_name="us-east-1").describe_db_instances()


def test_a_service_with_a_way_of_its_own_around_the_model_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from moto.iam.responses import IamResponse

    monkeypatch.setattr(IamResponse, "call_action", lambda self: None, raising=False)
    with pytest.raises(UnknownMoto, match="iam the shared call_action"), documented_aws():
        pass
