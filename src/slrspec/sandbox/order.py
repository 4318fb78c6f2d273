"""The order of a night's scenarios, and which instances can be started together for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from slrspec.sandbox.operations import InstanceNeed, Needs


def in_order(scenarios: Sequence[tuple[str, Needs]]) -> list[str]:
    """Return the ids of scenarios in the order in which they share most.

    First what needs no instance and may find or leave no role: after each scenario that must not find the role one
    that deletes it, or alters it so that it has to be deleted. Then each scenario that looks at the creation of an
    instance, and after it one that uses this instance up; both need an account in which there is no other. Then all
    instances that are left to be created are started at once. Those that leave them intact are next; the ones that
    do not ask for all deletions, and while the instances go the scenarios run that need none. Whoever follows
    another one's course comes right behind it, while everything is as that one has left it.
    """
    leading = [(one, needed) for one, needed in scenarios if not needed.follows]
    behind = {one: [other for other, needed in scenarios if needed.follows == one] for one, _ in leading}
    return [each for one in _leaders_in_order(leading) for each in (one, *behind[one])]


def _leaders_in_order(scenarios: Sequence[tuple[str, Needs]]) -> list[str]:
    place = {one: number for number, (one, _) in enumerate(scenarios)}
    needs = dict(scenarios)

    def those(which: Callable[[Needs], bool]) -> list[str]:
        return [one for one in place if which(needs[one])]

    without = those(lambda n: not n.instances and n.role == "absent")
    deleting = those(lambda n: not n.instances and n.role != "absent" and n.role_after == "deleted")
    altering = those(lambda n: not n.instances and n.role != "absent" and n.role_after == "altered")
    alone = [one for pair in _zipped(without, [*deleting, *altering]) for one in pair]
    meanwhile = those(lambda n: not n.instances and not (n.alone or n.role_after == "altered"))
    shown = those(lambda n: any(i.event and not i.someone for i in n.instances))
    by_others = those(lambda n: any(i.someone for i in n.instances))
    ending = those(
        lambda n: bool(n.instances) and n.role_after == "deleted" and not any(i.event for i in n.instances)
    )
    here = [one for one in ending if not any(i.second for i in needs[one].instances)]
    # Those that come back to a role that was deleted have to have one first, which the scenarios before have left.
    chain = sorted(shown, key=lambda one: (needs[one].role == "absent", place[one]))
    paired = [one for pair in _zipped(chain, here) for one in pair]
    using = those(lambda n: bool(n.instances) and not n.alone and not any(i.event for i in n.instances))
    intact = [one for one in using if not needs[one].deleted]
    using_up = [one for one in using if needs[one].deleted]
    elsewhere = [one for one in ending if one not in here]
    return [*alone, *paired, *by_others, *intact, *meanwhile, *using_up, *elsewhere]


def _zipped(first: list[str], second: list[str]) -> Iterable[list[str]]:
    for number in range(max(len(first), len(second))):
        yield [*first[number : number + 1], *second[number : number + 1]]


def segment(order: Sequence[str], needs: dict[str, Needs], start: int) -> list[str]:
    """Return the scenarios from one on for which instances may be started together.

    It ends before the next one that no instance but its own may see.
    """
    found = [order[start]]
    if needs[order[start]].alone:
        return found
    for one in order[start + 1 :]:
        if needs[one].alone:
            break
        found.append(one)
    return found


def behind(order: Sequence[str], needs: dict[str, Needs], one: str) -> list[str]:
    """Return the scenarios whose instances may be started as soon as one has created the instance it looks at.

    Those are the next ones; none if the next one must not find the role.
    """
    rest = [other for other in order[order.index(one) + 1 :] if not needs[other].follows]
    if not rest or needs[rest[0]].role == "absent":
        return []
    return segment(rest, needs, 0)


def can_be_begun(group: Sequence[str], needs: dict[str, Needs]) -> bool:
    """Tell whether the deletions of a group can be asked for: nobody in it needs an instance for anything else."""
    using = [one for one in group if needs[one].instances]
    return bool(using) and all(needs[one].ahead for one in using)


def starts(group: Sequence[str], needs: dict[str, Needs], idle: Sequence[InstanceNeed]) -> list[InstanceNeed]:
    """Return the instances to start for a group, beyond those that stand idle; what survives is used again."""
    have = [need.kind for need in idle]
    found: list[InstanceNeed] = []
    for one in group:
        taken = [need for need in needs[one].instances if not need.event]
        for need in taken:
            if need.kind in have:
                have.remove(need.kind)
            else:
                found.append(need)
        have += [need.kind for need in surviving(needs[one])]
    return found


def surviving(needs: Needs) -> list[InstanceNeed]:
    """Return the instances that a scenario leaves intact for others; it deletes its first ones first."""
    return [need for need in needs.instances[needs.deleted :] if not need.someone]
