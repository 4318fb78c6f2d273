"""Reports and sites to look at: of a real run on two providers, and of runs made by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from slrspec.history.folder import History
from slrspec.running.results import Run
from slrspec.site.report import Report, Sources
from slrspec.spec.location import features_folder
from slrspec.spec.rules import Specification
from slrspec.tracing.editions import read_editions
from tests.conftest import slrspec

MakeReport = Callable[..., Report]
CATALOGUED = ("rds.amazonaws.com", "autoscaling.amazonaws.com", "elasticache.amazonaws.com")


@pytest.fixture(scope="session")
def make_report(specification: Specification) -> MakeReport:
    def make(*runs: Run, past: tuple[Run, ...] = (), **more: object) -> Report:
        editions = read_editions(features_folder())
        return Report(Sources(runs, specification, editions, History(past), **more))  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which two runs were made, faults were tried, and the site was built; the site is in `site`.

    It has a second document: the catalogue, for three services.
    """
    folder = tmp_path_factory.mktemp("site")
    assert slrspec("run", "--provider", "moto", "-q", cwd=folder).returncode == 0
    assert slrspec("faults", "--own", "--rule", "RDS-DEL-01", cwd=folder).returncode == 0
    providers = ("--provider", "moto", "--provider", "documented")
    assert slrspec("run", *providers, "-q", cwd=folder).returncode == 0
    services = [word for name in CATALOGUED for word in ("--service", name)]
    ran = slrspec("run", "--document", "catalogue", *services, *providers, "-q", cwd=folder)
    assert "documented: 19 rules: 19 passed" in ran.stdout, ran.stdout + ran.stderr
    results = (".slrspec/results.json", ".slrspec/catalogue/results.json")
    built = slrspec("site", *results, cwd=folder)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder
