"""What a scenario leaves: each step with its own exchanges, and nothing that is withheld in what it says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from slrspec.providers.contract import Patience
from slrspec.running.engine import Observer, Request, execute
from slrspec.running.scenario_run import ScenarioRun
from slrspec.running.selection import Selection
from slrspec.running.trouble import ProviderTrouble
from slrspec.spec.rules import Specification


def test_each_exchange_is_one_steps() -> None:
    run = execute(
        Request(("moto",), Selection(rules=("RDS-EDT-04",)), no_deviations=True), Observer(lambda _: None)
    )
    for result in run.scenarios:
        assert len([step for step in result.steps if step.exchanges]) > 1
        numbers = [number for step in result.steps for number in step.exchanges]
        assert numbers == [exchange.number for exchange in result.exchanges]


def test_no_step_says_whose_account_it_was(specification: Specification) -> None:
    patience = Patience(0, 0, lambda _: None)
    account: Any = SimpleNamespace(
        account_id="210987654321", region="us-east-1", second_region="eu-west-1", patience=patience
    )
    [scenario, *_] = specification.by_id["RDS-EDT-04"].scenarios
    run = ScenarioRun(scenario, "moto", account)
    run.begin_step("given")
    run.end_step()
    run.begin_step("when")
    run.end_step(ProviderTrouble("210987654321 does not answer"))
    assert [step.message for step in run.result().steps[:2]] == ["", "<account> does not answer"]
