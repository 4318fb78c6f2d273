"""Write the file of what each scenario does on an account: python tools/operations.py."""

from __future__ import annotations

from pathlib import Path

from slrspec.sandbox.observing import observe
from slrspec.sandbox.operations import FILE, encode_operations

TARGET = Path(__file__).parents[1] / "src" / "slrspec" / "sandbox" / FILE

if __name__ == "__main__":
    found = observe()
    TARGET.write_bytes(encode_operations(found))
    print(f"{TARGET.name}: {len(found.scenarios)} scenarios at {len(found.paces)} paces")
