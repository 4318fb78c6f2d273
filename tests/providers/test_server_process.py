"""A product that is started for a run: it knows nothing of the user's, tells nothing of it, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from slrspec.providers.endpoint import EndpointProvider
from slrspec.providers.endpoint_settings import EndpointSettings
from slrspec.providers.server_process import ServerProcess, free_port

SERVE = "import http.server; http.server.HTTPServer(('127.0.0.1', {port}), http.server.BaseHTTPRequestHandler).serve_forever()"


def started(before: str, port: int) -> ServerProcess:
    return ServerProcess([sys.executable, "-c", f"{before}\n{SERVE.format(port=port)}"], {}, "127.0.0.1", port)


def test_a_product_has_dummies_and_none_of_the_user_s_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(
        "[default]\naws_access_key_id = ours\naws_secret_access_key = ours\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_PROFILE", "default")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    seen = tmp_path / "seen"
    looking = "import boto3, os; key = boto3.Session().get_credentials().access_key; "
    looking += f"open({str(seen)!r}, 'w').write(key + str(os.environ.get('HTTPS_PROXY')))"
    started(looking, free_port()).stop()
    assert seen.read_text() == "testingNone"


def test_what_a_product_has_started_ends_with_it(tmp_path: Path) -> None:
    port, pid = free_port(), tmp_path / "pid"
    deaf = "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    deaf += f"open('{pid}', 'w').write(str(os.getpid())); {SERVE.format(port=port)}"
    script = tmp_path / "product.py"
    script.write_text(deaf)
    server = ServerProcess(["sh", "-c", f"{sys.executable} {script} & wait"], {}, "127.0.0.1", port)
    server.stop()
    until = time.monotonic() + 30
    while listens(port) and time.monotonic() < until:  # whoever is killed closes its socket in its own time
        time.sleep(0.05)
    assert not listens(port)


def test_a_killed_command_leaves_no_server_that_it_started(tmp_path: Path) -> None:
    port = free_port()
    script = (
        "import sys, time; from slrspec.providers.server_process import ServerProcess; "
        f"server = ServerProcess([sys.executable, '-m', 'http.server', '{port}'], {{}}, '127.0.0.1', {port}); "
        "print(server.log, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        log = Path(process.stdout.readline().strip())
        assert log.exists()
        os.kill(process.pid, signal.SIGKILL)
    until = time.monotonic() + 30
    while (log.exists() or listens(port)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not log.exists()
    assert not listens(port)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_of_a_product_s_variables_the_results_tell_switches_alone() -> None:
    variables = {"DEBUG": "1", "AUTH_TOKEN": "not-for-the-report", "GATEWAY_PORT": "6566", "PERSIST": "False"}
    settings = EndpointSettings("mine", "http://127.0.0.1:9", environment=variables)
    with closing(EndpointProvider(settings)) as provider:
        told = provider.describe().settings
    assert {name: told.get(name) for name in variables} == {
        "DEBUG": "1",
        "AUTH_TOKEN": "set",
        "GATEWAY_PORT": None,
        "PERSIST": "False",
    }
