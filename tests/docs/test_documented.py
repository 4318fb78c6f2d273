"""The before and after of the documentation happens as it says."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conftest import ROOT, run_pytest


def test_the_clean_up_script_passes_before_and_is_caught_after(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "documented.md").read_text(encoding="utf-8")
    shown = re.search(r'```python title="test_clean_up.py"\n(.*?)```', text, re.DOTALL)
    promised = re.search(r"```text\nRuntimeError: (.*)\n```", text)
    assert shown is not None
    assert promised is not None
    test = tmp_path / "test_clean_up.py"
    test.write_text(shown[1])
    assert run_pytest("-q", cwd=tmp_path).returncode == 0
    guarded = run_pytest("--slr-guard=fail", cwd=tmp_path).stdout
    block = re.search(r"\$ pytest --slr-guard=fail\n(.*?)```", text, re.DOTALL)
    assert block is not None
    for line in block[1].splitlines():
        assert line in guarded
    test.write_text(
        shown[1]
        .replace("from moto import mock_aws", "from slrspec.documented import documented_aws")
        .replace("@mock_aws", "@documented_aws")
    )
    after = run_pytest("-q", cwd=tmp_path)
    assert after.returncode == 1
    assert f"RuntimeError: {promised[1]}" in after.stdout
