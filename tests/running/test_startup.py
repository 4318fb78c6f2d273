"""What a run leaves alone: imports that it does not need, and folders that are not its own."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from slrspec.spec.location import features_folder

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


def test_nothing_looks_through_a_folder_on_the_way_to_the_features(tmp_path: Path) -> None:
    features = tmp_path / "work" / "features"
    shutil.copytree(features_folder(), features)
    (tmp_path / "work" / "somebody-elses").mkdir()
    program = (
        "import sys\nlooked = []\n"
        "sys.addaudithook(lambda event, given: looked.append(str(given[0])) if event == 'os.scandir' else None)\n"
        "from slrspec.cli import main\n"
        "try:\n    main(['run', '-q', '--rule', 'RDS-PER-01', '--features', 'work/features'])\n"
        "except SystemExit:\n    print([name for name in looked if 'work' in name.rpartition('tmp')[2]])"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    looked = ast.literal_eval(run.stdout.splitlines()[-1])
    assert "work/features" in looked
    assert [name for name in looked if name.endswith(("work", "somebody-elses", str(tmp_path)))] == []


def test_no_garbage_is_collected_while_a_command_is_imported(tmp_path: Path) -> None:
    program = (
        "import gc, sys\nfrom slrspec.__main__ import main\ncollected = []\n"
        "gc.callbacks.append(lambda phase, told: collected.append(told['generation']))\n"
        "sys.argv = ['slrspec', 'rules']\n"
        "try:\n    main()\nexcept SystemExit as ended:\n    print('EXIT', ended.code or 0, collected)"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "EXIT 0 []"
    assert [one.value for one in distribution("slrspec").entry_points.select(group="console_scripts")] == [
        "slrspec.__main__:main"
    ]


@pytest.mark.parametrize("named", [False, True])
def test_what_an_endpoint_is_made_of_is_imported_where_there_is_one(named: bool, tmp_path: Path) -> None:
    if named:
        (tmp_path / "slrspec.toml").write_text('[providers.mine]\nurl = "http://127.0.0.1:1"\n', encoding="utf-8")
    program = (
        "import sys\nfrom slrspec.providers.registry import find_provider\nfind_provider('moto')\n"
        "print('slrspec.providers.endpoint_settings' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == str(named)
