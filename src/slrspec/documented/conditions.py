"""The condition operators of IAM policies.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Multivalued context keys".
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from slrspec.documented.wildcards import matches

Context = Mapping[str, Sequence[str]]
Compare = Callable[[str, str], bool]


def _number(compare: Callable[[Decimal, Decimal], bool]) -> Compare:
    def compared(actual: str, wanted: str) -> bool:
        try:
            return compare(Decimal(actual), Decimal(wanted))
        except InvalidOperation:
            return False

    return compared


def _moment(text: str) -> datetime:
    if text.lstrip("-").isdigit():
        return datetime.fromtimestamp(int(text), UTC)
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _date(compare: Callable[[datetime, datetime], bool]) -> Compare:
    def compared(actual: str, wanted: str) -> bool:
        try:
            return compare(_moment(actual), _moment(wanted))
        except (ValueError, OverflowError, OSError):
            return False

    return compared


def _address(actual: str, wanted: str) -> bool:
    try:
        return ipaddress.ip_address(actual) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def _binary(actual: str, wanted: str) -> bool:
    try:
        return base64.b64decode(actual, validate=True) == base64.b64decode(wanted, validate=True)
    except (binascii.Error, ValueError):
        return False


def _arn(actual: str, wanted: str) -> bool:
    # Each of the six parts of an ARN is matched by itself, so that a wildcard does not reach across a colon.
    ours, theirs = actual.split(":", 5), wanted.split(":", 5)
    return len(ours) == len(theirs) and all(
        matches(part, pattern) for part, pattern in zip(ours, theirs, strict=True)
    )


COMPARISONS: Mapping[str, Compare] = {
    "StringEquals": lambda actual, wanted: actual == wanted,
    "StringEqualsIgnoreCase": lambda actual, wanted: actual.casefold() == wanted.casefold(),
    "StringLike": matches,
    "NumericEquals": _number(lambda actual, wanted: actual == wanted),
    "NumericLessThan": _number(lambda actual, wanted: actual < wanted),
    "NumericLessThanEquals": _number(lambda actual, wanted: actual <= wanted),
    "NumericGreaterThan": _number(lambda actual, wanted: actual > wanted),
    "NumericGreaterThanEquals": _number(lambda actual, wanted: actual >= wanted),
    "DateEquals": _date(lambda actual, wanted: actual == wanted),
    "DateLessThan": _date(lambda actual, wanted: actual < wanted),
    "DateLessThanEquals": _date(lambda actual, wanted: actual <= wanted),
    "DateGreaterThan": _date(lambda actual, wanted: actual > wanted),
    "DateGreaterThanEquals": _date(lambda actual, wanted: actual >= wanted),
    "Bool": lambda actual, wanted: actual.casefold() == wanted.casefold(),
    "BinaryEquals": _binary,
    "IpAddress": _address,
    "ArnEquals": _arn,
    "ArnLike": _arn,
}
NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}


def known(operator: str) -> bool:
    """Tell whether IAM has an operator of that name, with or without qualifier and `IfExists`."""
    base = operator.rpartition(":")[2].removesuffix("IfExists")
    return base in COMPARISONS or base in NEGATED or base == "Null"


def holds(condition: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Tell whether a condition block is true of a request.

    Parameters
    ----------
    condition
        The block: operator, then key, then wanted value or values.
    context
        The request's values by key. Keys are compared without case.

    """
    folded = {key.casefold(): list(values) for key, values in context.items()}
    return all(
        _test(operator, folded.get(key.casefold()), [str(v) for v in listed(wanted)])
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    )


def listed(value: Any) -> list[Any]:  # noqa: ANN401 - a policy's scalar or list
    """Return a list, of which IAM lets one single member stand without brackets."""
    return list(value) if isinstance(value, list | tuple) else [value]


def _test(operator: str, actual: list[str] | None, wanted: list[str]) -> bool:
    qualifier, _, name = operator.rpartition(":")
    base = name.removesuffix("IfExists")
    wanted = [_spelled(value) for value in wanted]
    if base == "Null":
        return str(actual is None).casefold() == wanted[0].casefold()
    if not actual:
        # An absent key satisfies what is negated, what asks of all values, and what allows absence.
        return base in NEGATED or name != base or qualifier == "ForAllValues"
    one = _comparison(base, wanted)
    if qualifier == "ForAllValues":
        return all(one(value) for value in actual)
    # Without a qualifier a key has a single value; with `ForAnyValue` one of several is enough.
    return any(one(value) for value in actual)


def _comparison(base: str, wanted: list[str]) -> Callable[[str], bool]:
    if base in NEGATED:
        compare = COMPARISONS[NEGATED[base]]
        return lambda value: not any(compare(value, one) for one in wanted)
    chosen = COMPARISONS.get(base)
    if chosen is None:
        return lambda _: False
    return lambda value: any(chosen(value, one) for one in wanted)


def _spelled(value: str) -> str:
    return {"True": "true", "False": "false"}.get(value, value)
