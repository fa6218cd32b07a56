"""Tables of the validation set: classes, clusters, images, anomalies."""

from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy.orm import Session

from app.analysis import analysis_of
from app.arguments import Arguments, BadArgument
from app.data import validation
from app.export.columns import Batches, Columns, known, texts, unrolled
from db.queries.measurements import class_results, snapshots
from db.queries.runs import structure
from deeptracker.format import NOT_VALIDATED
from ingest.analysis.anomalies import Cells
from ingest.analysis.class_errors import ClassErrors


def class_error(session: Session, run_id: int, arguments: Arguments) -> Batches:
    """Return the error of every class at every snapshot: a share 0..1, and as images.

    no_prediction: how many of the wrong images have none. Empty where nothing was validated.
    """
    names = structure.classes(session, run_id=run_id).names
    analysis = analysis_of(session, run_id)
    errors, without = analysis.class_errors(session), analysis.without_prediction(session)
    iteration = snapshots.iterations(session, run_id=run_id)

    def make(first: int, after: int) -> Columns:
        wrong, sizes = errors.wrong[first:after], errors.sizes[first:after]
        rows = {
            "class_id": np.arange(first, after, dtype=np.int32),
            "class": texts(np.arange(after - first), names[first:after]),
            "images": sizes,
        }
        matrices = {
            "wrong": wrong.astype(np.int32),
            "error": ClassErrors(wrong, sizes).error(),
            "no_prediction": np.zeros(wrong.shape, np.int32)
            if without is None
            else without[first:after],
        }
        columns = unrolled(rows, iteration, matrices)
        for name in ("wrong", "no_prediction"):
            columns[name] = known(columns[name], (wrong >= 0).ravel())
        return columns

    return Batches(len(names), len(iteration), make)


def anomalies(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return one row for every iteration and side at which stable images flipped."""
    arrays, _ = validation.anomalies(session, run_id, arguments)
    iteration = snapshots.iterations(session, run_id=run_id)
    largest = arrays["table_largest_class"]
    return {
        "iteration": iteration[arrays["table_snapshot"]],
        "side": _sides(arrays["table_right"]),
        **{
            name: arrays[f"table_{name}"]
            for name in ("classes", "images", "forgotten", "learned", "largest")
        },
        "largest_class": _class_or_none(session, run_id, largest),
        "whole_set": arrays["table_whole_set"].astype(bool),
    }


def _class_or_none(session: Session, run_id: int, ids: Any) -> pa.Array:
    names = pa.array(structure.classes(session, run_id=run_id).names, "utf8")
    return names.take(pa.array(ids, mask=ids < 0))


def _sides(right: Any) -> pa.DictionaryArray:
    return texts(right, ["was stable, then flipped", "flipped, then stable"])


def anomaly_classes(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return every anomalous class at every iteration, with its images."""
    analysis = analysis_of(session, run_id)
    _, _, found = validation.asked_anomalies(session, analysis, arguments)
    sides = (found.left, found.right, found.pending)

    def joined(name: str) -> Any:
        return np.concatenate([getattr(side, name) for side in sides])

    names = structure.classes(session, run_id=run_id).names
    side = np.repeat(np.arange(3), [_length(side) for side in sides])
    return {
        "iteration": snapshots.iterations(session, run_id=run_id)[joined("snapshot")],
        "class_id": joined("class_id"),
        "class": texts(joined("class_id"), names),
        "side": texts(side, ["was stable, then flipped", "flipped, then stable", "pending"]),
        "forgotten": joined("forgotten"),
        "learned": joined("learned"),
    }


def _length(cells: Cells) -> int:
    return len(cells.class_id)


def groups(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return the cluster of every class, and its places in the orders."""
    arrays, _ = validation.groups(session, run_id, arguments)
    names = structure.classes(session, run_id=run_id).names
    ids = np.arange(len(names), dtype=np.int32)
    columns: Columns = {"class_id": ids, "class": texts(ids, names), "cluster": arrays["label"]}
    for name, order in arrays.items():
        if name.startswith("order_"):
            columns[f"place_by_{name.removeprefix('order_')}"] = np.argsort(order).astype(np.int32)
    return columns


def class_images(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return the predicted class of every image of a class at every snapshot.

    The class is the last of those opened, else of those pinned. prediction is empty where the
    network gave none, which is not correct; correct too where the snapshot was not validated.
    """
    opened, pinned = arguments.integers("open"), arguments.integers("class")
    chosen = opened or pinned
    if not chosen:
        raise BadArgument("Open a class first: class is missing.")
    class_id = chosen[-1]
    found = class_results.class_images(session, run_id=run_id, class_id=class_id)
    names = structure.image_names(session, run_id=run_id, class_id=class_id)
    rows = {"image": found.images, "name": pa.array(names, "utf8")}
    matrices = {
        "prediction": found.prediction.astype(np.int32),
        "correct": found.prediction == class_id,
        "probability": found.probability,
    }
    iteration = snapshots.iterations(session, run_id=run_id)
    columns = unrolled(rows, iteration, matrices)
    classes = structure.classes(session, run_id=run_id).names
    prediction = columns["prediction"]
    columns["prediction"] = known(prediction, prediction >= 0)
    columns["correct"] = known(columns["correct"], prediction != NOT_VALIDATED)
    columns["predicted"] = texts(prediction, classes)
    return columns


def forgetting(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return every image: how often it was forgotten, and at which iteration it was first right.

    first_learned is empty where it never was.
    """
    arguments.choice("list", ("forgotten", "never"), default="forgotten")
    analysis = analysis_of(session, run_id)
    record = analysis.forgetting(session)
    image_class = analysis.image_class(session)
    iteration = snapshots.iterations(session, run_id=run_id)
    never = record.never_learned
    first = np.zeros(len(never), np.int32)
    first[~never] = iteration[record.first_learned[~never]]
    return {
        "image": np.arange(len(image_class), dtype=np.int32),
        "class_id": image_class,
        "class": texts(image_class, structure.classes(session, run_id=run_id).names),
        "position": analysis.image_position(session),
        "forgotten": record.forgotten,
        "first_learned": pa.array(first, mask=never),
    }
