"""JSON that slrspec has written and somebody may have cut or changed: read whole, or refused in one line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

    from slrspec.errors import SlrspecError

Kind = TypeVar("Kind")
AT_BYTE = re.compile(r"(?P<what>.*) \(byte (?P<byte>\d+)\)")


def decoded(content: bytes, kind: type[Kind], file: Path, refusal: type[SlrspecError], what: str) -> Kind:
    """Return a file's content as a record.

    Parameters
    ----------
    content
        Of the file, decompressed.
    kind
        Of the record.
    refusal
        What to raise if it is no JSON, with the line where it ends to be, or if it does not fit the record: then
        the message names the field.
    what
        What the file is not, in words.

    """
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        raise refusal(f"{what}: {error}", where=(file, None)) from error
    except msgspec.DecodeError as error:
        found = AT_BYTE.fullmatch(str(error))
        said, end = (found["what"], int(found["byte"])) if found else (str(error), len(content.rstrip()))
        raise refusal(f"{what}: {said}", where=(file, content.count(b"\n", 0, end) + 1)) from error
