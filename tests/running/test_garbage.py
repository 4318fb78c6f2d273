"""Garbage is collected rarely in a run, not at all in its large imports, and afterwards as before."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from slrspec.running import garbage
from slrspec.running.garbage import RARELY, no_collection_importing, rare_collection

# Notes each collection that begins while modules of such names are being imported.
NOTING = """
import gc, sys
found = set()

def note(phase, _):
    importing = (name for name, one in list(sys.modules.items()) if name.startswith({names!r}) and
                 getattr(getattr(one, "__spec__", None), "_initializing", False))
    found.update(importing if phase == "start" else ())

gc.callbacks.append(note)
"""

# moto's RDS, and with it EC2.
DURING_IMPORTS = (
    NOTING.format(names=("moto.rds", "moto.ec2"))
    + """
from slrspec.providers.moto import MotoProvider
with MotoProvider().open_account("any") as account:
    account.client("rds").describe_db_instances()
print(len(found), "moto.ec2.models" in sys.modules, gc.isenabled())
"""
)

# What reads botocore's files once imports botocore.
BEFORE_BOTOCORE = (
    NOTING.format(names=("botocore",))
    + """
from slrspec.running.botocore_models import models_read_once
with models_read_once():
    print(len(found), "botocore.loaders" in sys.modules, gc.isenabled())
"""
)

# Half a million cycles become garbage after one that lived through a collection, as a scenario's account may.
LATER_GARBAGE = """
import gc, weakref
from slrspec.running.garbage import hardly_collect, rare_collection

class Cycle:
    def __init__(self):
        self.itself = self

hardly_collect()
with rare_collection():
    lived_on = Cycle()
    seen = weakref.ref(lived_on)
    gc.collect(1)
    del lived_on
    print(seen() is None)
    for _ in range(500_000):
        Cycle()
    print(seen() is None)
"""


def test_a_run_collects_rarely_and_then_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen: list[bool] = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(True))
    monkeypatch.setattr(gc, "get_freeze_count", None)  # it walks all that is frozen
    monkeypatch.setattr(garbage, "_freeze_once", cache(garbage._freeze_once.__wrapped__))
    before = gc.get_threshold()
    for _ in range(2):
        with rare_collection():
            assert gc.get_threshold() == RARELY != before
        assert gc.get_threshold() == before
    assert frozen == [True]  # what is garbage between two runs would stay for ever


def test_nothing_is_collected_while_botocore_is_imported(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", BEFORE_BOTOCORE], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["0", "True", "True"]


def test_what_lived_through_a_collection_is_collected_soon_after(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", LATER_GARBAGE], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["False", "True"]


@pytest.mark.parametrize(("module", "paused"), [("a_module.that_nobody_has", True), ("pathlib", False)])
def test_collection_is_paused_for_a_module_s_first_import_alone(
    monkeypatch: pytest.MonkeyPatch, module: str, paused: bool
) -> None:
    frozen: list[bool] = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(True))
    with no_collection_importing(module):
        assert gc.isenabled() is not paused
    assert gc.isenabled()
    assert frozen == [True] * paused


@pytest.mark.parametrize(("plain", "collected"), [("", False), ("1", True)])
def test_nothing_is_collected_while_motos_rds_is_imported(plain: str, collected: bool, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", DURING_IMPORTS],
        env=os.environ | {"SLRSPEC_PLAIN": plain},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    number, imported, enabled = run.stdout.split()
    assert (int(number) > 0) is collected
    assert (imported, enabled) == ("True", "True")
