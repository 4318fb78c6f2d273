"""The pytest plugin: `pytest --provider NAME` runs the features, with all of pytest's selection.

Without `--provider` it does nothing at all, and imports nothing: it is installed in everybody's pytest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from slrspec.errors import SlrspecError

if TYPE_CHECKING:
    from pathlib import Path

    from slrspec.running.session import SpecificationSession

SESSION = "slrspec-session"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a run."""
    group = parser.getgroup("slrspec", "slrspec: documented rules of the RDS service-linked role")
    add = group.addoption
    add("--provider", action="append", metavar="NAME", help="run the features on this provider (repeatable)")
    add("--slr-rule", action="append", default=[], metavar="ID", help="only this rule (repeatable)")
    add(
        "--slr-tag",
        action="append",
        default=[],
        metavar="TAG",
        help="only this tag, or 'not TAG' (repeatable)",
    )
    add("--slr-section", action="append", default=[], metavar="NAME", help="only this section (repeatable)")
    add("--slr-service", action="append", default=[], metavar="NAME", help="only for this service (repeatable)")
    add(
        "--slr-document",
        default="",
        metavar="ID",
        help="whose rules to run; rds unless told otherwise",
    )
    add("--slr-features", metavar="DIR", help="features to run in place of those of slrspec")
    add("--slr-edition", default="", metavar="DAY", help="rules of this edition of the page")
    add("--slr-results", metavar="FILE", help="write results.json to this file")
    add("--slr-salt", default="", metavar="TEXT", help="salt of what is withheld; else a random one")
    add("--slr-deviations", metavar="FILE", help="known deviations in place of those of slrspec")
    add("--slr-forks", type=int, default=0, metavar="N", help="all in turn, in so many processes at most")
    add("--slr-no-deviations", action="store_true", help="take no failure for known")


@pytest.hookimpl(trylast=True)  # after pytest-bdd has its configuration
def pytest_configure(config: pytest.Config) -> None:
    """Read the specification and the deviations, if a run is asked for."""
    if not config.getoption("provider"):
        return
    if not hasattr(config.hook, "pytest_bdd_before_step"):
        raise pytest.UsageError("--provider needs the plugin of pytest-bdd (-p pytest_bdd.plugin)")
    from slrspec.running.session import SpecificationSession

    try:
        session = SpecificationSession(config)
        config.pluginmanager.register(session, SESSION)
        for module in session.step_plugins():
            config.pluginmanager.register(module, module.__name__)
        session.check_phrases()
    except SlrspecError as error:
        raise pytest.UsageError(str(error)) from error
    for tag in sorted(session.specification.tags):
        config.addinivalue_line("markers", f"{tag}: tag of a feature")
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args = [str(session.specification.folder)]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the feature files of the specification, and no others."""
    session: SpecificationSession | None = parent.config.pluginmanager.get_plugin(SESSION)
    if session is None or file_path.suffix != ".feature":
        return None
    return session.collector(file_path, parent)
