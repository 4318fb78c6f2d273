"""A pytest session that judges the specification: collecting, running, recording, summing up."""

from __future__ import annotations

import platform
import secrets
import sys
import time
from contextlib import ExitStack
from datetime import UTC, date, datetime
from functools import cached_property
from importlib.metadata import version
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

import slrspec
from slrspec.errors import UsageError
from slrspec.providers.aws_cli import CAPABILITY, find_cli
from slrspec.providers.registry import find_provider
from slrspec.running.assemble import assemble
from slrspec.running.botocore_models import models_read_once
from slrspec.running.collecting import FeatureFile, Planned, items_of, provider_of, scenario_of
from slrspec.running.current_test import current_test_untold
from slrspec.running.deviations import Deviation, read_deviations, shipped_file
from slrspec.running.evidence import Finished, Results
from slrspec.running.forking import in_forks, number_of_forks, preload, taking_turns
from slrspec.running.interruption import remembered_interruption
from slrspec.running.normal import References
from slrspec.running.phrases import fixtures_besides_steps, refuse_undefined_steps, step_modules
from slrspec.running.results import RunInfo, ScenarioResult, without_run, write_run
from slrspec.running.scenario_run import DEFECT, ScenarioRun, unjudged
from slrspec.running.selection import Selection
from slrspec.running.step_lookup import forget_values, remembered_steps
from slrspec.running.verdict import Verdict
from slrspec.running.withheld import Digests, Withheld, digests
from slrspec.spec.gherkin import read_specification
from slrspec.spec.location import features_folder
from slrspec.spec.rules import RECORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from types import ModuleType

    from slrspec.providers.contract import Description, Provider
    from slrspec.running.checks import Checks
    from slrspec.running.recorder import RecordedAccount
    from slrspec.running.results import Run
    from slrspec.running.step_lookup import HandedOn
    from slrspec.spec.document import Document
    from slrspec.spec.grants import Grant
    from slrspec.spec.rules import Scenario, Section, Specification
    from slrspec.spec.services import Service

RUN = pytest.StashKey[ScenarioRun]()
FINISHED = "slrspec_finished"
SALT = "slrspec_salt"
OBSERVER = "slrspec-observer"
FIXTURES = "slrspec's fixtures are for its scenarios only"
PACKAGES = ("boto3", "botocore", "moto", "pytest", "pytest-bdd")


class SpecificationSession:
    """The plugin object of one `pytest --provider` session.

    An observer registered as `slrspec-observer` may have the methods `judged(judged)` and `finished(run)`.
    """

    def __init__(self, config: pytest.Config) -> None:
        option = config.getoption
        self.config = config
        self.specification: Specification = read_specification(
            Path(option("slr_features")) if option("slr_features") else features_folder(option("slr_document")),
            option("slr_edition"),
        )
        self.selection = Selection(
            tuple(option("slr_rule")),
            tuple(option("slr_tag")),
            tuple(option("slr_section")),
            tuple(option("slr_service")),
        ).checked(self.specification)
        self.rules, self.scenarios = self.selection.select(self.specification)
        if any(CAPABILITY in scenario.needs for scenario in self.scenarios):
            find_cli()  # one that is named wrong is a mistake to be told, not a reason to leave scenarios out
        self._forks: int = option("slr_forks")
        self.providers: dict[str, Provider] = {name: find_provider(name) for name in option("provider")}
        self.deviations = self._read_deviations()
        if option("slr_results"):
            _refuse_unwritable(Path(option("slr_results")))
        self.results = Results()
        self.salt: str = option("slr_salt") or getattr(config, "workerinput", {}).get(SALT) or secrets.token_hex(16)
        self.withheld = Digests()
        self.interrupted = False
        self.run: Run | None = None
        self._item: pytest.Item  # the one that is being run
        self._opened = ExitStack()
        self._was_interrupted = self._opened.enter_context(remembered_interruption())
        self._collected: set[str] | None = set()  # ids; None for all that was selected
        self._send: Callable[[bytes], None] | None = None  # in a fork: to the process that sums up
        self._started = datetime.now(UTC)
        self._begun = time.perf_counter()
        for provider in self.providers.values():
            self._opened.callback(provider.close)
        self._plainly: dict[str, str] = {}  # for the results: which shortcuts could not be taken
        self._handed_on: HandedOn | None = None
        if option("noconftest"):
            if self._forks:
                self._handed_on = self._opened.enter_context(remembered_steps())
            if self._handed_on is None:
                self._plainly["step lookup"] = "plain"
        if not self._opened.enter_context(models_read_once()):
            self._plainly["botocore's files"] = "read for each session"
        if option("noconftest") and not self._opened.enter_context(current_test_untold()):
            self._plainly["PYTEST_CURRENT_TEST"] = "set for each scenario"

    def _read_deviations(self) -> dict[str, dict[str, Deviation]]:
        if self.config.getoption("slr_no_deviations"):
            return {}
        given = self.config.getoption("slr_deviations")
        document = self.specification.document.id
        files = {
            name: Path(given) if given else shipped_file(getattr(provider, "deviates_as", name), document)
            for name, provider in self.providers.items()
        }
        if self.config.getoption("slr_features") and not given:
            return {}  # what is shipped speaks of the shipped rules
        return {
            name: read_deviations(file, self.specification)
            for name, file in files.items()
            if given or file.is_file()
        }

    def step_plugins(self) -> list[ModuleType]:
        """Return the step modules for pytest, to which each step is a fixture, if it must be."""
        if self._forks and "step lookup" not in self._plainly:
            return [fixtures_besides_steps(module) for module in step_modules()]
        return list(step_modules())

    def check_phrases(self) -> None:
        """Refuse a phrase that no step defines."""
        refuse_undefined_steps(self.rules)

    @cached_property
    def _section_of(self) -> dict[Path, Section]:
        return {section.file.resolve(): section for section in self.specification.sections}

    @cached_property
    def descriptions(self) -> dict[str, Description]:
        """What each provider says of itself."""
        return {name: provider.describe() for name, provider in self.providers.items()}

    # ---- collecting

    def collector(self, file: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """Return the collector of a section's file; None for a file that is no section of the specification."""
        section = self._section_of.get(file.resolve())
        if section is None:
            return None
        return FeatureFile.from_section(parent, section, self._scenarios_of(section), list(self.providers))

    def _scenarios_of(self, section: Section) -> Iterator[Scenario]:
        for rule in section.rules:
            yield from self.selection.scenarios_of(rule, self.specification)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run each scenario once on every provider."""
        file = metafunc.definition.parent
        if isinstance(file, FeatureFile):
            metafunc.parametrize("provider_name", file.providers)

    def pytest_collection(self, session: pytest.Session) -> object:
        """Collect nothing where items are made in turn: it is known what will run."""
        if not self._forks:
            return None
        self._collected = None
        session.testscollected = len(self.scenarios) * len(self.providers)
        return True

    def _planned(self) -> Iterator[Planned]:
        """Yield what runs, provider by provider, as each wants it."""
        for name, provider in self.providers.items():
            ordered = getattr(provider, "in_order", None)
            yield from self._in_order(name, ordered) if ordered else self._in_the_pages_order(name)

    def _in_the_pages_order(self, provider: str) -> Iterator[Planned]:
        for section in self.specification.sections:
            for scenario in self._scenarios_of(section):
                yield Planned(provider, section, scenario)

    def _in_order(self, provider: str, ordered: Callable[[Iterable[str]], Iterable[str]]) -> Iterator[Planned]:
        by_id = {one.scenario.id: one for one in self._in_the_pages_order(provider)}
        for name in dict.fromkeys([*ordered(by_id), *by_id]):
            yield by_id[name]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Note what is left after pytest's own selection, and run it provider by provider, as each wants it."""
        self._collected = {scenario.id for item in items if (scenario := scenario_of(item)) is not None}
        # Parameters of a session's scope would be in this order, too, and pytest would keep each one's values.
        place = {(one.provider, one.scenario.id): number for number, one in enumerate(self._planned())}

        def turn(item: pytest.Item) -> int:
            scenario = scenario_of(item)
            return -1 if scenario is None else place[provider_of(item), scenario.id]

        items.sort(key=turn)

    # ---- running

    # pytest makes its own fixture `request` anew for each that asks for it, which costs more than what these do.
    # They look at the item that is being run instead.

    @pytest.fixture
    def _pytest_bdd_example(self) -> dict[str, str]:
        """Return the scenario's row of an outline to pytest-bdd, where it is no parameter of the item."""
        scenario = scenario_of(self._item)
        return dict(scenario.example) if scenario else {}

    @pytest.fixture
    def scenario_run(self) -> Generator[ScenarioRun]:
        """Open an account of the provider for the scenario."""
        scenario = scenario_of(self._item)
        if scenario is None:
            raise UsageError(FIXTURES)
        provider = provider_of(self._item)
        with self.providers[provider].open_account(scenario.id) as account:
            run = ScenarioRun(scenario, provider, account, self.expected_of(scenario.id))
            self._item.stash[RUN] = run
            yield run

    @property
    def _running(self) -> ScenarioRun:
        """The run of the scenario that asks; anybody else's test has none."""
        if RUN not in self._item.stash:
            raise UsageError(FIXTURES)
        return self._item.stash[RUN]

    def expected_of(self, scenario: str) -> Callable[[str, Any], Any] | None:
        """Let the observer spoil an expectation; nobody does outside tests."""
        spoil = getattr(self._observer, "spoil", None)
        return spoil(scenario) if spoil else None

    @pytest.fixture
    def service(self) -> Service:
        """Return the service whose role the scenario is about."""
        return self.specification.service_of(self._running.scenario)

    @pytest.fixture
    def document(self) -> Document:
        """Return the document whose rules are run."""
        return self.specification.document

    @pytest.fixture
    def printed(self) -> frozenset[Grant]:
        """Return what the permissions policy of the page grants; empty if the edition does not print it."""
        return self.specification.printed

    @pytest.fixture
    def account(self) -> RecordedAccount:
        """Return the account of the scenario."""
        return self._running.account

    @pytest.fixture
    def expect(self) -> Checks:
        """Return the checks of the scenario."""
        return self._running.checks

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip what the provider says it cannot do, before anything is called."""
        scenario = scenario_of(item)
        if scenario is None:
            return
        # What a provider says of this very scenario comes first: it tells more than what it lacks at large.
        left_out = getattr(self.providers[provider_of(item)], "left_out", None)
        if left_out and (why := left_out(scenario.id)):
            pytest.skip(why)
        described = self.descriptions[provider_of(item)]
        lacking = sorted(scenario.needs - described.capabilities)
        if lacking:
            why = "".join(f": {described.lacks[name]}" for name in lacking if name in described.lacks)
            pytest.skip(f"the provider lacks {', '.join(lacking)}{why}")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Forget a finished scenario: pytest keeps its items to the end, and with them would keep all evidence."""
        self._item = item
        try:
            done = yield
        finally:
            del self._item
            if RUN in item.stash:
                del item.stash[RUN]
            if self._handed_on is None or self._handed_on.kept:
                forget_values(item)
        if self._was_interrupted():  # pytest does not see one that comes together with another error
            raise KeyboardInterrupt
        return done

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> object:
        """Make items and run them in turn, in forks of this process where several are asked for and worth it."""
        if not self._forks:
            return None
        waiting = any(getattr(provider, "calls_wait", False) for provider in self.providers.values())
        forks = number_of_forks(self._forks, session.testscollected, waiting=waiting)
        if forks == 1:
            self._run_in_turn(session, self._planned())
            return True
        for provider in self.providers.values():
            preload(provider)

        with taking_turns() as turns:

            def work(_fork: int, send: Callable[[bytes], None]) -> None:
                self._send = send
                self._run_in_turn(session, turns.of(self._planned()))
                self._opened.close()

            lost = in_forks(forks, work, lambda message: self._take(_received(message)))
        if lost:
            how = " or ".join(dict.fromkeys(one.how for one in lost))
            for result in self._lost(self._planned(), f"its process was {how}"):
                self._take(Finished.of(result))
        return True

    def _run_in_turn(self, session: pytest.Session, planned: Iterable[Planned]) -> None:
        items = items_of(session, planned)
        for item, following in pairwise(chain(items, [None])):
            assert item is not None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)

    def _lost(self, planned: Iterable[Planned], why: str) -> Iterator[ScenarioResult]:
        """Judge what nobody came to: nobody can tell."""
        for one in planned:
            if (one.provider, one.scenario.id) not in self.results:
                yield without_run(one.scenario, one.provider, Verdict.ERROR, why)

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Judge what a defect outside all scenarios kept from running; here nobody sees what pytest prints."""
        at = excinfo.traceback[-1]
        said = str(excinfo.value)
        for provider in self.providers:
            said = self._references(provider).text(said)
        why = f"{DEFECT}: {excinfo.typename}: {said} ({Path(at.path).name}:{at.lineno + 1})"
        collected = self._collected
        planned = (one for one in self._planned() if collected is None or one.scenario.id in collected)
        for result in self._lost(planned, why):
            self.results.add(Finished.of(result))  # not by the observer, whose defect it may be

    def pytest_bdd_apply_tag(self) -> bool | None:
        """Let no tag become a mark of pytest's where items are made in turn: nothing is selected by marks there."""
        return True if self._forks else None

    def pytest_bdd_before_scenario(self, request: pytest.FixtureRequest) -> None:
        """Give the steps what nearly all of them ask for as if a step had handed it on: a fixture takes longer."""
        if self._handed_on is None or RUN not in request.node.stash:
            return
        run = request.node.stash[RUN]
        for name, value in (
            ("account", run.account),
            ("expect", run.checks),
            ("service", self.specification.service_of(run.scenario)),
            ("document", self.specification.document),
        ):
            self._handed_on.hand_on(request, name, value)

    def pytest_bdd_before_step(self, request: pytest.FixtureRequest, step: Any) -> None:  # noqa: ANN401
        """Open the step."""
        if RUN in request.node.stash:
            request.node.stash[RUN].begin_step(step.type)

    def pytest_bdd_after_step(self, request: pytest.FixtureRequest) -> None:
        """Close the step, which has passed."""
        if RUN in request.node.stash:
            request.node.stash[RUN].end_step()

    def pytest_bdd_step_error(self, request: pytest.FixtureRequest, exception: Exception) -> None:
        """Close the step with its error."""
        if RUN in request.node.stash:
            request.node.stash[RUN].end_step(exception)

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """Keep a judged scenario from pytest, which would read sources to explain an exception that is explained.

        Only what is a defect of slrspec itself goes on, with its traceback.
        """
        run = pyfuncitem.stash.get(RUN, None)
        try:
            return (yield)
        except Exception:
            if run is None or not run.judged:
                raise
            return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Judge the scenario, and let pytest's report say the same."""
        report = yield
        scenario = scenario_of(item)
        if scenario is not None:
            self._judge(report, item, scenario, call)
        return report

    def _judge(
        self, report: pytest.TestReport, item: pytest.Item, scenario: Scenario, call: pytest.CallInfo[None]
    ) -> None:
        run = item.stash.get(RUN, None)
        references = self._references(provider_of(item)) if run is None else run.recorder.references
        if report.when == "call" and run is not None:
            result = run.result()
        elif report.when == "teardown" and run is not None and not report.passed:
            result = _untidy(run.result(), _said(references, call))
        elif report.when == "setup" and not report.passed:
            result = _not_begun(scenario, provider_of(item), _said(references, call), skipped=report.skipped)
        else:
            return
        self._show(report, result)
        finished = Finished.of(result, digests(self.salt, references.withheld))
        # Another process of pytest-xdist can be told simple values only.
        setattr(report, FINISHED, _sent(finished) if hasattr(self.config, "workerinput") else finished)

    def _references(self, provider: str) -> References:
        """Return what withholds the account that a scenario would have had, of a provider that has one only."""
        return References(getattr(self.providers[provider], "account_id", ""))

    def _show(self, report: pytest.TestReport, result: ScenarioResult) -> None:
        """Give pytest's report the outcome that the verdict means."""
        if result.verdict is Verdict.PASS:
            report.outcome = "passed"
            return
        said = f"{result.rule} {result.verdict}: {result.reason}"
        deviation = self.deviations.get(result.provider, {}).get(result.rule)
        known = deviation is not None and deviation.verdict is result.verdict
        if known or result.verdict is Verdict.NOT_RUN:
            report.outcome = "skipped"
            report.longrepr = (str(report.location[0]), report.location[1] or 0, said)
            if known and deviation is not None:
                report.wasxfail = deviation.reason
        else:
            report.outcome = "failed"
            report.longrepr = said

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401 - xdist has no types
        """Give each process of pytest-xdist the same salt."""
        node.workerinput[SALT] = self.salt

    # ---- summing up

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a scenario's result from its report, which may come from another process."""
        finished = getattr(report, FINISHED, None)
        if finished is None:
            return
        if self._send is not None:
            self._send(_sent(finished))
            return
        self._take(_received(finished) if isinstance(finished, bytes) else finished)
        if not hasattr(self.config, "workerinput"):  # there it has still to be sent to the process that sums up
            delattr(report, FINISHED)  # pytest keeps its reports, too

    def _take(self, finished: Finished) -> None:
        self.withheld.update(finished.withheld)
        self.results.add(finished)
        if self._observer is not None:
            self._observer.judged(finished.judged)

    def pytest_keyboard_interrupt(self) -> None:
        """Note that the run was cut short."""
        self.interrupted = True

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Sum up, whatever becomes of the fixtures that an interruption has left open: pytest closes them here."""
        try:
            return (yield)
        except Exception:
            if not self.interrupted:
                raise
            return None  # nobody waited for anything to go; whoever holds an account tells what is left in it
        finally:
            self._sum_up(session)

    def pytest_unconfigure(self) -> None:
        """Give back what a session has opened that was interrupted before it began: it does not finish either."""
        self._opened.close()

    def _sum_up(self, session: pytest.Session) -> None:
        """Close the providers, assemble the run, write it, and set the exit code."""
        self._opened.close()
        if hasattr(self.config, "workerinput"):
            return
        self.run = self._assemble()
        target = self.config.getoption("slr_results")
        if target:
            write_run(Path(target), self.run)
        if self._observer is not None:
            self._observer.finished(self.run, Withheld(self.salt, self.withheld))
        if session.exitstatus in {
            pytest.ExitCode.OK,
            pytest.ExitCode.TESTS_FAILED,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        }:
            session.exitstatus = self.run.exit_code

    def _assemble(self) -> Run:
        rules, scenarios = self.rules, self.scenarios
        judged = len(self.results)  # before those are added that nothing arrived of
        if self._collected is not None and not self.interrupted:
            # The controller of several processes collects nothing itself, and knows only by the results what ran.
            asked = self.results.scenarios | self._collected
            if len(asked) < len(scenarios):
                scenarios = [s for s in scenarios if s.id in asked]
                chosen = {scenario.rule for scenario in scenarios}
                rules = [rule for rule in rules if rule.id in chosen]
        return assemble(
            self.specification,
            self.descriptions,
            scenarios,
            self.results,
            rules=rules,
            deviations=self.deviations,
            today=date.today(),  # noqa: DTZ011 - deviations expire by the user's calendar
            info=RunInfo(
                id=f"{self._started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
                started=self._started.isoformat(timespec="milliseconds"),
                duration_ms=round((time.perf_counter() - self._begun) * 1000, 3),
                complete=not self.selection.partial and judged == len(self.scenarios) * len(self.providers),
                selection=self.selection.as_dict(),
                interrupted=self.interrupted,
            ),
            environment=environment()
            | getattr(self._observer, "plainly", {})
            | self._plainly
            | self._plainly_provided,
            version=slrspec.__version__,
        )

    @property
    def _plainly_provided(self) -> dict[str, str]:
        """Which shortcuts a provider could not take."""
        said = (getattr(provider, "plainly", {}) for provider in self.providers.values())
        return {shortcut: how for one in said for shortcut, how in one.items()}

    @property
    def _observer(self) -> Any:  # noqa: ANN401 - whatever the command registered
        return self.config.pluginmanager.get_plugin(OBSERVER)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:  # noqa: ANN401
        """Say the totals, as pytest's own counts know nothing of rules."""
        if self.run is None:
            return
        from slrspec.reporting.terminal import totals_line

        terminalreporter.section("slrspec")
        for totals in self.run.totals:
            terminalreporter.write_line(totals_line(totals))


def _sent(finished: Finished) -> bytes:
    """Return what goes to the process that sums up."""
    return msgspec.msgpack.encode(finished)


def _received(message: bytes) -> Finished:
    return msgspec.msgpack.decode(message, type=Finished)


def _refuse_unwritable(file: Path) -> None:
    try:
        with file.open("ab"):
            pass
    except OSError as error:
        raise UsageError(f"cannot write results: {error.strerror}", where=(file, None)) from error


def _said(references: References, call: pytest.CallInfo[None]) -> str:
    """Return what ended a part of an item, in words that may be published."""
    return references.text(str(call.excinfo.value)) if call.excinfo else ""


def _untidy(result: ScenarioResult, why: str) -> ScenarioResult:
    """Return the result of a scenario whose account could not be given back; the verdict is not hidden by that."""
    said = f"could not be cleaned up: {why}"
    if result.verdict is Verdict.PASS:
        return msgspec.structs.replace(result, verdict=Verdict.ERROR, reason=said)
    return msgspec.structs.replace(result, reason=f"{result.reason}; {said}")


def _not_begun(scenario: Scenario, provider: str, reason: str, *, skipped: bool) -> ScenarioResult:
    """Return the result of a scenario that was left out, or for which no account could be opened."""
    verdict = Verdict.ERROR
    if skipped:
        verdict = Verdict.NOT_RUN
    elif RECORDS in scenario.tags:
        verdict, reason = unjudged(verdict, reason)
    return without_run(scenario, provider, verdict, reason)


def environment() -> dict[str, str]:
    """Return what the run was made with: interpreter, system and the packages that could change a verdict."""
    return {
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "system": platform.system(),
        **{name: version(name) for name in PACKAGES},
    }
