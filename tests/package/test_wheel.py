"""The wheel carries the features, the steps and the deviations: it runs where there is no checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(target), str(ROOT)],
        check=True,
        capture_output=True,
    )
    return next(target.glob("slrspec-*.whl"))


def test_the_wheel_has_features_steps_and_deviations_and_no_test(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    below = "slrspec/specification/"
    features = {name.removeprefix(below) for name in names if name.endswith(".feature")}
    assert features == {file.relative_to(ROOT).as_posix() for file in (ROOT / "features").glob("*/*.feature")}
    assert "slrspec/specification/features/rds/document.toml" in names
    assert "slrspec/steps/role.py" in names
    assert "slrspec/providers/deviations/moto.toml" in names
    assert "slrspec/providers/deviations/catalogue/moto.toml" in names
    assert "slrspec/sandbox/data/confirmed.toml" in names
    assert "slrspec/sandbox/operations.json" in names
    assert "slrspec/documented/data/policy-versions.tsv" in names
    assert "slrspec/specification/features/catalogue/services.tsv" in names
    assert "slrspec/py.typed" in names
    of_the_site = ("templates/matrix.md.j2", "assets/report.css", "assets/report.js", "standalone.yml")
    assert all(f"slrspec/site/{name}" in names for name in of_the_site)
    assert not [name for name in names if name.startswith(("tests/", "bench/"))]


def required(distribution: metadata.Distribution, extras: Iterable[str] = ()) -> set[str]:
    """The names of the distributions that one needs, with what those need, all of which are installed here."""
    found: set[str] = set()
    for one in map(Requirement, distribution.requires or ()):
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in (*extras, "")):
            found |= {one.name, *required(metadata.distribution(one.name), one.extras)}
    return found


def of_wheel(wheel: Path) -> metadata.Distribution:
    (told,) = (one for one in zipfile.Path(wheel).iterdir() if one.name.endswith(".dist-info"))
    return metadata.PathDistribution(told)


def files_of(name: str) -> set[Path]:
    """What a distribution has put into the folder of packages, without what lies below."""
    found = metadata.distribution(name)
    tops = {file.parts[0] for file in found.files or () if file.parts[0] != ".."}
    return {Path(str(found.locate_file(top))) for top in tops if top != "__pycache__"}


def test_an_installed_wheel_runs_the_specification_outside_any_checkout(wheel: Path, tmp_path: Path) -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PYTEST", "VIRTUAL_ENV"))
    }
    home = tmp_path / "home"
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    python = home / "bin" / "python"
    (site,) = home.glob("lib/python*/site-packages")
    for file in {file for name in required(of_wheel(wheel)) for file in files_of(name)}:
        if not (site / file.name).exists():
            (site / file.name).symlink_to(file)
    # Nothing but what the wheel asks for is there, and pip finds out whether all of that is.
    subprocess.run(
        [str(python), "-m", "pip", "install", "--quiet", "--no-index", str(wheel)], check=True, env=environment
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    run = subprocess.run(
        [
            str(home / "bin" / "slrspec"),
            "run",
            "--provider",
            "moto",
            "--provider",
            "documented",
            "--format",
            "json",
        ],
        cwd=elsewhere,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    results = json.loads(run.stdout)
    assert results["run"]["complete"]
    assert len(results["rules"]) >= 72
    # the report needs nothing more; the site needs MkDocs, and says so
    for arguments, code, said in ((["report"], 0, "docs/report"), (["site"], 2, "slrspec[site]")):
        done = subprocess.run(
            [str(home / "bin" / "slrspec"), *arguments],
            cwd=elsewhere,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert said in done.stdout + done.stderr
    imported = subprocess.run(
        [str(python), "-c", "import slrspec; print(slrspec.__file__)"],
        cwd=elsewhere,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(home) in imported.stdout
