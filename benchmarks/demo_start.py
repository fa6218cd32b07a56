"""How long `make demo` takes from a clean clone to the first page, and where the seconds go.

`python -m benchmarks.demo_start`: this commit (what is committed) and the one before the work on it
began, each in a clone of its own, by turns; `--against COMMIT` names another one. The cache of pip
is the user's: the first turn fills it, and is not counted. CPU seconds, those of all processes up
to the page, say the same on a busy machine; a turn takes a minute or two on an idle one.
"""

import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import psutil
import typer

from benchmarks.outages import free_port
from benchmarks.report import Row, finish

# The last commit before the demo had an installation of its own.
BEFORE = "1c5d31f"
AT_MOST = 0.7
_ROOT = Path(__file__).parents[1]
_PATIENCE_SECONDS = 1_800.0


@dataclass(frozen=True)
class Start:
    """One start: seconds of each stage, in order, and the CPU seconds of everything."""

    stages: dict[str, float]
    cpu: float

    @property
    def seconds(self) -> float:
        """Return the seconds from the command to the page."""
        return sum(self.stages.values())


def measure(against: str, turns: int) -> Iterator[Row]:
    """Start both by turns; the first turn of each only fills the caches."""
    found: dict[str, list[Start]] = {"HEAD": [], against: []}
    for turn in range(turns + 1):
        for commit, starts in found.items():
            start = started(commit)
            if turn:
                starts.append(start)
    now, before = found["HEAD"], found[against]
    for stage in now[0].stages:
        yield Row(stage, *_of(now, before, lambda one, stage=stage: one.stages[stage]))  # type: ignore[misc]
    yield Row("CPU seconds of all of it", *_of(now, before, lambda one: one.cpu))
    what = "make demo from a clean clone to the first page"
    figure, unit, reference = _of(now, before, lambda one: one.seconds)
    bar = f"at most {AT_MOST} x"
    yield Row(what, figure, unit, reference, bar, figure <= AT_MOST * reference)


def _of(
    now: list[Start], before: list[Start], what: Callable[[Start], float]
) -> tuple[float, str, float]:
    return statistics.median(map(what, now)), "s", statistics.median(map(what, before))


def started(commit: str) -> Start:
    """Run `make demo` of a commit in a new clone until its first page is there; stop it."""
    with tempfile.TemporaryDirectory(prefix="deeptracker-demo-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        clone, home = folder / "clone", folder / "home"
        subprocess.run(["git", "clone", "--quiet", str(_ROOT), str(clone)], check=True)
        subprocess.run(["git", "checkout", "--quiet", _hash(commit)], cwd=clone, check=True)
        port = free_port()
        with (folder / "said").open("w+") as said:
            process = subprocess.Popen(
                ["make", "demo", f"PYTHON={_python()}"],
                cwd=clone,
                env=_environment(home, port),
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                return _watched(process, clone, home, port)
            except RuntimeError:
                said.seek(0)
                sys.stderr.write(said.read()[-4000:])
                raise
            finally:
                _stop(process, home)


def _watched(process: "subprocess.Popen[bytes]", clone: Path, home: Path, port: int) -> Start:
    """Return what it took; a stage ends when what it makes is there."""
    page = f"http://127.0.0.1:{port}/login"
    ends: dict[str, Callable[[], bool]] = {
        "venv": lambda: any((clone / ".venv").glob("lib/python*/site-packages/pip-*/RECORD")),
        "pip": lambda: any((clone / ".venv" / end).exists() for end in (".demo", ".installed")),
        "npm": (clone / "node_modules" / ".installed").exists,
        "bundle": (clone / "app" / "assets" / "built" / "bundle.json").exists,
        "initdb, server of the database": (home / "postgresql" / "postmaster.pid").exists,
        "migrations": lambda: any((home / "logs").glob("web-*")),
        "first page": lambda: _answers(page),
    }
    stages, last = {}, time.perf_counter()
    for stage, done in ends.items():
        while not done():
            if process.poll() is not None or time.perf_counter() - last > _PATIENCE_SECONDS:
                raise RuntimeError(f"make demo has not come past: {stage}")
            time.sleep(0.05)
        now = time.perf_counter()
        stages[stage], last = now - last, now
    return Start(stages, _cpu(process.pid, home))


def _answers(page: str) -> bool:
    try:
        with urllib.request.urlopen(page, timeout=30) as answer:
            return bool(answer.status == 200 and b"DeepTracker" in answer.read())
    except (urllib.error.URLError, OSError):
        return False


def _processes(pid: int, home: Path) -> Iterator[psutil.Process]:
    """Yield the command's processes, and those of the database, which left its session."""
    with suppress(psutil.Error):
        command = psutil.Process(pid)
        yield command
        yield from command.children(recursive=True)
    for found in psutil.process_iter():
        with suppress(psutil.Error):
            if found.name() == "postgres" and Path(found.cwd()).is_relative_to(home):
                yield found


def _cpu(pid: int, home: Path) -> float:
    """Return the CPU seconds of all processes so far, with those that have ended."""
    total = 0.0
    for each in _processes(pid, home):
        with suppress(psutil.Error):
            total += sum(each.cpu_times()[:4])
    return total


def _stop(process: "subprocess.Popen[bytes]", home: Path) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(60)
    left = list(_processes(process.pid, home))
    for each in left:
        with suppress(psutil.Error):
            each.kill()
    psutil.wait_procs(left, 10)
    process.wait()
    shutil.rmtree(home, ignore_errors=True)


def _environment(home: Path, port: int) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("DEEPTRACKER_")}
    for name in ("DATABASE_URL", "VIRTUAL_ENV", "PYTHONPATH", "DISPLAY", "WAYLAND_DISPLAY"):
        own.pop(name, None)
    return {**own, "DEEPTRACKER_HOME": str(home), "DEEPTRACKER_PORT": str(port)}


def _python() -> str:
    """Return the Python that the benchmark's environment was made of."""
    return str(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")


def _hash(commit: str) -> str:
    said = subprocess.run(
        ["git", "rev-parse", f"{commit}^{{commit}}"], cwd=_ROOT, capture_output=True, check=True
    )
    return said.stdout.decode().strip()


def main(
    against: Annotated[str, typer.Option(help="The commit to compare with.")] = BEFORE,
    turns: Annotated[int, typer.Option(min=1, help="Counted starts of each.")] = 1,
    json_path: Annotated[Path | None, typer.Option("--json", help="Write the table here.")] = None,
) -> None:
    """Compare the start of the demo of two commits."""
    finish("demo_start", list(measure(against, turns)), scale=1.0, json_path=json_path)


if __name__ == "__main__":
    typer.run(main)
