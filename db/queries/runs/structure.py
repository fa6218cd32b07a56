"""What a run is made of: its layers, classes and images."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.queries.runs.existence import require_class, rows_of_run
from db.raw import Row, fetch, joined, numbers


@dataclass(frozen=True)
class Layers:
    """The layers of a run by layer id, [L]; what they mean stands at format.LayerSpec.

    `filter_offset` is where a layer's filters begin among all filters of the run.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    stages: tuple[str, ...]
    blocks: tuple[str, ...]
    branches: tuple[str, ...]
    filters: NDArray[np.int32]
    filter_offset: NDArray[np.int32]
    parameters: NDArray[np.int64]
    inputs: NDArray[np.int32]
    groups: NDArray[np.int32]
    kernels: tuple[tuple[int, ...], ...]
    strides: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Classes:
    """The validation classes of a run by class id, [C].

    `has_sheet` says for which of them there is a contact sheet.
    """

    names: tuple[str, ...]
    image_count: NDArray[np.int32]
    has_sheet: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.names)


def layers(session: Session, *, run_id: int) -> Layers:
    """Return the layers of a run in the order of the network; none where it has scalars alone."""
    rows = rows_of_run(
        session,
        "SELECT name, kind, stage, block, branch, filters, filter_offset, parameters, inputs, "
        "groups, kernel, stride FROM layer WHERE run_id = %(run)s ORDER BY layer_id",
        run_id=run_id,
    )
    names, kinds, stages, blocks, branches = (_texts(rows, place) for place in range(5))
    return Layers(
        names=names,
        kinds=kinds,
        stages=stages,
        blocks=blocks,
        branches=branches,
        filters=numbers(rows, 5, "i4"),
        filter_offset=numbers(rows, 6, "i4"),
        parameters=numbers(rows, 7, "i8"),
        inputs=numbers(rows, 8, "i4"),
        groups=numbers(rows, 9, "i4"),
        kernels=tuple(tuple(row[10]) for row in rows),
        strides=tuple(tuple(row[11]) for row in rows),
    )


def _texts(rows: list[Row], place: int) -> tuple[str, ...]:
    return tuple(row[place] for row in rows)


def classes(session: Session, *, run_id: int) -> Classes:
    """Return the validation classes of a run; none where it validates nothing."""
    rows = rows_of_run(
        session,
        "SELECT name, image_count, contact_sheet IS NOT NULL FROM class "
        "WHERE run_id = %(run)s ORDER BY class_id",
        run_id=run_id,
    )
    return Classes(
        names=_texts(rows, 0),
        image_count=numbers(rows, 1, "i4"),
        has_sheet=numbers(rows, 2, "?"),
    )


def image_classes(session: Session, *, run_id: int) -> NDArray[np.int32]:
    """Return the class of every image, i4 [N]; an image id is a place in it."""
    rows = rows_of_run(
        session,
        "SELECT class_id, image_count, images FROM class WHERE run_id = %(run)s",
        run_id=run_id,
    )
    images = joined(rows, 2, "i4")
    found = np.empty(len(images), np.int32)
    found[images] = np.repeat(numbers(rows, 0, "i4"), numbers(rows, 1, "i4"))
    return found


def class_images(session: Session, *, run_id: int, class_id: int) -> NDArray[np.int32]:
    """Return the ids of the images of a class, rising, i4 [n]."""
    rows = fetch(
        session,
        "SELECT images FROM class WHERE run_id = %(run)s AND class_id = %(class)s",
        {"run": run_id, "class": class_id},
    )
    if not rows:
        require_class(session, run_id=run_id, class_id=class_id)
    return joined(rows, 0, "i4")


def image_names(session: Session, *, run_id: int, class_id: int) -> tuple[str | None, ...]:
    """Return the names of the images of a class in the order of `class_images`; None: unnamed."""
    rows = fetch(
        session,
        "SELECT name FROM image WHERE run_id = %(run)s AND class_id = %(class)s ORDER BY position",
        {"run": run_id, "class": class_id},
    )
    if not rows:
        require_class(session, run_id=run_id, class_id=class_id)
    return tuple(row[0] for row in rows)


def all_image_names(session: Session, *, run_id: int) -> tuple[str | None, ...]:
    """Return the names of all images of a run by image id; None: unnamed. NotFound."""
    rows = rows_of_run(
        session,
        "SELECT name FROM image WHERE run_id = %(run)s ORDER BY image_id",
        run_id=run_id,
    )
    return tuple(row[0] for row in rows)


def contact_sheet(session: Session, *, run_id: int, class_id: int) -> bytes | None:
    """Return the contact sheet of a class (WebP), None where there is none.

    Its pictures stand in the order of `class_images`, in rows of a grid that is as wide as high.
    """
    rows = fetch(
        session,
        "SELECT contact_sheet FROM class WHERE run_id = %(run)s AND class_id = %(class)s",
        {"run": run_id, "class": class_id},
    )
    if not rows:
        require_class(session, run_id=run_id, class_id=class_id)
    sheet: bytes | None = rows[0][0]
    return sheet
