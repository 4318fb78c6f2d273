"""Environments for emulators, made once and kept in the user's cache folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from slrspec.running.trouble import ProviderTrouble

if TYPE_CHECKING:
    from slrspec.emulators.catalogue import Emulator

COMPLETE = "slrspec-complete"
NEWEST_MINOR = 20
LAST_LINES = 3


def cache_folder() -> Path:
    """Return where environments are kept: `SLRSPEC_CACHE`, or `slrspec` in the user's cache folder."""
    given = os.environ.get("SLRSPEC_CACHE")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "slrspec"


def programs_of(emulator: Emulator) -> Path:
    """Return the folder of an emulator's programs, having installed it if need be.

    Raises
    ------
    ProviderTrouble
        If it cannot be installed; the message has the installer's last words.

    """
    if not emulator.requirements:
        return Path(sys.executable).parent
    python = _python(emulator.python)
    told = "\n".join((python, *emulator.requirements))
    home = (
        cache_folder()
        / "environments"
        / f"{emulator.product}-{emulator.version}-{hashlib.sha256(told.encode()).hexdigest()[:10]}"
    )
    if not (home / COMPLETE).exists():
        shutil.rmtree(home, ignore_errors=True)  # what an interrupted installation has left
        home.parent.mkdir(parents=True, exist_ok=True)
        _install(home, python, emulator.requirements)
        (home / COMPLETE).write_text(told, encoding="utf-8")
    return home / "bin"


def _install(home: Path, python: str, requirements: tuple[str, ...]) -> None:
    """Make an environment with uv where it is there, for it is many times as fast, else with venv and pip."""
    uv = shutil.which("uv")
    if uv:
        _run([uv, "venv", "--quiet", "--python", python, str(home)])
        _run([uv, "pip", "install", "--quiet", "--python", str(home / "bin" / "python"), *requirements])
    else:
        _run([python, "-m", "venv", str(home)])
        _run([str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", *requirements])


def _run(command: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_"))}
    done = subprocess.run(  # noqa: S603 - no shell
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        errors = [line for line in lines if "error" in line.casefold()] or lines
        raise ProviderTrouble(f"cannot be installed: {' '.join(errors[-LAST_LINES:])}")


def _python(oldest: tuple[int, int]) -> str:
    """Return a Python that is new enough: this one, or another that is on the path or of pyenv."""
    if sys.version_info[:2] >= oldest:
        return sys.executable
    for minor in range(oldest[1], NEWEST_MINOR):
        versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
        candidates = [shutil.which(f"python3.{minor}"), *map(str, sorted(versions.glob(f"3.{minor}.*/bin/python")))]
        for candidate in filter(None, candidates):
            if _works(candidate):
                return candidate
    raise ProviderTrouble(
        f"cannot be installed: it needs Python {oldest[0]}.{oldest[1]} or later, which is not here"
    )


def _works(python: str) -> bool:
    """Tell whether a program is a Python; pyenv's stand-ins are there for versions that are not."""
    done = subprocess.run([python, "-c", ""], capture_output=True, check=False)  # noqa: S603 - no shell
    return done.returncode == 0
