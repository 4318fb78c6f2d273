"""Draw the pictures of the documentation from the real thing.

    python tools/pictures.py

It runs the command in a folder of its own, and keeps a part of what it prints as an SVG.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

IMAGES = Path(__file__).parents[1] / "docs" / "images"
COLUMNS = 100


def main() -> None:
    """Draw every picture."""
    with tempfile.TemporaryDirectory() as folder:
        _draw(
            "terminal.svg",
            ["run", "--section", "introduction", "--section", "editing", "--section", "deleting"],
            folder,
        )
        _draw("failure.svg", ["run", "--rule", "RDS-DEL-01", "--no-deviations"], folder)


def _draw(name: str, arguments: list[str], folder: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", FORCED, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    console = Console(record=True, width=COLUMNS, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115 - thrown away
    console.print(Text(f"$ slrspec {' '.join(arguments)}\n"), Text.from_ansi(run.stdout), sep="")
    svg = console.export_svg(title="slrspec", unique_id=name.partition(".")[0])
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)  # rich would fetch its font from elsewhere
    (IMAGES / name).write_text(svg, encoding="utf-8")


# click takes the colours away where there is no terminal; a picture wants them.
FORCED = """
import click, sys
from slrspec.cli import command
click.utils.should_strip_ansi = click._compat.should_strip_ansi = lambda *a, **k: False
command.main(sys.argv[1:], prog_name="slrspec", color=True)
"""

if __name__ == "__main__":
    main()
