from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from slrspec.errors import SafetyRefusal
from slrspec.sandbox.lease import (
    FOLDER,
    LARGEST_VALUE,
    Lease,
    LeaseHeld,
    LeaseInDoubt,
    LeaseLost,
    LeaseRecord,
    acquire,
    find_leases,
)
from slrspec.sandbox.leasing import take_lease
from slrspec.sandbox.role_record import RoleRecord, read_role
from slrspec.sandbox.settings import SandboxSettings
from slrspec.sandbox.sweeping import Wanted, _leased
from tests.sandbox.places import REGIONS, Place

AN_HOUR = timedelta(hours=1)
ROLE = RoleRecord("AWSServiceRoleForRDS", description="as found", tags=(("team", "data"),))


def record(run: str = "261125-aaaaaa", purpose: str = "run", lasting: timedelta = AN_HOUR) -> LeaseRecord:
    now = datetime.now(UTC)
    return LeaseRecord(
        run=run,
        purpose=purpose,
        host="here",
        started=now,
        not_after=now + lasting,
        regions=("us-east-1",),
        plan="p",
    )


def take(place: Place, said: LeaseRecord | None = None, *, take_over: bool = False, **more: Any) -> Lease:
    more = {"read_role": lambda: None, "sleep": lambda _: None} | more
    return acquire(place.ssm, said or record(), datetime.now(UTC), take_over=take_over, **more)


def expire(place: Place, epoch: int = 1, run: str = "261124-dddddd", **more: Any) -> None:
    """Leave a lease of a run that has died."""
    said = msgspec.structs.replace(record(run, lasting=-AN_HOUR), **more)
    put(place, f"{FOLDER}/{epoch}", msgspec.json.encode(said).decode())


def put(place: Place, name: str, value: str) -> None:
    place.ssm.put_parameter(Name=name, Value=value, Type="String")


def epochs(place: Place) -> list[int]:
    return [lease.epoch for lease in find_leases(place.ssm)]


# ---- taking it


def test_a_lease_says_who_has_the_account_and_how_the_role_was(moto_place: Place) -> None:
    take(moto_place, read_role=lambda: ROLE)
    (found,) = find_leases(moto_place.ssm)
    assert found.record is not None
    assert (found.epoch, found.record.run, found.record.role) == (1, "261125-aaaaaa", ROLE)


def test_the_role_is_kept_as_it_really_is(documented_place: Place) -> None:
    documented_place.iam.create_service_linked_role(AWSServiceName="rds.amazonaws.com", Description="by hand")
    take(documented_place, read_role=lambda: read_role(documented_place.iam))
    (found,) = find_leases(documented_place.ssm)
    assert found.record is not None
    assert found.record.role == read_role(documented_place.iam)


def test_nobody_else_gets_a_lease_that_is_held(moto_place: Place) -> None:
    take(moto_place)
    with pytest.raises(LeaseHeld, match=r"run 261125-aaaaaa on here has the account until .+/slrspec/lease/1"):
        take(moto_place, record("261125-bbbbbb"))
    assert epochs(moto_place) == [1]


def test_a_lease_that_was_released_leaves_nothing(moto_place: Place) -> None:
    take(moto_place).release()
    assert moto_place.ssm.describe_parameters()["Parameters"] == []


def test_a_lease_that_is_over_is_taken_over_with_what_it_knew(moto_place: Place) -> None:
    expire(moto_place, role=ROLE, regions=("eu-west-1",))
    lease = take(moto_place, record(purpose="sweep"), read_role=lambda: pytest.fail("the account is dirty by now"))
    assert lease.epoch == 2
    assert lease.record.role == ROLE
    assert lease.record.inherited == lease.record.runs == ("261124-dddddd",)
    assert lease.record.regions == ("eu-west-1", "us-east-1")


def test_what_the_first_knew_outlasts_any_number_of_takers(moto_place: Place) -> None:
    expire(moto_place, 1, "261124-dddddd", role=ROLE)
    expire(moto_place, 2, "261124-eeeeee", purpose="sweep", role=ROLE, inherited=("261124-dddddd",))
    lease = take(moto_place)
    assert (lease.epoch, lease.record.role) == (3, ROLE)
    assert lease.record.inherited == ("261124-dddddd",)


def test_older_leases_stay_until_the_taker_releases_its_own(moto_place: Place) -> None:
    """A reader that saw only the oldest must not find a free epoch below the one that is held."""
    expire(moto_place, 1)
    expire(moto_place, 2)
    lease = take(moto_place)
    assert epochs(moto_place) == [1, 2, 3]
    lease.release()
    assert epochs(moto_place) == []


def test_a_lease_that_is_not_over_is_taken_over_only_on_demand(moto_place: Place) -> None:
    old = take(moto_place)
    with pytest.raises(LeaseHeld):
        take(moto_place, record("261125-bbbbbb"))
    take(moto_place, record("261125-bbbbbb"), take_over=True)
    with pytest.raises(LeaseLost, match="somebody has taken over"):
        old.check(older_than=0)


def test_only_a_run_that_is_known_to_be_over_is_taken_over(moto_place: Place) -> None:
    take(moto_place, record("261124-dddddd"))
    with pytest.raises(LeaseHeld, match="run 261124-dddddd on here has the account"):
        take(moto_place, record("261125-bbbbbb"), over={"261124-eeeeee"})
    assert take(moto_place, record("261125-bbbbbb"), over={"261124-dddddd"}).epoch == 2


def test_a_parameter_that_is_no_lease_is_not_taken_over(moto_place: Place) -> None:
    put(moto_place, f"{FOLDER}/4", "{}")
    with pytest.raises(LeaseHeld, match="/slrspec/lease/4 is no lease"):
        take(moto_place, take_over=True)
    assert epochs(moto_place) == [4]


def test_other_parameters_are_passed_over(moto_place: Place) -> None:
    put(moto_place, f"{FOLDER}/notes", "{}")
    put(moto_place, "/slrspec/settings", "{}")
    lease = take(moto_place)
    assert lease.epoch == 1
    lease.release()
    assert len(moto_place.ssm.describe_parameters()["Parameters"]) == 2


def test_a_role_that_changes_meanwhile_is_somebody_elses_work(moto_place: Place) -> None:
    looks = iter([None, ROLE])
    with pytest.raises(LeaseHeld, match="the service-linked role changed"):
        take(moto_place, read_role=lambda: next(looks))
    assert epochs(moto_place) == []


def test_a_role_whose_tags_do_not_fit_is_refused_before_anything_is_written(moto_place: Place) -> None:
    long = RoleRecord("AWSServiceRoleForRDS", tags=tuple((f"key-{n}", "v" * 250) for n in range(20)))
    with pytest.raises(SafetyRefusal, match=f"bytes of {LARGEST_VALUE}"):
        take(moto_place, read_role=lambda: long)
    assert epochs(moto_place) == []


# ---- what others do meanwhile: each writes just before one of the acquirer's own calls


def before(place: Place, operation: str, deed: Callable[[], None], nth: int = 1) -> Place:
    """A second view of the place in which somebody else does something just before the nth call of an operation."""
    other = Place(place.url, place.account)
    count = 0

    def interrupt(**_: object) -> None:
        nonlocal count
        count += 1
        if count == nth:
            deed()

    other.ssm.meta.events.register(f"before-call.ssm.{operation}", interrupt)
    return other


def test_who_comes_second_to_a_free_account_refuses(moto_place: Place) -> None:
    slow = before(moto_place, "PutParameter", lambda: void(take(moto_place, record("261125-bbbbbb"))))
    with pytest.raises(LeaseHeld, match="somebody else has just taken the account"):
        take(slow)
    assert epochs(moto_place) == [1]


def test_who_comes_second_to_a_lease_that_is_over_refuses(moto_place: Place) -> None:
    expire(moto_place)
    slow = before(moto_place, "PutParameter", lambda: void(take(moto_place, record("261125-bbbbbb"))))
    with pytest.raises(LeaseHeld, match="somebody else has just taken the account"):
        take(slow)
    assert epochs(moto_place) == [1, 2]


def test_a_sweep_after_one_run_leaves_alone_one_that_has_begun_meanwhile(moto_place: Place) -> None:
    """Nobody has the account at the first look, and it is the old run that is known to be over."""
    begun: list[Lease] = []

    def begin() -> None:
        with suppress(LeaseHeld):
            begun.append(take(moto_place, record("261125-bbbbbb")))

    slow = before(moto_place, "GetParametersByPath", begin, nth=2)
    with suppress(LeaseHeld):
        _leased(connected(slow), Wanted(run="261124-dddddd"))
    for lease in begun:
        lease.check(older_than=0)


def connected(place: Place) -> Any:
    """What taking a lease needs of a connection."""
    return SimpleNamespace(
        expires=datetime.now(UTC) + AN_HOUR,
        guard=SimpleNamespace(run="261125-ssssss", permitted=lambda *_, **__: nullcontext()),
        settings=SandboxSettings("1" * 12, "sandbox", REGIONS, "", (), Path("slrspec.toml")),
        client=lambda service, region=REGIONS[0], once=False: place.client(service, region),
    )


def test_who_was_overtaken_by_a_whole_life_of_a_lease_refuses(moto_place: Place) -> None:
    """The name is free again when it is created, so only the second look tells."""
    expire(moto_place)
    slow = before(moto_place, "PutParameter", lambda: take(moto_place, record("261125-bbbbbb")).release())
    with pytest.raises(LeaseHeld, match="somebody else has just given the account back"):
        take(slow)
    assert epochs(moto_place) == []


def test_who_was_overtaken_and_finds_a_new_first_lease_leaves_it_alone(moto_place: Place) -> None:
    expire(moto_place)

    def others() -> None:
        take(moto_place, record("261125-bbbbbb")).release()
        take(moto_place, record("261125-cccccc"))

    with pytest.raises(LeaseLost, match="somebody else took a lease at the same time"):
        take(before(moto_place, "PutParameter", others))
    assert [lease.record.run for lease in find_leases(moto_place.ssm) if lease.record] == ["261125-cccccc"]


def void(_: object) -> None:
    return None


# ---- somebody who names the Regions in another order


def elsewhere(place: Place, said: LeaseRecord) -> Lease:
    ssm = place.client("ssm", REGIONS[1])
    return acquire(ssm, said, datetime.now(UTC), take_over=False, read_role=lambda: None)


def test_of_two_who_take_the_lease_in_two_regions_one_takes_it_back(moto_place: Place) -> None:
    """Both have looked, and have seen nobody."""
    others: list[Lease] = []
    slow = before(moto_place, "PutParameter", lambda: others.append(elsewhere(moto_place, record("261125-bbbbbb"))))
    with pytest.raises(LeaseHeld, match="somebody else has just taken the account, in eu-west-1"):
        take_lease(connected(slow), record(), datetime.now(UTC))
    assert epochs(moto_place) == []
    others[0].check(older_than=0)


def test_a_sweep_takes_over_where_the_old_lease_is(moto_place: Place) -> None:
    old = elsewhere(moto_place, record("261124-dddddd"))
    with pytest.raises(LeaseHeld, match="run 261124-dddddd on here has the account"):
        _leased(connected(moto_place), Wanted())
    lease = _leased(connected(moto_place), Wanted(run="261124-dddddd"))
    assert (lease.epoch, lease.record.runs, epochs(moto_place)) == (2, ("261124-dddddd",), [])
    with pytest.raises(LeaseLost, match="somebody has taken over"):
        old.check(older_than=0)
    lease.release()
    assert moto_place.client("ssm", REGIONS[1]).describe_parameters()["Parameters"] == []


# ---- holding it


def test_a_held_lease_is_looked_at_again_only_after_a_while(moto_place: Place) -> None:
    lease = take(moto_place)
    began, passed = time.monotonic(), [0.0]
    lease.clock = lambda: began + passed[0]
    lease.check(older_than=0)
    moto_place.ssm.delete_parameter(Name=lease.name)
    passed[0] = 59.0
    lease.check()
    passed[0] = 61.0
    with pytest.raises(LeaseLost, match="is not ours any more"):
        lease.check()


def test_a_lease_of_the_same_number_that_is_somebody_elses_is_noticed(moto_place: Place) -> None:
    lease = take(moto_place)
    moto_place.ssm.delete_parameter(Name=lease.name)
    take(moto_place)
    with pytest.raises(LeaseLost, match="is not ours any more"):
        lease.check(older_than=0)


def test_a_lease_that_is_over_is_lost_without_a_look(moto_place: Place) -> None:
    lease = take(moto_place)
    lease.record = msgspec.structs.replace(lease.record, not_after=datetime.now(UTC))
    with pytest.raises(LeaseLost, match="has ended"):
        lease.check()


def test_a_former_holder_deletes_nothing_of_its_successor(moto_place: Place) -> None:
    old = take(moto_place)
    take(moto_place, record("261125-bbbbbb"), take_over=True)
    with pytest.raises(LeaseLost):
        old.release()
    assert epochs(moto_place) == [1, 2]


# ---- a network that loses answers


def losing(place: Place, operation: str, times: int) -> Place:
    """A view of the place in which the first answers to an operation are lost on the way back."""
    other = Place(place.url, place.account)
    left = [times]

    def lose(**_: object) -> None:
        if left[0]:
            left[0] -= 1
            raise ConnectionResetError("lost")

    other.ssm.meta.events.register(f"before-parse.ssm.{operation}", lose)
    return other


@pytest.mark.parametrize("times", [1, 2])
def test_a_lost_answer_to_the_creation_is_made_up_for(moto_place: Place, times: int) -> None:
    lease = take(losing(moto_place, "PutParameter", times))
    assert epochs(moto_place) == [1]
    lease.check(older_than=0)


def test_a_lost_answer_to_the_deletion_is_made_up_for(moto_place: Place) -> None:
    take(losing(moto_place, "DeleteParameter", 1)).release()
    assert epochs(moto_place) == []


def test_a_deletion_is_not_sent_again_to_who_has_the_number_by_now(moto_place: Place) -> None:
    """The answer is lost, and somebody takes the free account before the next try."""
    lossy = losing(moto_place, "DeleteParameter", 1)
    taken: list[Lease] = []
    lease = take(lossy, sleep=lambda _: taken.append(take(moto_place, record("261125-bbbbbb"))))
    lease.release()
    assert [one.record.run for one in find_leases(moto_place.ssm) if one.record] == ["261125-bbbbbb"]
    taken[0].check(older_than=0)


def test_a_creation_that_never_gets_an_answer_is_in_doubt(moto_place: Place) -> None:
    deaf = losing(moto_place, "PutParameter", 1)
    deaf.ssm.meta.events.register("before-parse.ssm.GetParameter", _lost)
    with pytest.raises(LeaseInDoubt, match="/slrspec/lease/1 exists and cannot be read"):
        take(deaf)


def test_leases_that_cannot_be_listed_are_in_doubt(moto_place: Place) -> None:
    moto_place.ssm.meta.events.register("before-parse.ssm.GetParametersByPath", _lost)
    with pytest.raises(LeaseInDoubt, match="cannot be read"):
        take(moto_place)


def _lost(**_: object) -> None:
    raise ConnectionResetError("lost")


# ---- a race


def test_three_at_once_and_one_winner_each_time(moto_place: Place) -> None:
    assert set(winners(moto_place.url, 20)) == {1}


@pytest.mark.long
def test_three_at_once_and_one_winner_each_of_300_times(moto_place: Place) -> None:
    assert winners(moto_place.url, 300) == [1] * 300


def test_the_race_has_several_winners_where_creating_overwrites(
    moto_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the race is one: without the only protection it is lost at once."""

    def overwriting(self: Lease) -> None:
        self.ssm.put_parameter(
            Name=self.name, Value=msgspec.json.encode(self.record).decode(), Type="String", Overwrite=True
        )

    monkeypatch.setattr(Lease, "create", overwriting)
    monkeypatch.setattr(Lease, "refuse_moving", lambda *_: None)
    assert max(winners(moto_place.url, 10)) > 1


def winners(url: str, rounds: int) -> list[int]:
    """Race for a lease in one account after the other: every second one is free, the others have one that is over."""
    accounts = [Place(url).account for _ in range(rounds)]
    for account in accounts[::2]:
        expire(Place(url, account))
    won: list[list[Lease]] = [[] for _ in accounts]
    barrier = threading.Barrier(3)
    crashed: list[BaseException] = []

    def racer(number: int) -> None:
        place = Place(url)
        try:
            for index, account in enumerate(accounts):
                place.account = account
                place.ssm  # noqa: B018 - made before the start
                barrier.wait(60)
                try:
                    won[index].append(take(place, record(f"261125-{'abc'[number] * 6}")))
                except LeaseHeld:
                    continue
        except BaseException as error:
            crashed.append(error)
            barrier.abort()
            raise

    threads = [threading.Thread(target=racer, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not crashed
    return [len(round_) for round_ in won]
