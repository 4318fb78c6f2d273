"""Anything behind a URL: real servers are judged, and what goes wrong on the way is never taken for a broken rule."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slrspec.providers.server_process import free_port
from tests.conftest import slrspec
from tests.providers.servers import answering, hanging, html, in_front_of, slow

RULES = ("--rule", "RDS-DEL-01", "--rule", "RDS-EDT-01", "--rule", "RDS-INT-01", "--rule", "RDS-PER-13")


def started(*command: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start a real server, and wait until it listens."""
    import socket

    port = free_port()
    process = subprocess.Popen(
        [*command, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, f"http://127.0.0.1:{port}"
        time.sleep(0.05)
    raise AssertionError("the server does not listen")


def stopped(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture(scope="module")
def moto_server() -> Iterator[str]:
    process, url = started(sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p")
    yield url
    stopped(process)


@pytest.fixture(scope="module")
def serve() -> Iterator[str]:
    process, url = started(sys.executable, "-m", "slrspec", "serve", "--port")
    yield url
    stopped(process)


def results(*arguments: str, cwd: Path, **environment: str) -> dict[str, Any]:
    run = slrspec("run", *arguments, "--no-deviations", "--format", "json", cwd=cwd, **environment)
    assert run.stdout, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {rule["id"]: rule["verdicts"][0]["verdict"] for rule in found["rules"]}


def test_a_real_moto_server_gets_the_verdicts_of_moto(
    moto_server: str, tmp_path: Path, moto_results: dict[str, Any]
) -> None:
    found = verdicts(results("--provider", f"endpoint:{moto_server}", cwd=tmp_path))
    inside = verdicts(moto_results)
    different = {rule: (inside[rule], found[rule]) for rule in found if found[rule] != inside[rule]}
    # An operation that moto lacks is an exception in the same process, and a page of HTML from a server.
    assert different == {"RDS-DEL-07": ("unsupported", "error")}


def test_the_documented_server_keeps_every_rule(serve: str, tmp_path: Path) -> None:
    found = results("--provider", f"endpoint:{serve}", cwd=tmp_path)
    assert found["conformant"]
    assert found["providers"][0]["product"] == "slrspec serve"
    assert found["providers"][0]["settings"]["enforcement"] == "always"


@pytest.mark.parametrize("isolation", ["reset", "names"])
def test_without_accounts_scenarios_are_kept_apart_all_the_same(serve: str, tmp_path: Path, isolation: str) -> None:
    (tmp_path / "slrspec.toml").write_text(
        f'[providers.one]\nurl = "{serve}"\nisolation = "{isolation}"\nreset = "POST /slrspec/reset"\n'
        'access-key = "someone"\n'
    )
    first = verdicts(results("--provider", "one", "--section", "deleting", "--section", "editing", cwd=tmp_path))
    assert set(first.values()) <= {"pass", "not-run"}
    again = verdicts(results("--provider", "one", "--section", "deleting", "--section", "editing", cwd=tmp_path))
    assert first == again  # nothing is left of the run before


def test_a_second_document_s_leavings_are_cleared_away_too(serve: str, moto_server: str, tmp_path: Path) -> None:
    """Cache clusters and their role; stock moto keeps a deleted cluster in sight, which holds nobody up."""
    (tmp_path / "slrspec.toml").write_text(
        f'[providers.ours]\nurl = "{serve}"\nisolation = "names"\n'
        f'[providers.stock]\nurl = "{moto_server}"\nisolation = "names"\n'
    )
    found = results(
        *("--document", "elasticache", "--section", "deleting"),
        *("--provider", "ours", "--provider", "stock"),
        cwd=tmp_path,
    )
    assert {s["verdict"] for s in found["scenarios"] if s["provider"] == "ours"} == {"pass"}
    # An operation that moto lacks, as above: nothing else is in doubt.
    assert {s["rule"] for s in found["scenarios"] if s["verdict"] == "error"} == {"ELC-DEL-08"}


def only_errors(found: dict[str, Any]) -> set[str]:
    """Assert that nobody is blamed, and return why."""
    judged = {s["verdict"] for s in found["scenarios"]}
    assert judged == {"error"}, judged
    assert found["exit_code"] == 4
    return {s["reason"] for s in found["scenarios"]}


def test_nobody_listens(tmp_path: Path) -> None:
    (reason,) = only_errors(results("--provider", f"endpoint:http://127.0.0.1:{free_port()}", *RULES, cwd=tmp_path))
    assert "does not answer: Could not connect" in reason


def test_a_port_that_hangs(tmp_path: Path) -> None:
    with hanging() as url:
        (tmp_path / "slrspec.toml").write_text(f'[providers.mute]\nurl = "{url}"\ntimeout = 0.5\n')
        (reason,) = only_errors(results("--provider", "mute", *RULES, cwd=tmp_path))
    assert "does not answer: Read timeout" in reason


def test_a_server_that_takes_half_a_minute(tmp_path: Path) -> None:
    with answering(slow(30)) as url:
        (tmp_path / "slrspec.toml").write_text(f'[providers.slow]\nurl = "{url}"\ntimeout = 0.5\n')
        (reason,) = only_errors(results("--provider", "slow", *RULES, cwd=tmp_path))
    assert "Read timeout" in reason


@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_server_that_answers_html(tmp_path: Path, status: int) -> None:
    with answering(html(status)) as url:
        (reason,) = only_errors(results("--provider", f"endpoint:{url}", *RULES, cwd=tmp_path))
    assert "answers, but not as AWS does" in reason


def test_a_server_that_dies_in_the_middle(moto_server: str, tmp_path: Path) -> None:
    """What it answered before counts; what came after is nobody's failure."""
    with in_front_of(moto_server, lambda number, _: b"" if number > 25 else None) as url:
        found = results(
            "--provider", f"endpoint:{url}", "--section", "deleting", "--section", "editing", cwd=tmp_path
        )
    judged = [s["verdict"] for s in found["scenarios"]]
    assert "error" in judged
    assert set(judged[judged.index("error") :]) == {"error"}
    assert any("does not answer any more" in s["reason"] for s in found["scenarios"])


def test_a_server_with_a_full_disk(moto_server: str, tmp_path: Path) -> None:
    """Every write fails with a page of HTML, every read is fine."""
    writes = (b"Action=Create", b"Action=Put", b"Action=Delete", b"Action=Attach")
    spoil = lambda _, body: b"<html>disk full</html>" if body.startswith(writes) else None  # noqa: E731
    with in_front_of(moto_server, spoil) as url:
        found = results("--provider", f"endpoint:{url}", *RULES, cwd=tmp_path)
    assert {s["verdict"] for s in found["scenarios"]} == {"error"}


def test_accounts_left_over_from_before_do_not_matter(serve: str, tmp_path: Path) -> None:
    for _ in range(3):
        found = verdicts(results("--provider", f"endpoint:{serve}", *RULES, cwd=tmp_path))
        assert set(found.values()) == {"pass"}


def test_a_product_is_started_for_the_run_and_stopped_after_it(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    (tmp_path / "slrspec.toml").write_text(
        f'[providers.mine]\nurl = "http://127.0.0.1:{port}"\nversion = "5.2.5"\nstart = {json.dumps(command)}\n'
    )
    found = results("--provider", "mine", "--rule", "RDS-DEL-07", "--rule", "RDS-INT-01", cwd=tmp_path)
    assert found["providers"][0]["version"] == "5.2.5"
    # what it printed tells an operation that it lacks from one that crashed
    assert verdicts(found) == {"RDS-INT-01": "pass", "RDS-DEL-07": "unsupported"}
    import socket

    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["no-such-command"], "cannot be started"),
        (
            [sys.executable, "-c", "print('no licence'); raise SystemExit(3)"],
            "it ended with 3 instead of listening: no",
        ),
    ],
)
def test_a_product_that_does_not_start_is_an_error_with_its_last_words(
    tmp_path: Path, command: list[str], said: str
) -> None:
    (tmp_path / "slrspec.toml").write_text(
        f'[providers.mine]\nurl = "http://127.0.0.1:{free_port()}"\nstart = {json.dumps(command)}\n'
    )
    (reason,) = only_errors(results("--provider", "mine", *RULES, cwd=tmp_path))
    assert said in reason


def test_the_users_credentials_do_not_reach_the_endpoint(tmp_path: Path) -> None:
    seen: list[str] = []

    def spy(handler: Any) -> None:
        seen.append(str(handler.headers))
        html(500)(handler)

    with answering(spy) as url:
        results(
            "--provider",
            f"endpoint:{url}",
            "--rule",
            "RDS-INT-01",
            cwd=tmp_path,
            AWS_ACCESS_KEY_ID="AKIAREALREALREALREAL",
            AWS_SESSION_TOKEN="real-token",
            AWS_PROFILE="real",
        )
    assert seen
    assert not [text for text in seen if "REAL" in text or "real-token" in text]


@pytest.mark.parametrize(
    "host", ["iam.amazonaws.com", "rds.eu-west-1.amazonaws.com", "sts.amazonaws.com.cn", "169.254.169.254"]
)
def test_aws_itself_is_refused(tmp_path: Path, host: str) -> None:
    done = slrspec("run", "--provider", f"endpoint:https://{host}", cwd=tmp_path)
    assert done.returncode == 3
    assert "is AWS itself" in done.stderr
    (tmp_path / "slrspec.toml").write_text(f'[providers.x]\nurl = "https://{host}"\nhosts = ["{host}"]\n')
    assert slrspec("run", "--provider", "x", cwd=tmp_path).returncode == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[providers.x]\nurl = "http://emulator.example"\n',
            "slrspec.toml:2: emulator.example is another machine (allow it",
        ),
        ('[providers.x]\nregion = "us-east-1"\n', "slrspec.toml:1: x has no url"),
        (
            '[providers.x]\nurl = "http://127.0.0.1:1"\nregoin = "x"\n',
            "slrspec.toml:3: unknown setting 'regoin' of x",
        ),
        (
            '[providers.x]\nurl = "http://127.0.0.1:1"\ntimeout = "soon"\n',
            "slrspec.toml:3: timeout has to be seconds",
        ),
        (
            '[providers.x]\nurl = "http://127.0.0.1:1"\nstart = "moto"\n',
            "slrspec.toml:3: start has to be a list of texts",
        ),
        (
            '[providers.x]\nurl = "http://127.0.0.1:1"\nisolation = "hope"\n',
            "slrspec.toml:3: isolation of x has to be one of",
        ),
        (
            '[providers.x]\nurl = "http://127.0.0.1:1"\nreset = "now"\n',
            "slrspec.toml:3: reset of x has to be a method",
        ),
        ("[providers.x\n", "slrspec.toml:1: not TOML"),
        ("[provider.x]\n", "slrspec.toml:1: unknown table 'provider' ([providers.NAME] or [sandbox])"),
        ('[providers.x]\nurl = "ftp://127.0.0.1"\n', "slrspec.toml:2: 'ftp://127.0.0.1' is no address"),
        (
            '[providers.x]\nurl = "http://127.0.0.1:99999"\n',
            "slrspec.toml:2: 'http://127.0.0.1:99999' is no address",
        ),
    ],
)
def test_bad_settings_are_one_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "slrspec.toml").write_text(text)
    done = slrspec("run", "--provider", "x", cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_address_is_needed(tmp_path: Path) -> None:
    for spelling in ("endpoint", "endpoint:", "endpoint:127.0.0.1:5000", "endpoint:http://example.com:5000"):
        done = slrspec("run", "--provider", spelling, cwd=tmp_path)
        assert done.returncode == 2, spelling
        assert len(done.stderr.splitlines()) == 1


def test_several_workers_share_it_only_if_accounts_are_apart(serve: str, moto_server: str, tmp_path: Path) -> None:
    arguments = ["run", "--workers", "2", "--no-deviations", "-q"]
    assert slrspec(*arguments, "--provider", f"endpoint:{serve}", cwd=tmp_path).returncode == 0
    refused = slrspec(*arguments, "--provider", f"endpoint:{moto_server}", cwd=tmp_path)
    assert refused.returncode == 2
    assert "takes one worker only: it checks policies for all callers or for none" in refused.stderr


def test_smoke_tells_in_words(serve: str, tmp_path: Path) -> None:
    done = slrspec("smoke", f"endpoint:{serve}", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "✓ keeps accounts apart: yes" in done.stdout
    dead = slrspec("smoke", f"endpoint:http://127.0.0.1:{free_port()}", cwd=tmp_path)
    assert dead.returncode == 4
    assert "is it started, and is the port right?" in dead.stdout
    told = json.loads(slrspec("smoke", "moto", "--format", "json", cwd=tmp_path).stdout)
    assert [look["what"] for look in told if not look["ok"]] == ["command line"]  # which tests are kept without


def test_smoke_notices_accounts_that_are_not_apart(moto_server: str, tmp_path: Path) -> None:
    """A proxy that takes the account out of each call makes one account of all."""
    (tmp_path / "slrspec.toml").write_text(f'[providers.x]\nurl = "{moto_server}"\nisolation = "names"\n')
    done = slrspec("smoke", "x", cwd=tmp_path)
    assert "○ keeps accounts apart: no" in done.stdout
    assert done.returncode == 0
