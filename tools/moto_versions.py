"""Run the documented model on many versions of moto: in this process's Python, and through moto's server.

    python tools/moto_versions.py                 every release from 5.0.28 on that pip offers
    python tools/moto_versions.py --every 4       every fourth of them, the oldest and the newest
    python tools/moto_versions.py 5.0.28 5.1.22   these

Each version is installed without its dependencies, which this environment has, into a folder that is put in front
of the installed one. Prints a line for each, and exits 1 if any does not pass every checkable rule in both ways.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

OLDEST, NEXT = (5, 0, 28), (6,)
# One process for both, because imports cost as much as either.
BOTH_WAYS = """
import threading

import boto3
from slrspec.cli import main
from slrspec.documented.behaviour import Setting
from slrspec.documented.server import serving

try:
    main(["run", "--provider", "documented", "--format", "json"])
except SystemExit as ended:
    assert not ended.code, f"run ended with {ended.code}"

SMALL = dict(DBInstanceClass="db.t4g.micro", Engine="mysql", AllocatedStorage=20, MasterUsername="somebody",
             MasterUserPassword="not-a-real-password")
with serving("127.0.0.1", 0, Setting()) as server:
    threading.Thread(target=server.forever, daemon=True).start()
    iam, rds = (boto3.client(name, region_name="us-east-1", endpoint_url=server.url, aws_access_key_id="testing",
                             aws_secret_access_key="testing") for name in ("iam", "rds"))
    rds.create_db_instance(DBInstanceIdentifier="db", **SMALL)
    role = iam.get_role(RoleName="AWSServiceRoleForRDS")["Role"]
    statuses = []
    for _ in range(2):
        task = iam.delete_service_linked_role(RoleName=role["RoleName"])["DeletionTaskId"]
        statuses.append(iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"])
        if statuses == ["FAILED"]:
            rds.delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)
    server.stop()
assert statuses == ["FAILED", "SUCCEEDED"], statuses
"""


def offered() -> list[str]:
    """Return the releases of moto that pip offers, oldest first, from the oldest that the model knows."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "index", "versions", "moto"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"Available versions: (.*)", listed)
    assert found is not None, listed
    versions = [
        tuple(map(int, name.split("."))) for name in found[1].split(", ") if name.replace(".", "").isdigit()
    ]
    return [".".join(map(str, one)) for one in sorted(versions) if OLDEST <= one < NEXT]


def tried(version: str, folder: Path) -> str:
    """Install a version, run both ways, and return what went wrong; empty for nothing."""
    target = folder / version
    # Of its thousand modules a run imports some fifty; to compile the others would take as long as the run.
    pip = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--target", target, f"moto=={version}")
    # A command is answered by the same model as a call, and takes a hundred times as long.
    environment = {**os.environ, "PYTHONPATH": str(target), "SLRSPEC_AWS_CLI": ""}
    for name, arguments, variables in (("pip", pip, dict(os.environ)), ("run", ("-c", BOTH_WAYS), environment)):
        run = subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, check=False, cwd=folder, env=variables
        )
        if run.returncode:
            return f"{name}: {(run.stderr or run.stdout).strip().splitlines()[-1:]}"
    if f'"version": "{version}"' not in run.stdout:
        return "another version of moto was run"
    shutil.rmtree(target)
    return ""


def some(versions: list[str], every: int) -> list[str]:
    """Return every so-manieth version counted from the newest, and the oldest."""
    return sorted({versions[0], *versions[::-every]}, key=versions.index)


def main() -> int:
    """Try the versions, two at a time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("versions", nargs="*")
    parser.add_argument("--every", type=int, default=1, metavar="N")
    options = parser.parse_args()
    versions = options.versions or some(offered(), options.every)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda version: (version, tried(version, Path(folder))), versions)
        broken = 0
        for version, problem in results:
            broken += bool(problem)
            print(
                f"moto {version}: {problem or 'every checkable rule passes, in process and through the server'}",
                flush=True,
            )
    print(f"{len(versions)} versions, {broken} do not pass")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
