"""AWS as documented, in this process: the provider `moto` with the model in it.

Behind the name may stand faults, `documented:instances-do-not-block`, and how time passes,
`documented:lag=2,pending=3,creating=1,seed=7`, or the policy's edition, `documented:edition=v14`.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec.structs import replace

from slrspec.documented.behaviour import AT_ONCE, DOCUMENTED, Setting, Timing
from slrspec.documented.catalogue import DEFAULT_EDITION, policy_of
from slrspec.errors import UsageError
from slrspec.providers.contract import Description, Patience
from slrspec.providers.moto import MotoAccount, MotoProvider

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOKS = ("creating", "deleting", "pending", "lag")
# Time passes by looking, so nobody sleeps; so many looks are more than anything here takes.
VIRTUAL = Patience(timeout=30, interval=1, sleep=lambda _: None)


class DocumentedProvider(MotoProvider):
    """moto, taught the documented rules."""

    name = "documented"

    def __init__(self, argument: str = "") -> None:
        super().__init__()
        self.setting, self.faults = _read(argument)

    def describe(self) -> Description:
        """Say which moto is below, and how the model is set."""
        below = super().describe()
        timing = self.setting.timing
        version = policy_of(self.setting.edition)
        return replace(
            below,
            product="slrspec.documented on moto",
            settings={
                **{key: value for key, value in below.settings.items() if key != "managed policies"},
                "managed policies": f"those of the roles; that of RDS is {version.version} of {version.created}",
                "time": ", ".join(f"{name} {getattr(timing, name)}" for name in LOOKS if getattr(timing, name))
                or "at once",
                **({"seed": str(timing.seed)} if timing.seed is not None else {}),
                **({"faults": ", ".join(self.faults)} if self.faults else {}),
            },
        )

    @contextmanager
    def open_account(self, scenario: str) -> Iterator[MotoAccount]:
        """Open an account in which the rules hold; the model is in moto only for as long as it is open."""
        from slrspec.documented.hooks import installed

        with super().open_account(scenario) as account, installed(self.setting, seed=scenario):
            # Where nothing takes any time, a second look shows what the first has shown.
            patience = account.patience if self.setting.timing == AT_ONCE else VIRTUAL
            yield replace(account, patience=patience, enforced=False)


def _read(argument: str) -> tuple[Setting, tuple[str, ...]]:
    from slrspec.documented.faults import behaviour_with

    words = [word for word in argument.split(",") if word]
    settings = dict(word.split("=", 1) for word in words if "=" in word)
    faults = tuple(word for word in words if "=" not in word)
    numbers: dict[str, int] = {}
    edition = settings.pop("edition", DEFAULT_EDITION)
    for name, value in settings.items():
        if name not in {*LOOKS, "seed"} or not value.isdigit():
            known = ", ".join((*LOOKS, "seed"))
            raise UsageError(f"cannot set {name}={value}", hint=f"edition, or a number for one of: {known}")
        numbers[name] = int(value)
    return Setting(behaviour_with(faults, DOCUMENTED), Timing(**numbers), edition), faults
