"""A product that is started for a run, and stopped after it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from slrspec.providers.loopback import harmless
from slrspec.running.trouble import ProviderTrouble

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

READY_WITHIN, STOP_WITHIN, EXPLAINS_WITHIN, EVERY = 60.0, 5.0, 1.0, 0.05
LAST_WORDS = 300
# Whoever holds the other end of its standard input is gone, or else it would have been stopped.
END_WITH_US = 'read -r _; kill -s KILL -- "-$1"; rm -f -- "$2"'


class ServerProcess:
    """One running product, with what it prints.

    Parameters
    ----------
    command, environment
        What starts it, and variables besides those of this process. AWS's, moto's and those of proxies are left
        out, and dummies keep the product from the user's own credentials.
    host, port
        Where it will listen.

    Raises
    ------
    ProviderTrouble
        If it cannot be started, ends at once, or does not listen in time.

    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        host: str,
        port: int,
        *,
        ready_within: float = READY_WITHIN,
    ) -> None:
        if _listens(host, port):
            raise ProviderTrouble(f"something else listens on {host}:{port} already")
        self._watchman: subprocess.Popen[bytes] | None = None
        self._log = tempfile.NamedTemporaryFile("wb", prefix="slrspec-server-", suffix=".log", delete=False)  # noqa: SIM115
        self.log = Path(self._log.name)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the user's own command
                list(command),
                env={**harmless(os.environ), "PYTHONUNBUFFERED": "1", **environment},
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that Ctrl-C is ours, and its children stop with it
            )
        except OSError as error:
            self._forget()
            raise ProviderTrouble(f"{command[0]} cannot be started: {error.strerror}") from error
        try:
            self._watchman = self._posted()
            self._wait(host, port, ready_within)
        except BaseException:
            self.stop()
            raise

    def _posted(self) -> subprocess.Popen[bytes]:
        """Post a process that outlives this one, if this one is killed, and ends the product then."""
        return subprocess.Popen(  # noqa: S603 - the words are ours, and no shell splits them
            ["sh", "-c", END_WITH_US, "slrspec-watchman", str(self._process.pid), str(self.log)],  # noqa: S607
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _wait(self, host: str, port: int, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not _listens(host, port):
            if self._process.poll() is not None:
                raise ProviderTrouble(
                    f"it ended with {self._process.returncode} instead of listening: {self.said()}"
                )
            if time.monotonic() > until:
                raise ProviderTrouble(f"it does not listen on {host}:{port} after {seconds:.0f} s: {self.said()}")
            time.sleep(EVERY)

    @property
    def ended(self) -> str:
        """What its end looks like; empty while it runs."""
        code = self._process.poll()
        return "" if code is None else f"it has ended with {code}: {self.said()}"

    def said(self) -> str:
        """Return the end of what it has printed, on one line."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return " ".join(text.split())[-LAST_WORDS:] or "it said nothing"

    def printed(self) -> int:
        """Return how many bytes it has printed so far."""
        return self.log.stat().st_size if self.log.exists() else 0

    def prints(self, text: str, *, since: int) -> bool:
        """Tell whether it prints a text from a position on; a server explains an answer just after it was sent."""
        until = time.monotonic() + EXPLAINS_WITHIN
        while True:
            with self.log.open("rb") as stream:
                stream.seek(since)
                if text.encode() in stream.read():
                    return True
            if time.monotonic() > until:
                return False
            time.sleep(EVERY)

    def stop(self) -> None:
        """Stop it and its children."""
        if self._watchman:  # first, for it would kill whatever has the number of a process that is gone
            self._watchman.kill()
            self._watchman.communicate()
            self._watchman = None
        for kind in (signal.SIGTERM, signal.SIGKILL):  # the second for its children, too, which may outlive it
            try:
                os.killpg(self._process.pid, kind)
                self._process.wait(STOP_WITHIN)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        self._forget()

    def _forget(self) -> None:
        self._log.close()
        self.log.unlink(missing_ok=True)


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def free_port() -> int:
    """Return a port of this machine that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
