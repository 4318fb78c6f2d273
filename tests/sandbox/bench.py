"""The real command, run in an account that can be looked at from beside, with one thing going wrong at one call.

A row of the kill matrix: the run dies before or after its k-th call, perhaps its disk with it; a sweep on another
machine, which may die too, and then another one. A row of the fault matrix: the k-th call is spoiled, and the run
goes on.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.forkserver import ForkServer
from tests.sandbox.faulty_proxy import Call, FaultyProxy, Plan, kill_after, kill_before, proxied
from tests.sandbox.places import Place, clean_environment
from tests.sandbox.rehearsal import ALIAS, Rehearsal
from tests.sandbox.whole_account import Everything, differences, everything, of_somebody_else

KILLS = {"before": kill_before, "after": kill_after}
LEASES = "parameter /slrspec/lease/"


def no_role(place: Place) -> None:
    """The account has none."""


def our_role(place: Place) -> None:
    """The account's owner has marked the role as slrspec's, and described and tagged it."""
    name = place.iam.create_service_linked_role(AWSServiceName="rds.amazonaws.com", Description="found")
    tags = [{"Key": "slrspec-suite", "Value": "rds-slr"}, {"Key": "team", "Value": "data"}]
    place.iam.tag_role(RoleName=name["Role"]["RoleName"], Tags=tags)


def their_role(place: Place) -> None:
    """The role is somebody else's."""
    place.iam.create_service_linked_role(AWSServiceName="rds.amazonaws.com", Description="theirs")


@dataclass(frozen=True)
class Situation:
    """What is run, and what is in the account before.

    Attributes
    ----------
    rules
        Ids of the rules.
    role
        Puts the service-linked role as it is found.
    selected
        What else selects the scenarios.

    """

    rules: tuple[str, ...]
    role: Callable[[Place], None] = no_role
    selected: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{'+'.join(self.rules)}, {self.role.__name__.replace('_', ' ')}"


@dataclass(frozen=True)
class Row:
    """What came of one row.

    Attributes
    ----------
    what
        The row, in words.
    met
        Whether there was such a call at all; without it the row says nothing.
    done
        How the run ended.
    verdicts
        By rule, as far as there are results.
    dirty
        What was not as before when the run had ended.
    unclean
        What was not as before after the last sweep.
    sweeps
        Exit codes of the sweeps.

    """

    what: str
    met: bool
    done: subprocess.CompletedProcess[str]
    verdicts: dict[str, str] = field(default_factory=dict)
    dirty: tuple[str, ...] = ()
    unclean: tuple[str, ...] = ()
    sweeps: tuple[int, ...] = ()
    said: str = ""


@dataclass
class Bench:
    """One account after the other, for one situation.

    Parameters
    ----------
    url
        Of the server.
    fork
        Runs the command.
    folder
        For the account's settings and results.

    """

    url: str
    fork: ForkServer
    folder: Path
    situation: Situation
    lag: int = 0
    place: Place = field(init=False)
    rehearsal: Rehearsal = field(init=False)
    before: Everything = field(init=False)

    def __post_init__(self) -> None:
        self.move()

    def move(self) -> None:
        """Take a new account, with somebody else's things in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.place = Place(self.url, lag=self.lag)
        self.rehearsal = Rehearsal(self.place, self.folder, self.url)
        of_somebody_else(self.place)
        self.situation.role(self.place)
        self.before = everything(self.place)

    # ---- rows

    def killed(self, at: int, when: str, *, journal: bool, sweep_at: int = 0, sweep_when: str = "before") -> Row:
        """Kill the run, and perhaps the sweep after it; then sweep to the end, from another machine."""
        what = f"killed {when} call {at}, journal {'kept' if journal else 'lost'}"
        with self._proxied(Plan(KILLS[when], at)) as proxy:
            done = self.run()
        if not proxy.killed:
            return Row(what, met=False, done=done)
        dirty = self.changes()
        if not proxy.writes and not dirty:
            return Row(what, met=True, done=done)  # it died before it had written anything at all
        sweeps = []
        if not journal:
            shutil.rmtree(self.folder / ".slrspec", ignore_errors=True)
        if sweep_at:
            what += f", sweep killed {sweep_when} call {sweep_at}"
            with self._proxied(Plan(KILLS[sweep_when], sweep_at)):
                sweeps.append(self.sweep().returncode)
        return self._swept(Row(what, met=True, done=done, dirty=dirty, sweeps=tuple(sweeps)))

    def killed_only(self, operation: str) -> None:
        """Kill a run just after its first call of an operation, and leave it at that."""
        plan = Plan(kill_after, concerns=lambda call: call.operation == operation)
        with self._proxied(plan) as proxy:
            self.run()
        assert proxy.killed

    def spoiled(self, name: str, plan: Plan) -> Row:
        """Spoil a call of the run, and sweep after it."""
        with self._proxied(plan) as proxy:
            done = self.run()
        row = Row(f"{name} at call {plan.at}", met=bool(proxy.spoiled or plan.lag), done=done)
        row = replace(row, verdicts=self.verdicts(), dirty=self.changes(), said=done.stderr[-600:])
        return self._swept(row) if row.dirty else row

    def _swept(self, row: Row) -> Row:
        with self._proxied(Plan()):
            last = self.sweep()
        after = everything(self.place)
        unclean = tuple(differences(self.before, after, made_anew=True))
        if unclean or last.returncode:
            self.move()
        else:
            self.before = after  # a role that was made anew has a new id
        said = f"{row.done.stderr[-600:]}\n{last.stdout}{last.stderr}"
        return replace(row, unclean=unclean, sweeps=(*row.sweeps, last.returncode), said=said)

    # ---- what rows are made of

    @contextmanager
    def _proxied(self, plan: Plan) -> Iterator[FaultyProxy]:
        with proxied(self.url, self.place.account, plan) as proxy:
            proxy.victim = lambda: self.fork.running
            self.rehearsal.settings["rehearsal"] = proxy.url
            self.rehearsal.configure()
            yield proxy
            self.refuse_strangers(proxy)

    def run(self) -> subprocess.CompletedProcess[str]:
        """`slrspec run --provider aws`, in a folder that has no results yet."""
        shutil.rmtree(self.folder / ".slrspec", ignore_errors=True)
        rules = [part for rule in self.situation.rules for part in ("--rule", rule)]
        given = ("--provider", "aws", "--max-usd", "100", "--confirm", ALIAS, "--no-history", "-q")
        return self.slrspec("run", *given, *rules, *self.situation.selected)

    def sweep(self) -> subprocess.CompletedProcess[str]:
        """`slrspec sweep`, by somebody who knows that nobody else is at work."""
        return self.slrspec("sweep", "--apply", "--take-over", "--confirm", ALIAS)

    def slrspec(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command as the runner would."""
        return self.fork(arguments, self.folder, clean_environment() | self.rehearsal.credentials, timeout=300)

    def changes(self) -> tuple[str, ...]:
        """What is not as it was found."""
        return tuple(differences(self.before, everything(self.place), made_anew=True))

    def verdicts(self) -> dict[str, str]:
        """Each rule's verdict in the results of the last run; empty if it has none."""
        file = next((self.folder / ".slrspec").rglob("results.json"), None)
        if file is None:
            return {}
        results: dict[str, Any] = json.loads(file.read_text())
        return {rule["id"]: verdict["verdict"] for rule in results["rules"] for verdict in rule["verdicts"]}

    @staticmethod
    def refuse_strangers(proxy: FaultyProxy) -> None:
        """Fail if anything of somebody else's was so much as asked to change."""
        strange = [call for call in proxy.writes if _is_of_somebody_else(call)]
        assert not strange, strange


def _is_of_somebody_else(call: Call) -> bool:
    theirs = {
        "application",
        "slrspec-instance-1",
        "alice",
        "slrspec",
        "slrspec-policy-1",
        "AWSServiceRoleForElastiCache",
        "AWSServiceRoleForAutoScaling",
        "AWSServiceRoleForAutoScaling_theirs",
        "AWSServiceRoleForAutoScaling_slrspec",
    }
    named = {value.rpartition("/")[2] for key, value in call.parameters.items() if key.endswith(("Name", "Arn"))}
    return bool(named & theirs) and call.operation != "AssumeRole"


def writes_of(bench: Bench) -> list[int]:
    """Return the numbers of the calls of an unspoiled run that write, the last one being that of all its calls."""
    with bench._proxied(Plan()) as proxy:
        done = bench.run()
    assert done.returncode == 0, done
    return [call.number for call in proxy.writes] + [len(proxy.calls)]
