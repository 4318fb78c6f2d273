"""The plugins of a run, without what they bring along for work that is not done here.

pytest-bdd's plugin keeps a report of each step, which nobody reads, and imports a template engine to write code;
pytest imports a highlighter of source, and for the sake of names some of its plugins that no run has. Where one of
them is used in another way than is known, and where SLRSPEC_PLAIN is set, they are taken as they are, and the
results say so.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType

from slrspec.running.plain import plain_wanted
from slrspec.running.put_off import put_off

PLUGINS = ("pytest_bdd.plugin", "slrspec.running.plugin")
UNNEEDED = (
    "_pytest.cacheprovider",
    "_pytest.doctest",
    "_pytest.legacypath",
    "_pytest.logging",
    "_pytest.pytester",
    "_pytest.subtests",
    "mako.lookup",
    "pygments.formatters.terminal",
    "pygments.lexer",
    "pygments.lexers.diff",
    "pygments.lexers.python",
)
REPORTING = ("pytest_bdd_", "pytest_runtest_makereport")  # how the hooks begin that only keep reports
APPLY_TAG = "pytest_bdd_apply_tag"
PLAINLY = {"plugins": "with all that they import"}


def plugins() -> tuple[list[ModuleType], dict[str, str]]:
    """Import the plugins of a run; return them, and a note for the results if they had to be taken as they are.

    They are no names: pytest would look for those in what every distribution declares.
    """
    lean = None if plain_wanted() else _lean()
    return (lean, {}) if lean else (_imported(), PLAINLY)


@cache
def _lean() -> list[ModuleType] | None:
    """Import them with stand-ins; None where those would not do, as may be in another version."""
    try:
        with put_off(*UNNEEDED):
            pytest_bdd, ours = _imported()
    except Exception:  # noqa: BLE001 - there is no telling what such a version does with a stand-in
        return None
    return [_without_reports(pytest_bdd), ours]


def _imported() -> list[ModuleType]:
    return [import_module(name) for name in PLUGINS]


def _without_reports(plugin: ModuleType) -> ModuleType:
    lean = ModuleType(plugin.__name__)
    kept = (name for name in vars(plugin) if name == APPLY_TAG or not name.startswith(REPORTING))
    vars(lean).update({name: vars(plugin)[name] for name in kept})
    return lean
