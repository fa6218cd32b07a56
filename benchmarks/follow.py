"""How long a value that a training logs takes until it can be seen, while its event file grows.

`python -m benchmarks.follow --scale 0.1`. An event file with a long past (133 series of 8,400
values at scale 1) is followed by `deeptracker ingest --follow` and served by a gunicorn; then a row
comes every half a second, flushed as SummaryWriter does. A value counts as seen when the data route
of the application answers with it. The reference is the same with no past.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine
from torch.utils.tensorboard import SummaryWriter

from app.auth.tokens import new_token
from benchmarks.browser import serve
from benchmarks.database import benchmark_engine
from benchmarks.report import Row, main, summary
from db.engine import session_scope
from db.permissions import Role
from db.queries.runs import runs
from db.queries.team.accounts import add_account
from db.queries.team.api_tokens import add_token
from deeptracker.client import Tracker, connect
from deeptracker.errors import DeepTrackerError

SERIES, STEPS = 133, 8_400
NEW, PAUSE_SECONDS, ASK_SECONDS = 40, 0.5, 0.02
BAR_SECONDS, PATIENCE_SECONDS = 2.0, 600.0


def measure(scale: float) -> Iterator[Row]:
    """Follow a file without a past, then one with."""
    short = _follow(1)
    steps = max(2, round(STEPS * scale))
    long = _follow(steps)
    for name, place in (("p50", 0), ("p95", 1)):
        figure = long[place]
        yield Row(
            f"a new value is seen, {SERIES * steps:,} values before, {name}",
            figure,
            "s",
            short[place],
            bar=f"at most {BAR_SECONDS:g} s" if place else "",
            holds=figure <= BAR_SECONDS if place else None,
        )


def _follow(steps: int) -> tuple[float, float]:
    """Return median and 95th percentile, in seconds, of new values after so many steps."""
    values = np.random.default_rng(0).normal(size=(SERIES, steps)).cumsum(axis=1)
    with (
        benchmark_engine() as engine,
        tempfile.TemporaryDirectory() as folder,
        SummaryWriter(folder) as writer,
    ):
        for step in range(steps):
            _log(writer, values[:, step], step + 1)
        writer.flush()
        url = engine.url.render_as_string(hide_password=False)
        with serve(url) as served, _following(url, Path(folder)):
            tracker = connect(served.address, _token(engine))
            run_id = _wait(lambda: _run_of(engine))
            asked = _seen(tracker, run_id)
            _wait_for(asked, steps)
            waits = []
            for step in range(steps + 1, steps + 1 + NEW):
                _log(writer, values[:, -1], step)
                begun = time.perf_counter()
                writer.flush()
                _wait_for(asked, step)
                waits.append(time.perf_counter() - begun)
                time.sleep(max(0.0, PAUSE_SECONDS - waits[-1]))
    found = summary(waits)
    return found.p50, found.p95


def _log(writer: SummaryWriter, values: NDArray[np.float64], step: int) -> None:
    for number, value in enumerate(values):
        writer.add_scalar(f"part{number % 7}/series{number:03}", value, step)


@contextmanager
def _following(url: str, folder: Path) -> Iterator[None]:
    """Follow a folder by the command that people use, in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "ingest", str(folder), "--follow"],
        env={**os.environ, "DATABASE_URL": url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _token(engine: Engine) -> str:
    token, token_hash = new_token(prefix="dt_")
    with session_scope(engine) as session:
        account = add_account(session, email="a@example.org", role=Role.VIEWER)
        add_token(session, account_id=account.id, token_hash=token_hash, name="benchmark")
    return token


def _run_of(engine: Engine) -> int:
    with session_scope(engine) as session:
        return next((run.id for run in runs.list_runs(session)), 0)


def _seen(tracker: Tracker, run_id: int) -> Callable[[], int]:
    """Return what asks up to which iteration the application answers with values."""
    name = f"part{(SERIES - 1) % 7}/series{SERIES - 1:03}"

    def ask() -> int:
        try:
            return int(tracker.run(run_id).scalars(name).index[-1])
        except (KeyError, IndexError, DeepTrackerError):
            return 0

    return ask


def _wait_for(asked: Callable[[], int], step: int) -> None:
    _wait(lambda: int(asked() >= step))


def _wait(what: Callable[[], int]) -> int:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(ASK_SECONDS)
    raise RuntimeError(f"nothing came for {PATIENCE_SECONDS:g} s")


if __name__ == "__main__":
    main("follow", measure)
