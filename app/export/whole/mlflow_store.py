"""A run as a store of MLflow: a SQLite file that its newest clients open."""

import logging
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from deeptracker.extras import needed
from ingest.whole.content import WholeRun

FILE = "mlflow.db"
EXPERIMENT = "DeepTracker"
# What MLflow takes at once, and at most.
_METRICS, _PARAMETERS, _TAGS = 1_000, 100, 100
_LONGEST_VALUE, _LONGEST_NAME, _LONGEST_TAG = 6_000, 250, 5_000
_ODD = re.compile(r"[^\w\-. :/]", re.ASCII)


def write(whole: WholeRun, folder: Path) -> None:
    """Write mlflow.db into a folder; MissingExtra where the package mlflow is not there.

    OSError where SQLite cannot write it.
    The file is written by MLflow itself: its clients refuse one of another version's tables. Names
    lose what MLflow's may not have; texts are cut where it would refuse them.
    """
    # It would report how it is used.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    with needed("mlflow", "an export to MLflow"):
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient
    logging.getLogger("mlflow").setLevel(logging.WARNING)  # its import has set another level
    try:
        _write(MlflowClient(f"sqlite:///{(folder / FILE).resolve()}"), whole)
    except (MlflowException, DBAPIError) as error:
        if (why := _of_sqlite(error)) is not None:
            raise OSError(why) from error
        raise


def _of_sqlite(error: BaseException | None) -> str | None:
    """Return what SQLite says that MLflow met, in an error or in what it is from."""
    while error is not None:
        if isinstance(error, sqlite3.Error):
            return str(error)
        error = error.__cause__ or error.__context__
    return None


def _write(client: Any, whole: WholeRun) -> None:
    # Artifacts there are none; a path of this machine should not stand in the file.
    experiment = client.create_experiment(EXPERIMENT, artifact_location="mlflow-artifacts:/")
    begun = int(1000 * whole.run.created_at.timestamp())
    made = client.create_run(experiment, start_time=begun, run_name=whole.run.name)
    run = made.info.run_id
    _log(client, run, whole)
    state = {"finished": "FINISHED", "recording": "RUNNING"}.get(whole.run.state, "KILLED")
    ended = whole.run.ended_at
    client.set_terminated(run, state, None if ended is None else int(1000 * ended.timestamp()))


def _log(client: Any, run: str, whole: WholeRun) -> None:
    from mlflow.entities import Param, RunTag

    settings = whole.settings
    keys = names_there(settings)
    params = iter([Param(keys[n], str(v)[:_LONGEST_VALUE]) for n, v in settings.items()])
    for batch in _batches(params, _PARAMETERS):
        client.log_batch(run, params=batch)
    tags = iter([RunTag(name, text[:_LONGEST_TAG]) for name, text in _tags(whole).items()])
    for batch in _batches(tags, _TAGS):
        client.log_batch(run, tags=batch)
    for batch in _batches(_metrics(whole), _METRICS):
        client.log_batch(run, metrics=batch)


def _metrics(whole: WholeRun) -> Iterator[Any]:
    from mlflow.entities import Metric

    keys = names_there(whole.series_names)
    for name, series in whole.series():
        times = (1000 * whole.times(series.iterations)).astype(int)
        for step, when, value in zip(
            series.iterations.tolist(), times.tolist(), series.values.tolist(), strict=True
        ):
            yield Metric(keys[name], value, when, step)


def _tags(whole: WholeRun) -> dict[str, str]:
    found = {"deeptracker.run": whole.run.uuid.hex}
    if whole.run.tags:
        found["deeptracker.tags"] = ", ".join(whole.run.tags)
    parts = [whole.run.notes] if whole.run.notes else []
    for said in whole.sayings:
        when = "" if said.first is None else f" (iteration {said.first:,})"
        parts.append(f"**{said.kind.capitalize()}: {said.title}**{when}\n\n{said.text}")
    if parts:
        found["mlflow.note.content"] = "\n\n".join(parts)
    return found


def names_there(names: Iterable[str]) -> dict[str, str]:
    """Return what each name is called in MLflow: without signs that it refuses, none twice."""
    found: dict[str, str] = {}
    for name in names:
        parts = _ODD.sub("_", name)[:_LONGEST_NAME].split("/")
        safe = "/".join(part for part in parts if part.strip(" .")) or "_"
        others, free, number = set(found.values()), safe, 1
        while free in others:
            number += 1
            free = f"{safe}_{number}"
        found[name] = free
    return found


def _batches(items: Iterator[Any], size: int) -> Iterator[list[Any]]:
    while batch := list(islice(items, size)):
        yield batch
