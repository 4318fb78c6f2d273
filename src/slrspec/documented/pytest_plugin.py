"""For other people's test suites: the fixture and marker `documented_aws`, and the option `--slr-guard`.

Without any of them it does nothing, and imports nothing: it is installed in everybody's pytest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from slrspec.documented.guard import Leaning
    from slrspec.documented.handle import DocumentedAws

MARKER = "documented_aws"
PROPERTY = "slr_guard"
LOOKS = ("creating", "deleting", "pending", "lag", "seed")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the guard."""
    group = parser.getgroup("slrspec")
    group.addoption(
        "--slr-guard",
        choices=["fail", "mark"],
        help="fail, or only list, tests that lean on a documented rule of service-linked roles that moto breaks",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(edition=…, faults=[…], creating=0, deleting=0, pending=0, lag=0, seed=None): "
        "run the test on AWS as documented for service-linked roles, in place of moto's mock_aws",
    )


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give a marked test the fixture, as if it had asked for it."""
    marker = item.get_closest_marker(MARKER)
    if marker is None or not isinstance(item, pytest.Function):
        return
    _context(marker, item)  # what is wrong with the marker is said now, not in the middle of the run
    if MARKER not in item.fixturenames:
        item.fixturenames.insert(0, MARKER)


@pytest.fixture
def documented_aws(request: pytest.FixtureRequest) -> Iterator[DocumentedAws]:
    """Mock AWS as documented; what the marker of the same name says is obeyed."""
    with _context(request.node.get_closest_marker(MARKER), request.node) as aws:
        yield aws


def _context(marker: pytest.Mark | None, item: pytest.Item) -> DocumentedAws:
    from slrspec.documented.behaviour import Timing
    from slrspec.documented.handle import documented_aws as make
    from slrspec.errors import SlrspecError

    given = dict(marker.kwargs) if marker else {}
    looks = {name: given.pop(name) for name in LOOKS if name in given}
    try:
        if looks:
            given["timing"] = Timing(**looks)
        made: DocumentedAws = make(**given)
        made.check()
    except (SlrspecError, TypeError) as error:
        raise pytest.UsageError(f"{item.nodeid}: marker {MARKER}: {error}") from error
    return made


# ---- the guard


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Watch the calls that a test makes."""
    mode = item.config.getoption("slr_guard")
    if mode is None:
        return (yield)
    from slrspec.documented.behaviour import Setting
    from slrspec.documented.guard import Watch
    from slrspec.documented.hooks import installed

    watch = Watch()
    try:
        with installed(Setting(), answerer=watch, outermost=True):
            outcome = yield
    finally:
        item.user_properties += [(PROPERTY, str(leaning)) for leaning in watch.leanings]
    if watch.leanings and mode == "fail":
        pytest.fail(_said(watch.leanings), pytrace=False)
    return outcome


def _said(leanings: list[Leaning]) -> str:
    from slrspec.spec.gherkin import read_all

    rules = {rule.id: rule for one in read_all() for rule in one.rules}
    lines = ["passes only because moto does not do what AWS documents:"]
    for leaning in leanings:
        statement = rules[leaning.rule].statement if leaning.rule in rules else "AWS's own answer"
        lines.append(f"  {leaning.rule or 'no rule'}  {statement}")
        lines.append(f"      {leaning.what}")
    lines.append("  run it on AWS as documented: @pytest.mark.documented_aws")
    return "\n".join(lines)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:  # noqa: ANN401
    """List the tests that lean on what moto breaks."""
    if config.getoption("slr_guard") is None:
        return
    found = [
        (report.nodeid, value)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in report.user_properties
        if name == PROPERTY
    ]
    terminalreporter.section("slrspec guard")
    for nodeid, leaning in found:
        terminalreporter.write_line(f"{nodeid}: {leaning}")
    tests = len({nodeid for nodeid, _ in found})
    said = "1 test leans" if tests == 1 else f"{tests} tests lean"
    terminalreporter.write_line(f"{said} on documented rules that moto breaks")
