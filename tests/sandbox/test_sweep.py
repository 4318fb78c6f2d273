"""A sweep of what somebody has left, on stock moto and on AWS as documented."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError

from slrspec.sandbox.guard import RULES
from slrspec.sandbox.journal import Journal, read_journal
from slrspec.sandbox.lease import FOLDER, LeaseHeld, LeaseRecord, acquire
from slrspec.sandbox.names import OwnTags, name
from slrspec.sandbox.operations import SWEEPING, is_read
from slrspec.sandbox.role_record import RoleRecord, read_role
from slrspec.sandbox.sweep import Pace, SweepReport, sweep, would_sweep
from tests.sandbox.faulty_proxy import Plan, proxied
from tests.sandbox.places import DOCUMENTED, REGIONS, Place, serving
from tests.sandbox.rehearsal import ALIAS, Rehearsal
from tests.sandbox.whole_account import (
    DOCUMENT,
    TRUSTING_EC2,
    a_db_instance,
    differences,
    everything,
    of_somebody_else,
)

RUN = "261124-dddddd"
NOW = datetime.now(UTC)
TAGS = OwnTags(RUN, 1, NOW + timedelta(minutes=5))
SERVICE = "rds.amazonaws.com"
OURS = [{"Key": "slrspec-suite", "Value": "rds-slr"}]


def lease_of_a_dead_run(
    place: Place, role: RoleRecord | None = None, region: str = REGIONS[0], **more: Any
) -> None:
    said = LeaseRecord(
        run=RUN,
        purpose="run",
        host="elsewhere",
        started=NOW,
        not_after=NOW - timedelta(seconds=1),
        regions=REGIONS,
        role=role,
        since=NOW,
        nonce="n",
    )
    said = msgspec.structs.replace(said, **more)
    ssm = place.client("ssm", region)
    ssm.put_parameter(Name=f"{FOLDER}/1", Value=msgspec.json.encode(said).decode(), Type="String")


def leave_everything(place: Place) -> None:
    """Make one of every kind that a run makes."""
    iam, tags = place.iam, TAGS.listed()
    names = (name(RUN, number) for number in range(1, 99))
    role, profile, user, group = next(names), next(names), next(names), next(names)
    policy_name = next(names)
    policy = iam.create_policy(PolicyName=policy_name, PolicyDocument=DOCUMENT, Tags=tags)["Policy"]["Arn"]
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUSTING_EC2, Tags=tags)
    iam.attach_role_policy(RoleName=role, PolicyArn=policy)
    iam.put_role_policy(RoleName=role, PolicyName="inline", PolicyDocument=DOCUMENT)
    iam.create_instance_profile(InstanceProfileName=profile, Tags=tags)
    iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=role)
    iam.create_user(UserName=user, Tags=tags)
    iam.create_access_key(UserName=user)
    iam.put_user_policy(UserName=user, PolicyName="only", PolicyDocument=DOCUMENT)
    iam.attach_user_policy(UserName=user, PolicyArn=policy)
    iam.create_group(GroupName=group)
    iam.attach_group_policy(GroupName=group, PolicyArn=policy)
    suffix = {"AWSServiceName": "autoscaling.amazonaws.com", "CustomSuffix": next(names)}
    iam.create_service_linked_role(**suffix)
    kept = next(names)
    a_db_instance(place, next(names), TAGS)
    a_db_instance(place, next(names), TAGS, REGIONS[1], DeletionProtection=True)
    a_db_instance(place, kept, TAGS)
    place.rds().delete_db_instance(DBInstanceIdentifier=kept, FinalDBSnapshotIdentifier=f"{kept}-final")


def swept(
    place: Place, *, journals: Any = (), take_over: bool = False, run: str = "261125-ssssss", **pace: Any
) -> SweepReport:
    now = datetime.now(UTC)
    until = now + timedelta(hours=1)
    record = LeaseRecord(run=run, purpose="sweep", host="here", started=now, not_after=until, regions=REGIONS)
    lease = acquire(
        place.ssm, record, now, take_over=take_over, read_role=lambda: read_role(place.iam), sleep=lambda _: None
    )

    def send(service: str, operation: str, region: str, parameters: Any) -> Any:
        client = place.client(service, region or REGIONS[0])
        return client._make_api_call(operation, dict(parameters))

    quick = Pace(**{"interval": 0.01, "clean": 2, "stuck": 3, **pace})
    return sweep(lease, place.client, send, regions=REGIONS, journals=journals, pace=quick)


def test_the_guard_has_a_rule_for_everything_that_a_sweep_may_write() -> None:
    writes = {one for one in SWEEPING if not is_read(*one.split(":"))}
    assert writes - RULES.keys() == set()


# ---- what is a run's goes


def test_everything_that_a_run_makes_goes_and_nothing_else(place: Place) -> None:
    of_somebody_else(place)
    before = everything(place)
    lease_of_a_dead_run(place)
    leave_everything(place)
    report = swept(place)
    assert differences(before, everything(place)) == []
    assert (report.left, report.suspicious, report.troubles, report.exit_code) == ((), (), (), 0)
    kinds = {line.rpartition(f" slrspec-{RUN}")[0] for line in report.gone}
    assert kinds >= {"DB instance", "DB snapshot", "role", "user", "group", "policy", "instance profile"}


def test_a_second_sweep_finds_nothing_to_do(moto_place: Place) -> None:
    lease_of_a_dead_run(moto_place)
    moto_place.iam.create_group(GroupName=name(RUN, 1))
    swept(moto_place)
    with proxied(moto_place.url, moto_place.account) as proxy:
        report = swept(Place(proxy.url))
        assert {call.service for call in proxy.writes} == {"ssm"}
    assert (report.gone, report.exit_code) == ((), 0)


def test_a_dry_run_tells_and_writes_nothing(documented_place: Place) -> None:
    place = documented_place
    lease_of_a_dead_run(place)
    a_db_instance(place, name(RUN, 1), TAGS)
    before = everything(place)
    with proxied(place.url, place.account) as proxy:
        report = would_sweep(Place(proxy.url).client, REGIONS, ())
        assert proxy.writes == []
    assert differences(before, everything(place)) == []
    assert report.exit_code == 4
    assert report.holder.startswith(f"run {RUN} on elsewhere until ")
    assert any(line.endswith("(name and tags)") for line in report.gone)
    assert any(line.startswith("the service-linked role") for line in report.left)


def test_a_dry_run_tells_who_has_the_account_in_whichever_region_their_lease_is(moto_place: Place) -> None:
    lease_of_a_dead_run(moto_place, region=REGIONS[1])
    assert would_sweep(moto_place.client, REGIONS, ()).holder.startswith(f"run {RUN} on elsewhere until ")


def test_a_dry_run_of_a_clean_account_is_content(moto_place: Place) -> None:
    of_somebody_else(moto_place)
    report = would_sweep(moto_place.client, REGIONS, ())
    assert (report.gone, report.left, report.holder, report.exit_code) == ((), (), "", 0)


def test_an_account_that_a_run_is_using_is_left_alone(moto_place: Place) -> None:
    lease_of_a_dead_run(moto_place, not_after=NOW + timedelta(hours=1))
    moto_place.iam.create_group(GroupName=name(RUN, 1))
    before = everything(moto_place)
    with pytest.raises(LeaseHeld, match=f"run {RUN} on elsewhere has the account"):
        swept(moto_place)
    assert differences(before, everything(moto_place)) == []


def test_a_run_that_is_known_to_be_dead_is_swept_at_once(moto_place: Place) -> None:
    lease_of_a_dead_run(moto_place, not_after=NOW + timedelta(hours=1))
    moto_place.iam.create_group(GroupName=name(RUN, 1))
    assert swept(moto_place, take_over=True).exit_code == 0
    assert everything(moto_place) == {"aliases": []}


# ---- what only one says is left alone


def test_what_only_looks_like_a_runs_is_told_and_left_alone(moto_place: Place) -> None:
    other = "261124-eeeeee"
    moto_place.iam.create_user(UserName=name(RUN, 1))
    moto_place.iam.create_user(UserName=name(other, 1), Tags=TAGS.listed())
    moto_place.iam.create_group(GroupName=name(other, 2))
    a_db_instance(moto_place, "restored-from-a-copy", TAGS)
    before = everything(moto_place)
    lease_of_a_dead_run(moto_place)
    report = swept(moto_place)
    assert differences(before, everything(moto_place)) == []
    assert sorted(report.suspicious) == [
        "DB instance restored-from-a-copy in us-east-1: it has a run's tags, but not its name",
        f"group {name(other, 2)}: its name is a run's, but it has not its tags",
        f"user {name(RUN, 1)}: its name is a run's, but it has not its tags",
        f"user {name(other, 1)}: its name is of one run, its tags are of another",
    ]
    assert report.exit_code == 4


def test_a_journal_tells_what_could_not_be_tagged(moto_place: Place, tmp_path: Path) -> None:
    """The lease is lost, and with it what it knew."""
    with Journal(tmp_path / "j", RUN, 1) as journal:
        seq = journal.intend(service="iam", operation="CreateGroup", region="us-east-1", name=name(RUN, 1))
        journal.outcome(seq, "ok")
    moto_place.iam.create_group(GroupName=name(RUN, 1))
    report = swept(moto_place, journals=read_journal(tmp_path / "j"))
    assert report.gone == (f"group {name(RUN, 1)} (name and journal)",)
    assert moto_place.iam.list_groups()["Groups"] == []


def test_a_creation_that_was_refused_is_no_evidence(moto_place: Place, tmp_path: Path) -> None:
    with Journal(tmp_path / "j", RUN, 1) as journal:
        seq = journal.intend(service="iam", operation="CreateGroup", region="us-east-1", name=name(RUN, 1))
        journal.outcome(seq, "refused", "EntityAlreadyExists")
    moto_place.iam.create_group(GroupName=name(RUN, 1))
    assert len(swept(moto_place, journals=read_journal(tmp_path / "j")).suspicious) == 1
    assert len(moto_place.iam.list_groups()["Groups"]) == 1


@pytest.mark.parametrize(("ago", "own"), [(timedelta(seconds=1), True), (timedelta(days=200), False)])
def test_a_journal_claims_a_role_of_another_service_only_if_it_came_just_then(
    moto_place: Place, tmp_path: Path, ago: timedelta, own: bool
) -> None:
    """Scenarios try to create it, and must not get it; months later somebody may need one."""
    service = "elasticache.amazonaws.com"
    with Journal(tmp_path / "j", RUN, 1) as journal:
        journal.intend(service="iam", operation="CreateServiceLinkedRole", region="us-east-1", name=service)
    intents = [replace(one, time=(datetime.now(UTC) - ago).isoformat()) for one in read_journal(tmp_path / "j")]
    moto_place.iam.create_service_linked_role(AWSServiceName=service)
    report = swept(moto_place, journals=intents)
    assert len(report.gone) == own
    roles = moto_place.iam.list_roles(PathPrefix=f"/aws-service-role/{service}/")["Roles"]
    assert len(roles) == (not own)


# ---- the service-linked role


def linked(place: Place, description: str = "found", tags: Any = ()) -> RoleRecord:
    made = place.iam.create_service_linked_role(AWSServiceName=SERVICE, Description=description)["Role"]["RoleName"]
    if tags:
        place.iam.tag_role(RoleName=made, Tags=tags)
    role = read_role(place.iam)
    assert role is not None
    return role


@pytest.mark.parametrize("tagged", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_role_that_was_not_there_goes(place: Place, tagged: bool) -> None:
    """The run was killed before it tagged its role, or after."""
    lease_of_a_dead_run(place)
    linked(place, tags=TAGS.listed() if tagged else ())
    assert swept(place).exit_code == 0
    assert everything(place) == {"aliases": []}


def test_a_role_goes_only_after_the_instances_that_need_it(documented_place: Place) -> None:
    lease_of_a_dead_run(documented_place)
    a_db_instance(documented_place, name(RUN, 1), TAGS)
    with proxied(documented_place.url, documented_place.account) as proxy:
        assert swept(Place(proxy.url)).exit_code == 0
        order = [call.operation for call in proxy.writes if call.service != "ssm"]
    assert order == ["DeleteDBInstance", "TagRole", "DeleteServiceLinkedRole"]


def test_a_role_that_was_deleted_comes_back(place: Place) -> None:
    found = linked(place, tags=[*OURS, {"Key": "team", "Value": "data"}])
    before = everything(place)
    lease_of_a_dead_run(place, found)
    place.iam.delete_service_linked_role(RoleName=found.name)
    assert swept(place).exit_code == 0
    assert differences(before, everything(place), made_anew=True) == []


def test_a_borrowed_role_is_never_written_to_and_what_its_owner_changed_is_told(place: Place) -> None:
    found = linked(place)
    lease_of_a_dead_run(place, found)
    place.iam.update_role_description(RoleName=found.name, Description="edited")
    place.iam.tag_role(RoleName=found.name, Tags=[{"Key": "team", "Value": "x"}])
    edited = read_role(place.iam)
    with proxied(place.url, place.account) as proxy:
        report = swept(Place(proxy.url))
        assert {call.service for call in proxy.writes} == {"ssm"}
    assert read_role(place.iam) == edited
    changes = "the description was another; there were no such tags"
    told = f"the service-linked role {found.name}: it is somebody else's, and has changed: {changes}"
    assert (report.suspicious, report.left, report.exit_code) == ((told,), (), 4)
    assert would_sweep(place.client, REGIONS, ()).exit_code == 0  # the lease was given back all the same


def test_a_borrowed_role_that_its_owner_has_deleted_is_not_made_anew(moto_place: Place) -> None:
    found = linked(moto_place)
    lease_of_a_dead_run(moto_place, found)
    moto_place.iam.delete_service_linked_role(RoleName=found.name)
    report = swept(moto_place)
    assert read_role(moto_place.iam) is None
    assert report.suspicious == (f"the service-linked role {found.name}: it is somebody else's, and is gone",)


def test_a_role_is_kept_while_somebody_elses_instance_needs_it(moto_place: Place) -> None:
    lease_of_a_dead_run(moto_place)
    linked(moto_place)
    a_db_instance(moto_place, "theirs")
    before = everything(moto_place)
    report = swept(moto_place)
    assert report.exit_code == 4
    assert "is needed by DB instance theirs in us-east-1" in report.left[-1]
    lost = {line for line in differences(before, everything(moto_place)) if "/slrspec/lease/" not in line}
    assert lost == set()


def test_the_lease_stays_while_something_is_left_so_that_the_next_sweep_knows(moto_place: Place) -> None:
    lease_of_a_dead_run(moto_place)
    linked(moto_place)
    a_db_instance(moto_place, "theirs")
    swept(moto_place)
    moto_place.rds().delete_db_instance(DBInstanceIdentifier="theirs", SkipFinalSnapshot=True)
    assert swept(moto_place, take_over=True).exit_code == 0
    assert everything(moto_place) == {"aliases": []}


def test_a_role_that_is_older_than_its_lease_was_there_whatever_the_lease_says(moto_place: Place) -> None:
    """A listing may have lagged behind when the lease was written."""
    found = linked(moto_place)
    lease_of_a_dead_run(moto_place, since=datetime.now(UTC) + timedelta(minutes=2))
    report = swept(moto_place)
    assert read_role(moto_place.iam) == found
    assert "is older than the lease" in report.left[-1]


def test_a_role_of_a_run_whose_lease_was_lost_goes(moto_place: Place) -> None:
    linked(moto_place, tags=TAGS.listed())
    assert would_sweep(moto_place.client, REGIONS, ()).exit_code == 4
    assert swept(moto_place).exit_code == 0
    assert everything(moto_place) == {"aliases": []}


def test_without_a_lease_a_role_of_somebody_else_is_not_touched(documented_place: Place) -> None:
    place = documented_place
    found = linked(place)
    assert would_sweep(place.client, REGIONS, ()).exit_code == 0
    assert swept(place).exit_code == 0
    assert read_role(place.iam) == found


# ---- a world that is slow, or refuses


@pytest.fixture(scope="module")
def slow_url() -> Any:
    """AWS as documented, where everything takes its time and reads lag behind."""
    with serving((*DOCUMENTED, "--creating", "2", "--deleting", "3", "--pending", "2", "--lag", "1")) as url:
        yield url


@pytest.mark.long
def test_a_sweep_waits_for_what_takes_time(slow_url: str) -> None:
    place = Place(slow_url)
    lease_of_a_dead_run(place)
    a_db_instance(place, name(RUN, 1), TAGS)
    report = swept(place, clean=3, stuck=9)
    assert report.exit_code == 0
    assert everything(place) == {"aliases": []}


@pytest.mark.long
def test_a_single_look_that_lags_behind_does_not_end_a_sweep(slow_url: str) -> None:
    place = Place(slow_url)
    lease_of_a_dead_run(place)
    place.iam.create_service_linked_role(AWSServiceName=SERVICE)
    assert swept(place, clean=3, stuck=9).exit_code == 0
    assert everything(place) == {"aliases": []}


def test_a_sweep_that_does_not_wait_deletes_and_keeps_its_lease(moto_place: Place) -> None:
    lease_of_a_dead_run(moto_place)
    moto_place.iam.create_group(GroupName=name(RUN, 1))
    report = swept(moto_place, wait=False)
    assert report.looks == 1
    assert sorted(one for one in everything(moto_place) if "parameter" in one) == [
        "parameter /slrspec/lease/1",
        "parameter /slrspec/lease/2",
    ]


def test_a_sweep_that_does_not_wait_gives_a_clean_account_back(moto_place: Place) -> None:
    lease_of_a_dead_run(moto_place)
    report = swept(moto_place, wait=False)
    assert (report.looks, report.exit_code) == (2, 0)
    assert everything(moto_place) == {"aliases": []}


def refusing(place: Place, operation: str) -> Place:
    """A view of the place in which one operation is not allowed."""
    other = Place(place.url, place.account)
    service = "rds" if "DB" in operation else "iam"

    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not allowed"}}, operation)

    for region in REGIONS:
        other.client(service, region).meta.events.register(f"before-call.{service}.{operation}", refuse)
    return other


@pytest.mark.parametrize(
    "operation", ["DeleteGroup", pytest.param("DeleteServiceLinkedRole", marks=pytest.mark.long)]
)
def test_what_may_not_be_deleted_is_left_and_told(moto_place: Place, operation: str) -> None:
    place = moto_place
    lease_of_a_dead_run(place)
    place.iam.create_group(GroupName=name(RUN, 1))
    linked(place)
    report = swept(refusing(place, operation))
    assert report.exit_code == 4
    assert any(f"{operation}: " in line and "not allowed" in line for line in report.troubles)
    assert report.left
    assert swept(place, take_over=True).exit_code == 0


@pytest.mark.parametrize("operation", ["ListUsers", pytest.param("DescribeDBSnapshots", marks=pytest.mark.long)])
def test_what_could_not_be_looked_at_is_never_taken_for_clean(moto_place: Place, operation: str) -> None:
    report = swept(refusing(moto_place, operation))
    assert report.exit_code == 4
    assert "cannot be looked at" in report.troubles[0]


def test_a_role_is_not_deleted_where_instances_could_not_be_looked_for(moto_place: Place) -> None:
    lease_of_a_dead_run(moto_place)
    linked(moto_place)
    report = swept(refusing(moto_place, "DescribeDBInstances"))
    assert read_role(moto_place.iam) is not None
    assert "not everything could be looked at" in report.left[-1]


@pytest.mark.long
@pytest.mark.parametrize("lag", [1, 2])
def test_lagging_answers_do_not_end_a_sweep_too_soon(moto_place: Place, lag: int) -> None:
    lease_of_a_dead_run(moto_place)
    leave_everything(moto_place)
    with proxied(moto_place.url, moto_place.account, Plan(lag=lag)) as proxy:
        report = swept(Place(proxy.url), clean=3, stuck=9)
    assert report.exit_code == 0
    assert everything(moto_place) == {"aliases": []}


def test_a_sweep_whose_journal_cannot_be_written_gives_the_lease_back(moto_place: Place, tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    lease_of_a_dead_run(moto_place)
    before = everything(moto_place)
    found = Rehearsal(moto_place, tmp_path, moto_place.url)
    done = found.slrspec("sweep", "--apply", "--confirm", ALIAS, "--out", "a file/out")
    assert (done.returncode, done.stdout) == (3, "")
    assert "the journal cannot be written" in done.stderr
    after = everything(moto_place)
    assert {name for name in after if "lease" in name} == {name for name in before if "lease" in name}


def test_a_damaged_journal_that_nobody_has_named_is_told_and_done_without(
    moto_place: Place, tmp_path: Path
) -> None:
    found = Rehearsal(moto_place, tmp_path, moto_place.url)
    (tmp_path / ".slrspec").mkdir()
    journal = tmp_path / ".slrspec" / "journal.jsonl"
    journal.write_text("{}\n")
    done = found.slrspec("sweep", "--apply", "--confirm", ALIAS)
    assert (done.returncode, done.stdout) == (0, "nothing is left\n")
    assert "journal.jsonl:1: is no record of a journal" in done.stderr
    named = found.slrspec("sweep", "--journal", str(journal))
    assert named.returncode == 2
