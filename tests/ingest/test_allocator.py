"""Memory that is free goes back to the system, between what is in use too."""

import gc
import platform
import subprocess
import sys
import weakref

import pytest

from ingest.allocator import trimmed

# Prints MB in use when the blocks are there, when most are freed, and after the task, or a while.
_SCRIPT = """
import psutil, time
from contextlib import nullcontext
from ingest.allocator import give_back, start_trimming, trimmed

assert give_back()
used = lambda: psutil.Process().memory_info().rss / 1e6
with {task}:
    blocks = [bytes([1]) * 200_000 for _ in range(1_000)]
    print(used())
    blocks = blocks[::50] # what is in use between the holes
    print(used())
{after}
print(used())
"""
_LATER = """
start_trimming(seconds=0.01)
while used() > 150:
    time.sleep(0.01)
"""


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="other libraries manage by themselves"
)
@pytest.mark.parametrize(("task", "after"), [("trimmed()", ""), ("nullcontext()", _LATER)])
def test_holes_are_given_back(task: str, after: str) -> None:
    said = subprocess.run(
        [sys.executable, "-c", _SCRIPT.format(task=task, after=after)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    most, freed, after = map(float, said.split())
    assert freed > most - 100  # or the test would show nothing
    assert after < most - 150


class _Part:
    """Something that refers to itself by way of another."""

    other: "_Part"


def test_what_refers_to_itself_is_freed() -> None:
    gc.disable()  # or it might happen to be freed before
    try:
        with trimmed():
            one, two = _Part(), _Part()
            one.other, two.other = two, one
            left = weakref.ref(one)
            del one, two
            assert left() is not None
        assert left() is None
    finally:
        gc.enable()
