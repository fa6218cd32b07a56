"""The validation images that activate filters most: of one filter over time, of a layer at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.queries.runs.existence import require_run
from db.raw import Row, fetch
from deeptracker.format import LayerTops

_FILTER = (
    "SELECT iteration, count, substring(image FROM 4 * count * %(filter)s + 1 FOR 4 * count), "
    "substring(value FROM 4 * count * %(filter)s + 1 FOR 4 * count), "
    "substring(place FROM 2 * count * %(filter)s + 1 FOR 2 * count), field "
    "FROM probe_top WHERE run_id = %(run)s AND layer_id = %(layer)s ORDER BY iteration"
)
_LAYERS = (
    "SELECT layer_id, iteration, count, image, value, place, field, classes, mean, low, high "
    "FROM probe_top WHERE run_id = %(run)s AND iteration = ANY(%(at)s) "
    "ORDER BY layer_id, iteration"
)
_ITERATIONS = "SELECT DISTINCT iteration FROM probe_top WHERE run_id = %(run)s ORDER BY iteration"
# No layer has so many filters, and the byte that its images begin at is an integer still.
_BEYOND = 2**24


@dataclass(frozen=True)
class FilterTops:
    """One filter over n probes: `iteration` i4 [n]; of each probe up to K images, as LayerTops.

    `image` i4 [n, K], -1: none; `value` f4 [n, K]; `place` u1 [n, K, 2]; `field` f4 [n, 2].
    """

    iteration: NDArray[np.int32]
    image: NDArray[np.int32]
    value: NDArray[np.float32]
    place: NDArray[np.uint8]
    field: NDArray[np.float32]


@dataclass(frozen=True)
class StoredTops:
    """The tops of a layer at an iteration; `classes` i4 [C] are those of its means."""

    layer: int
    iteration: int
    classes: NDArray[np.int32]
    tops: LayerTops


def top_iterations(session: Session, *, run_id: int) -> NDArray[np.int32]:
    """Return i4 [n], rising: at which probes it is known which images activate filters most."""
    rows = fetch(session, _ITERATIONS, {"run": run_id})
    if not rows:
        require_run(session, run_id=run_id)
    return np.array([row[0] for row in rows], np.int32)


def filter_tops(session: Session, *, run_id: int, layer_id: int, filter: int) -> FilterTops:
    """Return what activates one filter most at each probe at which that is known."""
    place = filter if 0 <= filter < _BEYOND else _BEYOND
    given = {"run": run_id, "layer": layer_id, "filter": place}
    rows = [row for row in fetch(session, _FILTER, given) if row[2]]
    if not rows:
        require_run(session, run_id=run_id)
    most = max((row[1] for row in rows), default=0)
    image = np.full((len(rows), most), -1, np.int32)
    value = np.full((len(rows), most), np.nan, np.float32)
    where = np.zeros((len(rows), most, 2), np.uint8)
    for at, (_, count, images, values, places, _) in enumerate(rows):
        image[at, :count] = np.frombuffer(images, "<i4")
        value[at, :count] = np.frombuffer(values, "<f4")
        where[at, :count] = np.frombuffer(places, np.uint8).reshape(count, 2)
    fields = np.frombuffer(b"".join(row[5] for row in rows), "<f4").reshape(-1, 2)
    return FilterTops(np.array([row[0] for row in rows], np.int32), image, value, where, fields)


def layer_tops(session: Session, *, run_id: int, at: Sequence[int]) -> list[StoredTops]:
    """Return the tops of all layers at some iterations, by layer and iteration."""
    rows = fetch(session, _LAYERS, {"run": run_id, "at": list(at)})
    if not rows:
        require_run(session, run_id=run_id)
    return [_stored(row) for row in rows]


def _stored(row: Row) -> StoredTops:
    layer, iteration, count, image, value, place, field, classes, mean, low, high = row
    tops = LayerTops(
        np.frombuffer(image, "<i4").reshape(-1, count),
        np.frombuffer(value, "<f4").reshape(-1, count),
        np.frombuffer(place, np.uint8).reshape(-1, count, 2),
        np.frombuffer(field, "<f4"),
        np.frombuffer(mean, np.uint8).reshape(len(low) // 4, -1),
        np.frombuffer(low, "<f4"),
        np.frombuffer(high, "<f4"),
    )
    return StoredTops(layer, iteration, np.frombuffer(classes, "<i4"), tops)
