"""Other accounts of the machine, for tests that root runs."""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest

# It exists everywhere, and nothing belongs to it.
NOBODY = 65_534

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has other accounts")


def identity(uid: int) -> dict[str, Any]:
    """Return how subprocess starts a program as an account; root may, others are who they are."""
    return {"user": uid, "group": uid, "extra_groups": []} if os.geteuid() == 0 else {}


@cache
def python(uid: int) -> tuple[str, str]:
    """Return a Python that the account may run, and the PYTHONPATH with which it has our packages.

    That of these tests may lie below /root, which is closed.
    """
    ours = [str(Path(__file__).parents[1]), *(path for path in sys.path if "site-packages" in path)]
    version = "python{}.{}".format(*sys.version_info)
    for path, packages in (
        (sys.executable, ""),
        *(
            (f"{folder}/{version}", os.pathsep.join(ours))
            for folder in ("/usr/bin", "/usr/local/bin")
        ),
    ):
        with suppress(OSError):
            environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": packages}
            command = [path, "-c", "import db.embedded"]
            if not subprocess.run(
                command, env=environment, capture_output=True, cwd="/", **identity(uid)
            ).returncode:
                return path, packages
    pytest.skip(f"account {uid} can run no {version} with these packages")


def run_as(
    uid: int, code: str, *arguments: object, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run Python code of ours as an account, in an environment of its own."""
    path, packages = python(uid)
    return subprocess.run(
        [path, "-P", "-c", code, *map(str, arguments)],
        cwd="/",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": packages, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=120,
        **identity(uid),
    )


def tree(folder: Path) -> list[tuple[str, int, int, int]]:
    """Return name, owner, mode and size of everything in a folder and of the folder itself."""
    found = []
    for path in (folder, *sorted(folder.rglob("*"))):
        state = path.lstat()
        found.append((str(path), state.st_uid, state.st_mode, state.st_size))
    return found
