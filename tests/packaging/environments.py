"""Environments with what one extra asks for and nothing else, made without a network.

Our wheels are built and unpacked once; of them, and of everything else that is installed here,
there are links, and only to what the wheels' own metadata lead to.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
SOURCES = (
    "deeptracker",
    "app",
    "db",
    "ingest",
    "migrations",
    "build_backend.py",
    "package.json",
    "package-lock.json",
    "pyproject.toml",
    "LICENSE",
    "README.md",
)


def build(folder: Path) -> dict[str, Path]:
    """Build both wheels from a copy of the sources; return them by the distribution's name."""
    source, wheels = folder / "source", folder / "wheels"
    source.mkdir()
    leftovers = shutil.ignore_patterns("__pycache__", "build", "*.egg-info", "node_modules")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=leftovers)
        else:
            shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    command = [*pip, "--no-index", "--wheel-dir", wheels, source / "deeptracker", source]
    subprocess.run(command, check=True, timeout=300)
    return {_name(path): path for path in wheels.glob("*.whl")}


def unpack(wheels: dict[str, Path], folder: Path) -> dict[str, PathDistribution]:
    """Return what is in our wheels, by name: one copy for all, compiled once."""
    found = {}
    for name, wheel in wheels.items():
        zipfile.ZipFile(wheel).extractall(folder / name)
        (info,) = (folder / name).glob("*.dist-info")
        found[name] = PathDistribution(info)
    return found


def _name(wheel: Path) -> str:
    return wheel.name.partition("-")[0].replace("_", "-")


@dataclass(frozen=True)
class Environment:
    """A virtual environment, and a folder to work in that has nothing of ours."""

    home: Path
    names: frozenset[str]

    @property
    def packages(self) -> Path:
        """Return the folder of the installed packages."""
        return _packages(self.home)

    def run(
        self, *command: str, status: int = 0, **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program of the environment and check its exit status."""
        ran = subprocess.run(
            [self.home / "bin" / command[0], *command[1:]],
            cwd=self.work,
            env=self.variables(**environment),
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert ran.returncode == status, f"{command}: {ran.returncode}\n{ran.stdout}{ran.stderr}"
        return ran

    def python(self, code: str, *, status: int = 0) -> "subprocess.CompletedProcess[str]":
        """Run some Python."""
        return self.run("python", "-c", code, status=status)

    @property
    def work(self) -> Path:
        """Return the folder that programs run in."""
        return self.home.parent

    def variables(self, **more: str) -> dict[str, str]:
        """Return the variables of a user who has set nothing of ours."""
        ours = ("DEEPTRACKER_", "DATABASE_URL", "PYTHON", "COVERAGE", "PYTEST")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        return {**kept, "DEEPTRACKER_HOME": str(self.work / "home"), **more}

    def without(self, *modules: str) -> None:
        """Take modules away, as a broken installation would lack them."""
        for module in modules:
            (self.packages / module).unlink()


def make(folder: Path, ours: dict[str, PathDistribution], extra: str = "") -> Environment:
    """Return an environment as `pip install 'deeptracker[extra]'` makes it."""
    folder.mkdir()
    home = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True, timeout=300)
    packages = _packages(home)
    names = _asked_for("deeptracker", {extra}, ours)
    for name in names:
        _link(ours.get(name) or distribution(name), packages)
    _scripts(ours["deeptracker"], home)
    return Environment(home, frozenset(names))


def _packages(home: Path) -> Path:
    return home / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"


def _asked_for(name: str, extras: set[str], ours: dict[str, PathDistribution]) -> set[str]:
    """Return the names of a distribution and of all that it needs, by their metadata."""
    found: dict[str, set[str]] = {}
    waiting = [(name, extras)]
    while waiting:
        name, extras = waiting.pop()
        if name in found and extras <= found[name]:
            continue
        found.setdefault(name, set()).update(extras)
        installed = ours.get(name) or distribution(name)
        for text in installed.requires or []:
            needed = Requirement(text)
            marker = needed.marker
            if marker is None or any(marker.evaluate({"extra": e}) for e in {"", *extras}):
                waiting.append((canonicalize_name(needed.name), set(needed.extras)))
    return set(found)


def _link(installed: Distribution, packages: Path) -> None:
    """Link what an installed distribution has in the folder of packages."""
    for top in {file.parts[0] for file in installed.files or []} - {"..", "__pycache__"}:
        if not (packages / top).exists():
            (packages / top).symlink_to(Path(str(installed.locate_file(top))))


def _scripts(installed: Distribution, home: Path) -> None:
    """Write the commands of a distribution, as pip does."""
    for entry in installed.entry_points.select(group="console_scripts"):
        script = home / "bin" / entry.name
        script.write_text(
            f"#!{home / 'bin' / 'python'}\nimport sys\n"
            f"from {entry.module} import {entry.attr}\nsys.exit({entry.attr}())\n"
        )
        script.chmod(0o755)
