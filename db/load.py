"""Bulk writes of a run: one loader at a time, one transaction per batch, idempotent.

A batch is visible whole or not at all, and `run.version` grows with every change that a reader can
see. Digests tell a repeated load, which changes nothing, from a later recording, which replaces.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, Engine, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from db.errors import Conflict, RunBusy
from db.load_rows import Shape, SnapshotRow, copy_batch
from db.models import Image, Layer, Run, ValidationClass, flip_state, snapshot
from db.models import measurements as tables
from db.raw import driver_connection
from db.types import Array
from deeptracker.errors import LogError
from deeptracker.format import MANIFEST, Manifest

_LARGEST = 2**31 - 1
_MEASURED = (
    tables.snapshot,
    tables.scalar,
    tables.layer_stat,
    tables.layer_profile,
    tables.filter_stat,
    tables.filter_peak,
    tables.class_result,
)


@dataclass(frozen=True)
class Stored:
    """What the store has of a run: digest by iteration, and where the search for flips stands."""

    digests: Mapping[int, bytes]
    flip_iteration: int | None
    correct: Array | None
    length: Array | None


@contextmanager
def sole_loader(engine: Engine, *, run: str) -> Iterator[Connection]:
    """Yield a connection that alone may load the run with this UUID; RunBusy where another does.

    The server gives the right back when the connection ends, however the process ends.
    """
    key = int.from_bytes(UUID(run).bytes[:8], "big", signed=True) ^ 0x4454_4C4F_4144
    with engine.connect() as connection:
        taken = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key})
        if not taken.scalar():
            raise RunBusy(f"Another process is loading run {run} right now.")
        connection.commit()
        try:
            yield connection
        finally:
            if not connection.closed and not connection.invalidated:
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})
                connection.commit()


@contextmanager
def batch(connection: Connection) -> Iterator[Session]:
    """Yield a session in one transaction of any length on the loader's connection."""
    with Session(connection, expire_on_commit=False) as session, session.begin():
        session.execute(text("SET LOCAL statement_timeout = 0"))
        yield session


def create_run(
    session: Session, manifest: Manifest, *, location: str, owner_id: int | None = None
) -> int:
    """Store what the run is, or bring it up to date; return its id.

    Conflict where the stored run of this UUID has other layers, classes or images. Nothing is
    written where nothing changed.
    """
    values = _run_values(manifest, location)
    found = session.execute(
        select(Run.id, Run.manifest, Run.location, Run.state).where(Run.uuid == UUID(manifest.run))
    ).one_or_none()
    if found is None:
        run = Run(uuid=UUID(manifest.run), owner_id=owner_id, **values)
        session.add(run)
        session.flush()
        _insert_structure(session, run.id, manifest)
        return run.id
    document = values["manifest"]
    if found.manifest.get("structure") != document["structure"]:
        raise Conflict(
            f"{location} says that it is run {manifest.run}, but the stored run {found.id} has "
            "other layers, classes or images. Record it into a new directory, or delete that run."
        )
    if (found.manifest.get("digest"), found.location, found.state) != (
        document["digest"],
        location,
        manifest.state,
    ):
        values["version"] = Run.version + 1
        session.execute(update(Run).where(Run.id == found.id).values(values))
    return found.id


def _run_values(manifest: Manifest, location: str) -> dict[str, Any]:
    planned = manifest.sampling.planned_iterations
    return {
        "name": manifest.name,
        "model": manifest.model,
        "dataset": manifest.dataset,
        "hyperparameters": dict(manifest.hyperparameters),
        "manifest": _document(manifest),
        "location": location,
        "state": manifest.state,
        "class_count": len(manifest.classes),
        "layer_count": len(manifest.layers),
        "image_count": len(manifest.images.class_id),
        "filter_count": manifest.filters,
        "planned_iterations": None if planned is None else min(planned, _LARGEST),
        "lost_snapshots": min(manifest.lost_snapshots, _LARGEST),
        "thumbnail": None if manifest.thumbnail is None else list(manifest.thumbnail),
        "created_at": _time(location, "created_at", manifest.created_at),
        "ended_at": _time(location, "ended_at", manifest.ended_at),
    }


def _document(manifest: Manifest) -> dict[str, Any]:
    """Return the manifest without its long lists, a digest of those, and one of the rest."""
    lists = [manifest.layers, manifest.classes, manifest.images.digest]
    structure = hashlib.sha256(repr(lists).encode("utf-8", "replace"))
    structure.update(manifest.images.class_id.tobytes())
    short = {
        key: value
        for key, value in asdict(manifest).items()
        if key not in ("layers", "classes", "images")
    }
    short["images"] = {"digest": manifest.images.digest}
    short["structure"] = structure.hexdigest()
    body = json.dumps(short, sort_keys=True, default=str)
    return {**json.loads(body), "digest": hashlib.sha256(body.encode()).hexdigest()}


def _time(location: str, field: str, seconds: float | None) -> datetime | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise LogError(Path(location) / MANIFEST, field, "is no time of this era") from error


def _insert_structure(session: Session, run_id: int, manifest: Manifest) -> None:
    offsets = manifest.filter_offsets
    rows = [
        {
            **asdict(layer),
            "inputs": min(layer.inputs, _LARGEST),
            "groups": min(layer.groups, _LARGEST),
            "kernel": list(layer.kernel),
            "stride": list(layer.stride),
            "run_id": run_id,
            "layer_id": number,
            "filter_offset": int(offsets[number]),
        }
        for number, layer in enumerate(manifest.layers)
    ]
    session.execute(insert(Layer), rows)
    shape = Shape(manifest)
    classes = [
        {
            "run_id": run_id,
            "class_id": number,
            "name": name,
            "image_count": int(shape.class_size[number]),
            "images": shape.images_of(number),
        }
        for number, name in enumerate(manifest.classes)
    ]
    if classes:
        session.execute(insert(ValidationClass), classes)
    _copy_images(session, run_id, manifest, shape)


def _copy_images(session: Session, run_id: int, manifest: Manifest, shape: Shape) -> None:
    names, class_id = manifest.images.names, manifest.images.class_id
    position = np.empty(len(class_id), np.int32)
    start = shape.class_start[class_id[shape.by_class]]
    position[shape.by_class] = np.arange(len(class_id)) - start
    columns = "run_id, image_id, class_id, position, name"
    statement = f"COPY {Image.__tablename__} ({columns}) FROM STDIN"
    with driver_connection(session).cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for image, (class_, place) in enumerate(
            zip(class_id.tolist(), position.tolist(), strict=True)
        ):
            copy.write_row((run_id, image, class_, place, names[image] if names else None))


def stored(session: Session, *, run_id: int) -> Stored:
    """Return what the store has of a run."""
    digests = session.execute(
        select(snapshot.c.iteration, snapshot.c.digest).where(snapshot.c.run_id == run_id)
    )
    state = session.execute(select(flip_state).where(flip_state.c.run_id == run_id)).one_or_none()
    found = {iteration: digest.tobytes() for iteration, digest in digests}
    if state is None:
        return Stored(found, None, None, None)
    return Stored(found, state.iteration, state.correct, state.length)


def load_batch(
    session: Session,
    *,
    run_id: int,
    shape: Shape,
    rows: Sequence[SnapshotRow],
    replaced: Sequence[int] = (),
) -> None:
    """Write a batch of snapshots, rising by iteration; those of `replaced` lose their old rows.

    The caller also saves the state of the flips (`save_flip_state`) and ends with `touch_run`.
    """
    if replaced:
        # A plain sweep over the run's rows: rare, and no index serves it.
        for table in _MEASURED:
            session.execute(
                delete(table).where(
                    table.c.run_id == run_id, table.c.iteration.in_([int(i) for i in replaced])
                )
            )
    with driver_connection(session).cursor() as cursor:
        copy_batch(cursor, run_id, shape, rows)


def save_flip_state(
    session: Session, *, run_id: int, iteration: int, correct: Array, length: Array
) -> None:
    """Store where the search for flips stands after the snapshot of `iteration`."""
    values = {"iteration": iteration, "correct": correct, "length": length}
    session.execute(
        upsert(flip_state)
        .values(run_id=run_id, **values)
        .on_conflict_do_update(index_elements=["run_id"], set_=values)
    )


def touch_run(session: Session, *, run_id: int) -> None:
    """Count the run's snapshots anew, take over the last error, and let its version grow."""
    mine = snapshot.c.run_id == run_id
    last = (
        select(
            snapshot.c.iteration,
            func.coalesce(
                func.nullif(snapshot.c.validation_error, float("nan")),
                func.nullif(snapshot.c.train_error, float("nan")),
            ),
        )
        .where(mine)
        .order_by(snapshot.c.iteration.desc())
        .limit(1)
    )
    iteration, error = session.execute(last).one_or_none() or (None, None)
    session.execute(
        update(Run)
        .where(Run.id == run_id)
        .values(
            version=Run.version + 1,
            snapshot_count=select(func.count()).where(mine).scalar_subquery(),
            last_iteration=iteration,
            last_error=error,
        )
    )


def save_contact_sheets(session: Session, *, run_id: int, sheets: Mapping[int, bytes]) -> int:
    """Store contact sheets (WebP) by class; return how many differ from what was there."""
    changed = 0
    for class_id, sheet in sheets.items():
        result = session.execute(
            update(ValidationClass)
            .where(
                ValidationClass.run_id == run_id,
                ValidationClass.class_id == class_id,
                ValidationClass.contact_sheet.is_distinct_from(sheet),
            )
            .values(contact_sheet=sheet)
            .returning(ValidationClass.class_id)
        )
        changed += len(result.all())
    if changed:
        session.execute(update(Run).where(Run.id == run_id).values(version=Run.version + 1))
    return changed
