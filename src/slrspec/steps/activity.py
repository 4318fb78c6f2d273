"""Recent activity of the role, as IAM's access advisor reports it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from pytest_bdd import then, when

from slrspec.steps.policy import grants

if TYPE_CHECKING:
    from slrspec.running.checks import Checks
    from slrspec.running.recorder import RecordedAccount
    from slrspec.steps.role import ObservedRole


class Activity(Struct, frozen=True):
    """A finished report: the job's status, and the name spaces of the services that it lists."""

    status: str
    services: tuple[str, ...]
    exchanges: tuple[int, ...]


@when("the role's recent activity is asked for", target_fixture="activity")
def ask(account: RecordedAccount, role: ObservedRole) -> Activity:
    """Have the report made, and wait for it."""
    iam = account.client("iam")
    first = account.calls + 1
    job = iam.generate_service_last_accessed_details(Arn=role.arn)["JobId"]
    report = account.patience.until(
        lambda answer: answer["JobStatus"] != "IN_PROGRESS",
        lambda: iam.get_service_last_accessed_details(JobId=job),
    )
    services = tuple(sorted(s["ServiceNamespace"] for s in report.get("ServicesLastAccessed") or ()))
    return Activity(report["JobStatus"], services, tuple(range(first, account.calls + 1)))


@then("the report lists the services that the permissions policy names")
def lists(account: RecordedAccount, role: ObservedRole, activity: Activity, expect: Checks) -> None:
    """Expect a finished report that lists the name spaces of the role's own grants, and no others."""
    expect.equal("the report", activity.status, "COMPLETED", of=activity.exchanges)
    named = sorted({grant.folded.partition(":")[0] for grant in grants(account, role)})
    expect.equal("what the policy grants", "something" if named else "nothing", "something")
    expect.equal("services listed", list(activity.services), named, of=activity.exchanges)
