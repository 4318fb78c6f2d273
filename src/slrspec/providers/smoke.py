"""A first look at a provider, in seconds: whether it answers, what it speaks, how it keeps accounts apart."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slrspec.errors import SlrspecError
from slrspec.running.trouble import OperationUnsupported, ProviderTrouble, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from slrspec.providers.contract import Account, Provider

SERVICE = "rds.amazonaws.com"
ADVICE = {
    "does not answer": "is it started, and is the port right?",
    "not as AWS does": "something else listens there; look at the address in a browser",
    "account": "scenarios empty the account one after the other, which is slower; does the product have a reset?",
    "unsupported": "its scenarios will be 'unsupported', which is no failure of slrspec",
    "trouble": "its scenarios will be 'error'; look at what the product prints",
    "iam-enforcement": "the rules about permissions are not run; does the product have a switch for it?",
}


@dataclass(frozen=True)
class Look:
    """One thing that was looked at.

    Attributes
    ----------
    what
        In words: `speaks IAM`.
    ok
        Whether it is as it should be; None if it only means that less can be run.
    said
        What was seen.
    advice
        What to do about it; empty if nothing has to be done.

    """

    what: str
    ok: bool | None
    said: str
    advice: str = ""


def smoke(provider: Provider) -> Iterator[Look]:
    """Look at a provider, and yield what was seen as soon as it is; stops where nothing more can be seen.

    Raises
    ------
    SlrspecError
        If nothing can be looked at that way, as on a real account, which a guard refuses, or in a record.

    """
    began = time.monotonic()
    described = provider.describe()
    with ExitStack() as opened:
        try:
            account = opened.enter_context(provider.open_account("smoke/one"))
        except SlrspecError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever keeps an account from being opened is what is looked for
            said = " ".join(str(error).split())
            yield Look("answers", ok=False, said=said, advice=next((ADVICE[w] for w in ADVICE if w in said), ""))
            return
        took = f"{(time.monotonic() - began) * 1000:.0f} ms"
        yield Look("answers", ok=True, said=f"{described.product} {described.version}, {took}")
        yield from (_speaks(account, *one) for one in CALLS)
        if (isolation := described.settings.get("isolation", "")) and "account id" not in isolation:
            yield Look("keeps accounts apart", ok=None, said=f"no; {isolation}", advice=ADVICE["account"])
        else:
            yield _apart(account, provider, opened)
    for name in ("second-region", "iam-enforcement", "command-line"):
        has = name in described.capabilities
        yield Look(
            name.replace("-", " "),
            ok=True if has else None,
            said="yes" if has else "no",
            advice="" if has else described.lacks.get(name, ADVICE.get(name, "")),
        )


ROLES = "service-linked roles"
CALLS: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("STS", "sts", lambda sts: sts.get_caller_identity()),
    ("IAM", "iam", lambda iam: iam.list_roles(PathPrefix="/aws-service-role/")),
    ("RDS", "rds", lambda rds: rds.describe_db_instances()),
    ("ElastiCache", "elasticache", lambda elasticache: elasticache.describe_cache_clusters()),
    (ROLES, "iam", lambda iam: iam.create_service_linked_role(AWSServiceName=SERVICE)),
)


def _speaks(account: Account, name: str, service: str, call: Callable[[Any], Any]) -> Look:
    what = f"creates {name}" if name == ROLES else f"speaks {name}"
    try:
        call(account.client(service))
    except Exception as error:  # noqa: BLE001 - judged right here
        found = judged(error, name)
        said = " ".join(str(found).split())
        if isinstance(found, OperationUnsupported):
            return Look(what, ok=None, said=said, advice=ADVICE["unsupported"])
        return Look(
            what, ok=False, said=said, advice=ADVICE["trouble"] if isinstance(found, ProviderTrouble) else ""
        )
    return Look(what, ok=True, said="yes")


def _apart(first: Account, provider: Provider, opened: ExitStack) -> Look:
    """Tell whether what is made in one account is seen in the next."""
    what = "keeps accounts apart"
    try:
        made: Any = first.client("iam")
        name = first.unique_name("user")
        made.create_user(UserName=name)
        second = opened.enter_context(provider.open_account("smoke/two"))
        other: Any = second.client("iam")
        seen = [user["UserName"] for user in other.list_users()["Users"]]
    except Exception as error:  # noqa: BLE001 - as above
        return Look(what, ok=False, said=" ".join(str(error).split()), advice=ADVICE["trouble"])
    if name in seen:
        return Look(what, ok=False, said="no: a user of one is seen in the next", advice='set isolation = "names"')
    return Look(what, ok=True, said="yes")
