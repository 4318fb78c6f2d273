"""Runs the real command hundreds of times without its start-up: a process that has imported everything, and forks.

What a child runs is `slrspec.cli.main` with its own arguments, environment and folder, and it ends as any Python does,
but for taking apart what was imported, which takes longer than many a command; only the imports are done. Where the
imports themselves are looked at, tests start a process of their own.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, NoReturn

import slrspec.steps

# What the command imports, but for what pytest rewrites when it imports it: that is left to the child.
IMPORTED = (
    "boto3.session",
    "botocore.session",
    "click",
    "gherkin.parser",
    "jinja2",
    "msgspec",
    "pytest",
    "pytest_bdd",
    "slrspec.cli",
)
OF_MOTO = ("moto.core", "moto.ec2.responses", "moto.iam.responses", "moto.rds.responses", "moto.sts.responses")
OF_A_RUN = (
    "slrspec.documented.hooks",
    "slrspec.running.session",
    *(module.name for module in iter_modules(slrspec.steps.__path__, "slrspec.steps.")),
)
OF_AN_ACCOUNT = ("slrspec.sandbox.opening", "slrspec.sandbox.sweeping")
MODELS = ("ec2", "iam", "rds", "ssm", "sts")


# ---- in the server


def serve() -> None:
    """Answer each line of standard input, a job, with the child's id, and with its status once it has ended."""
    for module in sys.argv[2:]:
        importlib.import_module(module)
    if sys.argv[1]:
        _read_models(sys.argv[1].split(","))
    gc.collect()
    gc.freeze()  # or each child's collections would copy all of it
    tempfile.tempdir = None  # found out again in each child's environment
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


def _read_models(services: Iterable[str]) -> None:
    """Have all children share one reading of the services' models, which every session would read anew."""
    from botocore import loaders
    from botocore.session import Session

    loaders.JSONFileLoader.load_file = cache(loaders.JSONFileLoader.load_file)  # type: ignore[method-assign]
    loaders.JSONFileLoader.__hash__ = lambda _: 0  # type: ignore[method-assign, assignment]
    loaders.JSONFileLoader.__eq__ = lambda *_: True  # type: ignore[method-assign]
    for service in services:
        Session().create_client(service, "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")


def _run(job: Mapping[str, Any]) -> NoReturn:
    """Become the command; its exit is this process's."""
    os.chdir(job["cwd"])
    os.environ.clear()
    os.environ.update(job["env"])
    for number, file in ((0, os.devnull), (1, job["out"]), (2, job["err"])):
        opened = os.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["slrspec", *job["arguments"]]
    # What multiprocessing has its processes import first; the tests are not where they would look.
    sys.modules["__main__"].__spec__ = find_spec("slrspec.__main__")
    sys.path[0] = job["cwd"]  # as `python -m` has it
    from slrspec.cli import main

    code: Any = 1
    try:
        main(job["arguments"])
    except SystemExit as error:
        code = error.code
    except BaseException:  # noqa: BLE001 - told as Python tells it, and then it ends
        traceback.print_exc()
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


# ---- in the tests


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

    def __call__(
        self, arguments: Sequence[str], cwd: Path, environment: Mapping[str, str], *, timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run the command and wait for its end, no more than so many seconds; the exit code is negative for a signal."""
        assert self.process.stdin is not None
        with self._lock, tempfile.TemporaryDirectory() as said:
            out, err = Path(said, "out"), Path(said, "err")
            job = {"arguments": list(arguments), "cwd": str(cwd), "env": dict(environment)}
            self.process.stdin.write(json.dumps({**job, "out": str(out), "err": str(err)}) + "\n")
            self.process.stdin.flush()
            self.running = pid = self._hear()["pid"]
            late = threading.Timer(timeout, os.kill, (pid, signal.SIGKILL))
            late.start()
            try:
                code = self._hear()["code"]
            finally:
                self.running = None
                in_time = late.is_alive()
                late.cancel()
            if not in_time:
                raise subprocess.TimeoutExpired(["slrspec", *arguments], timeout)
            return subprocess.CompletedProcess(
                ["slrspec", *arguments], code, out.read_text(errors="replace"), err.read_text(errors="replace")
            )

    def _hear(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the fork server has ended"
        return json.loads(line)


@contextmanager
def fork_server(imported: Iterable[str], models: Iterable[str] = ()) -> Iterator[ForkServer]:
    """Start a server, which imports what the command will.

    Parameters
    ----------
    imported
        Names of modules.
    models
        Names of the services whose models are read ahead, too.

    """
    others = ("AWS_", "MOTO_", "PYTEST", "COV_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    with subprocess.Popen(
        (sys.executable, "-m", "tests.forkserver", ",".join(models), *imported),
        cwd=Path(__file__).parents[1],
        env=clean,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield ForkServer(process)
        finally:
            process.kill()


@cache
def shared(*imported: str, models: tuple[str, ...] = ()) -> ForkServer:
    """Return the one server of this process that has imported these; it ends with the process."""
    opened = ExitStack()
    atexit.register(opened.close)
    return opened.enter_context(fork_server(imported, models))


if __name__ == "__main__":
    serve()
