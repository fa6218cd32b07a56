"""What tells the present state of every run from all others: for copies that are kept elsewhere."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, cast, func, literal, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from db.models import Account, AnnotationState, FindingMute, Run, RunHealth
from db.queries.runs.run_names import RUN_NAME

# The class of the locks of those who write copies of runs.
_COPY = 0x4C41_4B45


@dataclass(frozen=True)
class RunMark:
    """A run, and a mark (32 hexadecimal digits) that changes with whatever is said of it.

    That is what was loaded, what people call, tag and note it, its findings and which of them are
    muted, its annotations. The names of layers and classes never change.
    """

    run_id: int
    uuid: UUID
    mark: str


def run_marks(session: Session) -> dict[int, RunMark]:
    """Return the marks of all runs that are not in the trash, by run, the newest first."""
    query = _marks().order_by(Run.id.desc())
    return {row.run_id: RunMark(**row._mapping) for row in session.execute(query)}


def run_mark(session: Session, *, run_id: int) -> RunMark | None:
    """Return the mark of one run; None where there is none, or it is in the trash."""
    found = session.execute(_marks().where(Run.id == run_id)).one_or_none()
    return None if found is None else RunMark(**found._mapping)


def lock_copy(session: Session, *, run_id: int) -> bool:
    """Return whether this transaction alone may write the copy of a run, until it ends."""
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(_COPY, run_id))))


def _marks() -> Select[Any]:
    mutes = (
        select(
            func.count(),
            _seconds(func.max(FindingMute.created_at)),
            func.string_agg(FindingMute.key, aggregate_order_by(literal(" "), FindingMute.key)),
        )
        .where(FindingMute.run_id == Run.id)
        .correlate(Run)
        .lateral()
    )
    count, newest, keys = mutes.c
    said = func.jsonb_build_array(
        Run.version,
        Run.stamp,
        _seconds(Run.archived_at),
        RUN_NAME,
        Run.tags,
        Run.notes,
        _seconds(Run.loaded_at),
        Account.name,
        _seconds(RunHealth.evaluated_at),
        AnnotationState.version,
        count,
        newest,
        keys,
    )
    return (
        select(Run.id.label("run_id"), Run.uuid, func.md5(cast(said, Text)).label("mark"))
        .outerjoin(Account, Account.id == Run.owner_id)
        .outerjoin(RunHealth, RunHealth.run_id == Run.id)
        .outerjoin(AnnotationState, AnnotationState.run_id == Run.id)
        .join(mutes, true())
        .where(Run.trashed_at.is_(None))
    )


def _seconds(moment: Any) -> Any:
    # As a text it would depend on the connection's time zone.
    return func.extract("epoch", moment)
