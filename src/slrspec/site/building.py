"""From the report's Markdown to a site, with MkDocs in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from slrspec.errors import SlrspecError, UsageError
from slrspec.site.publishing import MARKER, replacing
from slrspec.site.scanning import refuse_leaks
from slrspec.site.security import harden

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from slrspec.running.withheld import Withheld

REPORT = "report"
STANDALONE = "mkdocs.yml"


class SiteNotBuilt(SlrspecError):
    """MkDocs has refused to build the site; the message is its own first line."""

    exit_code = 4


@dataclass(frozen=True)
class Project:
    """What is built.

    Attributes
    ----------
    config
        A `mkdocs.yml`; None to build the report alone.
    report, site
        Where the report's Markdown belongs, and where the site goes.

    """

    config: Path | None
    report: Path
    site: Path

    @property
    def place(self) -> str:
        """Where the report is in the site: empty if it is all of it, else ends with `/`."""
        return f"{REPORT}/" if self.config else ""


def project(config: Path | None, folder: Path, alone: Path) -> Project:
    """Return what there is to build.

    Parameters
    ----------
    config
        The `mkdocs.yml` to use; None for that of the folder, if there is one.
    folder
        Where the command was started.
    alone
        Where the report goes if there is no `mkdocs.yml`.

    Raises
    ------
    UsageError
        If MkDocs is not installed, or the file cannot be used.

    """
    if find_spec("mkdocs") is None or find_spec("material") is None:
        raise UsageError("MkDocs is not installed", hint="pip install 'slrspec[site]'")
    if config is None and not (folder / "mkdocs.yml").exists():
        return Project(None, alone, folder / "site")
    file = config or folder / "mkdocs.yml"
    settings = _settings(file)
    plugins = {name for plugin in settings.get("plugins") or [] for name in _named(plugin)}
    if settings.get("use_directory_urls", True) and "offline" not in plugins:
        raise UsageError(
            "the report needs addresses that end in .html", where=(file, None), hint="add use_directory_urls: false"
        )
    top = file.parent
    return Project(file, top / settings.get("docs_dir", "docs") / REPORT, top / settings.get("site_dir", "site"))


def _settings(file: Path) -> dict[str, Any]:
    from mkdocs.exceptions import ConfigurationError
    from mkdocs.utils.yaml import yaml_load

    try:
        with file.open("rb") as stream:
            found = yaml_load(stream)
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=(file, None)) from error
    except ConfigurationError as error:
        mark = getattr(error.__context__, "problem_mark", None)
        said = getattr(error.__context__, "problem", None) or error.message
        raise UsageError(f"not YAML: {said}", where=(file, mark.line + 1 if mark else None)) from error
    if not isinstance(found, dict):
        raise UsageError("no settings of MkDocs", where=(file, None))
    return found


def _named(plugin: object) -> Iterable[str]:
    return plugin if isinstance(plugin, dict) else [str(plugin)]


def build(one: Project, withheld: Iterable[Withheld]) -> tuple[int, int]:
    """Build, harden, search and publish a site; return how many pages it has, and how many files were searched.

    Raises
    ------
    SiteNotBuilt
        If MkDocs refuses.
    PublicationRefused
        If the site holds what must not be published. In both cases the old site stays.

    """
    site = one.site.absolute()
    if _by_mkdocs(site):
        (site / MARKER).touch()
    with replacing(site) as new:
        _mkdocs(one, new)
        pages = harden(new)
        searched = refuse_leaks(new, withheld)
    return pages, searched


def _by_mkdocs(site: Path) -> bool:
    """Tell whether a folder is a site that MkDocs has built, and would build over anyway."""
    return (site / "404.html").is_file() and (site / "search").is_dir()


def _mkdocs(one: Project, target: Path) -> None:
    if one.config is not None:
        _run(one.config, target)
        return
    # MkDocs wants its settings beside the folder that it reads.
    file = one.report.parent / f".{one.report.name}-{STANDALONE}"
    words = files("slrspec.site").joinpath("standalone.yml").read_text(encoding="utf-8")
    try:
        file.write_text(f"docs_dir: {one.report.name}\n{words}", encoding="utf-8")
        _run(file, target)
    finally:
        file.unlink(missing_ok=True)


def _run(config: Path, target: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(config), "-d", str(target)]
    # Not --quiet: what MkDocs does not log, --strict does not see. The variable silences a banner of the theme.
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(  # noqa: S603 - no shell; the arguments are paths
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        told = [line for line in said if line.startswith(("WARNING", "ERROR", "Error"))] or said
        raise SiteNotBuilt(
            f"MkDocs did not build the site: {told[0] if told else f'exit code {done.returncode}'}",
            hint="the old site stays",
        )
