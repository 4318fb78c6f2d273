from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from slrspec.sandbox.role_record import (
    RoleRecord,
    Write,
    emptying,
    may_be_deleted,
    read_named_role,
    read_role,
    writes_to_restore,
)
from tests.sandbox.places import Place

SERVICE = "rds.amazonaws.com"
OURS = [{"Key": "slrspec-suite", "Value": "rds-slr"}]
ANYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


def do(iam: Any, write: Write) -> None:
    iam._make_api_call(write.operation, dict(write.parameters))


def restore(iam: Any, before: RoleRecord | None) -> list[str]:
    """Restore as a sweep does, look by look, and return the operations that it took."""
    done: list[str] = []
    for _ in range(5):
        writes = writes_to_restore(before, read_role(iam))
        if not writes:
            return done
        for write in writes:
            do(iam, write)
            done.append(write.operation)
    raise AssertionError(done)


def made(place: Place, description: str = "by hand") -> RoleRecord:
    name = place.iam.create_service_linked_role(AWSServiceName=SERVICE, Description=description)["Role"]["RoleName"]
    place.iam.tag_role(RoleName=name, Tags=[*OURS, {"Key": "team", "Value": "data"}])
    found = read_role(place.iam)
    assert found is not None
    return found


def timeless(role: RoleRecord | None) -> RoleRecord | None:
    return role and replace(role, id="", created=None)


def test_an_account_without_the_role_has_no_record_of_it(place: Place) -> None:
    assert read_role(place.iam) is None


def test_the_role_is_found_whatever_it_is_called(place: Place) -> None:
    found = made(place)
    assert found.name.casefold() == "awsserviceroleforrds"
    assert (found.description, found.tags[1]) == ("by hand", ("team", "data"))


def test_a_role_of_another_service_is_not_taken_for_it(place: Place) -> None:
    place.iam.create_service_linked_role(AWSServiceName="elasticache.amazonaws.com")
    assert read_role(place.iam) is None


def test_a_role_that_cannot_be_read_is_not_taken_for_absent(moto_url: str) -> None:
    place = Place(moto_url)
    made(place)
    place.iam.meta.events.register("before-call.iam.GetRole", _denied)
    with pytest.raises(ClientError, match="AccessDenied"):
        read_role(place.iam)


def _denied(**_: object) -> None:
    raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetRole")


def test_no_role_and_a_tagged_one_may_be_deleted_and_no_other(place: Place) -> None:
    assert may_be_deleted(None)
    tagged = made(place)
    assert may_be_deleted(tagged)
    assert not may_be_deleted(replace(tagged, tags=(("team", "data"),)))


def test_an_unchanged_role_needs_no_write(place: Place) -> None:
    before = made(place)
    assert writes_to_restore(before, read_role(place.iam)) == []
    assert writes_to_restore(None, None) == []


def test_where_there_was_no_role_there_is_none_again(place: Place) -> None:
    made(place)
    assert restore(place.iam, None) == ["DeleteServiceLinkedRole"]
    assert read_role(place.iam) is None


def test_a_deleted_role_comes_back_with_description_and_tags(place: Place) -> None:
    before = made(place)
    place.iam.delete_service_linked_role(RoleName=before.name)
    restore(place.iam, before)
    assert timeless(read_role(place.iam)) == timeless(before)


def test_description_and_tags_are_put_back_on_the_same_role(place: Place) -> None:
    before = made(place)
    place.iam.update_role_description(RoleName=before.name, Description="edited")
    place.iam.untag_role(RoleName=before.name, TagKeys=["team"])
    place.iam.tag_role(
        RoleName=before.name, Tags=[{"Key": "slrspec-suite", "Value": "x"}, {"Key": "k", "Value": ""}]
    )
    restore(place.iam, before)
    assert read_role(place.iam) == before


def test_a_description_that_was_not_there_is_taken_away(place: Place) -> None:
    before = made(place, description="")
    place.iam.update_role(RoleName=before.name, Description="edited")
    restore(place.iam, before)
    assert read_role(place.iam) == before


def test_what_aws_would_have_refused_is_undone_where_it_was_not(moto_place: Place) -> None:
    """Stock moto lets anybody edit the role in every way."""
    before = made(moto_place)
    iam, name = moto_place.iam, before.name
    policy = iam.create_policy(PolicyName="foreign", PolicyDocument=ANYTHING)["Policy"]["Arn"]
    iam.create_instance_profile(InstanceProfileName="foreign")
    iam.put_role_policy(RoleName=name, PolicyName="new", PolicyDocument=ANYTHING)
    iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=policy)
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=before.trust.replace("rds.", "ec2."))
    iam.update_role(RoleName=name, MaxSessionDuration=7200)
    iam.add_role_to_instance_profile(RoleName=name, InstanceProfileName="foreign")
    edited = read_role(iam)
    assert edited is not None
    assert edited != before
    restore(iam, before)
    assert read_role(iam) == before


def test_an_edited_role_can_still_be_deleted(moto_place: Place) -> None:
    before = made(moto_place)
    iam = moto_place.iam
    iam.put_role_policy(RoleName=before.name, PolicyName="new", PolicyDocument=ANYTHING)
    restore(iam, None)
    assert read_role(iam) is None


def test_the_services_own_policy_is_left_on_a_role_that_is_deleted(documented_place: Place) -> None:
    """Nobody can take it off, and nobody has to."""
    found = made(documented_place)
    assert [arn.rpartition("/")[2] for arn in found.policies] == ["AmazonRDSServiceRolePolicy"]
    assert emptying(found) == []


def test_an_ordinary_role_is_emptied_of_everything(moto_place: Place) -> None:
    iam = moto_place.iam
    iam.create_role(RoleName="ordinary", AssumeRolePolicyDocument="{}")
    policy = iam.create_policy(PolicyName="foreign", PolicyDocument=ANYTHING)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="ordinary", PolicyArn=policy)
    iam.put_role_policy(RoleName="ordinary", PolicyName="new", PolicyDocument=ANYTHING)
    iam.create_instance_profile(InstanceProfileName="foreign")
    iam.add_role_to_instance_profile(RoleName="ordinary", InstanceProfileName="foreign")
    for write in emptying(read_named_role(iam, "ordinary")):
        do(iam, write)
    iam.delete_role(RoleName="ordinary")
