"""Commands that are imported when somebody asks for them: most runs of `slrspec` are of one."""

from __future__ import annotations

from importlib import import_module

import click

# Where the commands stand that have a module of their own; one of several is named behind the colon.
MODULES = {
    "confirm": "confirm",
    "diff": "history:diff",
    "doctor": "doctor",
    "documents": "documents",
    "drift": "drift",
    "faults": "faults",
    "gate": "history:gate",
    "lint": "authoring:lint",
    "matrix": "matrix",
    "merge": "merge",
    "new-rule": "authoring:new_rule",
    "plan": "plan",
    "report": "site:report",
    "serve": "serve",
    "site": "site",
    "smoke": "smoke",
    "sweep": "sweep",
    "trace": "trace",
}


class LazyGroup(click.Group):
    """A group some of whose commands are imported only to be shown or run, as click's documentation suggests."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, imported or not."""
        return sorted({*super().list_commands(ctx), *MODULES})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command, if it is one; None if it is none."""
        if cmd_name in MODULES:
            return _imported(cmd_name)
        found = super().get_command(ctx, cmd_name)
        if found is None:  # click then suggests what is like it, of those that it has
            for name in MODULES:
                self.add_command(_imported(name))
        return found


def _imported(cmd_name: str) -> click.Command:
    module, _, name = MODULES[cmd_name].partition(":")
    found: click.Command = getattr(import_module(f"slrspec.commands.{module}"), name or module)
    return found
