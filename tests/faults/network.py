"""A network of its own for one process, whose packets can be dropped without a word."""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network

# 198.18.0.0/15 is kept for such tests: no real network uses it.
_OURS = IPv4Network("198.18.0.0/15")


def may_be_made() -> bool:
    """Return whether this process may make one: root on Linux, outside of a strict container."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    name = f"dtx{secrets.token_hex(3)}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode:
        return False
    try:
        ends = ["ip", "link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b"]
        made = subprocess.run(ends, capture_output=True).returncode == 0
        if made:
            _ip("link", "del", f"{name}a")
        return made
    finally:
        _ip("netns", "del", name)


@dataclass(frozen=True)
class Network:
    """A network with one machine `there` beside this one, which is `here` in it."""

    name: str
    here: str
    there: str

    @property
    def enter(self) -> str:
        """Return the Python statement with which a process moves there, before it has threads."""
        path = f"/run/netns/{self.name}"
        return (
            f"import ctypes, os; ctypes.CDLL(None).setns(os.open({path!r}, os.O_RDONLY), 1 << 30);"
        )

    def drop(self) -> None:
        """Lose every packet from there."""
        wrong = "02:00:00:00:00:99"  # nobody's
        _ip("-n", self.name, "neigh", "replace", self.here, "lladdr", wrong, "dev", f"{self.name}b")

    def heal(self) -> None:
        """Lose none any more."""
        _ip("-n", self.name, "neigh", "del", self.here, "dev", f"{self.name}b")


@contextmanager
def network() -> Iterator[Network]:
    """Yield a network; it is gone afterwards."""
    # Others may have one at the same time, or have left one behind: each has addresses of its own.
    first = _OURS[4 * secrets.randbelow(_OURS.num_addresses // 4)]
    made = Network(f"dt{secrets.token_hex(3)}", str(first + 1), str(first + 2))
    here, there = f"{made.name}a", f"{made.name}b"
    _ip("netns", "add", made.name)
    try:
        _ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", made.name)
        _ip("address", "add", f"{made.here}/30", "dev", here)
        _ip("link", "set", here, "up")
        _ip("-n", made.name, "address", "add", f"{made.there}/30", "dev", there)
        _ip("-n", made.name, "link", "set", there, "up")
        _ip("-n", made.name, "link", "set", "lo", "up")
        yield made
    finally:
        _ip("netns", "del", made.name)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
