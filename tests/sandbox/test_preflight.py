"""Any doubt about the account ends a run with exit code 3, before anything is written: told by a proxy's log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.sandbox.faulty_proxy import FAULTS, Answer, Call, FaultyProxy, Forward, Plan, denied, expired, proxied
from tests.sandbox.places import REGIONS, Place
from tests.sandbox.rehearsal import ALIAS, ANYTHING, RUNNER, Rehearsal
from tests.sandbox.whole_account import everything

ONE = ("--rule", "RDS-INT-01", "-q")


@dataclass
class Watched:
    """A rehearsal behind a proxy."""

    rehearsal: Rehearsal
    proxy: FaultyProxy

    def refused(self, *arguments: str, code: int = 3, **environment: str) -> str:
        """Run, and make sure that it was refused in one line and that nothing was written."""
        before = everything(self.rehearsal.place)
        run = self.rehearsal.run(*ONE, *arguments, **environment)
        assert run.returncode == code, run.stdout + run.stderr
        assert "Traceback" not in run.stderr
        assert run.stderr.splitlines()[-1].startswith("slrspec: ")
        assert [call.operation for call in self.proxy.writes] == []
        assert everything(self.rehearsal.place) == before
        return run.stderr


@pytest.fixture
def watched(documented_place: Place, tmp_path: Path) -> Iterator[Watched]:
    with proxied(documented_place.url, documented_place.account) as proxy:
        yield Watched(Rehearsal(documented_place, tmp_path, proxy.url), proxy)


def test_what_is_as_it_should_be_is_not_refused(watched: Watched) -> None:
    run = watched.rehearsal.run(*ONE)
    assert run.returncode == 0, run.stdout + run.stderr
    assert watched.proxy.writes  # so that the other tests see what they would have to see


def test_another_account_is_refused(watched: Watched) -> None:
    watched.rehearsal.configure(account_id="222233334444", role_arn=f"arn:aws:iam::222233334444:role/{RUNNER}")
    assert "of another account than the named one" in watched.refused()


def test_a_blocklisted_account_is_refused(watched: Watched) -> None:
    watched.rehearsal.configure(blocklist=[watched.rehearsal.place.account])
    assert "is on the blocklist" in watched.refused()
    assert watched.proxy.calls == []


def test_a_missing_alias_is_refused(watched: Watched) -> None:
    watched.rehearsal.place.iam.delete_account_alias(AccountAlias=ALIAS)
    assert "alias: it has none" in watched.refused()


def test_another_alias_is_refused(watched: Watched) -> None:
    watched.rehearsal.configure(alias="something-else")
    assert f"alias: it is '{ALIAS}'" in watched.refused("--confirm", "something-else")


def test_an_alias_that_sounds_like_production_is_refused(watched: Watched) -> None:
    watched.rehearsal.configure(alias="company-prod")
    assert "sounds like production" in watched.refused("--confirm", "company-prod")


@pytest.mark.parametrize("given", ["", "slrspec-rehearsa"])
def test_nobody_having_confirmed_the_alias_is_refused(given: str, watched: Watched) -> None:
    assert "confirmation: " in watched.refused("--confirm", given)


def test_the_alias_may_be_confirmed_by_the_environment(watched: Watched) -> None:
    run = watched.rehearsal.run(*ONE, "--confirm", "", SLRSPEC_CONFIRM_ALIAS=ALIAS)
    assert run.returncode == 0, run.stderr


def test_a_region_that_is_none_is_refused(watched: Watched) -> None:
    watched.rehearsal.configure(regions=["everywhere"])
    assert "slrspec.toml:4: regions has to be" in watched.refused(code=2)
    assert watched.proxy.calls == []


def test_a_region_without_a_price_gets_no_instance(watched: Watched) -> None:
    watched.rehearsal.configure(regions=["ap-south-2", "eu-west-1"])
    run = watched.rehearsal.run("--rule", "RDS-DEL-15", "-q")
    assert run.returncode == 5, run.stdout + run.stderr
    assert not [call for call in watched.proxy.writes if call.service == "rds"]


def test_another_role_than_the_named_is_refused(watched: Watched) -> None:
    watched.rehearsal.assume("somebody-else")
    assert "caller: another role, not the named role" in watched.refused()


def test_a_user_is_refused(watched: Watched) -> None:
    import json

    iam = watched.rehearsal.place.iam
    iam.create_user(UserName="person")
    iam.put_user_policy(UserName="person", PolicyName="all", PolicyDocument=json.dumps(ANYTHING))
    key = iam.create_access_key(UserName="person")["AccessKey"]
    watched.rehearsal.credentials |= {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }
    del watched.rehearsal.credentials["AWS_SESSION_TOKEN"]
    assert "caller: a user, not the named role" in watched.refused()


def test_no_credentials_are_refused(watched: Watched) -> None:
    watched.rehearsal.credentials.clear()
    said = watched.refused(AWS_EC2_METADATA_DISABLED="true", AWS_SHARED_CREDENTIALS_FILE="/dev/null")
    assert "there are no credentials" in said
    assert watched.proxy.calls == []


def test_a_rehearsal_takes_no_credentials_from_a_profile(watched: Watched, tmp_path: Path) -> None:
    """Botocore would ask AWS for those of a profile that names a role."""
    config = tmp_path / "config"
    keys = "aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = secret"
    role = f"role_arn = arn:aws:iam::111122223333:role/{RUNNER}\nsource_profile = base\nregion = us-east-1"
    config.write_text(f"[default]\n{role}\n[profile base]\n{keys}\n")
    watched.rehearsal.credentials.clear()
    nowhere = "http://127.0.0.1:9"  # so that nobody is asked even if this is broken
    said = watched.refused(AWS_CONFIG_FILE=str(config), AWS_EC2_METADATA_DISABLED="true", HTTPS_PROXY=nowhere)
    assert "there are no credentials" in said
    assert watched.proxy.calls == []


@pytest.mark.parametrize("told", ["2026-01-01T00:00:00Z", "soon"])
def test_credentials_that_have_ended_are_refused_before_anything_is_asked(told: str, watched: Watched) -> None:
    watched.rehearsal.credentials["AWS_CREDENTIAL_EXPIRATION"] = told
    said = watched.refused()
    assert f"the credentials have ended, or AWS_CREDENTIAL_EXPIRATION is no time: '{told}'" in said
    assert watched.proxy.calls == []


def test_a_session_of_unknown_end_is_refused(watched: Watched) -> None:
    del watched.rehearsal.credentials["AWS_CREDENTIAL_EXPIRATION"]
    assert "session: nothing tells when it ends" in watched.refused()


def test_a_session_too_short_to_clean_up_is_refused(watched: Watched) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=20)
    watched.rehearsal.credentials["AWS_CREDENTIAL_EXPIRATION"] = soon.isoformat(timespec="seconds")
    assert "session: " in watched.refused()


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_skewed_clock_is_refused(minutes: int, watched: Watched) -> None:
    def skewed(proxy: FaultyProxy, call: Call, forward: Forward) -> Answer:
        then = datetime.now(UTC) + timedelta(minutes=minutes)
        return replace(forward(), headers=(("Date", format_datetime(then, usegmt=True)),))

    watched.proxy.plan = Plan(skewed, times=10**9)
    assert "clock: 300 s from AWS's" in watched.refused().replace("299 s", "300 s").replace("301 s", "300 s")


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_RDS", "AWS_ENDPOINT_URL_IAM", "HTTP_PROXY"])
def test_a_redirected_endpoint_is_passed_over(name: str, watched: Watched) -> None:
    with proxied(watched.rehearsal.place.url, watched.rehearsal.place.account) as elsewhere:
        run = watched.rehearsal.run(*ONE, **{name: elsewhere.url})
    assert run.returncode == 0, run.stderr
    assert elsewhere.calls == []


def test_a_rehearsal_elsewhere_than_on_this_machine_is_refused(watched: Watched) -> None:
    watched.rehearsal.configure(rehearsal="https://rds.us-east-1.amazonaws.com")
    assert "a rehearsal is on this machine" in watched.refused()


@pytest.mark.parametrize("fault", [denied, expired, FAULTS["500"], FAULTS["body cut, length right"]])
def test_what_cannot_be_told_is_refused(fault: object, watched: Watched) -> None:
    watched.proxy.plan = Plan(fault, at=3, times=10**9)  # type: ignore[arg-type]
    assert "cannot be told" in watched.refused()


@pytest.mark.parametrize("region", REGIONS)
def test_an_account_that_is_held_is_refused(region: str, watched: Watched) -> None:
    """Also by somebody who names the Regions in another order."""
    first = watched.rehearsal.place
    from slrspec.sandbox.lease import RUN, LeaseRecord, acquire

    now = datetime.now(UTC)
    record = LeaseRecord(
        run="261125-aaaaaa",
        purpose=RUN,
        host="elsewhere",
        started=now,
        not_after=now + timedelta(hours=1),
        regions=("us-east-1",),
    )
    acquire(first.client("ssm", region), record, now, take_over=False, read_role=lambda: None)
    assert "has the account until" in watched.refused()


def test_what_an_earlier_run_has_left_is_refused(watched: Watched) -> None:
    from slrspec.sandbox.names import OwnTags
    from slrspec.steps.db_instance import SMALLEST

    tags = OwnTags("261101-aaaaaa", 1, datetime.now(UTC)).listed()
    watched.rehearsal.place.rds().create_db_instance(
        DBInstanceIdentifier="slrspec-261101-aaaaaa-1", **{**SMALLEST, "Tags": tags}
    )
    assert "slrspec sweep" in watched.refused()


def test_without_a_limit_in_dollars_nothing_begins(watched: Watched) -> None:
    run = watched.rehearsal.slrspec("run", "--provider", "aws", "--confirm", ALIAS, *ONE)
    assert run.returncode == 2
    assert "needs --max-usd" in run.stderr
    assert watched.proxy.calls == []


def test_another_plan_than_the_shown_is_refused(watched: Watched) -> None:
    assert "not 0123abcd as it was shown" in watched.refused("--plan", "0123abcd", code=2)


def test_the_provider_alone_writes_nothing(watched: Watched) -> None:
    """As any pytest or script could ask for it."""
    run = watched.rehearsal.slrspec("smoke", "aws")
    assert (run.returncode, run.stdout) == (3, ""), run.stderr
    assert "writes to a real account" in run.stderr
    assert watched.proxy.calls == []


def test_the_doctor_says_all_that_is_wrong_and_writes_nothing(watched: Watched) -> None:
    watched.rehearsal.place.iam.delete_account_alias(AccountAlias=ALIAS)
    del watched.rehearsal.credentials["AWS_CREDENTIAL_EXPIRATION"]
    run = watched.rehearsal.slrspec("doctor", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert run.returncode == 3
    for said in ("✗ session: ", "✗ alias: it has none", "✓ account: ", "passed over: AWS_ENDPOINT_URL"):
        assert said in run.stdout
    assert watched.proxy.writes == []
