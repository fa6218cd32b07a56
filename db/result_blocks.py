"""Which blocks of snapshots the results of a run's images lie in: every class has the same ones."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.predictions import block_iterations
from db.raw import fetch

_ALL = 2**31 - 1
_ANY_CLASS = "SELECT class_id FROM class_result WHERE run_id = %(run)s ORDER BY class_id LIMIT 1"
# A subquery for the class would be planned anew each time where tables are spread.
_BLOCKS = (
    "SELECT iteration, iterations, octet_length(prediction) FROM class_result "
    "WHERE run_id = %(run)s AND class_id = %(class)s AND iteration >= %(first)s "
    "AND iteration <= %(last)s ORDER BY iteration"
)


@dataclass(frozen=True)
class ResultBlock:
    """Some snapshots: `iterations` i4 [B], and the bytes of one class's predictions (0: none)."""

    iterations: NDArray[np.int32]
    size: int

    @property
    def first(self) -> int:
        """The iteration by which rows name the block."""
        return int(self.iterations[0])


def result_blocks(
    session: Session, *, run_id: int, first: int = 0, last: int = _ALL
) -> list[ResultBlock]:
    """Return the blocks of a run that begin within two iterations, in their order."""
    classes = fetch(session, _ANY_CLASS, {"run": run_id})
    if not classes:
        return []
    wanted = {"run": run_id, "class": classes[0][0], "first": first, "last": last}
    return [
        ResultBlock(block_iterations(iteration, listed), size)
        for iteration, listed, size in fetch(session, _BLOCKS, wanted)
    ]
