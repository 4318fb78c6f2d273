"""How pytest-xdist divides the tests: by file, for a file's tests share what is expensive to make; the longest first.

By its own `load` every process makes every fixture that a session or a file shares, and what takes a minute may come
last, when the others have nothing left to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# In this order; a number is how many seconds of a processor the file takes, more or less, where that is above thirty.
LONG = (
    "tests/documented/test_faults.py",  # 90
    "tests/documented/test_emptied_steps.py",  # 80
    "tests/documented/test_pace.py",  # 70, in two parts
    "tests/running/test_expectations_matter.py",  # 60, by provider
    "tests/docs/test_commands_in_docs.py",  # 100, by command
    "tests/sandbox/test_night.py",
    "tests/cells/test_processes.py",
    "tests/documented/test_cache_clusters.py",
    "tests/documented/test_catalogue_faults.py",
    "tests/providers/test_aws_cli.py",
    "tests/package/test_wheel.py",
    "tests/sandbox",
    "tests/report_site",
    "tests/documented",
)
# Their tests share nothing, and are given out one by one.
APART = ("tests/documented/test_pace.py", "tests/docs/test_commands_in_docs.py")
# Whose tests share one site that takes half a minute to make.
TOGETHER = ("tests/report_site/",)


def place(nodeid: str) -> int:
    """Where in the queue a test stands: before those that take less time."""
    return next((number for number, start in enumerate(LONG) if nodeid.startswith(start)), len(LONG))


def shared(nodeid: str) -> str:
    """The name of what a process takes as a whole: tests that share something, or one that shares nothing."""
    if nodeid.startswith(APART):
        return nodeid
    file, _, test = nodeid.partition("::")
    if "[" in test and file.endswith("test_expectations_matter.py"):
        return f"{file}{test[test.rindex('[') :]}"
    return next((folder for folder in TOGETHER if nodeid.startswith(folder)), file)


class ByWhatTheyShare(LoadScopeScheduling):  # type: ignore[misc]
    """Gives out files, in the order in which they are collected."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return shared(nodeid)


def in_order(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The tests with the longest first, and otherwise as they were."""
    return sorted(items, key=lambda item: place(item.nodeid))
