"""The plan of a run on the sandbox account, made from the settings and printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slrspec.running.selection import Selection
    from slrspec.spec.rules import Specification


def plan_shown(specification: Specification, selection: Selection, lane: str, form: str, *, calls: bool) -> str:
    """Return the plan of a run on the account that `slrspec.toml` names, as text or JSON; nothing is asked of it.

    Parameters
    ----------
    selection
        Which of the specification's rules.
    lane
        `full` or `free`.
    form
        `text` or `json`.
    calls
        With every operation that each scenario may call.

    """
    import msgspec

    from slrspec.reporting import plan_text
    from slrspec.sandbox.planning import make_plan
    from slrspec.sandbox.settings import read_settings

    settings = read_settings()
    scenarios = selection.checked(specification).select(specification)[1]
    made = make_plan(settings, specification, scenarios, lane)
    if form == "json":
        return msgspec.json.format(msgspec.json.encode(made), indent=2).decode()
    lines = (
        *plan_text.summary(made),
        *plan_text.beside(made),
        *plan_text.details(made),
        *(plan_text.calls(made) if calls else ()),
    )
    return "\n".join(lines)
