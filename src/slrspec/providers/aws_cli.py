"""The AWS CLI: where it is, which one it is, and running it such that it can go to one endpoint and nowhere else.

For some services the CLI passes over every setting of an endpoint but the option, and goes to AWS. So the option is
on every command line; nothing of the user's environment is passed on; and whatever would go elsewhere meets a proxy
that is not there.

Source: `awscli/customizations/overridesslcommonname.py` of version 1.46.3, for rds, docdb and neptune in us-east-1.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from slrspec.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slrspec.providers.contract import Description, Door

VARIABLE = "SLRSPEC_AWS_CLI"
CAPABILITY = "command-line"
# The port of the discard protocol, at which nobody listens.
NOWHERE = "http://127.0.0.1:9"
STARTING = 60.0
"""Seconds that the CLI may take besides waiting for an answer; it takes one, and more on a busy machine."""
NONE_HERE = f"no AWS CLI is here; pip install 'slrspec[cli]', or name one by {VARIABLE}"


class CliBroken(Exception):
    """What should be the AWS CLI does not even tell its version."""


class Ran(Struct, frozen=True):
    """How a command ended: exit code, None if it had to be stopped, and what it printed."""

    exit_code: int | None
    stdout: str
    stderr: str


def find_cli() -> str:
    """Return the path of the AWS CLI; empty if there is none.

    It is the one that the variable SLRSPEC_AWS_CLI names (nothing, for none), else the one that is installed with
    slrspec, else the one on the PATH.

    Raises
    ------
    UsageError
        If the variable names what is no program.

    """
    named = os.environ.get(VARIABLE)
    if named is None:
        beside = Path(sys.executable).with_name("aws")
        found = shutil.which(beside) or shutil.which("aws")
    else:
        found = shutil.which(named) if named else None
        if named and found is None:
            raise UsageError(
                f"{VARIABLE} names no program: {named!r}", hint="leave it empty to go without the AWS CLI"
            )
    return str(Path(found).absolute()) if found else ""


@cache
def cli_version(program: str) -> str:
    """Return what the CLI calls itself: `aws-cli/1.46.3`.

    Raises
    ------
    CliBroken
        If it does not say so.

    """
    if Path(program).parent == Path(sys.executable).parent:
        with suppress(PackageNotFoundError):
            return f"aws-cli/{version('awscli')}"  # it takes half a second to say so itself
    ran = run(program, ["--version"], within=STARTING)
    said = f"{ran.stdout} {ran.stderr}".split()
    if ran.exit_code or not said:
        raise CliBroken(" ".join(said) or f"it ends with {ran.exit_code}")
    return said[0]


def with_command_line(description: Description, *, why_not: str = "") -> Description:
    """Return a description that says whether scenarios can go through the AWS CLI.

    Parameters
    ----------
    description
        Of a provider whose accounts have a door.
    why_not
        Why they have none after all; empty if they do.

    """
    found = ""
    try:
        if not why_not and (program := find_cli()):
            found = cli_version(program)
    except CliBroken as broken:
        why_not = f"the AWS CLI does not start: {broken}"
    if not found:
        return replace(
            description,
            capabilities=description.capabilities - {CAPABILITY},
            lacks={**description.lacks, CAPABILITY: why_not or NONE_HERE},
        )
    return replace(
        description,
        capabilities=description.capabilities | {CAPABILITY},
        settings={**description.settings, "AWS CLI": found},
    )


def options_of(door: Door, region: str) -> list[str]:
    """Return the options that are on every command line."""
    seconds = str(max(1, round(door.timeout)))
    where = ["--region", region, "--endpoint-url", door.url, "--output", "json"]
    return [*where, "--cli-connect-timeout", seconds, "--cli-read-timeout", seconds]


def environment(home: str, door: Door | None = None) -> dict[str, str]:
    """Return all the variables that the CLI gets.

    Parameters
    ----------
    home
        An empty folder.
    door
        Where it may go, and who it is; None for nowhere and nobody.

    """
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": home,
        "LC_ALL": "C.UTF-8",
        "AWS_ACCESS_KEY_ID": door.access_key if door else "nobody",
        "AWS_SECRET_ACCESS_KEY": door.secret_key if door else "nobody",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_PAGER": "",
        "HTTP_PROXY": NOWHERE,
        "HTTPS_PROXY": NOWHERE,
        "NO_PROXY": _without_proxy(door.url) if door else "",
    }


def _without_proxy(url: str) -> str:
    host = urlsplit(url).hostname or ""
    return f"{host},[{host}]" if ":" in host else host  # of an IPv6 address some look for one, some for the other


def run(program: str, arguments: Sequence[str], *, door: Door | None = None, within: float) -> Ran:
    """Run the CLI once, in an empty folder and an environment of its own.

    Parameters
    ----------
    within
        Seconds after which it is stopped, with whatever it has started.

    """
    with tempfile.TemporaryDirectory(prefix="slrspec-cli-", ignore_cleanup_errors=True) as home:
        process = subprocess.Popen(  # noqa: S603 - the user's own program, and no shell
            [program, *arguments],
            env=environment(home, door),
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # so that Ctrl-C is ours, and its children stop with it
        )
        try:
            said = process.communicate(timeout=within)
        except subprocess.TimeoutExpired:
            return Ran(None, *_texts(_stopped(process)))
        except BaseException:
            _stopped(process)
            raise
        return Ran(process.returncode, *_texts(said))


def _stopped(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.communicate()


def _texts(said: tuple[bytes, bytes]) -> tuple[str, str]:
    out, err = (text.decode("utf-8", "replace") for text in said)
    return out, err
