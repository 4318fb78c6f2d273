"""botocore's data files, read once each.

botocore reads its service models and endpoints anew for every session, and moto makes several: the model of EC2,
the largest, is parsed four times in a run. Here each file is parsed once. That replaces a method of botocore's
loader; where it is not as expected, and where SLRSPEC_PLAIN is set, botocore reads as ever.
"""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from slrspec.running.plain import plain_wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

METHOD = "load_file"
PARAMETERS = ["self", "file_path"]
# For as long as the process lives: hundreds of runs of the fault matrix ask for the same.
_read: dict[str, Any] = {}


@contextmanager
def models_read_once() -> Iterator[bool]:
    """Have botocore parse each of its files once for as long as the context lasts; yield whether that is possible.

    Those who ask for a file again get the very same object. botocore itself only ever merges a service's extras
    into its model, which does no more the second time than it did the first.
    """
    from botocore import loaders

    loader: Any = getattr(loaders, "JSONFileLoader", None)
    plain = getattr(loader, METHOD, None)
    if plain_wanted() or plain is None or list(inspect.signature(plain).parameters) != PARAMETERS:
        yield False
        return

    def load_file(self: object, file_path: str) -> Any:  # noqa: ANN401 - JSON
        if file_path not in _read:
            _read[file_path] = plain(self, file_path)
        return _read[file_path]

    setattr(loader, METHOD, load_file)
    try:
        yield True
    finally:
        setattr(loader, METHOD, plain)
