"""botocore's data files, read once each, and its folders, looked through once.

botocore reads its service models and endpoints anew for every session, and looks through the folders of more than
400 services each time, once for each type of file. moto makes several sessions: the model of EC2, the largest, is
parsed four times in a run, and the folders are looked through seven times. Here each is done once. Two methods of
botocore's loaders are replaced for it; where they are not as expected, and where SLRSPEC_PLAIN is set, botocore
reads as ever.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slrspec.running.garbage import no_collection_importing
from slrspec.running.plain import plain_wanted, replaced, takes

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
_listed: dict[str, dict[str, set[str]]] = {}


@contextmanager
def models_read_once() -> Iterator[bool]:
    """Have botocore parse each of its files once for as long as the context lasts; yield whether that is possible.

    Those who ask for a file again get the very same object. botocore itself only ever merges a service's extras
    into its model, which does no more the second time than it did the first.
    """
    with no_collection_importing("botocore.loaders"):
        from botocore import loaders

    if plain_wanted() or not all(_as_expected(loaders, *method) for method in EXPECTED):
        yield False
        return
    with replaced(
        (loaders.JSONFileLoader, "load_file", _files(loaders.JSONFileLoader.load_file)),
        (loaders.Loader, "list_available_services", _services),
    ):
        yield True


def _as_expected(module: object, owner: str, name: str, parameters: list[str]) -> bool:
    return takes(getattr(getattr(module, owner, None), name, None), parameters)


def _files(plain: Method) -> Method:
    def load_file(self: object, file_path: str) -> Any:  # noqa: ANN401 - botocore has no types
        if file_path not in _read:
            _read[file_path] = plain(self, file_path)
        return _read[file_path]

    return load_file


def _services(self: Any, *args: str, **kwargs: str) -> list[str]:  # noqa: ANN401 - as above
    """Return the services that have a file of a type, as botocore's own method does."""
    (type_name,) = *args, *kwargs.values()
    paths: list[str] = [path for path in self.search_paths if Path(path).is_dir()]
    for path in paths:
        if path not in _listed:
            _listed[path] = _services_by_type(path)
    return sorted({service for path in paths for service in _listed[path].get(type_name, ())})


def _services_by_type(path: str) -> dict[str, set[str]]:
    """Look through `<path>/<service>/<version>/<type>.json`, or `.json.gz`: botocore documents the layout."""
    found: dict[str, set[str]] = {}
    for service in filter(os.DirEntry.is_dir, os.scandir(path)):
        for version in filter(os.DirEntry.is_dir, os.scandir(service)):
            for file in os.scandir(version):
                type_name = file.name.removesuffix(".gz").removesuffix(".json")
                found.setdefault(type_name, set()).add(service.name)
    return found
