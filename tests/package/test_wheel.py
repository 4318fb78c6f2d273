"""The wheel carries the features, the steps and the deviations: it runs where there is no checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

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


def test_an_installed_wheel_runs_the_specification_outside_any_checkout(wheel: Path, tmp_path: Path) -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PYTEST", "VIRTUAL_ENV"))
    }
    home = tmp_path / "home"
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    python = home / "bin" / "python"
    # The moto that the deviations speak of; everything else as the wheel asks for it.
    subprocess.run(
        [str(python), "-m", "pip", "install", "--quiet", str(wheel), "moto==5.2.5"], check=True, env=environment
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
