"""The real AWS CLI as a second way in: it goes nowhere else, and it agrees with the API."""

from __future__ import annotations

import json
import os
import shlex
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest

from slrspec.emulators.issues import issue
from slrspec.providers.aws_cli import NOWHERE, VARIABLE, cli_version, environment, find_cli, options_of, run
from slrspec.providers.contract import Door
from slrspec.running.results import Run
from slrspec.running.verdict import Verdict
from slrspec.spec.rules import Specification
from tests.conftest import slrspec, timeless
from tests.providers.servers import hanging
from tests.providers.test_endpoint import moto_server, results, serve

__all__ = ("moto_server", "serve")  # fixtures
BOTH = ("--section", "deleting", "--section", "deleting-instances")


# ---- it can go nowhere else


@pytest.mark.parametrize("command", ["rds describe-db-instances", "iam list-roles", "sts get-caller-identity"])
def test_a_call_without_the_endpoint_option_ends_at_the_proxy_that_is_not_there(aws_cli: str, command: str) -> None:
    ran = run(aws_cli, [*command.split(), "--region", "us-east-1"], within=120)
    assert ran.exit_code not in {0, None}
    assert f'Failed to connect to proxy URL: "{NOWHERE}"' in ran.stderr
    assert "amazonaws.com" not in ran.stderr.replace("Failed to connect to proxy URL", "")


def test_the_option_is_what_keeps_rds_from_aws(aws_cli: str, serve: str) -> None:
    """The same call with the option is answered by the server that it names."""
    door = Door(serve, "222222222222", "x")
    ran = run(aws_cli, ["rds", "describe-db-instances", *options_of(door, "us-east-1")], door=door, within=120)
    assert json.loads(ran.stdout) == {"DBInstances": []}, ran.stderr


def test_nothing_of_the_users_environment_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE", "PYTHONPATH", "no_proxy"):
        monkeypatch.setenv(name, "the-users")
    given = environment("/empty", Door("http://127.0.0.1:5000", "key", "secret"))
    assert "the-users" not in given.values()
    assert {name for name in given if name in os.environ and given[name] == os.environ[name]} <= {"PATH", "LC_ALL"}
    assert (given["HTTP_PROXY"], given["HTTPS_PROXY"], given["NO_PROXY"]) == (NOWHERE, NOWHERE, "127.0.0.1")
    assert given["AWS_CONFIG_FILE"] == given["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull


def test_whoever_has_no_door_has_no_way_round_the_proxy() -> None:
    assert environment("/empty")["NO_PROXY"] == ""


# ---- which one it is


def program(file: Path, script: str) -> Path:
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


def test_it_is_the_one_that_is_named_or_none_or_that_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path, named = program(tmp_path / "aws", ""), program(tmp_path / "other", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(VARIABLE, str(named))
    assert find_cli() == str(named)
    monkeypatch.setenv(VARIABLE, "")
    assert find_cli() == ""
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr("sys.executable", str(tmp_path / "elsewhere" / "python"))
    assert find_cli() == str(on_path)


def test_a_name_of_no_program_is_one_line(tmp_path: Path) -> None:
    ended = slrspec("run", "--rule", "RDS-DEL-16", cwd=tmp_path, SLRSPEC_AWS_CLI="/no/such/aws")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "SLRSPEC_AWS_CLI names no program: '/no/such/aws'" in ended.stderr


def test_without_one_its_scenarios_are_not_run_and_say_why(tmp_path: Path) -> None:
    for provider in ("moto", "documented"):
        (result,) = results("--provider", provider, "--rule", "RDS-DEL-16", cwd=tmp_path)["scenarios"]
        assert result["verdict"] == "not-run"
        assert result["reason"].startswith("the provider lacks command-line: no AWS CLI is here; pip install")


def test_one_that_does_not_start_is_none(tmp_path: Path) -> None:
    broken = program(tmp_path / "broken", "echo no python >&2; exit 127")
    found = results("--rule", "RDS-DEL-16", cwd=tmp_path, SLRSPEC_AWS_CLI=str(broken))
    (result,) = found["scenarios"]
    assert (result["verdict"], "AWS CLI" in found["providers"][0]["settings"]) == ("not-run", False)
    assert "the AWS CLI does not start: no python" in result["reason"]


# ---- what is wrong with it is nobody's failure


def test_one_that_hangs_is_stopped_with_its_children(tmp_path: Path) -> None:
    file = tmp_path / "child"
    hangs = program(tmp_path / "hangs", f"sleep 600 & echo $! > {shlex.quote(str(file))}; echo so far; wait")
    ran = run(str(hangs), [], within=2)
    assert (ran.exit_code, ran.stdout) == (None, "so far\n")
    with pytest.raises(ProcessLookupError):
        _wait_for_end(int(file.read_text()))


def _wait_for_end(pid: int) -> None:
    import time

    for _ in range(100):  # whoever inherits a killed child takes a moment to bury it
        os.kill(pid, 0)
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            raise ProcessLookupError
        time.sleep(0.05)


def test_a_cli_that_breaks_down_is_an_error(tmp_path: Path, serve: str) -> None:
    breaks = program(
        tmp_path / "aws", 'case "$1" in --version) echo aws-cli/9.9;; *) echo Traceback >&2; exit 1;; esac'
    )
    found = results(
        "--provider", f"endpoint:{serve}", "--rule", "RDS-DEL-16", cwd=tmp_path, SLRSPEC_AWS_CLI=str(breaks)
    )
    (result,) = found["scenarios"]
    assert (result["verdict"], found["exit_code"]) == ("error", 4)
    assert result["reason"] == "DeleteDBInstance: the AWS CLI ended with 1: Traceback"
    assert result["exchanges"][-1]["command"]["stderr"] == "Traceback\n"


def test_an_endpoint_that_hangs_on_a_command_is_an_error(aws_cli: str, tmp_path: Path) -> None:
    from slrspec.running.command_line import CommandLine, answer_of
    from slrspec.running.trouble import ProviderTrouble
    from tests.running.test_command_line import client

    with hanging() as url:
        ran = CommandLine(lambda: Door(url, "x", "x", 1)).run(
            client("iam"), "DeleteRole", {"RoleName": "x"}, aws_cli
        )
    with pytest.raises(ProviderTrouble, match="Read timeout on endpoint URL"):
        answer_of(ran, client("iam"), "DeleteRole")


# ---- it agrees with the API


@pytest.fixture(scope="module", params=["moto_server", "serve"])
def by_both(
    request: pytest.FixtureRequest, aws_cli: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """The results of everything about deletion on a real server, by API and by CLI."""
    url = request.getfixturevalue(request.param)
    where = tmp_path_factory.mktemp(request.param)
    return results("--provider", f"endpoint:{url}", *BOTH, cwd=where, SLRSPEC_AWS_CLI=aws_cli)


def pairs(found: dict[str, Any], specification: Specification) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The results of each scenario of the CLI, and of the one that says the same of the API."""
    judged = {result["scenario"]: result for result in found["scenarios"]}
    told = {s.id: [step.text for step in s.steps] for s in specification.scenarios if s.id in judged}
    by_cli = [s for s in specification.scenarios if "cli" in s.tags and s.id in judged]
    twins = {c.id: next(name for name in told if told[name] == told[c.id] and name != c.id) for c in by_cli}
    return [(judged[one], judged[other]) for one, other in twins.items()]


def test_cli_and_api_agree_on_every_shared_rule(by_both: dict[str, Any], specification: Specification) -> None:
    compared = pairs(by_both, specification)
    assert len(compared) == 7
    for cli, api in compared:
        assert cli["verdict"] in {"pass", "fail"}
        steps = [[step["verdict"] for step in result["steps"]] for result in (cli, api)]
        assert (cli["verdict"], steps[0]) == (api["verdict"], steps[1]), cli["scenario"]


def test_both_verdicts_occur(by_both: dict[str, Any], specification: Specification) -> None:
    """What the model keeps and moto breaks is told apart by commands, too."""
    said = {cli["rule"]: cli["verdict"] for cli, _ in pairs(by_both, specification)}
    model = by_both["providers"][0]["product"] == "slrspec serve"
    broken = set() if model else {"RDS-DEL-26", "RDS-DEL-28", "RDS-DEL-29"}
    assert {rule for rule, verdict in said.items() if verdict == "fail"} == broken


def test_what_deletes_went_by_command_and_all_else_by_call(
    by_both: dict[str, Any], specification: Specification
) -> None:
    for cli, api in pairs(by_both, specification):
        for call in cli["exchanges"]:
            wanted = call["operation"].startswith(("DeleteDB", "DeleteRole", "DeleteService", "GetServiceLinked"))
            assert bool(call["command"]) == wanted, call["operation"]
        assert any(call["command"] for call in cli["exchanges"])
        assert not any(call["command"] for call in api["exchanges"])


def test_the_commands_and_what_they_printed_are_the_evidence(by_both: dict[str, Any], aws_cli: str) -> None:
    calls = [c for s in by_both["scenarios"] for c in s["exchanges"] if c["command"]]
    for call in calls:
        command = call["command"]
        words = shlex.split(command["line"])
        assert words[:2] == ["aws", call["service"]]
        assert words[words.index("--endpoint-url") + 1] == "<endpoint>"
        if call["error"]:
            assert command["exit_code"] in {254, 255}
            assert f"An error occurred ({call['error']['code']}) when calling" in command["stderr"]
        else:
            assert command["exit_code"] == 0
            assert (json.loads(command["stdout"]) if command["stdout"] else {}) == call["answer"]
    assert by_both["providers"][0]["settings"]["AWS CLI"] == cli_version(aws_cli)
    assert "AKIA" not in json.dumps(calls)


def test_the_text_about_a_failure_has_the_commands(by_both: dict[str, Any]) -> None:
    run = msgspec.convert(by_both, Run)
    for result in run.scenarios:
        if result.verdict is Verdict.FAIL:
            text = issue(run, next(rule for rule in run.rules if rule.id == result.rule), result)
            commands = [line for line in text.splitlines() if line.startswith("    aws ")]
            assert bool(commands) == any(call.command for call in result.exchanges), result.scenario
            assert all("--endpoint-url http://127.0.0.1:5000" in line for line in commands)


@pytest.mark.parametrize("isolation", ["reset", "names"])
def test_where_accounts_are_shared_it_gets_into_the_shared_one(
    aws_cli: str, serve: str, tmp_path: Path, isolation: str
) -> None:
    (tmp_path / "slrspec.toml").write_text(
        f'[providers.one]\nurl = "{serve}"\nisolation = "{isolation}"\nreset = "POST /slrspec/reset"\ntimeout = 60\n'
    )
    found = results("--provider", "one", "--rule", "RDS-DEL-26", cwd=tmp_path, SLRSPEC_AWS_CLI=aws_cli)
    assert [(result["verdict"], result["reason"]) for result in found["scenarios"]] == [("pass", "")]


def test_settings_may_leave_it_out(aws_cli: str, serve: str, tmp_path: Path) -> None:
    (tmp_path / "slrspec.toml").write_text(f'[providers.one]\nurl = "{serve}"\ncapabilities = ["second-region"]\n')
    found = results("--provider", "one", "--rule", "RDS-DEL-26", cwd=tmp_path, SLRSPEC_AWS_CLI=aws_cli)
    assert found["scenarios"][0]["reason"] == "the provider lacks command-line: its settings leave it out"


# ---- in this process


@pytest.mark.parametrize(("provider", "verdict"), [("moto", "fail"), ("documented", "pass")])
def test_it_gets_into_an_account_of_this_process(
    aws_cli: str, tmp_path: Path, specification: Specification, provider: str, verdict: str
) -> None:
    rules = ("--rule", "RDS-DEL-16", "--rule", "RDS-DEL-15", "--rule", "RDS-DEL-29", "--rule", "RDS-DEL-23")
    found = [
        results(
            "--provider", provider, *rules, cwd=tmp_path, SLRSPEC_AWS_CLI=aws_cli, HTTP_PROXY="http://x.invalid"
        )
        for _ in range(2)
    ]
    assert {r["rule"]: r["verdict"] for r in found[0]["scenarios"]} == {
        "RDS-DEL-15": "pass",
        "RDS-DEL-16": "pass",
        "RDS-DEL-23": verdict,
        "RDS-DEL-29": verdict,
    }
    assert timeless(found[0]) == timeless(found[1])


def test_no_server_listens_unless_a_command_needs_one() -> None:
    from slrspec.providers.moto import MotoProvider

    provider = MotoProvider()
    try:
        with provider.open_account("RDS-X/one") as account:
            assert not provider._served
            door = account.door()
            assert (door.access_key, provider._served) == (account.account_id, door.url)
    finally:
        provider.close()
    assert not provider._served
