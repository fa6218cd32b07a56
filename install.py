"""Installs the packages of this checkout: by uv, where that can be had, else by pip.

    .venv/bin/python install.py OPTIONS OF pip install

uv fetches and unpacks many packages at once, with a part of the work: those of the tests are 3 GB.
It is told what pip finds in its settings, those of the machine and those of the environment.
"""

import os
import subprocess
import sys
from ast import literal_eval
from pathlib import Path

_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
# Settings of pip that uv has, too, each by its option; of those that take several, one each.
_SEVERAL = {
    "find-links": "--find-links", "extra-index-url": "--extra-index-url",
    "constraint": "--constraint", "trusted-host": "--allow-insecure-host",
}  # fmt: skip
_ONE = {"index-url": "--default-index"}


def main(arguments: list[str]) -> int:
    """Install, and return the exit status."""
    return 0 if _by_uv(arguments) else _run(*_PIP, "install", "--quiet", "--no-compile", *arguments)


def _by_uv(arguments: list[str]) -> bool:
    """Return whether uv has installed it; what it left undone, pip does."""
    here = ("--quiet", "--constraint", "constraints.txt", "uv")
    if _run(*_PIP, "install", *here) != 0:
        return False
    known = settings()
    options = [f"{name}={value}" for name, value in uv_options(known)]
    environment = {"SSL_CERT_FILE": known["cert"], **os.environ} if "cert" in known else None
    command = [
        str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet",
        "--python", sys.executable,
        # As pip does: of all places the newest that fits.
        "--index-strategy", "unsafe-best-match",
        *options,
    ]  # fmt: skip
    return _run(*command, *arguments, env=environment) == 0


def uv_options(known: dict[str, str]) -> list[tuple[str, str]]:
    """Return the options of uv, each with a value, that are these settings of pip."""
    several = [
        (option, value)
        for name, option in _SEVERAL.items()
        for value in known.get(name, "").split()
    ]
    return several + [(_ONE[name], value) for name, value in known.items() if name in _ONE]


def settings() -> dict[str, str]:
    """Return the settings of pip; those of the environment come before those of its files."""
    listed = subprocess.run(  # noqa: S603
        [*_PIP, "config", "list"], capture_output=True, text=True, check=False
    )
    found: dict[str, str] = {}
    lines = (line.partition("=") for line in listed.stdout.splitlines())
    places = {place.rpartition(".")[::2]: literal_eval(value) for place, _, value in lines}
    for scope in ("global", "install", ":env:"):
        found |= {name: str(value) for (at, name), value in places.items() if at == scope}
    return found


def _run(*command: str, env: dict[str, str] | None = None) -> int:
    return subprocess.run(command, env=env, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
