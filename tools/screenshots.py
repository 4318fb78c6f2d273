"""Take the screenshots of the documentation: run, build the site, and open it in a real Chromium.

pip install -e '.[dev,browser]' && python tools/screenshots.py
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parents[1] / "docs" / "images"
EVIDENCE = "evidence/moto/RDS-DEL-01-a-single-db-instance-keeps-the-role.html"
SHOTS: tuple[tuple[str, str, Literal["light", "dark"], int, int], ...] = (
    ("matrix.png", "index.html#section=editing", "light", 1300, 1000),
    ("evidence.png", f"{EVIDENCE}#call-10", "dark", 1300, 900),
    ("narrow.png", "rules/RDS-DEL-01.html", "dark", 360, 760),
)


def main() -> None:
    """Take every screenshot."""
    with tempfile.TemporaryDirectory() as folder:
        slrspec = [sys.executable, "-m", "slrspec"]
        subprocess.run([*slrspec, "faults", "--own"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        subprocess.run([*slrspec, "site", "--provider", "moto", "--provider", "documented"], cwd=folder, check=True)
        with sync_playwright() as started:
            browser = started.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"]
            )
            for name, page, scheme, width, height in SHOTS:
                context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height})
                made = context.new_page()
                made.goto(f"{(Path(folder) / 'site').as_uri()}/{page}")
                made.wait_for_timeout(300)
                made.screenshot(path=str(IMAGES / name))
                context.close()
            browser.close()


if __name__ == "__main__":
    main()
