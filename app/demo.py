"""`deeptracker demo`: web server, worker and a real training, started and stopped together."""

import os
import re
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn
from rich.progress import Progress as Bar
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.auth.links import make_link
from app.config import AppSettings
from app.processes import Child, Children, stop_signals
from db.config import DatabaseSettings
from db.engine import session_scope
from db.permissions import Role
from db.queries import accounts, jobs
from db.queries.jobs import OPEN_STATES, JobRow
from deeptracker.errors import DeepTrackerError

ADMIN = "admin@localhost"
ROOTS = "DEEPTRACKER_LOG_ROOTS"
READY_SECONDS = 60.0
# A snapshot every 5 of the 22 iterations of an epoch: about 170 of them.
EVERY = 5
PORTS = 50


class DemoFailed(DeepTrackerError):  # noqa: N818 - the name that callers read
    """A part of the demo ended; the text says which, and the end of what it said."""


def run_demo(
    settings: AppSettings, engine: Engine, *, epochs: int = 40, exit_when_done: bool = False
) -> int:
    """Run the demo until Ctrl-C, or until the run is loaded; return the exit status."""
    console = Console(highlight=False, soft_wrap=True)
    home = DatabaseSettings().home.expanduser().resolve()
    settings = _free_port(settings, console)
    with session_scope(engine) as session:
        account_id, link = _first_admin(session, settings.address)
    children = Children(home / "logs", _environment(home / "runs", settings))
    with stop_signals() as stopping:
        try:
            web = children.start("web", [*_ours(), "serve"])
            worker = children.start("worker", [*_ours(), "worker"])
            run_dir, training = _train(children, home / "runs", epochs)
            job_id = _follow(engine, run_dir, account_id)
            if _is_ready(web, settings, stopping):
                _announce(console, settings, run_dir, link)
            watch = _Watch(console, engine, job_id, run_dir.name, (web, worker), training, stopping)
            succeeded = watch.until_done()
            if not exit_when_done and not stopping.is_set():
                console.print(f"Still serving at {settings.address}. Ctrl-C stops the demo.")
                watch.until_stopped()
            if stopping.is_set():
                console.print("Stopping.")
            return 0 if succeeded else 1
        finally:
            children.stop()


def _ours() -> list[str]:
    return [sys.executable, "-m", "app.cli"]


def _environment(runs: Path, settings: AppSettings) -> dict[str, str]:
    """Return the children's environment: the port, and the demo's runs as a place for logs."""
    given = os.environ.get(ROOTS)
    return {
        **os.environ,
        ROOTS: os.pathsep.join([str(runs), given] if given else [str(runs)]),
        "DEEPTRACKER_HOST": settings.host,
        "DEEPTRACKER_PORT": str(settings.port),
        "PYTHONUNBUFFERED": "1",
    }


def _free_port(settings: AppSettings, console: Console) -> AppSettings:
    for port in range(settings.port, min(settings.port + PORTS, 65_536)):
        with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.host, port))
            except OSError:
                continue
        if port != settings.port:
            console.print(f"Port {settings.port} is in use; taking {port}.")
        return settings.on(port=port)
    raise DemoFailed(f"No port from {settings.port} on is free. Choose another one: --port")


def _first_admin(session: Session, address: str) -> tuple[int, str | None]:
    """Return an admin's id, and the link to log in where nobody has a password yet."""
    admins = [a for a in accounts.list_accounts(session) if a.active and a.role == Role.ADMIN]
    if accounts.anybody_can_log_in(session):
        # The demo's run belongs to whoever is there; no new way in is made.
        able = [account for account in admins if account.has_password] or admins
        return (able[0].id if able else accounts.list_accounts(session)[0].id), None
    admin = admins[0] if admins else accounts.add_account(session, email=ADMIN, role=Role.ADMIN)
    return admin.id, make_link(session, account_id=admin.id, address=address)


def _train(children: Children, runs: Path, epochs: int) -> tuple[Path, Child]:
    """Start the training of the next seed."""
    runs.mkdir(parents=True, exist_ok=True)
    seed = next_seed(runs)
    run_dir = runs / f"digits-seed-{seed}"
    command = [sys.executable, "-m", "deeptracker.demo", str(run_dir), "--seed", str(seed)]
    command += ["--epochs", str(epochs), "--every", str(EVERY)]
    return run_dir, children.start(f"training-{seed}", command)


def next_seed(runs: Path) -> int:
    """Return the first seed after those that were trained in the folder."""
    names = (re.fullmatch(r"digits-seed-(\d{1,6})", path.name) for path in runs.iterdir())
    return max((int(name[1]) + 1 for name in names if name), default=0)


def _follow(engine: Engine, run_dir: Path, account_id: int) -> int:
    with session_scope(engine) as session:
        return jobs.request(session, location=str(run_dir), mode="follow", requested_by=account_id)


def _is_ready(web: Child, settings: AppSettings, stopping: threading.Event) -> bool:
    """Wait until the web server answers; return False where the demo shall stop before."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/health"
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        _check_alive(web)
        try:
            with urllib.request.urlopen(url, timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            if stopping.wait(0.1):
                return False
    raise DemoFailed(f"The web server did not answer within {READY_SECONDS:.0f} s; see {web.log}.")


def _check_alive(child: Child) -> None:
    if child.process.poll() is not None:
        raise DemoFailed(
            f"The {child.name} ended with status {child.process.returncode}; "
            f"{child.log} says: {child.last_lines()}"
        )


def _announce(console: Console, settings: AppSettings, run_dir: Path, link: str | None) -> None:
    if link:
        text = f"Open this one-time link and choose a password:\n\n{link}\n"
    else:
        text = (
            f"Open {settings.address} and log in.\n"
            "Password forgotten? deeptracker user link EMAIL prints a new link.\n"
        )
    text += f"\n{run_dir.name} is being trained for about a minute; the maps grow meanwhile."
    # Links must stay whole, to be clicked and copied: no frame where the terminal is narrow.
    if console.is_terminal and console.width > max(map(len, text.splitlines())) + 4:
        console.print(Panel(text, title="DeepTracker is running", expand=False))
    else:
        console.print(f"\nDeepTracker is running.\n{text}\n", markup=False)
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform == "darwin":
        webbrowser.open(link or settings.address)


class _Watch:
    """Follows the training and its loading, and notices when a part of the demo ends."""

    def __init__(
        self,
        console: Console,
        engine: Engine,
        job_id: int,
        name: str,
        servers: tuple[Child, ...],
        training: Child,
        stopping: threading.Event,
    ) -> None:
        self._console, self._engine, self._job_id, self._name = console, engine, job_id, name
        self._servers, self._training, self._stopping = servers, training, stopping

    def until_done(self) -> bool:
        """Wait until the run is trained and loaded, or the demo shall stop; False for a failure."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Bar(
            *columns, console=self._console, transient=True, disable=not self._console.is_terminal
        ) as bar:
            task = bar.add_task(self._name, total=None)
            while (job := self._look(bar, task)).state in OPEN_STATES:
                if self._stopping.wait(0.5):
                    return True
        trained = self._training.process.poll() in (0, None)
        if not trained:
            self._console.print(
                f"The training failed; {self._training.log} says: {self._training.last_lines()}",
                markup=False,
            )
        said = job.error or job.message
        self._console.print(f"{self._name}: {job.done:,} snapshots loaded. {said}", markup=False)
        return trained and job.state == "succeeded"

    def _look(self, bar: Bar, task: TaskID) -> JobRow:
        for child in self._servers:
            _check_alive(child)
        with session_scope(self._engine) as session:
            job = jobs.get_job(session, job_id=self._job_id)
            if self._training.process.poll() not in (0, None):
                # Nothing more will come: do not wait for it.
                jobs.cancel(session, job_id=self._job_id)
        bar.update(task, completed=job.done, total=job.total)
        return job

    def until_stopped(self) -> None:
        """Wait for a signal; DemoFailed where the web server or the worker ends before."""
        while not self._stopping.wait(1):
            for child in self._servers:
                _check_alive(child)
