"""An account to rehearse in: on a server of this machine, with an alias, a runner's role and its credentials."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.forkserver import IMPORTED, MODELS, OF_AN_ACCOUNT, ForkServer, shared
from tests.sandbox.places import REGIONS, Place, clean_environment

ALIAS, RUNNER = "slrspec-rehearsal", "slrspec-runner"
ANYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def forked() -> ForkServer:
    """The server that runs the nights of this process's tests."""
    return shared(*IMPORTED, *OF_AN_ACCOUNT, models=MODELS)


@dataclass
class Rehearsal:
    """All that a run needs to know of the account.

    Attributes
    ----------
    place
        The account, past any proxy.
    folder
        Where `slrspec.toml` is, and where the run leaves its results.
    url
        Where the run is sent; a proxy's, perhaps.

    """

    place: Place
    folder: Path
    url: str
    credentials: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        iam = self.place.iam
        iam.create_account_alias(AccountAlias=ALIAS)
        self.assume(RUNNER)
        self.settings = {
            "account-id": self.place.account,
            "alias": ALIAS,
            "regions": list(REGIONS),
            "role-arn": f"arn:aws:iam::{self.place.account}:role/{RUNNER}",
            "blocklist": ["000000000001"],
            "propagation-seconds": 1,
            "instance-minutes": 1,
            "rehearsal": self.url,
        }
        self.configure()

    def assume(self, role: str) -> None:
        """Take credentials of a role that is made for it."""
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{self.place.account}:root"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        iam = self.place.iam
        arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        iam.put_role_policy(RoleName=role, PolicyName="anything", PolicyDocument=json.dumps(ANYTHING))
        sts = self.place.client("sts")
        found = sts.assume_role(RoleArn=arn, RoleSessionName="night")["Credentials"]
        self.credentials = {
            "AWS_ACCESS_KEY_ID": found["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"],
            "AWS_SESSION_TOKEN": found["SessionToken"],
            "AWS_CREDENTIAL_EXPIRATION": (datetime.now(UTC) + timedelta(hours=2)).isoformat(timespec="seconds"),
        }

    def configure(self, **settings: Any) -> None:
        """Write `slrspec.toml`, with some settings otherwise; None leaves one out."""
        chosen = {**self.settings, **{name.replace("_", "-"): value for name, value in settings.items()}}
        lines = [f"{name} = {json.dumps(value)}" for name, value in chosen.items() if value is not None]
        (self.folder / "slrspec.toml").write_text("\n".join(["[sandbox]", *lines, ""]), encoding="utf-8")

    def slrspec(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the command as the runner would."""
        return forked()(arguments, self.folder, clean_environment() | self.credentials | environment, timeout=300)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """`slrspec run --provider aws`, allowed and confirmed."""
        given = ("--provider", "aws", "--max-usd", "100", "--confirm", ALIAS, "--no-history")
        return self.slrspec("run", *given, *arguments, **environment)

    def results(self) -> dict[str, Any]:
        """The results of the last run."""
        found: dict[str, Any] = json.loads((self.folder / ".slrspec" / "results.json").read_text())
        return found
