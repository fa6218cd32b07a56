"""Runs: the list of them, one of them, its version."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, bindparam, case, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from db.engine import RUNS_OF_ONE_MOMENT
from db.errors import InTrash, NotFound
from db.models import Account, Run, snapshot
from db.queries.runs.run_names import RUN_NAME
from db.queries.store import RunVersion, store_key
from db.raw import Question

LARGEST_ID = 2**31 - 1
SILENT_AFTER = timedelta(minutes=10)
SILENT_GAPS = 10


@dataclass(frozen=True)
class RunRow:
    """One run without its measurements.

    `name` is the title that people gave it, else `recorded_name`, that of the log.
    `last_error` is the validation error of the last snapshot, else its training error, a share
    0..1 or None; `owner` is the name of the account that loaded it, None where that is gone.
    `thumbnail` is the (width, height) of one picture in the contact sheets. `last_recorded` is when
    the last snapshot of a run that still records was made, in seconds since 1970; else None.
    `heartbeats` says whether its log tells that the training lives: what another tool wrote does
    not. `store` and `stamp` are as in RunVersion.
    """

    id: int
    uuid: UUID
    name: str
    model: str
    dataset: str
    state: str
    version: int
    owner_id: int | None
    owner: str | None
    location: str
    hyperparameters: dict[str, Any]
    class_count: int
    layer_count: int
    image_count: int
    filter_count: int
    snapshot_count: int
    last_iteration: int | None
    last_error: float | None
    planned_iterations: int | None
    lost_snapshots: int
    thumbnail: tuple[int, int] | None
    created_at: datetime
    ended_at: datetime | None
    loaded_at: datetime
    archived_at: datetime | None
    recorded_name: str
    tags: list[str]
    notes: str
    trashed_at: datetime | None
    last_recorded: float | None
    heartbeats: bool = True
    stamp: UUID | None = None
    store: str = ""

    @property
    def this_version(self) -> RunVersion:
        """What tells this version of the run from all others, of any store."""
        return RunVersion(self.store, self.uuid, self.version, self.stamp)

    @property
    def recording(self) -> bool:
        """Whether more snapshots are to come."""
        return self.state == "recording"

    def silent_since(self, now: datetime) -> datetime | None:
        """Return when a run that claims to record was last heard of, where that is too long ago.

        Too long is SILENT_GAPS times what a snapshot took so far, and at least SILENT_AFTER: a
        training that was killed cannot say so, nor can a tool that only writes files say that one
        is over. None while it may just be slow.
        """
        if not self.recording:
            return None
        last = self.created_at
        if self.last_recorded is not None and math.isfinite(self.last_recorded):
            last = max(last, datetime.fromtimestamp(self.last_recorded, UTC))
        usual = (last - self.created_at) / max(1, self.snapshot_count)
        return last if now - last > max(SILENT_AFTER, SILENT_GAPS * usual) else None

    @property
    def validates(self) -> bool:
        """Whether the run has validation images."""
        return self.image_count > 0


_OTHERWISE = ("owner", "name", "recorded_name", "last_recorded", "heartbeats", "store")
_COLUMNS = [name for name in RunRow.__dataclass_fields__ if name not in _OTHERWISE]


def select_runs() -> Select[Any]:
    """Return the query of all runs, whose rows `run_row` takes."""
    columns = [getattr(Run, name) for name in _COLUMNS]
    last = (
        select(snapshot.c.recorded_at)
        .where(snapshot.c.run_id == Run.id)
        .order_by(snapshot.c.iteration.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(
        *columns,
        RUN_NAME.label("name"),
        Run.name.label("recorded_name"),
        Account.name.label("owner"),
        case((Run.state == "recording", last), else_=None).label("last_recorded"),
        # Asked of those alone: a manifest may be large.
        case(
            (
                Run.state == "recording",
                func.jsonb_extract_path_text(Run.manifest, "origin").is_(None),
            ),
            else_=True,
        ).label("heartbeats"),
        store_key().label("store"),
    ).outerjoin(Account, Account.id == Run.owner_id)


def run_row(values: dict[str, Any]) -> RunRow:
    """Return a run from the values of its row, by name."""
    size = values.pop("thumbnail")
    return RunRow(**values, thumbnail=None if size is None else (size[0], size[1]))


class Shelf(StrEnum):
    """Where runs are: in use, put away, or about to be deleted."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    TRASH = "trash"


# Of which runs a shelf consists.
ON_SHELF = {
    Shelf.ACTIVE: Run.archived_at.is_(None) & Run.trashed_at.is_(None),
    Shelf.ARCHIVED: Run.archived_at.is_not(None) & Run.trashed_at.is_(None),
    Shelf.TRASH: Run.trashed_at.is_not(None),
}


def list_runs(session: Session, *, shelf: Shelf = Shelf.ACTIVE) -> list[RunRow]:
    """Return the runs of a shelf, the newest first."""
    query = select_runs().where(ON_SHELF[shelf]).order_by(Run.created_at.desc(), Run.id.desc())
    return [run_row(found._asdict()) for found in session.execute(query)]


def get_run(session: Session, *, run_id: int, trashed: bool = False) -> RunRow:
    """Return one run, archived or not; NotFound where there is none, or it is in the trash.

    With `trashed`, also from the trash.
    """
    found = _rows(session, [run_id]).get(run_id)
    if found is None:
        raise NotFound("run", run_id)
    if found.trashed_at is not None and not trashed:
        raise InTrash(run_id)
    return found


def get_runs(session: Session, *, run_ids: Sequence[int]) -> list[RunRow]:
    """Return several runs in the order asked for, by one query; refuses as `get_run` does."""
    rows = _rows(session, run_ids)
    for run_id in run_ids:
        if run_id not in rows:
            raise NotFound("run", run_id)
        if rows[run_id].trashed_at is not None:
            raise InTrash(run_id)
    return [rows[run_id] for run_id in run_ids]


def _rows(session: Session, run_ids: Sequence[int]) -> dict[int, RunRow]:
    """Return those of the runs that there are, by id; each is read once of one moment."""
    known: dict[int, RunRow] = session.info.get(RUNS_OF_ONE_MOMENT, {})
    unread = [i for i in run_ids if i not in known and 0 < i <= LARGEST_ID]
    if unread:
        one = Run.id == unread[0] if len(unread) == 1 else Run.id.in_(unread)
        found = session.execute(select_runs().where(one))
        known |= {row.id: run_row(row._asdict()) for row in found}
    return known


def get_run_by_uuid(session: Session, *, uuid: UUID | str) -> RunRow:
    """Return the run that a log belongs to; NotFound where it is not loaded or no UUID is given."""
    try:
        key = uuid if isinstance(uuid, UUID) else UUID(uuid)
    except ValueError as error:
        raise NotFound("run", uuid) from error
    found = session.execute(select_runs().where(Run.uuid == key)).one_or_none()
    if found is None:
        raise NotFound("run", key.hex)
    return run_row(found._asdict())


def run_version(session: Session, *, run_id: int) -> int:
    """Return the version of a run, which grows with every change to it.

    NotFound where there is none, or it is in the trash.
    """
    return this_version(session, run_id=run_id).number


_THIS_VERSION = Question(
    select(store_key(), Run.uuid, Run.version, Run.stamp, Run.trashed_at).where(
        Run.id == bindparam("run")
    )
)


def this_version(session: Session, *, run_id: int) -> RunVersion:
    """Return what tells the present version of a run from all others; NotFound as run_version."""
    found = _THIS_VERSION.row(session, run=run_id)
    if found is None:
        raise NotFound("run", run_id)
    if found[4] is not None:
        raise InTrash(run_id)
    return RunVersion(*found[:4])


def runs_like(session: Session, *, uuid_start: str) -> list[RunRow]:
    """Return the runs, none of the trash, whose UUID begins with these hexadecimal digits (8)."""
    query = select_runs().where(
        cast(Run.uuid, Text).startswith(uuid_start, autoescape=True), Run.trashed_at.is_(None)
    )
    return [run_row(found._asdict()) for found in session.execute(query.order_by(Run.id))]


def run_manifest(session: Session, *, run_id: int) -> dict[str, Any]:
    """Return the log's manifest without its long parts (layers, classes, images, graph).

    NotFound where there is no such run.
    """
    without = Run.manifest.op("-", return_type=JSONB())(cast("graph", Text))
    return _manifest(session, run_id, without)


def run_graph(session: Session, *, run_id: int) -> dict[str, Any] | None:
    """Return the graph of the manifest (format.Graph), None where it has none; or NotFound."""
    found = _manifest(session, run_id, func.jsonb_build_object("graph", Run.manifest["graph"]))
    graph: dict[str, Any] | None = found["graph"]
    return graph


def _manifest(session: Session, run_id: int, part: Any) -> dict[str, Any]:
    if 0 < run_id <= LARGEST_ID:
        found: dict[str, Any] | None = session.scalar(select(part).where(Run.id == run_id))
        if found is not None:
            return found
    raise NotFound("run", run_id)
