"""The folder of runs: append-only, and never fatal."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from slrspec.errors import ResultsError, UsageError
from slrspec.history.folder import append, find_run, read_history
from slrspec.running.results import encode, read_run
from tests.recorded.runs import a_run

ONE, TWO = a_run({"RDS-DEL-01": {"moto": "pass"}}), a_run({"RDS-DEL-01": {"moto": "fail"}}, day=2)


def test_a_run_comes_back_as_it_went_in(tmp_path: Path) -> None:
    file = append(tmp_path / "history", ONE)
    assert file.name == f"{ONE.run.id}.json.gz"
    assert read_run(file) == ONE


def test_history_is_in_the_order_of_time(tmp_path: Path) -> None:
    append(tmp_path, TWO)
    append(tmp_path, ONE)
    (tmp_path / "twin.json").write_bytes(encode(ONE))  # the same run once more
    assert [run.run.id for run in read_history(tmp_path).runs] == [ONE.run.id, TWO.run.id]


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    file = append(tmp_path, ONE)
    file.write_bytes(b"kept")
    append(tmp_path, ONE)
    assert file.read_bytes() == b"kept"
    assert [path.name for path in tmp_path.iterdir()] == [file.name]  # and no half of a file is left


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("cut.json.gz", gzip.compress(encode(ONE))[:-30], "not a whole compressed file"),
        ("plain.json.gz", b"{}", "not a whole compressed file"),
        ("foreign.json", b'{"some": "thing"}', "not a results file"),
        ("newer.json", encode(ONE).replace(b'"schema_version": 1', b'"schema_version": 9'), "schema_version"),
        ("empty.json", b"", "never ended"),
        ("notes.txt", b"hello", "no .json"),
    ],
)
def test_a_bad_file_is_named_and_passed_over(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    append(tmp_path, ONE)
    (tmp_path / name).write_bytes(content)
    found = read_history(tmp_path)
    assert len(found.runs) == 1
    assert [(passed.file.name, why in passed.why) for passed in found.passed_over] == [(name, True)]


def test_no_folder_is_an_empty_history(tmp_path: Path) -> None:
    assert read_history(tmp_path / "none").runs == ()


def test_a_run_whose_id_is_a_path_is_refused(tmp_path: Path) -> None:
    import msgspec

    evil = msgspec.structs.replace(ONE, run=msgspec.structs.replace(ONE.run, id="../../evil"))
    with pytest.raises(ResultsError, match="no file name"):
        append(tmp_path, evil)


def test_a_run_is_found_by_file_and_by_the_beginning_of_its_id(tmp_path: Path) -> None:
    file = append(tmp_path, ONE)
    assert find_run(file, tmp_path) == file
    assert find_run(Path("20261101"), tmp_path) == file
    append(tmp_path, TWO)
    with pytest.raises(UsageError, match="2 runs begin"):
        find_run(Path("202611"), tmp_path)
    with pytest.raises(UsageError, match="no file or run"):
        find_run(Path("2019"), tmp_path)
