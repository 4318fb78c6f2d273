"""Deep calls find room: nothing is mapped and unmapped each time that a loop calls across the end of a piece."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Prints, for loops at each depth of the stack, how many pages the worst of them had to be given.
LOOPS = """
import resource, sys
from slrspec import cli
from slrspec.running.stack_room import with_room

def leaf(a, b, c, d):
    return a

def loop():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(2000):
        leaf(1, 2, 3, 4)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def at(depth):
    return loop() if depth == 0 else at(depth - 1)

def worst():
    return max(at(depth) for depth in range(400))

cli.command.main = lambda *_, **__: print(worst())
{"plain": cli.command.main, "with room": lambda: with_room(cli.command.main), "command": cli.main}[sys.argv[1]]()
"""


def pages(way: str) -> int:
    """Return what the worst loop was given."""
    done = subprocess.run([sys.executable, "-c", LOOPS, way], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="no count of pages there")
@pytest.mark.parametrize("way", ["with room", "command"])
def test_a_loop_maps_nothing_at_any_depth(way: str) -> None:
    assert pages(way) < 100


@pytest.mark.skipif(
    sys.implementation.name != "cpython" or not (3, 11) <= sys.version_info < (3, 14),
    reason="what it helps against is CPython's, and known of these",
)
def test_without_room_some_loop_does() -> None:
    assert pages("plain") > 1000
