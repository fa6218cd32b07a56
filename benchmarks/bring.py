"""How long what other tools left takes to read: TensorBoard's event files, MLflow's database.

The references read the same files: TensorBoard's own reader, which keeps every value, and a SELECT
of the same rows into numpy. `python -m benchmarks.bring --scale 0.1`.
"""

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter

from benchmarks.report import Row, main
from deeptracker.conversion.readers import Reader, mlflow, tensorboard

# 133 series of a run at the paper's scale: 8,400 values each.
SERIES, STEPS = 133, 8_400
REPEATS = 3
TENSORBOARD_BAR, MLFLOW_BAR = 1.0, 2.0


def measure(scale: float) -> Iterator[Row]:
    """Write the files, and read them by turns with ours and with the reference."""
    steps = max(10, round(STEPS * scale))
    values = np.random.default_rng(0).normal(size=(SERIES, steps)).cumsum(axis=1)
    with tempfile.TemporaryDirectory() as folder:
        events, store = Path(folder) / "events", Path(folder) / "store"
        _write_events(events, values)
        yield _row(
            "TensorBoard event files", values.size, TENSORBOARD_BAR, "its own reader",
            lambda: _read(tensorboard.find(events)), lambda: _reload(events),
        )  # fmt: skip
        run = _write_store(store, values)
        yield _row(
            "MLflow database", values.size, MLFLOW_BAR, "SELECT into numpy",
            lambda: _read(mlflow.find(store)), lambda: _select(store / "mlflow.db", run),
        )  # fmt: skip


def _row(
    what: str,
    size: int,
    bar: float,
    reference: str,
    ours: Callable[[], int],
    theirs: Callable[[], int],
) -> Row:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(REPEATS):
        for found, work in zip(times, (ours, theirs), strict=True):
            begun = time.perf_counter()
            if work() != size:
                raise RuntimeError(f"{what}: not all of {size:,} values were read")
            found.append(time.perf_counter() - begun)
    figure, known = (min(found) for found in times)
    return Row(
        f"{what}: {size:,} values until read, best of {REPEATS}", figure, "s", known,
        f"<= {bar} x {reference}", figure <= bar * known,
    )  # fmt: skip


def _read(readers: list[Reader]) -> int:
    return sum(reader.read().size for reader in readers)


def _write_events(folder: Path, values: np.ndarray) -> None:
    with SummaryWriter(str(folder)) as writer:
        for step, row in enumerate(values.T.tolist(), start=1):
            for series, value in enumerate(row):
                writer.add_scalar(f"group_{series % 10}/value_{series}", value, step)


def _reload(folder: Path) -> int:
    """Read with TensorBoard's own reader, which keeps all values of a tag where asked for 0."""
    found = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    found.Reload()
    return sum(len(found.Scalars(tag)) for tag in found.Tags()["scalars"])


def _write_store(folder: Path, values: np.ndarray) -> str:
    """Let MLflow make a store and a run, and fill in the rows that it would write."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    from mlflow import MlflowClient

    folder.mkdir()
    path = folder / "mlflow.db"
    run = MlflowClient(f"sqlite:///{path}").create_run("0", run_name="many").info.run_id
    rows = (
        (f"value_{series}", value, 1_700_000_000_000 + step, run, step, 0)
        for step, row in enumerate(values.T.tolist(), start=1)
        for series, value in enumerate(row)
    )
    with closing(sqlite3.connect(path)) as database, database:
        database.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", rows)
    return str(run)


def _select(path: Path, run: str) -> int:
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(
            "SELECT key, step, value, is_nan, timestamp FROM metrics WHERE run_uuid = ?", (run,)
        ).fetchall()
    names, *numbers = zip(*rows, strict=True)
    columns = [np.array(names, object), *map(np.array, numbers)]
    return len(columns[2])


if __name__ == "__main__":
    main("bring", measure)
