"""Answers in AWS's Query protocol, as IAM, RDS, ElastiCache and STS give them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

NAMESPACES = {
    "elasticache": "http://elasticache.amazonaws.com/doc/2015-02-02/",
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "rds": "http://rds.amazonaws.com/doc/2014-10-31/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}
Answer = tuple[int, dict[str, str], Any]


def answer(service: str, action: str, result: Mapping[str, Any] | None = None) -> Answer:
    """Return what moto's dispatcher returns: status, headers and body.

    Parameters
    ----------
    service, action
        `iam`, `CreateServiceLinkedRole`.
    result
        The members of the result; lists become `member` elements, None is left out.

    """
    body = "" if result is None else f"<{action}Result>{_content(result)}</{action}Result>"
    return _reply(200, f'<{action}Response xmlns="{NAMESPACES[service]}">{body}{_metadata()}</{action}Response>')


def refusal(service: str, code: str, status: int, message: str) -> Answer:
    """Return an error as moto's dispatcher returns it."""
    kind = "Sender" if status < 500 else "Receiver"  # noqa: PLR2004 - HTTP's own boundary
    error = f"<Error><Type>{kind}</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    namespace = NAMESPACES[service]
    return _reply(
        status, f'<ErrorResponse xmlns="{namespace}">{error}<RequestId>{uuid4()}</RequestId></ErrorResponse>'
    )


def _reply(status: int, body: str) -> Answer:
    return status, {"Content-Type": "text/xml", "status": str(status)}, body


def _metadata() -> str:
    return f"<ResponseMetadata><RequestId>{uuid4()}</RequestId></ResponseMetadata>"


def _content(value: Any) -> str:  # noqa: ANN401 - a tree of plain values
    if isinstance(value, Mapping):
        return "".join(f"<{key}>{_content(item)}</{key}>" for key, item in value.items() if item is not None)
    if isinstance(value, list | tuple):
        return "".join(f"<member>{_content(item)}</member>" for item in value)
    if isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return escape(str(value))
