"""What the network made of a few validation images: who they are, maps of layers, first kernels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.errors import NotFound
from db.queries.runs.existence import require_run
from db.raw import fetch
from deeptracker.format import Kernels

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]
Bytes = NDArray[np.uint8]

_PROBES = (
    "SELECT iteration, seconds, image_id, prediction, probability FROM probe "
    "WHERE run_id = %(run)s ORDER BY iteration"
)
_LAYERS = (
    "WITH RECURSIVE found AS ((SELECT min(layer_id) AS layer_id FROM probe_map "
    "WHERE run_id = %(run)s) UNION ALL SELECT (SELECT min(layer_id) FROM probe_map "
    "WHERE run_id = %(run)s AND layer_id > found.layer_id) FROM found "
    "WHERE found.layer_id IS NOT NULL) SELECT layer_id FROM found WHERE layer_id IS NOT NULL"
)
_MAPS = (
    "SELECT height, width, low, high, mean, codes FROM probe_map WHERE run_id = %(run)s "
    "AND layer_id = %(layer)s AND image_id = %(image)s AND iteration = %(at)s"
)
_COURSE = (
    "SELECT iteration, height, width, substring(low FROM 4 * %(filter)s::integer + 1 FOR 4), "
    "substring(high FROM 4 * %(filter)s::integer + 1 FOR 4), "
    "substring(mean FROM 4 * %(filter)s::integer + 1 FOR 4), "
    "substring(codes FROM height * width * %(filter)s::integer + 1 FOR height * width) "
    "FROM probe_map WHERE run_id = %(run)s AND layer_id = %(layer)s AND image_id = %(image)s "
    "ORDER BY iteration"
)
_KERNELS = (
    "SELECT kernel_layer, kernel_shape, kernel, kernel_scale FROM probe "
    "WHERE run_id = %(run)s AND iteration = %(at)s"
)
# No layer has so many filters, and four times as many is an integer still.
_BEYOND = 2**22


@dataclass(frozen=True)
class Probes:
    """The n probes of a run. `iteration` i4 [n]; `seconds` f8 [n], what each took (NaN: not said).

    `image` i4 [P]: ids of all images that were probed, rising; `prediction` i4 [n, P], -1: none,
    -2: not probed there; `probability` f4 [n, P] of the true class, NaN: none. `layer` i4 [l]: ids
    of the layers that were looked at, rising.
    """

    iteration: Integers
    seconds: NDArray[np.float64]
    image: Integers
    prediction: Integers
    probability: Floats
    layer: Integers


@dataclass(frozen=True)
class Maps:
    """What a layer put out for an image: `codes` u1 [F, h, w]; `low`, `high`, `mean` f4 [F]."""

    codes: Bytes
    low: Floats
    high: Floats
    mean: Floats


@dataclass(frozen=True)
class Course:
    """One filter's maps over the probes: `iteration` i4 [n]; `low`, `high`, `mean` f4 [n].

    `maps`: codes u1 [h, w], one each.
    """

    iteration: Integers
    low: Floats
    high: Floats
    mean: Floats
    maps: tuple[Bytes, ...]


def probes(session: Session, *, run_id: int) -> Probes:
    """Return what was probed when; NotFound where there is no such run."""
    rows = fetch(session, _PROBES, {"run": run_id})
    if not rows:
        require_run(session, run_id=run_id)
    images = [np.frombuffer(row[2], "<i4") for row in rows]
    image = np.unique(np.concatenate([*images, np.zeros(0, np.int32)])).astype(np.int32)
    prediction = np.full((len(rows), len(image)), -2, np.int32)
    probability = np.full((len(rows), len(image)), np.nan, np.float32)
    for at, row in enumerate(rows):
        places = np.searchsorted(image, images[at])
        prediction[at, places] = np.frombuffer(row[3], "<i4")
        probability[at, places] = np.frombuffer(row[4], "<f4")
    layers = fetch(session, _LAYERS, {"run": run_id}) if rows else []
    return Probes(
        np.array([row[0] for row in rows], np.int32),
        np.array([row[1] for row in rows], np.float64),
        image,
        prediction,
        probability,
        np.array([row[0] for row in layers], np.int32),
    )


def probe_maps(session: Session, *, run_id: int, layer_id: int, image_id: int, at: int) -> Maps:
    """Return the maps of a layer for an image at a probe; NotFound where there are none."""
    given = {"run": run_id, "layer": layer_id, "image": image_id, "at": at}
    rows = fetch(session, _MAPS, given)
    if not rows:
        require_run(session, run_id=run_id)
        raise NotFound("probe", f"of image {image_id} in layer {layer_id} at iteration {at}")
    height, width, low, high, mean, codes = rows[0]
    return Maps(
        np.frombuffer(codes, np.uint8).reshape(-1, height, width),
        *(np.frombuffer(each, "<f4") for each in (low, high, mean)),
    )


def probe_course(
    session: Session, *, run_id: int, layer_id: int, image_id: int, filter: int
) -> Course:
    """Return one filter's maps for an image over all probes; NotFound where there are none."""
    place = filter if 0 <= filter < _BEYOND else _BEYOND
    given = {"run": run_id, "layer": layer_id, "image": image_id, "filter": place}
    rows = [row for row in fetch(session, _COURSE, given) if row[3]]
    if not rows:
        require_run(session, run_id=run_id)
        raise NotFound("probe", f"of image {image_id} and filter {filter} in layer {layer_id}")
    low, high, mean = (np.frombuffer(b"".join(r[n] for r in rows), "<f4") for n in (3, 4, 5))
    return Course(
        np.array([row[0] for row in rows], np.int32),
        low,
        high,
        mean,
        tuple(np.frombuffer(row[6], np.uint8).reshape(row[1], row[2]) for row in rows),
    )


def probe_kernels(session: Session, *, run_id: int, at: int) -> Kernels | None:
    """Return the kernels of the first layer at a probe; None where they are no pictures."""
    rows = fetch(session, _KERNELS, {"run": run_id, "at": at})
    if not rows:
        require_run(session, run_id=run_id)
        raise NotFound("probe", f"at iteration {at} of run {run_id}")
    layer, shape, codes, scale = rows[0]
    if layer is None:
        return None
    sides = np.frombuffer(shape, "<i4").tolist()
    return Kernels(
        layer, np.frombuffer(codes, np.uint8).reshape(sides), np.frombuffer(scale, "<f4")
    )
