"""What a demo sets up before it starts anything; several may do so in one home, at once too."""

import re
import socket
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.auth.links import make_link
from app.config import AppSettings
from app.ports import PORTS, listen
from db.engine import session_scope
from db.file_lock import FileLock, is_locked, locked
from db.home import check_home
from db.permissions import Role
from db.queries.jobs import job_requests, jobs
from db.queries.jobs.jobs import OPEN_STATES
from db.queries.team import accounts
from deeptracker.errors import DeepTrackerError
from deeptracker.format import MANIFEST

ADMIN = "admin@localhost"
_NAME = re.compile(r"digits-seed-(\d{1,6})")
_TURN_SECONDS = 120.0


class DemoFailed(DeepTrackerError):  # noqa: N818 - the name that callers read
    """A part of the demo ended; the text says which, and the end of what it said."""


@dataclass(frozen=True)
class Stage:
    """What one demo has for itself: a port, a seed with its folder, a job, an account."""

    settings: AppSettings
    listener: socket.socket
    seed: int
    run_dir: Path
    lock: FileLock
    job_id: int
    account_id: int
    link: str | None

    def leave(self) -> None:
        """Give the seed back; the run stays."""
        self.lock.path.unlink(missing_ok=True)
        self.lock.lift()


def set_up(settings: AppSettings, engine: Engine, home: Path, console: Console) -> Stage:
    """Take what this demo needs, and see to what earlier ones left when they were killed.

    DemoFailed, HomeRefused.
    """
    check_home(home)
    runs = home / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    with locked(home / ".demo.lock", seconds=_TURN_SECONDS) as ours:
        if not ours:
            raise DemoFailed(
                f"Another demo has been starting in {home} for {_TURN_SECONDS:.0f} s. End it, or "
                "set DEEPTRACKER_HOME to another folder."
            )
        listener, settings = _listen(settings, console)
        seed, lock = _reserve(runs)
        run_dir = runs / f"digits-seed-{seed}"
        with session_scope(engine) as session:
            account_id, link = _first_admin(session, settings.address)
            _finish_orphans(session, runs)
            job_id = _follow(session, run_dir, account_id)
    return Stage(settings, listener, seed, run_dir, lock, job_id, account_id, link)


def _listen(settings: AppSettings, console: Console) -> tuple[socket.socket, AppSettings]:
    """Take the first free port, and hold it: so two demos that start at once have two."""
    for port in range(settings.port, min(settings.port + PORTS, 65_536)):
        try:
            listener = listen(settings.host, port)
        except OSError:
            continue
        if port != settings.port:
            console.print(f"Port {settings.port} is in use; taking {port}.")
        return listener, settings.on(port=port)
    raise DemoFailed(f"No port from {settings.port} on is free. Choose another one: --port")


def _reserve(runs: Path) -> tuple[int, FileLock]:
    """Return the next seed that no other demo has, and what keeps it from others."""
    for left in runs.glob(".digits-seed-*.lock"):
        if not is_locked(left):
            left.unlink(missing_ok=True)
    seed = next_seed(runs)
    while True:
        lock = FileLock(_lock(runs, seed))
        if lock.take(seconds=0):
            return seed, lock
        seed += 1


def next_seed(runs: Path) -> int:
    """Return the first seed after those that were trained in the folder."""
    names = (_NAME.fullmatch(path.name) for path in runs.iterdir())
    return max((int(name[1]) + 1 for name in names if name), default=0)


def _lock(runs: Path, seed: int) -> Path:
    return runs / f".digits-seed-{seed}.lock"


def _first_admin(session: Session, address: str) -> tuple[int, str | None]:
    """Return an admin's id, and the link to log in where nobody has a password yet."""
    admins = [a for a in accounts.list_accounts(session) if a.active and a.role == Role.ADMIN]
    if accounts.anybody_can_log_in(session):
        # The demo's run belongs to whoever is there; no new way in is made.
        able = [account for account in admins if account.has_password] or admins
        return (able[0].id if able else accounts.list_accounts(session)[0].id), None
    admin = admins[0] if admins else accounts.add_account(session, email=ADMIN, role=Role.ADMIN)
    # The link that another demo has printed goes on to work.
    return admin.id, make_link(session, account_id=admin.id, address=address, beside=True)


def _finish_orphans(session: Session, runs: Path) -> None:
    """Let the jobs end whose training ended with a demo that was killed.

    They would wait for more for hours. What was recorded is loaded.
    """
    for job in jobs.list_jobs(session, states=OPEN_STATES, limit=1_000):
        path = Path(job.location)
        name = _NAME.fullmatch(path.name)
        if path.parent != runs or not name or job.cancel_requested:
            continue
        if is_locked(_lock(runs, int(name[1]))):
            continue  # of a demo that runs, or of this one
        if (path / MANIFEST).exists():
            job_requests.take_over(session, location=job.location, mode="once")
        else:
            job_requests.cancel(session, job_id=job.id)


def _follow(session: Session, run_dir: Path, account_id: int) -> int:
    """Return the job that follows the training; one that an earlier demo left is taken over."""
    location = str(run_dir)
    found = job_requests.take_over(session, location=location, mode="follow")
    if found is not None:
        return found
    return job_requests.request(session, location=location, mode="follow", requested_by=account_id)
