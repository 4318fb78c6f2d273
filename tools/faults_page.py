"""Write docs/faults.md: run the whole matrix of faults, and put its table below the hand-written words.

python tools/faults_page.py
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "faults.md"
MARK = "<!-- what follows is written by tools/faults_page.py -->\n"


def main() -> int:
    """Run `slrspec faults`, and replace what is below the mark."""
    command = [sys.executable, "-m", "slrspec", "faults", "--format", "markdown"]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if not run.stdout:
        return run.returncode
    words = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    PAGE.write_text(f"{words}{MARK}\n{run.stdout}", encoding="utf-8")
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
