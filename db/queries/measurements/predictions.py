"""What the network predicted for all images at one snapshot after the other."""

from collections import OrderedDict
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.predictions import read_predictions
from db.queries.measurements.class_results import class_sizes
from db.raw import fetch
from db.result_blocks import result_blocks

_WHOLE = (
    "SELECT class_id, prediction FROM class_result WHERE run_id = %(run)s "
    "AND class_id = ANY(%(classes)s::int[]) AND iteration = %(block)s ORDER BY class_id"
)
# Of 4 MB at paper scale.
_BLOCKS_KEPT = 8

Predictions = NDArray[np.integer[Any]]


class SnapshotPredictions:
    """Reads predictions of one run, within one transaction, a block of snapshots at a time.

    Who asks for a snapshot asks for those beside it next, which costs a tenth of a query.
    """

    def __init__(self, session: Session, *, run_id: int) -> None:
        self._session, self._run_id = session, run_id
        # No lru_cache of a method: it and the reader would hold each other, and 30 MB, until Python
        # looks for garbage.
        self._blocks: OrderedDict[int, Predictions | None] = OrderedDict()

    @cached_property
    def _sizes(self) -> dict[int, int]:
        """The number of images of each class that has any, rising by class."""
        sizes = class_sizes(self._session, run_id=self._run_id)
        return {class_id: size for class_id, size in sizes.items() if size}

    @cached_property
    def _classes(self) -> str:
        """Those classes as the server reads an array: made for each block, it takes longer."""
        return f"{{{','.join(map(str, self._sizes))}}}"

    @cached_property
    def _label(self) -> NDArray[np.int32]:
        classes = np.array(list(self._sizes), np.int32)
        return np.repeat(classes, list(self._sizes.values()))

    @cached_property
    def _places(self) -> dict[int, tuple[int, int, int]]:
        """By iteration the first one of its block, how many are in it, and its place there."""
        return {
            iteration: (block.first, len(block.iterations), place)
            for block in result_blocks(self._session, run_id=self._run_id)
            for place, iteration in enumerate(block.iterations.tolist())
        }

    def at(self, iteration: int) -> tuple[NDArray[np.int32], NDArray[np.int32]] | None:
        """Return the class of every validation image and its predicted class, each i4 [N].

        Images by class, in the order of class_images; NO_PREDICTION where the network gave none.
        None where nothing was validated there.
        """
        if iteration not in self._places:
            return None
        first, number, place = self._places[iteration]
        found = self._block(first, number)
        return None if found is None else (self._label, found[place].astype(np.int32))

    def _block(self, first: int, number: int) -> Predictions | None:
        """Return a block, one of the last that were asked for as it was read."""
        if first not in self._blocks:
            self._blocks[first] = self._read(first, number)
            if len(self._blocks) > _BLOCKS_KEPT:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(first)
        return self._blocks[first]

    def _read(self, first: int, number: int) -> Predictions | None:
        """Return the predictions of a block [snapshots, images]; None where it has none."""
        wanted = {"run": self._run_id, "classes": self._classes, "block": first}
        rows = [row[1] for row in fetch(self._session, _WHOLE, wanted)]
        if not any(rows):
            return None
        sizes = list(self._sizes.values())
        if len(set(sizes)) == len(set(map(len, rows))) == 1:
            # As if all were rows of one class: a thousand arrays less.
            known = read_predictions(rows, images=sizes[0], snapshots=[number] * len(rows))
            each = known.reshape(len(rows), number, -1)
            return each.transpose(1, 0, 2).reshape(number, -1)
        parts = [
            read_predictions([row], images=size, snapshots=[number])
            for row, size in zip(rows, sizes, strict=True)
        ]
        return np.concatenate(parts, axis=1)
