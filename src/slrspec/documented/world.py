"""What a rule of the model sees: the call, the setting, and what the model remembers of the account."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from slrspec.documented.call import Call, service_of
from slrspec.documented.caller import Caller, caller_of
from slrspec.documented.evaluation import Request
from slrspec.documented.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from random import Random

    from slrspec.documented.behaviour import Behaviour, Setting

MEMORY = "_slrspec_memory"


@dataclass
class Task:
    """A request to delete a service-linked role.

    Attributes
    ----------
    role_arn, service
        Of the role: looks at the task are authorised on them, also once the role is gone.
    looks
        How often it will be seen in progress before it ends.
    unseen
        How often it will not be known yet.
    status
        `IN_PROGRESS`, `SUCCEEDED` or `FAILED`.
    reason
        Of a failure: what GetServiceLinkedRoleDeletionStatus gives.

    """

    id: str
    role_name: str
    role_arn: str
    service: str
    region: str
    looks: int
    unseen: int
    status: str = "IN_PROGRESS"
    reason: Mapping[str, Any] | None = None


@dataclass
class Job:
    """A report of the access advisor that somebody has asked for."""

    id: str
    arn: str
    granularity: str
    asked_by: str
    begun: datetime
    looks: int
    namespaces: tuple[str, ...]


@dataclass
class Session:
    """A session of a service-linked role, which only its service can begin."""

    role_name: str
    region: str
    resources: tuple[str, ...]


@dataclass
class Past:
    """A role as reads still show it; None if they do not show it yet."""

    role: Any
    reads: int


@dataclass
class Phase:
    """How a DB instance is seen: so many times not at all, so many times in a passing status."""

    status: str
    looks: int
    unseen: int = 0


@dataclass
class Memory:
    """What the model remembers of an account; kept on moto's IAM backend, so that moto's reset forgets it, too."""

    tasks: dict[str, Task] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    sessions: list[Session] = field(default_factory=list)
    past: dict[str, Past] = field(default_factory=dict)
    phases: dict[tuple[str, str], Phase] = field(default_factory=dict)
    last_used: dict[str, dict[str, tuple[datetime, str]]] = field(default_factory=dict)
    former_ids: dict[str, str] = field(default_factory=dict)
    taken_names: set[str] = field(default_factory=set)
    creation_refused: bool = False
    instance_deleted: bool = False
    deletion_failed: bool = False


def memory_of(backend: Any) -> Memory:  # noqa: ANN401 - moto has no types
    """Return what the model remembers of the account of an IAM backend."""
    found: Memory = backend.__dict__.setdefault(MEMORY, Memory())
    return found


@dataclass(frozen=True)
class World:
    """One call in its account.

    Attributes
    ----------
    random
        Where numbers of looks are drawn from, if the timing has a seed.

    """

    call: Call
    setting: Setting
    random: Random

    @property
    def behaviour(self) -> Behaviour:
        """How the model behaves."""
        return self.setting.behaviour

    @property
    def memory(self) -> Memory:
        """What is remembered of the account."""
        return memory_of(self.call.iam)

    @cached_property
    def caller(self) -> Caller | None:
        """Who makes the call; None for the account's root."""
        return caller_of(self.call)

    def draw(self, name: str) -> int:
        """Return how many looks a field of the timing means this time."""
        timing = self.setting.timing
        most: int = getattr(timing, name)
        return most if timing.seed is None or not most else self.random.randint(0, most)

    def linked_role(self, name: str) -> Any:  # noqa: ANN401
        """Return the service-linked role of that name; None for an ordinary role or none."""
        role = self.call.role(name) if name else None
        return role if role is not None and service_of(role) else None

    def arn_of_role(self, name: str) -> str:
        """Return the ARN on which permissions are checked; a role that is missing counts as an ordinary one."""
        role = self.call.role(name)
        missing = f"arn:{self.call.partition}:iam::{self.call.account}:role/{name}"
        return missing if role is None else str(role.arn)

    def forbidden(
        self, key: str, action: str, resource: str, context: Mapping[str, Sequence[str]] | None = None
    ) -> Refusal | None:
        """Return the refusal that is due if the caller's policies do not allow an action."""
        if self.caller is None:
            return None
        request = Request(action, resource, context or {})
        message = self.caller.refused(request, self.behaviour.reading)
        if not message and key in self.behaviour.everywhere:
            message = f"User: {self.caller.arn} is not authorized to perform: {action} on resource: {resource}"
        return Refusal(key, message) if message else None
