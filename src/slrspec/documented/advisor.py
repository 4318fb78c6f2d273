"""IAM's access advisor: which services an entity may call, and when it last did.

Source: IAM API reference of GenerateServiceLastAccessedDetails and GetServiceLastAccessedDetails.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from slrspec.documented.conditions import listed
from slrspec.documented.refusals import Refusal
from slrspec.documented.simulation import entity_of, policies_of_entity
from slrspec.documented.world import Job

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slrspec.documented.world import World

NAMES = {
    "application-autoscaling": "Application Auto Scaling",
    "cloudwatch": "Amazon CloudWatch",
    "ec2": "Amazon EC2",
    "iam": "AWS Identity and Access Management",
    "kinesis": "Amazon Kinesis Data Streams",
    "logs": "Amazon CloudWatch Logs",
    "outposts": "AWS Outposts",
    "rds": "Amazon RDS",
    "s3": "Amazon S3",
    "secretsmanager": "AWS Secrets Manager",
    "sns": "Amazon SNS",
}


def generate_refusals(world: World) -> Iterator[Refusal | None]:
    """Refuse ARNs that nobody has."""
    arn = world.call.get("Arn")
    if entity_of(world, arn) is None:
        yield Refusal("MissingEntity", f"{arn} cannot be found.")


def generate(world: World) -> dict[str, Any]:
    """Begin a report about a user, a group or a role."""
    arn = world.call.get("Arn")
    job = Job(
        id=str(uuid4()),
        arn=arn,
        granularity=world.call.get("Granularity") or "SERVICE_LEVEL",
        asked_by=world.call.access_key,
        begun=datetime.now(UTC),
        looks=world.draw("pending"),
        namespaces=_namespaces(world, arn),
    )
    world.memory.jobs[job.id] = job
    return {"JobId": job.id}


def _namespaces(world: World, arn: str) -> tuple[str, ...]:
    if world.behaviour.reported is not None:
        return world.behaviour.reported
    actions = {
        str(action)
        for policy in policies_of_entity(world, entity_of(world, arn))
        for statement in listed(policy.get("Statement", []))
        if statement.get("Effect") == "Allow"
        for action in listed(statement.get("Action", []))
    }
    return tuple(sorted({action.partition(":")[0].casefold() for action in actions if ":" in action}))


def details_refusals(world: World) -> Iterator[Refusal | None]:
    """Refuse jobs that nobody began, and those that somebody else did."""
    job = world.memory.jobs.get(world.call.get("JobId"))
    if job is None or job.asked_by != world.call.access_key:
        yield Refusal("UnknownJob", f"{world.call.get('JobId')} cannot be found.")


def details(world: World) -> dict[str, Any]:
    """Return the report, or that it is still being made; nothing is told of single actions, though asked for."""
    job = world.memory.jobs[world.call.get("JobId")]
    begun = {"JobType": job.granularity, "JobCreationDate": job.begun}
    if job.looks > 0:
        job.looks -= 1
        return {"JobStatus": "IN_PROGRESS", **begun}
    if world.behaviour.report_fails:
        return {"JobStatus": "FAILED", **begun, "Error": {"Message": "internal error", "Code": "ServiceFailure"}}
    used = world.memory.last_used.get(job.arn, {})
    services = [_service(namespace, job.arn, used.get(namespace)) for namespace in job.namespaces]
    return {
        "JobStatus": "COMPLETED",
        **begun,
        "JobCompletionDate": datetime.now(UTC),
        "ServicesLastAccessed": services,
        "IsTruncated": False,
    }


def _service(namespace: str, arn: str, used: tuple[datetime, str] | None) -> dict[str, Any]:
    record = {"ServiceName": NAMES.get(namespace, namespace), "ServiceNamespace": namespace}
    if used is None:
        return {**record, "TotalAuthenticatedEntities": 0}
    moment, region = used
    return {
        **record,
        "LastAuthenticated": moment,
        "LastAuthenticatedEntity": arn,
        "LastAuthenticatedRegion": region,
        "TotalAuthenticatedEntities": 1,
    }
