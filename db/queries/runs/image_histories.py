"""The histories of a run's validation images, and which runs have the same images."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from db.models import Run, image_history
from db.models.data_review import HISTORY
from db.queries.runs.compare import images_digest
from db.queries.runs.existence import require_run
from db.queries.runs.run_names import RUN_NAME
from db.queries.runs.structure import classes, image_classes


@dataclass(frozen=True)
class ImageSet:
    """What tells one validation set from another.

    `classes_key` is a hash of the names of the classes and the class of every image; `digest` is
    what the log says besides, "" for nothing.
    """

    classes_key: str
    digest: str

    @property
    def key(self) -> str:
        """Under which decisions on the images of the set are kept, whichever run showed them."""
        return hashlib.sha256(f"{self.classes_key} {self.digest}".encode()).hexdigest()


@dataclass(frozen=True)
class HistoryRow:
    """The histories of the images of a run as they were last evaluated.

    `columns` are arrays [N] by the names of db.models.data_review.HISTORY; `snapshots` and
    `last_iteration` what the evaluation saw, `counted` how many snapshots counted.
    """

    run_id: int
    image_set: ImageSet
    snapshots: int
    counted: int
    last_iteration: int | None
    columns: Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class SameImages:
    """A run with the same validation images as another."""

    id: int
    name: str
    hyperparameters: Mapping[str, Any]


def image_set(session: Session, *, run_id: int) -> ImageSet:
    """Return what tells the validation set of a run; NotFound."""
    names = json.dumps(classes(session, run_id=run_id).names).encode()
    labels = image_classes(session, run_id=run_id).astype("<i4").tobytes()
    return ImageSet(
        hashlib.sha256(names + labels).hexdigest(), images_digest(session, run_id=run_id)
    )


def save_history(session: Session, row: HistoryRow) -> None:
    """Store the histories of a run's images in place of those before."""
    values = {
        "classes_key": row.image_set.classes_key,
        "digest": row.image_set.digest,
        "snapshots": row.snapshots,
        "counted": row.counted,
        "last_iteration": row.last_iteration,
        **row.columns,
    }
    session.execute(
        upsert(image_history)
        .values(run_id=row.run_id, **values)
        .on_conflict_do_update(index_elements=["run_id"], set_=values)
    )


def histories(session: Session, *, run_ids: Sequence[int]) -> list[HistoryRow]:
    """Return the histories of these runs in their order, without those that have none."""
    rows = session.execute(select(image_history).where(image_history.c.run_id.in_(run_ids)))
    found = {row.run_id: _row(row._mapping) for row in rows}
    return [found[run_id] for run_id in run_ids if run_id in found]


def histories_seen(
    session: Session, *, run_ids: Sequence[int]
) -> dict[int, tuple[int, int | None]]:
    """Return the snapshots and the last iteration of the last evaluation of runs that had one."""
    table = image_history.c
    query = select(table.run_id, table.snapshots, table.last_iteration)
    rows = session.execute(query.where(table.run_id.in_(run_ids)).order_by(table.run_id))
    return {run_id: (snapshots, last) for run_id, snapshots, last in rows}


def _row(columns: Mapping[Any, Any]) -> HistoryRow:
    return HistoryRow(
        run_id=columns["run_id"],
        image_set=ImageSet(columns["classes_key"], columns["digest"]),
        snapshots=columns["snapshots"],
        counted=columns["counted"],
        last_iteration=columns["last_iteration"],
        columns={name: columns[name] for name in HISTORY},
    )


def same_images(session: Session, *, run_id: int) -> list[SameImages]:
    """Return the other evaluated runs with the same images, the newest first; none of the trash.

    The same are images where classes and labels are equal, and the digests, as far as both logs
    have one: as the comparison of runs has it. NotFound.
    """
    require_run(session, run_id=run_id)
    table = image_history
    mine = session.execute(
        select(table.c.classes_key, table.c.digest).where(table.c.run_id == run_id)
    ).one_or_none()
    if mine is None:
        return []
    query = (
        select(Run.id, RUN_NAME, Run.hyperparameters)
        .join(table, table.c.run_id == Run.id)
        .where(
            table.c.classes_key == mine.classes_key,
            Run.id != run_id,
            Run.trashed_at.is_(None),
        )
        .order_by(Run.created_at.desc(), Run.id.desc())
    )
    if mine.digest:
        query = query.where(or_(table.c.digest == mine.digest, table.c.digest == ""))
    return [SameImages(*row) for row in session.execute(query)]
