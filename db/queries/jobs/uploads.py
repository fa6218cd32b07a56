"""Uploads: begun, completed, forgotten; the files themselves are app/uploads' to write."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import and_, delete, func, insert, or_, select, text, update
from sqlalchemy.orm import Session

from db.errors import Conflict, NotFound
from db.models import IngestJob, Upload
from db.queries.jobs.job_rights import require_owner, require_scheduler
from db.queries.jobs.jobs import OPEN_STATES

# An upload that was not completed by then is given up, and one that was is kept so long.
OPEN_HOURS = 6
KEPT_DAYS = 7
MAX_TITLE = 200


@dataclass(frozen=True)
class UploadRow:
    """One upload: its folder's name, and the names and sizes of its files by their numbers."""

    id: int
    folder: str
    title: str
    files: tuple[tuple[str, int], ...]
    location: str | None
    created_at: datetime


def begin(
    session: Session, *, title: str, files: Sequence[tuple[str, int]], most_bytes: int, by: int
) -> UploadRow:
    """Note an upload in an account's name, in a folder that the server names.

    Forbidden; Conflict where all uploads together would have more than `most_bytes`.
    """
    require_scheduler(session, by=by)
    # One at a time: the sum must hold when it is committed.
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('uploads', 5))"))
    size = sum(size for _, size in files)
    there = session.scalars(select(func.coalesce(func.sum(Upload.bytes), 0))).one()
    if int(there) + size > most_bytes:
        raise Conflict(
            f"Uploads may have {most_bytes // 2**20:,} MB together, and "
            f"{int(there) // 2**20:,} MB are there; they go after {KEPT_DAYS} days. Put the files "
            "under a folder that workers read, or ask an administrator for DEEPTRACKER_UPLOADS_MB."
        )
    upload_id = session.scalars(
        insert(Upload)
        .values(
            folder=uuid4().hex,
            title=title[:MAX_TITLE],
            files={"files": [list(file) for file in files]},
            bytes=size,
            owner_id=by,
        )
        .returning(Upload.id)
    ).one()
    return get_upload(session, upload_id=upload_id, by=by)


def get_upload(session: Session, *, upload_id: int, by: int) -> UploadRow:
    """Return an upload of the account's own; NotFound, Forbidden."""
    found = session.get(Upload, upload_id, populate_existing=True)
    if found is None:
        raise NotFound("upload", upload_id)
    require_owner(session, by=by, owner_id=found.owner_id, what=f"Upload {upload_id}")
    return _row(found)


def complete(session: Session, *, upload_id: int, location: str) -> None:
    """Note where workers find an upload whose files are all there."""
    session.execute(update(Upload).where(Upload.id == upload_id).values(location=location))


def forget(session: Session, *, upload_id: int) -> None:
    """Forget an upload; its folder is the caller's to remove before."""
    session.execute(delete(Upload).where(Upload.id == upload_id))


def expired(session: Session) -> list[UploadRow]:
    """Return the uploads that are due to go: given up, or kept for long enough.

    None that a job is loading, or waits to load.
    """
    age = func.now() - Upload.created_at
    loading = select(IngestJob.id).where(
        IngestJob.state.in_(OPEN_STATES),
        or_(
            IngestJob.location == Upload.location,
            IngestJob.location.startswith(func.concat(Upload.location, "#")),
        ),
    )
    due = or_(
        and_(Upload.location.is_(None), age > timedelta(hours=OPEN_HOURS)),
        and_(age > timedelta(days=KEPT_DAYS), ~loading.exists()),
    )
    return [_row(found) for found in session.scalars(select(Upload).where(due).order_by(Upload.id))]


def _row(found: Upload) -> UploadRow:
    files = tuple((str(name), int(size)) for name, size in found.files["files"])
    return UploadRow(found.id, found.folder, found.title, files, found.location, found.created_at)
