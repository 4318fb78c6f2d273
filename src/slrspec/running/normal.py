"""Making exchanges comparable and safe to publish: references for generated values, nothing for secrets.

Two equal runs then differ in no byte but their times. A value keeps its reference throughout a scenario, so that
one can still see that the second role has another id than the first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# No member of an API has a colon in its name. IAM's condition keys do: `secretsmanager:ResourceTag/…` is no secret.
SECRET_FIELD = re.compile(
    r"^[^:]*(?:password|secret)[^:]*$|^[^:]*token$|^credentials$|^authorization$", re.IGNORECASE
)
# IAM's unique ids: the first four letters tell what it is of.
UNIQUE_ID = re.compile(r"\b(A(?:GPA|IDA|IPA|KIA|NPA|NVA|PKA|ROA|SCA|SIA))[A-Z0-9]{12,}\b")
UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
ID_KINDS = {
    "AROA": "role-id",
    "AIDA": "user-id",
    "AGPA": "group-id",
    "ANPA": "policy-id",
    "AIPA": "profile-id",
}
KEY_KINDS = frozenset({"AKIA", "ASIA"})
# Not every emulator's ids have IAM's form, so these fields are ids whatever they look like.
ID_FIELDS = {
    "GroupId": "group-id",
    "InstanceProfileId": "profile-id",
    "JobId": "job-id",
    "PolicyId": "policy-id",
    "RoleId": "role-id",
    "UserId": "user-id",
}
RESOURCE_ID = re.compile(r"\bdb-[A-Z0-9]{20,}\b")
NETWORK_ID = re.compile(r"\b(sg|vpc|subnet|eni)-[0-9a-f]{8,17}\b")
ACCOUNT_ID = re.compile(r"\b[0-9]{12}\b")
SHORTEST = len("sg-12345678")  # of all that is generated


class References:
    """The numbered references of one scenario.

    Parameters
    ----------
    account_id
        Twelve digits, written as `<account>`.

    Attributes
    ----------
    withheld
        The account id and every secret that was replaced, so that what is published can be searched for them.

    """

    def __init__(self, account_id: str) -> None:
        self.account_id = account_id
        self.withheld: set[str] = {account_id}
        self._known: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._texts: dict[str, str] = {}

    def normal(self, value: Any) -> Any:  # noqa: ANN401 - any JSON-like value goes in and comes out
        """Return the value with references in place of what is generated, secret or timed."""
        if isinstance(value, str):  # first what is most frequent
            return self.text(value)
        if value is None or isinstance(value, (bool, int, float)):
            return value
        if isinstance(value, (dict, Mapping)):
            return {str(key): self._field(str(key), item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.normal(item) for item in value]
        if isinstance(value, (datetime, date)):
            return "<time>"
        return self.text(str(value))

    def _field(self, name: str, value: Any) -> Any:  # noqa: ANN401 - as above
        if _is_secret(name) and value is not None:
            self.withheld.update(_leaves(value))
            return "<secret>"
        if name in ID_FIELDS and isinstance(value, str):
            return self._reference(ID_FIELDS[name], value)
        return self.normal(value)

    def text(self, text: str) -> str:
        """Return the text with the generated parts of it replaced."""
        if text not in self._texts:  # most are said again: names, policies, ARNs
            self._texts[text] = self._replaced(text)
        return self._texts[text]

    def _replaced(self, text: str) -> str:
        if not text.isascii():  # half a character, which JSON can smuggle in, cannot be written anywhere
            text = text.encode("utf-8", "replace").decode("utf-8")
        if len(text) < SHORTEST:
            return text
        text = ACCOUNT_ID.sub(lambda match: "<account>" if match[0] == self.account_id else match[0], text)
        text = UNIQUE_ID.sub(self._unique_id, text)
        text = NETWORK_ID.sub(lambda match: self._reference(match[1], match[0]), text)
        text = RESOURCE_ID.sub(lambda match: self._reference("db-resource-id", match[0]), text)
        return UUID.sub(lambda match: self._reference("uuid", match[0]), text)

    def _unique_id(self, match: re.Match[str]) -> str:
        if match[1] in KEY_KINDS:
            self.withheld.add(match[0])
            return "<access-key>"
        return self._reference(ID_KINDS.get(match[1], "id"), match[0])

    def _reference(self, kind: str, value: str) -> str:
        if value not in self._known:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._known[value] = f"<{kind}:{self._counts[kind]}>"
        return self._known[value]


@lru_cache(1024)
def _is_secret(name: str) -> bool:
    return bool(SECRET_FIELD.search(name))


def _leaves(value: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    """Yield the texts within a value."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, str):
        yield value
