"""How many nodes of a network come at once: what the layer view shows is asked for in pieces."""

from app.data.pooling import rows_at_once
from deeptracker.format import BAND_THRESHOLDS, BINS

# Most nodes of one request.
PIECE = 96
# What a node has of one snapshot at most: histogram, quartiles and bands of `shapes`.
_OF_A_SNAPSHOT = BINS + 3 * 4 + len(BAND_THRESHOLDS) * 2


def piece_of(snapshots: int) -> int:
    """Return how many nodes come at once of a run of so many snapshots: fewer of a long one."""
    return rows_at_once(snapshots * _OF_A_SNAPSHOT, most=PIECE)
