"""The flips of a run that count at its own window, kept in the store beside its first answers.

Of three million flips fifty thousand reach the window of a run of paper scale. To find them all are
read, which is a tenth of a second of each web process; what is kept is read in a few milliseconds.
"""

from typing import Any

from sqlalchemy.orm import Session

from app.kept_arrays import archived, arrays_in
from app.versions import version_token
from db.queries.runs.prepared_answers import find_answer
from db.queries.runs.runs import RunRow
from ingest.analysis.anomalies import default_window
from ingest.analysis.flip_index import FlipIndex

_NUMBERS = ("snapshots", "run_snapshots")


def index_place(run: RunRow, snapshots: int) -> tuple[str, str]:
    """Return under which token, and as what, the index of a run with so many snapshots is kept."""
    return version_token(run.this_version), f"index {default_window(snapshots)}"


def find_index(session: Session, run: RunRow, snapshots: int) -> FlipIndex | None:
    """Return what is kept of a run as the session sees it; None where there is nothing."""
    token, asked = index_place(run, snapshots)
    data = find_answer(session, run_id=run.id, asked=asked, token=token)
    return None if data is None else _unpacked(data)


def packed(index: FlipIndex) -> bytes:
    """Return an index as bytes: numpy's own archive of its arrays, without `places` where None."""
    return archived({name: value for name, value in vars(index).items() if value is not None})


def _unpacked(data: bytes) -> FlipIndex:
    arrays: dict[str, Any] = arrays_in(data)
    numbers = {name: int(arrays.pop(name)) for name in _NUMBERS}
    return FlipIndex(**{"places": None, **numbers, **arrays})
