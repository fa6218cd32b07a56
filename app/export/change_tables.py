"""Tables of what changed between two snapshots, of a run or of two: all of it, not the largest."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from app.data.change import Change, Classes, Images, Layers, change
from app.data.change_runs import BetweenRuns, Side, between
from app.data.matched_filters import matched_filters
from app.export.columns import Columns, texts
from db.queries.measurements import snapshots
from db.queries.runs import structure

_BEFORE_AFTER = ("before", "after")
_HERE_THERE = ("here", "there")


def classes(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return a row for each class whose error changed; arguments at and otherat (snapshots)."""
    found = _changed(session, run_id, arguments)
    return _class_columns(session, run_id, found.classes, _BEFORE_AFTER)


def images(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return a row for each image that was learned or forgotten; arguments as of `classes`."""
    found = _changed(session, run_id, arguments)
    return _image_columns(session, run_id, found.images, _BEFORE_AFTER)


def layers(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return a row for each layer; arguments as of `classes`."""
    found = _changed(session, run_id, arguments)
    return _layer_columns(session, run_id, found.layers, _BEFORE_AFTER)


def filters(session: Session, run_id: int, arguments: Arguments) -> Columns:
    """Return a row for each filter that was among the most changed on the way."""
    found = _changed(session, run_id, arguments).filters
    ids = found.layer_id.astype(np.int32)
    return {
        "layer_id": ids,
        "layer": texts(ids, structure.layers(session, run_id=run_id).names),
        "filter": found.filter.astype(np.int32),
        "way": found.way,
        "snapshots": found.times.astype(np.int32),
        "norm_before": found.norm_before,
        "norm_after": found.norm_after,
    }


def _changed(session: Session, run_id: int, arguments: Arguments) -> Change:
    iterations = snapshots.iterations(session, run_id=run_id)
    first, last = (_snapshot(arguments, name, iterations) for name in ("at", "otherat"))
    if first >= last:
        raise BadArgument("at must be an earlier snapshot than otherat.")
    return change(session, run_id, first, last, most=None)


def _snapshot(arguments: Arguments, name: str, iterations: np.ndarray) -> int:
    at = arguments.required(name)
    if at not in iterations:
        raise BadArgument(f"{name} must be the iteration of a snapshot; there is none at {at}.")
    return at


def classes_of_runs(session: Session, run_ids: Sequence[int], arguments: Arguments) -> Columns:
    """Return a row for each class of unlike error; arguments at (first run), otherat (second)."""
    found = _between(session, run_ids, arguments)
    return _class_columns(session, run_ids[0], found.classes, _HERE_THERE)


def images_of_runs(session: Session, run_ids: Sequence[int], arguments: Arguments) -> Columns:
    """Return the images that are right on one side alone; `side` is here or there."""
    side = arguments.choice("side", _HERE_THERE)
    found = _between(session, run_ids, arguments)
    chosen = found.images_here if side == "here" else found.images_there
    return _image_columns(session, run_ids[0], chosen, _HERE_THERE)


def layers_of_runs(session: Session, run_ids: Sequence[int], arguments: Arguments) -> Columns:
    """Return a row for each layer that both have in the same shape."""
    found = _between(session, run_ids, arguments)
    return _layer_columns(session, run_ids[0], found.layers, _HERE_THERE)


def filters_of_runs(session: Session, run_ids: Sequence[int], arguments: Arguments) -> Columns:
    """Return the matched filters of a layer; arguments layer (first run), otherlayer (second)."""
    pair = (arguments.required("layer"), arguments.required("otherlayer"))
    shared = _between(session, run_ids, arguments).shared
    if pair not in set(zip(shared.here.tolist(), shared.there.tolist(), strict=True)):
        raise BadArgument("layer and otherlayer must be a layer that both runs have alike.")
    found = matched_filters(session, (run_ids[0], run_ids[1]), pair).found
    if found is None:
        raise BadArgument("The two runs recorded no snapshot at the same iteration.")
    return {
        "filter_here": np.arange(len(found.partner), dtype=np.int32),
        "filter_there": found.partner,
        "similarity": found.similarity,
        "next_best": found.next_best,
        "mutual": found.mutual,
    }


def _between(session: Session, run_ids: Sequence[int], arguments: Arguments) -> BetweenRuns:
    if len(run_ids) != 2:
        raise BadArgument("runs must be two runs here, such as 3,4.")
    here, there = (
        Side(run_id, "", _snapshot(arguments, name, snapshots.iterations(session, run_id=run_id)))
        for run_id, name in zip(run_ids, ("at", "otherat"), strict=True)
    )
    return between(session, here, there, most=None)


def _class_columns(session: Session, run_id: int, found: Classes, ends: tuple[str, str]) -> Columns:
    ids = found.class_id.astype(np.int32)
    return {
        "class_id": ids,
        "class": texts(ids, structure.classes(session, run_id=run_id).names),
        f"error_{ends[0]}": found.before,
        f"error_{ends[1]}": found.after,
    }


def _image_columns(session: Session, run_id: int, found: Images, ends: tuple[str, str]) -> Columns:
    names = structure.classes(session, run_id=run_id).names
    return {
        "image_id": found.image.astype(np.int32),
        "class": texts(found.true, names),
        f"predicted_{ends[0]}": texts(found.before, names),
        f"predicted_{ends[1]}": texts(found.after, names),
        f"probability_{ends[0]}": found.probability_before,
        f"probability_{ends[1]}": found.probability_after,
    }


def _layer_columns(session: Session, run_id: int, found: Layers, ends: tuple[str, str]) -> Columns:
    ids = found.layer_id.astype(np.int32)
    return {
        "layer_id": ids,
        "layer": texts(ids, structure.layers(session, run_id=run_id).names),
        f"norm_{ends[0]}": found.norm_before,
        f"norm_{ends[1]}": found.norm_after,
        f"std_{ends[0]}": found.std_before,
        f"std_{ends[1]}": found.std_after,
    }


# By the names of their data routes.
OF_RUN: Mapping[str, Callable[[Session, int, Arguments], Columns]] = MappingProxyType(
    {
        "change-classes": classes,
        "change-images": images,
        "change-layers": layers,
        "change-filters": filters,
    }
)
OF_RUNS: Mapping[str, Callable[[Session, Sequence[int], Arguments], Columns]] = MappingProxyType(
    {
        "change-classes": classes_of_runs,
        "change-images": images_of_runs,
        "change-layers": layers_of_runs,
        "change-filters": filters_of_runs,
    }
)
