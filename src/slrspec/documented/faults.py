"""The faults: for every checkable rule at least one way to break it, as small and as lifelike as possible.

A fault is an id, the rules that it breaks, a sentence, and what it changes in the documented behaviour. Scenarios
are proved able to fail by running them against each fault; see `slrspec.documented.killing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any

from slrspec.documented.behaviour import DOCUMENTED, Behaviour
from slrspec.documented.evaluation import Reading
from slrspec.errors import UsageError
from slrspec.spec.location import DEFAULT_DOCUMENT

ELASTICACHE, CATALOGUE = "elasticache", "catalogue"
WITH_FAULTS = (DEFAULT_DOCUMENT, CATALOGUE, ELASTICACHE)


@dataclass(frozen=True)
class Fault:
    """One way to break rules.

    Attributes
    ----------
    id
        Words joined by hyphens.
    rules
        Ids of the rules that it breaks; scenarios of each have to notice.
    what
        What an emulator with this fault does, in a sentence.
    changes
        Fields of `Behaviour`, and their values.
    edition
        Day of the edition of the page that has the rules; empty for the one in force.

    """

    id: str
    rules: tuple[str, ...]
    what: str
    changes: Mapping[str, Any] = field(hash=False)
    edition: str = ""

    def applied_to(self, behaviour: Behaviour) -> Behaviour:
        """Return a behaviour with this fault; sets and mappings that it names grow."""
        merged = {name: _merged(getattr(behaviour, name), value) for name, value in self.changes.items()}
        return replace(behaviour, **merged)


def _merged(before: Any, value: Any) -> Any:  # noqa: ANN401
    if isinstance(before, frozenset):
        return before | value
    if isinstance(before, Mapping) and isinstance(value, Mapping) and set(before) <= {*before} - {"Service"}:
        return {**before, **value}
    return value


def one_of(prefix: str, name: str, rules: str, what: str, **changes: Any) -> Fault:  # noqa: ANN401
    """Return a fault that breaks a document's rules, which are named without the prefix of their ids."""
    known = {one.name for one in fields(Behaviour)}
    unknown = set(changes) - known
    if unknown:
        raise TypeError(f"{name}: Behaviour has no field {unknown}")
    return Fault(name, tuple(f"{prefix}-{rule}" for rule in rules.split()), what, changes)


def alike(
    known: Iterable[Fault],
    prefix: str,
    rules: Mapping[str, str],
    besides: Mapping[str, str],
    without: frozenset[str] = frozenset(),
) -> Iterator[Fault]:
    """Return which of another document's faults break rules here, with those rules.

    Parameters
    ----------
    rules
        By the id of a rule there: the one that says the same here, without the prefix of its id.
    besides
        By the id of a fault: what else it breaks here, likewise, set apart by blanks.
    without
        Ids of faults that break nothing here, though the rules are alike.

    """
    for fault in known:
        same = [rules[rule] for rule in fault.rules if rule in rules and fault.id not in without]
        broken = dict.fromkeys([*same, *besides.get(fault.id, "").split()])
        if broken:
            yield replace(fault, rules=tuple(f"{prefix}-{rule}" for rule in broken), edition="")


def _one(name: str, rules: str, what: str, **changes: Any) -> Fault:  # noqa: ANN401
    return one_of("RDS", name, rules, what, **changes)


def _only(*keys: str) -> frozenset[str]:
    return frozenset(keys)


# Kinds of edit: key of the refusal, words for the id, rule, and whether the edit leaves a trace when it is made.
EDITS = (
    ("PutRolePolicy", "inline-policy-added", "EDT-01", True),
    ("DeleteRolePolicy", "inline-policy-removed", "EDT-02", False),
    ("AttachRolePolicy", "policy-attached", "EDT-03", True),
    ("DetachRolePolicy", "policy-detached", "EDT-04", True),
    ("UpdateAssumeRolePolicy", "trust-replaced", "EDT-05", True),
    ("PutRolePermissionsBoundary", "boundary-set", "EDT-06", True),
    ("DeleteRolePermissionsBoundary", "boundary-removed", "EDT-06", False),
    ("UpdateRole", "sessions-lengthened", "EDT-07", True),
    ("AddRoleToInstanceProfile", "profile-entered", "EDT-08", True),
    ("RemoveRoleFromInstanceProfile", "profile-left", "EDT-08", False),
    ("RevokeSessions", "sessions-revoked", "DEL-13", True),
    ("DeleteRole", "deleted-like-ordinary", "DEL-23 DEL-29", True),
)
LOGS_RDS = "arn:aws:logs:*:*:log-group:/aws/rds/*"
LOGS_NEPTUNE = "arn:aws:logs:*:*:log-group:/aws/neptune/*"
STREAMS_DOCDB = "arn:aws:logs:*:*:log-group:/aws/docdb/*:log-stream:*"
STREAM_DAS = "arn:aws:kinesis:*:*:stream/aws-rds-das-*"


def _edits() -> list[Fault]:
    made: list[Fault] = []
    for key, words, rule, leaves_trace in EDITS:
        made += [
            _one(f"{words}", rule, f"{key} on the role is accepted", accepted=_only(key)),
            _one(f"{words}-other-code", rule, f"{key} is refused as AccessDenied", recoded={key: "AccessDenied"}),
            _one(f"{words}-for-no-role", rule, f"{key} is refused for ordinary roles, too", everywhere=_only(key)),
        ]
        if leaves_trace:
            made.append(
                _one(f"{words}-all-the-same", rule, f"{key} is refused, and done all the same", written=_only(key))
            )
        else:
            made.append(
                _one(f"{words}-leaves-a-trace", rule, f"{key} is refused, and rewords the role", rewords=_only(key))
            )
    return made


def _attachments() -> list[Fault]:
    made: list[Fault] = []
    for kind, rule in (("role", "INT-09"), ("user", "INT-10"), ("group", "INT-11")):
        key = f"AttachReservedTo{kind.title()}"
        made += [
            _one(
                f"reserved-policy-on-{kind}", rule, f"the role's policy can be had by a {kind}", accepted=_only(key)
            ),
            _one(
                f"reserved-policy-unknown-to-{kind}",
                rule,
                f"the role's policy cannot be had by a {kind}, because nobody knows it",
                recoded={key: "NoSuchEntity"},
            ),
            _one(
                f"reserved-policy-on-{kind}-all-the-same",
                rule,
                f"giving the policy to a {kind} is refused, and done all the same",
                written=_only(key),
            ),
            _one(
                f"no-policy-on-{kind}", rule, f"no policy at all can be attached to a {kind}", everywhere=_only(key)
            ),
        ]
    return made


ROLE = [
    _one("path-of-ordinary-roles", "INT-01 INT-02", "the role has the path of ordinary roles", role_path="/"),
    _one("arn-without-path", "INT-02", "the ARN leaves out the role's path", arn_without_path=True),
    _one("path-without-service", "INT-02", "the path does not name RDS", role_path="/aws-service-role/databases/"),
    _one(
        "bare-when-by-hand",
        "INT-03 INT-08",
        "a role created by hand has no policy",
        has_policy=False,
        when_by_service={"has_policy": True},
    ),
    _one(
        "trust-without-assumption",
        "INT-03 INT-07",
        "the trust policy allows something else than assuming the role",
        trust_action="sts:TagSession",
    ),
    _one(
        "two-services-trusted",
        "INT-05 PER-04",
        "another service is trusted, too",
        trusted={"Service": ("{service}", "docdb.amazonaws.com")},
    ),
    _one(
        "account-trusted",
        "INT-05 PER-04",
        "the account's root is trusted, too",
        trusted={"Service": "{service}", "AWS": "123456789012"},
    ),
    _one(
        "other-service-trusted",
        "PER-03 PER-04",
        "another service is trusted",
        trusted={"Service": "docdb.amazonaws.com"},
    ),
    _one(
        "trust-with-condition",
        "PER-04",
        "the trust has a condition",
        trust_condition={"StringEquals": {"aws:SourceAccount": "123456789012"}},
    ),
    _one("assumed-by-account", "INT-06", "the account gets the role's credentials", accepted=_only("AssumeRole")),
    _one(
        "assumption-unknown",
        "INT-06",
        "assuming the role is refused as NoSuchEntity",
        recoded={"AssumeRole": "NoSuchEntity"},
    ),
    _one("assumption-rewords", "INT-06", "trying to assume the role rewords it", rewords=_only("AssumeRole")),
    _one("nothing-assumable", "INT-06", "no role can be assumed", everywhere=_only("AssumeRole")),
    _one("second-policy", "INT-03 INT-08", "the role has a second managed policy", extra_policy=True),
    _one("inline-policy-by-birth", "INT-03 INT-08", "the role is born with an inline policy", inline_policy=True),
    _one(
        "name-from-host",
        "PER-01",
        "the role's name is made of the service's host name",
        role_name="AWSServiceRoleFor{host}",
    ),
    _one("tagged-by-birth", "COM-10", "a new role has a tag", born_tagged=True),
]

POLICY = [
    _one(
        "no-vpc-endpoints",
        "PER-05",
        "one EC2 action is missing",
        grants_missing=frozenset({("ec2:ModifyVpcEndpoint", "*")}),
    ),
    _one("no-notifications", "PER-06", "publishing is missing", grants_missing=frozenset({("sns:Publish", "*")})),
    _one(
        "no-neptune-groups",
        "PER-07",
        "the log groups of Neptune are missing",
        grants_missing=frozenset({("logs:CreateLogGroup", LOGS_NEPTUNE)}),
    ),
    _one(
        "no-docdb-streams",
        "PER-08",
        "filling the log streams of DocumentDB is missing",
        grants_missing=frozenset({("logs:PutLogEvents", STREAMS_DOCDB)}),
    ),
    _one(
        "no-splitting-of-shards",
        "PER-09",
        "one Kinesis action is missing",
        grants_missing=frozenset({("kinesis:SplitShard", STREAM_DAS)}),
    ),
    _one(
        "logs-everywhere",
        "PER-10",
        "log groups may be made anywhere",
        grants_added=frozenset({("logs:CreateLogGroup", "*")}),
    ),
    _one(
        "streams-everywhere",
        "PER-10",
        "any Kinesis stream may be written to",
        grants_added=frozenset({("kinesis:PutRecord", "*")}),
    ),
    _one(
        "newer-policy",
        "PER-11",
        "a permission of a later version of the policy is there",
        grants_added=frozenset({("cloudwatch:PutMetricData", "*")}),
    ),
    _one(
        "forgotten-permission",
        "PER-11 PER-05",
        "the policy grants one thing less",
        grants_missing=frozenset({("ec2:CreateSecurityGroup", "*")}),
    ),
    _one(
        "old-policy-language",
        "PER-12",
        "the policy is written in the language of 2008",
        policy_language="2008-10-17",
    ),
    _one("denying-policy", "PER-12", "the policy denies something", denies="iam:*"),
]

OTHER_EDITIONS = [
    replace(
        _one(
            "policy-of-another-name",
            "PER-21",
            "the role's managed policy has another name",
            policy_name="AmazonRDSRolePolicy",
        ),
        edition="2023-04-21",
    ),
]

PERMISSION = [
    _one(
        "first-instance-for-nobody",
        "PER-16",
        "RDS creates the role for no user",
        everywhere=_only("MayNotCreateByRds"),
    ),
    _one(
        "first-instance-without-role",
        "PER-16",
        "the DB instance is refused, and made without the role",
        written=_only("MayNotCreateByRds"),
        created_by_service=False,
    ),
    _one(
        "role-of-refused-instance",
        "PER-16",
        "the DB instance is refused, and the role made",
        created_though_refused=True,
    ),
    _one("creation-unchecked", "PER-13", "creating the role takes no permission", accepted=_only("MayNotCreate")),
    _one(
        "creation-refused-otherwise",
        "PER-13 PER-19 PER-20",
        "lacking the permission is answered as InvalidInput",
        recoded={"MayNotCreate": "InvalidInput"},
    ),
    _one(
        "creation-all-the-same",
        "PER-13 PER-19 PER-20",
        "creating is refused, and done all the same",
        written=_only("MayNotCreate"),
    ),
    _one("creation-for-nobody", "PER-13 PER-18", "no user may create the role", everywhere=_only("MayNotCreate")),
    _one("edit-unchecked", "PER-14", "editing takes no permission", accepted=_only("MayNotEdit")),
    _one(
        "edit-refused-otherwise",
        "PER-14",
        "lacking the permission to edit is answered as UnmodifiableEntity",
        recoded={"MayNotEdit": "UnmodifiableEntity"},
    ),
    _one("edit-all-the-same", "PER-14", "the edit is refused, and done all the same", written=_only("MayNotEdit")),
    _one("edit-for-nobody", "PER-14", "no user may edit the description", everywhere=_only("MayNotEdit")),
    _one("deletion-unchecked", "PER-15", "deleting the role takes no permission", accepted=_only("MayNotDelete")),
    _one(
        "deletion-refused-otherwise",
        "PER-15",
        "lacking the permission to delete is answered as NoSuchEntity",
        recoded={"MayNotDelete": "NoSuchEntity"},
    ),
    _one(
        "deletion-all-the-same",
        "PER-15",
        "the deletion is refused, and done all the same",
        written=_only("MayNotDelete"),
    ),
    _one("deletion-for-nobody", "PER-15", "no user may delete the role", everywhere=_only("MayNotDelete")),
    _one(
        "first-instance-unchecked",
        "PER-16",
        "RDS creates the role for whoever may not",
        accepted=_only("MayNotCreateByRds"),
    ),
    _one(
        "first-instance-denied",
        "PER-16",
        "RDS says no more than AccessDenied",
        recoded={"MayNotCreateByRds": "AccessDenied"},
    ),
    _one(
        "first-instance-all-the-same",
        "PER-16",
        "the DB instance is refused, and made all the same",
        written=_only("MayNotCreateByRds"),
    ),
    _one(
        "condition-ignored",
        "PER-19",
        "conditions of policies are not looked at",
        reading=Reading(ignores_conditions=True),
    ),
    _one(
        "condition-always-denies",
        "PER-18 PER-19 PER-20",
        "a statement with a condition never applies",
        reading=Reading(denies_conditions=True),
    ),
    _one(
        "resource-ignored",
        "PER-20",
        "resources of policies are not looked at",
        reading=Reading(ignores_resources=True),
    ),
    _one(
        "resource-never-matches",
        "PER-18 PER-20",
        "a statement that names the role's ARN never applies",
        reading=Reading(denies_resources=True),
    ),
]

CREATION = [
    _one("role-needed-first", "CRE-01 CRE-02", "RDS creates nothing while there is no role", needs_role_first=True),
    _one("role-not-created", "CRE-02 CRE-03", "RDS does not create the role", created_by_service=False),
    _one(
        "bare-when-by-rds",
        "CRE-03",
        "the role that RDS creates has no policy",
        when_by_service={"has_policy": False},
    ),
    _one(
        "rds-names-otherwise",
        "CRE-03",
        "the role that RDS creates has another name",
        when_by_service={"role_name": "AWSServiceRoleForDatabases"},
    ),
    _one(
        "rds-trusts-otherwise",
        "CRE-03",
        "the role that RDS creates trusts another service, too",
        when_by_service={"trusted": {"Service": ("{service}", "docdb.amazonaws.com")}},
    ),
    _one(
        "rds-grants-more",
        "CRE-03",
        "the role that RDS creates has a permission more",
        when_by_service={"grants_added": frozenset({("cloudwatch:PutMetricData", "*")})},
    ),
    _one(
        "instance-lost",
        "CRE-01",
        "creating a DB instance is accepted, and none is there",
        lost=_only("CreateDBInstance"),
    ),
    _one(
        "instance-refused-though-made",
        "CRE-01",
        "a DB instance is made, and the call refused",
        refused_though_done=_only("CreateDBInstance"),
    ),
    _one(
        "role-refused-though-made",
        "PER-18",
        "the role is made, and the call refused",
        refused_though_done=_only("CreateServiceLinkedRole"),
    ),
    _one("role-vanishes", "PER-18", "a role that a user creates is gone at once", vanishes=True),
    _one("role-not-recreated", "CRE-05", "RDS creates the role only once", recreated_by_service=False),
    _one("old-id-again", "CRE-05 CRE-06", "the role comes back under its old id", id_kept=True),
    _one("name-stays-taken", "CRE-06", "after a deletion the role cannot be created by hand", name_kept=True),
]

EDITING = [
    _one(
        "description-refused-though-done",
        "EDT-10",
        "the description is edited, and the call refused",
        refused_though_done=_only("UpdateRole"),
    ),
    _one(
        "description-call-refused-though-done",
        "EDT-11",
        "the call for descriptions works, and is refused",
        refused_though_done=_only("UpdateRoleDescription"),
    ),
    _one(
        "description-refused",
        "EDT-09 EDT-10",
        "the description cannot be edited",
        everywhere=_only("UpdateDescription"),
    ),
    _one(
        "description-lost", "EDT-10", "an edit of the description is accepted, and lost", lost=_only("UpdateRole")
    ),
    _one("renamed-by-edit", "EDT-09", "an edit of the description changes the role's name", renamed_by_edit=True),
    _one("new-id-by-edit", "EDT-09", "an edit of the description changes the role's id", new_id_by_edit=True),
    _one(
        "description-call-refused",
        "EDT-11",
        "the call for descriptions is refused",
        everywhere=_only("UpdateRoleDescription"),
    ),
    _one(
        "description-call-lost",
        "EDT-11",
        "the call for descriptions is accepted, and does nothing",
        lost=_only("UpdateRoleDescription"),
    ),
]

DELETION = [
    _one(
        "succeeds-in-use",
        "DEL-01 DEL-02 DEL-10 DEL-14 DEL-28 INT-12",
        "the task of a role in use succeeds, and the role stays",
        succeeds_in_use=True,
    ),
    _one(
        "instances-do-not-block",
        "DEL-01 DEL-02 DEL-10 DEL-11 DEL-14 INT-12",
        "DB instances do not keep the role",
        instances_to_block=0,
    ),
    _one(
        "one-instance-does-not-block",
        "DEL-01 DEL-10 DEL-14 INT-12",
        "a single DB instance does not keep the role",
        instances_to_block=2,
    ),
    _one(
        "other-regions-do-not-block",
        "DEL-02",
        "a DB instance in a second Region does not keep the role",
        other_regions_block=False,
    ),
    _one(
        "first-deletion-frees",
        "DEL-14",
        "once a DB instance has been deleted, none keeps the role",
        blocks_after_first_deletion=False,
    ),
    _one(
        "request-refused-in-use",
        "DEL-01 DEL-08 DEL-10 DEL-28",
        "the request itself is refused while the role is in use",
        refuses_in_use=True,
    ),
    _one(
        "fails-but-removes",
        "DEL-01 DEL-10 DEL-14 DEL-28 INT-12",
        "the task fails, and the role is gone",
        fails_but_removes=True,
    ),
    _one(
        "failure-edits",
        "DEL-01 DEL-02 DEL-10 DEL-14 INT-12",
        "a failed deletion rewords the description",
        edits_by_failing=True,
    ),
    _one(
        "failure-deletes-instances",
        "DEL-10",
        "a failed deletion takes the DB instances with it",
        deletes_instances=True,
    ),
    _one(
        "fails-for-good",
        "DEL-01 DEL-02 DEL-10 DEL-14 INT-12",
        "a deletion that failed once fails for ever",
        blocked_for_good=True,
    ),
    _one(
        "succeeds-but-keeps",
        "DEL-03 DEL-22 DEL-27",
        "the task succeeds, and the role stays",
        succeeds_but_keeps=True,
    ),
    _one("never-succeeds", "DEL-03 DEL-22 DEL-27", "every deletion fails", never_succeeds=True),
    _one("never-ends", "DEL-03 DEL-22 DEL-01", "the task is in progress for ever", never_ends=True),
    _one("bare-task-id", "DEL-09", "the task's id is a bare UUID", names_role_in_task=False),
    _one("failure-without-regions", "DEL-11", "a failed task does not tell where the role is used", usage="none"),
    _one("failure-with-home-region", "DEL-11", "a failed task tells of one Region only", usage="home"),
    _one("another-task", "COM-06", "a repeated request begins another task", same_task=False),
    _one("report-empty", "DEL-07", "the access advisor lists nothing", reported=()),
    _one(
        "report-wrong",
        "DEL-07",
        "the access advisor lists services that the policy does not name",
        reported=("ec2", "kinesis", "logs", "s3", "sns"),
    ),
    _one("report-fails", "DEL-07", "the access advisor's job fails", report_fails=True),
]

INSTANCES = [
    _one(
        "available-while-deleted",
        "DEL-15 DEL-16",
        "deleting a DB instance is answered with another status",
        deletion_status="available",
    ),
    _one(
        "instance-stays",
        "DEL-15 DEL-16 DEL-18 DEL-19 DEL-24 DEL-25",
        "a deleted DB instance stays",
        keeps_instance=True,
    ),
    _one("snapshot-forgotten", "DEL-18 DEL-24", "the final snapshot is not made", makes_wanted_snapshot=False),
    _one(
        "snapshot-unasked",
        "DEL-19 DEL-25",
        "a final snapshot is made though it was declined",
        makes_declined_snapshot=True,
    ),
    _one(
        "snapshot-undecided",
        "DEL-20 DEL-21 DEL-26",
        "nobody needs to decide about the final snapshot",
        accepted=_only("UndecidedSnapshot"),
    ),
    _one(
        "snapshot-undecided-other-code",
        "DEL-20 DEL-21 DEL-26",
        "an undecided snapshot is refused as InvalidParameterValue",
        recoded={"UndecidedSnapshot": "InvalidParameterValue"},
    ),
    _one(
        "snapshot-undecided-all-the-same",
        "DEL-20 DEL-21 DEL-26",
        "an undecided snapshot is refused, and the DB instance deleted",
        written=_only("UndecidedSnapshot"),
    ),
    _one(
        "never-deletable", "DEL-20 DEL-21 DEL-26", "deciding does not help", everywhere=_only("UndecidedSnapshot")
    ),
    _one(
        "snapshot-contradiction",
        "DEL-21",
        "a snapshot may be declined and named at once",
        accepted=_only("ContradictorySnapshot"),
    ),
    _one(
        "snapshot-contradiction-other-code",
        "DEL-21",
        "a contradiction is refused as InvalidParameterValue",
        recoded={"ContradictorySnapshot": "InvalidParameterValue"},
    ),
    _one(
        "snapshot-contradiction-all-the-same",
        "DEL-21",
        "a contradiction is refused, and the DB instance deleted",
        written=_only("ContradictorySnapshot"),
    ),
    _one("protection-ignored", "COM-11", "deletion protection does not protect", accepted=_only("Protected")),
    _one(
        "protection-other-code",
        "COM-11",
        "protection is reported as InvalidParameterValue",
        recoded={"Protected": "InvalidParameterValue"},
    ),
    _one(
        "protection-all-the-same",
        "COM-11",
        "protection is reported, and the DB instance deleted",
        written=_only("Protected"),
    ),
    _one("protection-sticks", "COM-11", "deletion protection cannot be switched off", protection_sticks=True),
    _one(
        "missing-instance-other-code",
        "COM-12",
        "a missing DB instance is reported as InvalidParameterValue",
        recoded={"MissingInstance": "InvalidParameterValue"},
    ),
    _one(
        "instances-unknown", "COM-12", "every DB instance is reported missing", everywhere=_only("MissingInstance")
    ),
]

COMPANIONS = [
    _one("second-creation-rewords", "COM-01", "a refused creation rewords the role", rewords=_only("Duplicate")),
    _one("unknown-task-rewords", "COM-07", "an unknown task rewords the role", rewords=_only("UnknownTask")),
    _one("malformed-task-rewords", "COM-08", "a malformed id rewords the role", rewords=_only("MalformedTask")),
    _one("tasks-unknown", "COM-07 COM-08", "nobody knows any task", everywhere=_only("UnknownTask")),
    _one("tag-refused-though-done", "COM-09", "a tag is put on, and refused", refused_though_done=_only("TagRole")),
    _one(
        "untag-refused-though-done",
        "COM-09",
        "a tag is taken off, and that is refused",
        refused_though_done=_only("UntagRole"),
    ),
    _one("second-creation-accepted", "COM-01", "creating the role again is accepted", accepted=_only("Duplicate")),
    _one(
        "second-creation-other-code",
        "COM-01",
        "creating it again is refused as EntityAlreadyExists",
        recoded={"Duplicate": "EntityAlreadyExists"},
    ),
    _one("suffix-accepted", "COM-02", "the role may have a suffix", accepted=_only("Suffix")),
    _one("suffix-other-code", "COM-02", "a suffix is refused as AccessDenied", recoded={"Suffix": "AccessDenied"}),
    _one(
        "suffix-all-the-same",
        "COM-02",
        "a suffix is refused, and the role made all the same",
        written=_only("Suffix"),
    ),
    _one(
        "refusal-sticks",
        "COM-02 COM-03",
        "after a refused creation of the role, every creation is refused",
        refusal_sticks=True,
    ),
    _one("any-service", "COM-03", "any service has a role", accepted=_only("UnknownService")),
    _one(
        "any-service-other-code",
        "COM-03",
        "an unknown service is refused as InvalidInput",
        recoded={"UnknownService": "InvalidInput"},
    ),
    _one(
        "any-service-all-the-same",
        "COM-03",
        "an unknown service is refused, and its role made",
        written=_only("UnknownService"),
    ),
    _one("path-open", "COM-04", "ordinary roles may have the reserved path", accepted=_only("ReservedPath")),
    _one(
        "path-other-code",
        "COM-04",
        "the reserved path is refused as ValidationError",
        recoded={"ReservedPath": "ValidationError"},
    ),
    _one(
        "path-all-the-same",
        "COM-04",
        "the reserved path is refused, and the role made",
        written=_only("ReservedPath"),
    ),
    _one("no-path", "COM-04", "no ordinary role can be created", everywhere=_only("ReservedPath")),
    _one(
        "ordinary-role-deleted",
        "COM-05",
        "ordinary roles are deleted by the call for service-linked ones",
        accepted=_only("OrdinaryRole"),
    ),
    _one(
        "ordinary-role-other-code",
        "COM-05",
        "an ordinary role is refused as InvalidInput",
        recoded={"OrdinaryRole": "InvalidInput"},
    ),
    _one(
        "ordinary-role-all-the-same",
        "COM-05",
        "an ordinary role is refused, and deleted all the same",
        written=_only("OrdinaryRole"),
    ),
    _one(
        "no-role-deleted",
        "COM-05",
        "the call for service-linked roles deletes none",
        everywhere=_only("OrdinaryRole"),
    ),
    _one(
        "unknown-task-done", "COM-07", "a task that nobody requested has succeeded", accepted=_only("UnknownTask")
    ),
    _one(
        "unknown-task-other-code",
        "COM-07",
        "an unknown task is refused as InvalidInput",
        recoded={"UnknownTask": "InvalidInput"},
    ),
    _one(
        "malformed-task-unknown",
        "COM-08",
        "a malformed id is taken for an unknown task's",
        accepted=_only("MalformedTask"),
    ),
    _one(
        "malformed-task-other-code",
        "COM-08",
        "a malformed id is refused as ValidationError",
        recoded={"MalformedTask": "ValidationError"},
    ),
    _one("tag-refused", "COM-09", "the role cannot be tagged", everywhere=_only("TagRole")),
    _one("tag-lost", "COM-09", "a tag is accepted, and lost", lost=_only("TagRole")),
    _one("untag-refused", "COM-09", "a tag cannot be taken off", everywhere=_only("UntagRole")),
    _one("untag-lost", "COM-09", "taking a tag off is accepted, and does nothing", lost=_only("UntagRole")),
]


@cache
def faults(document: str = DEFAULT_DOCUMENT) -> tuple[Fault, ...]:
    """Return all faults that break rules of a document, in the order of its sections, with those rules only.

    Raises
    ------
    UsageError
        For a document whose rules no fault is known to break.
    ValueError
        If two faults have the same id.

    """
    if document == ELASTICACHE:
        from slrspec.documented.cache_faults import cache_faults

        found = cache_faults(faults())
    elif document == CATALOGUE:
        from slrspec.documented.catalogue_faults import catalogue_faults

        found = catalogue_faults(faults())
    elif document == DEFAULT_DOCUMENT:
        found = (
            *ROLE,
            *_attachments(),
            *POLICY,
            *OTHER_EDITIONS,
            *PERMISSION,
            *CREATION,
            *_edits(),
            *EDITING,
            *DELETION,
            *INSTANCES,
            *COMPANIONS,
        )
    else:
        raise UsageError(f"no fault breaks the rules of {document!r}", hint=f"known: {', '.join(WITH_FAULTS)}")
    if len({fault.id for fault in found}) != len(found):
        raise ValueError("two faults have the same id")
    return found


@cache
def every_fault() -> dict[str, Fault]:
    """Return the faults of all documents by their ids, each with the rules of all documents that it breaks."""
    found: dict[str, Fault] = {}
    for document in WITH_FAULTS:
        for fault in faults(document):
            rules = (*found[fault.id].rules, *fault.rules) if fault.id in found else fault.rules
            found[fault.id] = replace(found.get(fault.id, fault), rules=rules)
    return found


def behaviour_with(names: Iterable[str], behaviour: Behaviour = DOCUMENTED) -> Behaviour:
    """Return a behaviour with the faults of these ids in it.

    Raises
    ------
    UsageError
        For an id that no fault has.

    """
    known = every_fault()
    for name in names:
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, n=3)
            hint = f"did you mean {', '.join(near)}?" if near else "slrspec faults --list shows them"
            raise UsageError(f"unknown fault {name!r}", hint=hint)
        behaviour = known[name].applied_to(behaviour)
    return behaviour
