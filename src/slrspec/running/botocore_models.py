"""botocore's data files, read once each, and its folders, looked through once.

botocore reads its service models and endpoints anew for every session, and looks through the folders of more than
400 services each time. moto makes several sessions: the model of EC2, the largest, is parsed four times in a run.
Here that is done once. Two methods of botocore's loaders are replaced for it; where they are not as expected, and
where SLRSPEC_PLAIN is set, botocore reads as ever.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from slrspec.running.plain import plain_wanted, takes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Method = Callable[..., Any]

# Of `botocore.loaders`: class, method, and the parameters that it must have.
EXPECTED = (
    ("JSONFileLoader", "load_file", ["self", "file_path"]),
    ("Loader", "list_available_services", ["self", "args", "kwargs"]),  # botocore remembers for each loader itself
)
# For as long as the process lives: hundreds of runs of the fault matrix ask for the same.
_read: dict[str, Any] = {}
_listed: dict[object, list[str]] = {}


@contextmanager
def models_read_once() -> Iterator[bool]:
    """Have botocore parse each of its files once for as long as the context lasts; yield whether that is possible.

    Those who ask for a file again get the very same object. botocore itself only ever merges a service's extras
    into its model, which does no more the second time than it did the first.
    """
    from botocore import loaders

    if plain_wanted() or not all(_as_expected(loaders, *method) for method in EXPECTED):
        yield False
        return
    with pytest.MonkeyPatch.context() as replaced:
        for (owner, name, _), remembering in zip(EXPECTED, (_files, _services), strict=True):
            plain = getattr(getattr(loaders, owner), name)
            replaced.setattr(getattr(loaders, owner), name, remembering(plain))
        yield True


def _as_expected(module: object, owner: str, name: str, parameters: list[str]) -> bool:
    return takes(getattr(getattr(module, owner, None), name, None), parameters)


def _files(plain: Method) -> Method:
    def load_file(self: object, file_path: str) -> Any:  # noqa: ANN401 - botocore has no types
        if file_path not in _read:
            _read[file_path] = plain(self, file_path)
        return _read[file_path]

    return load_file


def _services(plain: Method) -> Method:
    def list_available_services(self: Any, *args: str, **kwargs: str) -> list[str]:  # noqa: ANN401 - as above
        asked = (tuple(self.search_paths), args, *kwargs.items())
        if asked not in _listed:
            _listed[asked] = plain(self, *args, **kwargs)
        return list(_listed[asked])

    return list_available_services
