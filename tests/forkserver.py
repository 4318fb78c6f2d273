"""Runs the real command hundreds of times without its start-up: a process that has imported everything, and forks.

What a child runs is `slrspec.cli.main` with its own arguments, environment and folder; only the imports are done.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

MODELS = ("ec2", "iam", "rds", "ssm", "sts")
LONGEST = 180.0


# ---- in the server


def serve() -> None:
    """Answer each line of standard input, a job, with the child's id, and with its status once it has ended."""
    _import_all(sys.argv[1:])
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _run(job)
        _tell(pid=pid)
        _, status = os.waitpid(pid, 0)
        _tell(code=os.waitstatus_to_exitcode(status))


def _tell(**what: int) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _import_all(modules: Sequence[str]) -> None:
    from botocore import loaders
    from botocore.session import Session

    for module in modules:
        with suppress(Exception):
            importlib.import_module(module)
    # A session reads the services' models anew; what is in the files does not change, so all share one reading.
    loaders.JSONFileLoader.load_file = cache(loaders.JSONFileLoader.load_file)  # type: ignore[method-assign]
    loaders.JSONFileLoader.__hash__ = lambda _: 0  # type: ignore[method-assign, assignment]
    loaders.JSONFileLoader.__eq__ = lambda *_: True  # type: ignore[method-assign]
    for service in MODELS:
        Session().create_client(service, "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")


def _run(job: Mapping[str, Any]) -> None:
    code: Any = 70
    try:
        os.chdir(job["cwd"])
        os.environ.clear()
        os.environ.update(job["env"])
        for number, file in ((0, os.devnull), (1, job["out"]), (2, job["err"])):
            opened = os.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(opened, number)
        sys.argv = ["slrspec", *job["arguments"]]
        from slrspec.cli import main

        main(job["arguments"])
    except SystemExit as error:
        code = error.code
    except BaseException:  # noqa: BLE001 - told, and then it ends
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


# ---- in the tests


@dataclass(frozen=True)
class Done:
    """How the command ended: its exit code, negative for a signal, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class ForkServer:
    """A running server.

    Attributes
    ----------
    running
        The id of the command that runs now; None if none does.

    """

    process: subprocess.Popen[str]
    running: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, arguments: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> Done:
        """Run the command and wait for its end."""
        assert self.process.stdin is not None
        out, err = cwd / ".stdout", cwd / ".stderr"
        job = {"arguments": list(arguments), "cwd": str(cwd), "env": dict(environment)}
        with self._lock:
            self.process.stdin.write(json.dumps({**job, "out": str(out), "err": str(err)}) + "\n")
            self.process.stdin.flush()
            self.running = self._hear()["pid"]
            try:
                code = self._hear()["code"]
            finally:
                self.running = None
        return Done(code, out.read_text(errors="replace"), err.read_text(errors="replace"))

    def _hear(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the fork server has ended"
        return json.loads(line)


@contextmanager
def fork_server() -> Iterator[ForkServer]:
    """Start a server, which imports what the command imports."""
    from tests.sandbox.places import clean_environment

    program = (sys.executable, "-m", "tests.sandbox.forkserver", *_imported())
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        program, cwd=root, env=clean_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield ForkServer(process)
        finally:
            process.kill()


def _imported() -> list[str]:
    """Return what to import ahead; what pytest itself rewrites when it imports it is left to the child."""
    return [
        "boto3.session",
        "botocore.session",
        "click",
        "gherkin.parser",
        "msgspec",
        "pytest",
        "pytest_bdd",
        "slrspec.cli",
        "slrspec.sandbox.opening",
        "slrspec.sandbox.sweeping",
    ]


if __name__ == "__main__":
    serve()
