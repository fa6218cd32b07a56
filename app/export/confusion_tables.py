"""Tables of the page of confusion: the cells of the matrix, the classes, who moved."""

import numpy as np
import pyarrow as pa
from sqlalchemy.orm import Session

from app.arguments import Arguments
from app.data import confusion as data
from app.export.columns import Columns, texts
from db.queries.runs import structure
from ingest.analysis.confusion_matrix import Pairs, Scores, scores


def confusion(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return a row for each cell that holds images at either iteration; images, and before."""
    arguments.choice("order", data.ORDERS, default="data")
    names = structure.classes(session, run_id=run_id).names
    moments = data.read_moments(session, run_id, arguments)
    here, there = data.moments_of(session, run_id, moments, len(names))
    wide = len(names) + 1
    cells = [_cells(None if moment is None else moment.pairs, wide) for moment in (here, there)]
    every = np.unique(np.concatenate([place for place, _ in cells]))
    true, taken = np.divmod(every, wide)
    columns: Columns = {
        "true_id": true.astype(np.int32),
        "true": texts(true, names),
        "predicted_id": np.where(taken < len(names), taken, -1).astype(np.int32),
        "predicted": texts(taken, [*names, "no prediction"]),
    }
    for name, (place, count) in zip(("images", "images_before"), cells, strict=True):
        columns[name] = np.zeros(len(every), np.int32)
        columns[name][np.searchsorted(every, place)] = count
    if there is None:
        del columns["images_before"]
    return columns


def _cells(found: Pairs | None, wide: int) -> tuple[np.ndarray, np.ndarray]:
    if found is None:
        return np.zeros(0, np.int64), np.zeros(0, np.int32)
    return found.true.astype(np.int64) * wide + found.taken, found.count


def confusion_classes(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return precision, recall, F1, error and images of every class, and those before."""
    arguments.choice("order", data.ORDERS, default="data")
    found = structure.classes(session, run_id=run_id)
    moments = data.read_moments(session, run_id, arguments)
    ids = np.arange(len(found), dtype=np.int32)
    columns: Columns = {
        "class_id": ids,
        "class": texts(ids, found.names),
        "images": found.image_count,
    }
    both = data.moments_of(session, run_id, moments, len(found))
    for ahead, moment in zip(("", "before_"), both, strict=True):
        if moment is not None:
            columns |= _scored(scores(moment.pairs, classes=len(found)), ahead)
    return columns


def _scored(how: Scores, ahead: str) -> Columns:
    return {
        f"{ahead}precision": how.precision,
        f"{ahead}recall": how.recall,
        f"{ahead}f1": how.f1,
        f"{ahead}error": 1 - how.recall,
        f"{ahead}predicted": how.predicted,
    }


def confusion_flows(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return who moved between the two iterations, all of it: true class, before, after, images."""
    arguments.choice("order", data.ORDERS, default="data")
    names = structure.classes(session, run_id=run_id).names
    moments = data.read_moments(session, run_id, arguments)
    here, there = data.moments_of(session, run_id, moments, len(names))
    if here is None or there is None:
        none = np.zeros(0, np.int32)
        return dict.fromkeys(("true", "before", "after", "images"), none)
    moved = data.moves(here, there, len(names))
    predicted = [*names, "no prediction"]
    return {
        "true": texts(moved.true, names),
        "before": texts(moved.before, predicted),
        "after": texts(moved.after, predicted),
        "images": moved.count,
    }


def confusion_images(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return the images of a cell, all of them: predicted class, probability, class before."""
    found = structure.classes(session, run_id=run_id)
    cell = data.read_cell(arguments, len(found))
    moments = data.read_moments(session, run_id, arguments)
    here, there = data.moments_of(session, run_id, moments, len(found))
    chosen = data.chosen_images(here, there, cell, len(found))
    arrays = data.images_at(here, there, chosen, len(found))
    predicted = [*found.names, "no prediction"]
    columns: Columns = {
        "image": arrays["image"],
        "true": texts(np.full(len(chosen), cell[0]), found.names),
    }
    if here is not None:
        names = structure.image_names(session, run_id=run_id, class_id=cell[0])
        columns["position"] = arrays["position"]
        columns["name"] = pa.array([names[at] for at in arrays["position"]], "utf8")
        columns["predicted"] = texts(arrays["taken"], predicted)
        columns["probability"] = arrays["probability"]
    if there is not None:
        columns["before"] = texts(arrays["before"], predicted)
    return columns
