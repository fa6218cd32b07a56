"""Memory that is free goes back to the system, between what is in use too."""

import platform
import subprocess
import sys

import pytest

# Prints MB in use when the blocks are there, when most are freed, and after the task.
_SCRIPT = """
import psutil
from ingest.allocator import give_back, trimmed

assert give_back()
used = lambda: psutil.Process().memory_info().rss / 1e6
with trimmed():
    blocks = [bytes([1]) * 200_000 for _ in range(1_000)]
    print(used())
    blocks = blocks[::50] # what is in use between the holes
    print(used())
print(used())
"""


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="other libraries manage by themselves"
)
def test_holes_are_given_back_after_a_task() -> None:
    said = subprocess.run(
        [sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=True
    ).stdout
    most, freed, after = map(float, said.split())
    assert freed > most - 100  # or the test would show nothing
    assert after < most - 150
