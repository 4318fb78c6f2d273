"""A folder takes another's place whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from slrspec.errors import UsageError
from slrspec.site.publishing import MARKER, replacing


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def interrupted(target: Path) -> None:
    with replacing(target) as new:
        (new / "new").touch()
        raise KeyboardInterrupt


def test_it_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "site"
    with replacing(target) as new:
        (new / "a").touch()
        assert not target.exists()
    assert names(target) == {"a", MARKER}
    assert names(target.parent) == {"site"}


def test_the_old_one_stays_if_anything_goes_wrong(tmp_path: Path) -> None:
    target = tmp_path / "site"
    with replacing(target) as new:
        (new / "old").touch()
    with pytest.raises(KeyboardInterrupt):
        interrupted(target)
    assert names(target) == {"old", MARKER}
    assert names(tmp_path) == {"site"}


def test_nothing_of_the_old_one_is_left(tmp_path: Path) -> None:
    target = tmp_path / "site"
    for name in ("old", "new"):
        with replacing(target) as new:
            (new / name).touch()
    assert names(target) == {"new", MARKER}


def test_others_can_read_it(tmp_path: Path) -> None:
    target = tmp_path / "site"
    with replacing(target):
        pass
    mask = os.umask(0)
    os.umask(mask)
    assert target.stat().st_mode & 0o777 == 0o777 & ~mask


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_what_slrspec_has_not_written_is_not_touched(tmp_path: Path, kind: str) -> None:
    target, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("x")
    if kind == "link":
        target.symlink_to(elsewhere)
    elif kind == "file":
        target.write_text("x")
    else:
        elsewhere.rename(target)
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    with pytest.raises(UsageError, match="not written|own"), replacing(target):
        pass
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    with replacing(tmp_path / "site") as new:
        (new / "a").touch()
    assert "a" in names(tmp_path / "site")
