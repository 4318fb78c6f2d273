"""What a run of rules about IAM alone never imports: moto's RDS, which brings all of its EC2 with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ABOUT_IAM = ["--section", "editing", "--tag", "not creates-instance"]
HEAVY = ("moto.rds", "moto.ec2")


def imported(*arguments: str, cwd: Path) -> str:
    program = (
        "import sys\nfrom slrspec.cli import main\n"
        f"try:\n    main({list(arguments)!r})\nexcept SystemExit as ended:\n    print('EXIT', ended.code)\n"
        f"print('LOADED', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=cwd, capture_output=True, text=True, check=True)
    return run.stdout


@pytest.mark.parametrize("provider", ["moto", "documented"])
def test_a_selection_about_iam_alone_never_imports_motos_rds(provider: str, tmp_path: Path) -> None:
    printed = imported("run", "--provider", provider, *ABOUT_IAM, cwd=tmp_path)
    assert f"{provider}: 11 rules" in printed
    assert "EXIT 0" in printed
    assert "LOADED []" in printed


def test_a_selection_about_instances_does_import_it(tmp_path: Path) -> None:
    printed = imported("run", "--rule", "RDS-DEL-01", cwd=tmp_path)
    assert f"LOADED {list(HEAVY)}" in printed


def test_the_mock_for_anybody_s_tests_does_not_import_it_either() -> None:
    program = (
        "import sys\nfrom slrspec.documented import documented_aws\nwith documented_aws():\n    import boto3\n"
        "    iam = boto3.client('iam', region_name='us-east-1')\n"
        "    iam.create_service_linked_role(AWSServiceName='rds.amazonaws.com')\n"
        "    iam.delete_service_linked_role(RoleName='AWSServiceRoleForRDS')\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
