"""Running the suite on emulators side by side, as many at once as memory and processors allow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from slrspec.config import CONFIG_VARIABLE
from slrspec.emulators.environments import programs_of
from slrspec.providers.server_process import free_port
from slrspec.running.results import read_run
from slrspec.running.trouble import ProviderTrouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from slrspec.emulators.catalogue import Emulator
    from slrspec.running.results import Run

SUITE_MEMORY = 300
"""Megabytes that the suite itself needs beside an emulator."""
LAST_WORDS = 300


@dataclass(frozen=True)
class Judged:
    """What became of one emulator: its run, the file that has it, and how many seconds all of it took."""

    emulator: Emulator
    run: Run
    results: Path
    seconds: float


@dataclass(frozen=True)
class Unjudged:
    """An emulator whose run ended without results: with what reason, and after how many seconds."""

    emulator: Emulator
    reason: str
    seconds: float


def jobs_at_once(emulators: Iterable[Emulator]) -> int:
    """Return how many may run at the same time, by processors and by the memory that is free."""
    largest = max((emulator.memory for emulator in emulators), default=1) + SUITE_MEMORY
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1_000_000
    except (ValueError, OSError, AttributeError):
        free = largest
    return max(1, min(os.cpu_count() or 1, free // largest))


def judge_all(
    emulators: Iterable[Emulator],
    out: Path,
    *,
    jobs: int,
    arguments: tuple[str, ...],
    done: Callable[[Judged | Unjudged], None],
) -> list[Judged | Unjudged]:
    """Judge emulators, and return what became of them in their order.

    Parameters
    ----------
    out
        Folder that gets a folder for each.
    jobs
        How many at once.
    arguments
        Further arguments of `slrspec run`.
    done
        Called with each as it ends.

    """
    emulators = list(emulators)
    found: dict[str, Judged | Unjudged] = {}
    with ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(judge, emulator, out / emulator.name, arguments) for emulator in emulators]
        try:
            for future in as_completed(waiting):
                judged = future.result()
                found[judged.emulator.name] = judged
                done(judged)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [found[emulator.name] for emulator in emulators]


def judge(emulator: Emulator, out: Path, arguments: tuple[str, ...] = ()) -> Judged | Unjudged:
    """Install, start and judge one emulator. One that cannot be installed or started has a run of errors."""
    began = time.monotonic()
    port = free_port()
    file = out / "results.json"
    file.unlink(missing_ok=True)  # an earlier run's, which would be taken for this one's if this one has none
    with tempfile.TemporaryDirectory(prefix="slrspec-emulator-") as home:
        places = {"port": str(port), "home": home}
        try:
            places["bin"] = str(programs_of(emulator))
            command = [word.format(**places) for word in emulator.command]
        except ProviderTrouble as trouble:
            # The run itself tells it then, as it tells any other trouble.
            command = [sys.executable, "-c", f"raise SystemExit({str(trouble)!r})"]
            places["bin"] = ""
        config = Path(home) / "slrspec.toml"
        config.write_text(_settings(emulator, port, command, places), encoding="utf-8")
        line = [sys.executable, "-m", "slrspec", "run", "--provider", emulator.name, "--out", str(out.absolute())]
        finished = subprocess.run(  # noqa: S603 - no shell
            [*line, "--no-deviations", "--no-history", "-q", *arguments],
            env={**os.environ, CONFIG_VARIABLE: str(config)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    seconds = time.monotonic() - began
    if not file.is_file() or not file.stat().st_size:
        said = finished.stderr.strip().removeprefix("slrspec: ")[-LAST_WORDS:]
        return Unjudged(emulator, f"the run ended with {finished.returncode} and without results: {said}", seconds)
    return Judged(emulator, read_run(file), file, seconds)


def _settings(emulator: Emulator, port: int, command: list[str], places: dict[str, str]) -> str:
    environment = {name: value.format(**places) for name, value in emulator.environment.items()}
    lines = [
        f"[providers.{json.dumps(emulator.name)}]",
        f'url = "http://127.0.0.1:{port}"',
        f"start = {json.dumps(command)}",
        f"product = {json.dumps(emulator.product)}",
        *([f"version = {json.dumps(emulator.version)}"] if emulator.version else []),
        "environment = {" + ", ".join(f"{name} = {json.dumps(value)}" for name, value in environment.items()) + "}",
    ]
    return "\n".join(lines) + "\n"
