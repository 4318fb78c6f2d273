"""What the model does, as data: the documented behaviour, and how time passes in it.

The documented behaviour is `DOCUMENTED`. A fault is another `Behaviour`, which differs from it in one field or two.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from slrspec.documented.catalogue import DEFAULT_EDITION, policy_of
from slrspec.documented.evaluation import AS_IAM_DOES, Reading
from slrspec.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Behaviour:
    """How the model behaves; every default is what AWS documents.

    Attributes
    ----------
    accepted
        Keys of refusals that are not made.
    recoded
        Keys of refusals that are made with another error code, and the code.
    written
        Keys of refusals that are made although the deed is done.
    everywhere
        Keys of refusals that are made where they should not be, too.
    rewords
        Keys of refusals that reword the descriptions of the account's service-linked roles.
    lost
        Actions that are answered as if they had been done, and are not done.
    refused_though_done
        Actions that are done, and answered with an error.
    role_name, role_path, trusted, trust_action, trust_condition
        A service's role: its name, its path, the trusted principals by kind, what they may do, and on which
        condition. Empty for what the service's role is documented to have; `{service}` stands for the service,
        `{host}` for the first part of its name.
    has_policy, policy_name
        Whether the role has its policy, and what that is called; empty for its documented name.
    when_by_service
        Fields of this class, and their values, for a role that its service creates.
    arn_without_path
        Whether ARNs of the role leave out its path.
    extra_policy, inline_policy
        Whether it gets another managed policy, or an inline one, besides.
    grants_missing, grants_added
        Pairs of action and resource to leave out of the policy, and to add to it.
    policy_language
        The version of the policy language that the policy names.
    denies
        An action that the policy denies; empty for none.
    born_tagged
        Whether a new role has a tag.
    renamed_by_edit, new_id_by_edit
        Whether an edit of the description changes the role's name or id.
    session_seconds
        How long sessions of a new role may last at most.
    keeps_suffix
        Whether the suffix that was asked for stands in the role's name.
    reading
        How policies are evaluated.
    needs_role_first
        Whether the service refuses to create anything while there is no role.
    created_by_service, recreated_by_service, created_though_refused
        Whether the service creates the role when it is missing, when it has been deleted before, and when the
        service refuses.
    vanishes
        Whether the role that a user creates, not the root, is gone at once.
    id_kept, name_kept, refusal_sticks
        Whether the role comes back under its old id, whether its name stays taken after a deletion, and whether
        one refused creation makes all later ones fail.
    instances_to_block
        How many DB instances, or whatever uses the role, it takes for a deletion to fail; 0 for any number being
        harmless.
    groups_block
        Whether replication groups count.
    other_regions_block, blocks_after_first_deletion
        Whether instances of other Regions count, and whether they count once an instance was deleted.
    refuses_in_use
        Whether the request itself is refused while the role is in use.
    fails_but_removes, succeeds_but_keeps, succeeds_in_use, never_succeeds, never_ends
        How the deletion task can go wrong.
    blocked_for_good
        Whether a deletion that failed once fails for ever.
    deletes_instances
        Whether a failed deletion takes the DB instances with it.
    edits_by_failing
        Whether a failed deletion rewords the role's description.
    names_role_in_task, same_task
        Whether a task's id names service and role, and whether a repeated request gives the same task.
    usage
        Which Regions a failed task lists: `all`, `home` or `none`.
    tells_reason
        Whether a failed task says why in words.
    reported
        Name spaces that the access advisor reports; None for those of the policy.
    report_fails
        Whether the access advisor's job ends in failure.
    deletion_status
        The status in the answer of DeleteDBInstance and DeleteCacheCluster.
    keeps_instance
        Whether a deleted DB instance or cache cluster stays.
    takes_role_along
        Whether the role goes with the last cache cluster.
    makes_wanted_snapshot, makes_declined_snapshot
        Whether a final snapshot is made when it was asked for, and when it was not.
    protection_sticks
        Whether deletion protection cannot be switched off.

    """

    accepted: frozenset[str] = NOTHING
    recoded: Mapping[str, str] = field(default_factory=dict)
    written: frozenset[str] = NOTHING
    everywhere: frozenset[str] = NOTHING
    rewords: frozenset[str] = NOTHING
    lost: frozenset[str] = NOTHING
    refused_though_done: frozenset[str] = NOTHING

    role_name: str = ""
    role_path: str = ""
    trusted: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    trust_action: str = "sts:AssumeRole"
    trust_condition: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    has_policy: bool = True
    policy_name: str = ""
    when_by_service: Mapping[str, Any] = field(default_factory=dict)
    arn_without_path: bool = False
    extra_policy: bool = False
    inline_policy: bool = False
    grants_missing: frozenset[tuple[str, str]] = frozenset()
    grants_added: frozenset[tuple[str, str]] = frozenset()
    policy_language: str = "2012-10-17"
    denies: str = ""
    born_tagged: bool = False
    renamed_by_edit: bool = False
    new_id_by_edit: bool = False
    session_seconds: int = 3600
    keeps_suffix: bool = True

    reading: Reading = AS_IAM_DOES

    needs_role_first: bool = False
    created_by_service: bool = True
    recreated_by_service: bool = True
    created_though_refused: bool = False
    vanishes: bool = False
    id_kept: bool = False
    name_kept: bool = False
    refusal_sticks: bool = False

    instances_to_block: int = 1
    groups_block: bool = True
    other_regions_block: bool = True
    blocks_after_first_deletion: bool = True
    refuses_in_use: bool = False
    fails_but_removes: bool = False
    succeeds_but_keeps: bool = False
    succeeds_in_use: bool = False
    never_succeeds: bool = False
    never_ends: bool = False
    blocked_for_good: bool = False
    deletes_instances: bool = False
    edits_by_failing: bool = False
    names_role_in_task: bool = True
    same_task: bool = True
    usage: str = "all"
    tells_reason: bool = True

    reported: tuple[str, ...] | None = None
    report_fails: bool = False

    deletion_status: str = "deleting"
    keeps_instance: bool = False
    takes_role_along: bool = False
    makes_wanted_snapshot: bool = True
    makes_declined_snapshot: bool = False
    protection_sticks: bool = False


DOCUMENTED = Behaviour()


@dataclass(frozen=True)
class Timing:
    """How time passes. It is counted in looks: nothing ripens but by being looked at, so nobody has to wait.

    Attributes
    ----------
    creating
        How often a new DB instance is seen `creating` before it is `available`.
    deleting
        How often a deleted one is seen `deleting` before it is gone.
    pending
        How often a deletion task, or a report of the access advisor, is seen in progress before it has ended.
    lag
        How many reads of a service-linked role, of a new DB instance or of a new task still show what was there
        before the last write.
    seed
        With a seed, each of these is drawn from 0 to the given number anew every time; None for exactly the number.

    """

    creating: int = 0
    deleting: int = 0
    pending: int = 0
    lag: int = 0
    seed: int | None = None

    def __post_init__(self) -> None:
        for name in ("creating", "deleting", "pending", "lag"):
            if getattr(self, name) < 0:
                raise UsageError(f"{name} is a number of looks, and cannot be {getattr(self, name)}")


AT_ONCE = Timing()


@dataclass(frozen=True)
class Setting:
    """Everything that can be set about the model.

    Attributes
    ----------
    behaviour
        `DOCUMENTED`, or a fault.
    timing
        How time passes.
    edition
        Day of the page's edition, or of the policy in force, or a version of the policy; see `policy_of`.

    """

    behaviour: Behaviour = DOCUMENTED
    timing: Timing = AT_ONCE
    edition: str = DEFAULT_EDITION

    def __post_init__(self) -> None:
        policy_of(self.edition)
