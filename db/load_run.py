"""What a run is, as rows: the run itself, its layers, classes and images."""

import hashlib
import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from db.errors import Conflict
from db.measured_rows import Shape
from db.models import Image, Layer, Run, ValidationClass
from db.models import measurements as tables
from db.partitions import make_partitions
from db.raw import raw_cursor
from deeptracker.format import Images, Manifest

_LARGEST = 2**31 - 1


def create_run(
    session: Session, manifest: Manifest, *, location: str, owner_id: int | None = None
) -> int:
    """Store what the run is, or bring it up to date; return its id.

    A run of scalars alone that has layers or images now begins again. Conflict where the stored run
    of this UUID has other layers, classes or images, or is in the trash. Nothing is written where
    nothing changed.
    """
    # A folder's name may hold any bytes.
    location = location.encode("utf-8", "backslashreplace").decode()
    values = _run_values(manifest, location)
    found = session.execute(
        select(
            Run.id,
            Run.manifest,
            Run.location,
            Run.state,
            Run.trashed_at,
            Run.layer_count,
            Run.image_count,
        ).where(Run.uuid == UUID(manifest.run))
    ).one_or_none()
    if found is None:
        run = Run(uuid=UUID(manifest.run), owner_id=owner_id, **values)
        session.add(run)
        session.flush()
        _insert_structure(session, run.id, manifest)
        make_partitions(session, run_id=run.id)
        return run.id
    if found.trashed_at is not None:
        raise Conflict(
            f"{location} is the log of run {found.id}, which is in the trash. Restore the run, or "
            "delete it for good, then load the log again."
        )
    document = values["manifest"]
    if found.manifest.get("structure") != document["structure"]:
        if not (found.layer_count or found.image_count):
            _let_grow(session, found.id, manifest)
            session.execute(update(Run).where(Run.id == found.id).values(values | next_version()))
            return found.id
        raise Conflict(
            f"{location} says that it is run {manifest.run}, but the stored run {found.id} has "
            "other layers, classes or images. Record it into a new directory, or delete that run."
        )
    if (found.manifest.get("digest"), found.location, found.state) != (
        document["digest"],
        location,
        manifest.state,
    ):
        values |= next_version()
        session.execute(update(Run).where(Run.id == found.id).values(values))
    return found.id


def _let_grow(session: Session, run_id: int, manifest: Manifest) -> None:
    """Give a run its layers and images; its snapshots, which had none, come again with them."""
    for table in (
        tables.snapshot,
        tables.scalar,
        tables.scalar_summary,
        tables.filter_peak,
        tables.layer_profile,
        tables.class_result,
    ):
        session.execute(delete(table).where(table.c.run_id == run_id))
    session.execute(delete(ValidationClass).where(ValidationClass.run_id == run_id))
    _insert_structure(session, run_id, manifest)


def next_version() -> dict[str, Any]:
    """Return what to write into a run with every change that a reader can see."""
    return {"version": Run.version + 1, "stamp": func.gen_random_uuid()}


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
        "created_at": _time(manifest.created_at),
        "ended_at": _time(manifest.ended_at),
    }


def _document(manifest: Manifest) -> dict[str, Any]:
    """Return the manifest without its long lists, a digest of those, and one of the rest."""
    lists = [manifest.layers, manifest.classes, manifest.images.digest]
    structure = hashlib.sha256(repr(lists).encode("utf-8", "replace"))
    structure.update(manifest.images.class_id.tobytes())
    # First without the lists: names of images are many, and would be copied one by one.
    nothing = Images(np.empty(0, np.int32))
    short = asdict(replace(manifest, layers=(), classes=(), images=nothing))
    del short["layers"], short["classes"]
    short["images"] = {"digest": manifest.images.digest}
    short["structure"] = structure.hexdigest()
    body = json.dumps(short, sort_keys=True, default=str)
    return {**json.loads(body), "digest": hashlib.sha256(body.encode()).hexdigest()}


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


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
    if rows:
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
    with raw_cursor(session) as cursor, cursor.copy(statement.encode()) as copy:
        for image, (class_, place) in enumerate(
            zip(class_id.tolist(), position.tolist(), strict=True)
        ):
            copy.write_row((run_id, image, class_, place, names[image] if names else None))
