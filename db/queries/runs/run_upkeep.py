"""What people do with runs: rename, tag, note, put away, throw away, delete for good.

Every function checks the account and its role, and writes the act to the audit log in the same
transaction. Members may tag and note every run, and rename, archive and trash their own;
administrators may do all of that, and delete for good.
"""

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from db import partitions
from db.errors import Conflict, Forbidden, NotFound
from db.layout import LARGE
from db.models import Base, Run
from db.permissions import Permission, allows
from db.queries.runs.run_names import checked_title
from db.queries.runs.runs import RunRow, get_run
from db.queries.team import accounts, audit
from db.queue import PURGE, defer, waiting_arguments
from db.queue_care import forget

MAX_TAGS = 20
MAX_TAG = 40
MAX_NOTES = 20_000
# How long a run stays in the trash before a worker deletes it.
TRASH_DAYS = 30

_SMALL = tuple(Base.metadata.tables[name] for name in partitions.MEASURED)


def hold(session: Session, *, run_id: int) -> None:
    """Let nobody else change what a run is called and said to be until this transaction ends."""
    session.execute(select(Run.id).where(Run.id == run_id).with_for_update(key_share=True))


def rename(session: Session, *, by: int, run_id: int, title: str) -> None:
    """Give a run another name; an empty one brings that of its log back."""
    run = _own(session, by, run_id)
    wanted = checked_title(title)
    kept = None if wanted in ("", run.recorded_name) else wanted
    _change(session, run_id, title=kept)
    _note(session, by, "renamed", run, f"to {kept or run.recorded_name}")


def tag(session: Session, *, by: int, run_id: int, tags: Sequence[str]) -> None:
    """Replace the tags of a run; in the order given, without doubles."""
    run = _any(session, by, run_id)
    wanted = list(dict.fromkeys(" ".join(word.split()) for word in tags if word.strip()))
    if len(wanted) > MAX_TAGS or any(len(t) > MAX_TAG or not t.isprintable() for t in wanted):
        raise Conflict(f"A run has at most {MAX_TAGS} tags of at most {MAX_TAG} characters.")
    if wanted != run.tags:
        _change(session, run_id, tags=wanted)
        _note(session, by, "tagged", run, ", ".join(wanted) or "with nothing")


def note(session: Session, *, by: int, run_id: int, notes: str, seen: str) -> None:
    """Replace the notes of a run; Conflict where they are no longer those that were `seen`."""
    run = _any(session, by, run_id)
    wanted = "".join(c for c in notes if c in "\n\t" or unicodedata.category(c)[0] != "C")
    if len(wanted) > MAX_NOTES:
        raise Conflict(f"Notes have at most {MAX_NOTES:,} characters.")
    changed = session.execute(
        update(Run)
        .where(Run.id == run_id, Run.notes == seen)
        .values(notes=wanted)
        .returning(Run.id)
    )
    if changed.one_or_none() is None:
        raise Conflict(
            "Somebody else has changed these notes in the meantime; copy what you wrote, and open "
            "the run's details again."
        )
    _note(session, by, "wrote notes on", run)


def archive(session: Session, *, by: int, run_id: int) -> bool:
    """Put a run away; nothing is lost. Return whether it was in use: one that is away stays as is.

    What is put away, or into the trash, carries the time of the transaction (moment.py).
    """
    return _move(session, by, run_id, "archived", {"archived_at": func.now()}, _IN_USE)


def unarchive(session: Session, *, by: int, run_id: int, put_there: datetime | None = None) -> bool:
    """Put a run back among those in use; return whether it was put away, and at `put_there`."""
    there = _since(Run.archived_at, put_there)
    return _move(session, by, run_id, "took out of the archive", {"archived_at": None}, there)


def trash(session: Session, *, by: int, run_id: int) -> bool:
    """Throw a run away: nobody sees it, and after TRASH_DAYS it is deleted for good.

    Return whether it was not in the trash: one that is there already stays as it is.
    """
    return _move(session, by, run_id, "put into the trash", {"trashed_at": func.now()}, _NOT_TRASH)


def restore(session: Session, *, by: int, run_id: int, put_there: datetime | None = None) -> bool:
    """Take a run out of the trash as it was; return whether it was there, and since `put_there`.

    A deletion that was asked for and has not begun is called off.
    """
    there = _since(Run.trashed_at, put_there)
    restored = _move(session, by, run_id, "restored", {"trashed_at": None}, there)
    if restored:
        forget(session, task=PURGE, argument="run_id", value=run_id)
    return restored


def ask_purge(session: Session, *, by: int, run_id: int) -> None:
    """Let a worker delete a run in the trash for good, whoever reads it in the meantime."""
    run = get_run(session, run_id=run_id, trashed=True)
    if not allows(_role(session, by), Permission.MANAGE_RUNS):
        raise Forbidden("Only administrators may delete runs for good.")
    if run.trashed_at is None:
        raise Conflict(f"Move run {run_id} to the trash first.")
    if run_id in being_deleted(session):
        raise Conflict(f"Run {run_id} is being deleted already.")
    defer(session, task=PURGE, arguments={"run_id": run_id})
    _note(session, by, "deleted for good", run, f"{run.snapshot_count:,} snapshots")


def being_deleted(session: Session) -> set[int]:
    """Return the runs that a worker was asked to delete for good, and has not begun with."""
    return waiting_arguments(session, task=PURGE, argument="run_id")


def empty_trash(session: Session) -> list[int]:
    """Let a worker delete the runs whose time in the trash is over; return those not yet asked."""
    limit = func.now() - timedelta(days=TRASH_DAYS)
    asked = being_deleted(session)
    due = session.scalars(select(Run.id).where(Run.trashed_at < limit).order_by(Run.id))
    found = [run_id for run_id in due if run_id not in asked]
    for run_id in found:
        defer(session, task=PURGE, arguments={"run_id": run_id})
        audit.record(
            session,
            actor_id=None,
            action="deleted for good",
            target=f"run {run_id}",
            detail=f"after {TRASH_DAYS} days in the trash",
        )
    return found


def purge(session: Session, *, run_id: int) -> None:
    """Delete a run in the trash with everything that is about it, for good.

    The space of its large tables goes back to the file system with the transaction's end. NotFound
    where it is gone already or was restored. The caller holds the right to load the run, so that
    nobody writes to it meanwhile (`db.load.sole_loader`).
    """
    found = session.scalar(
        select(Run.id).where(Run.id == run_id, Run.trashed_at.is_not(None)).with_for_update()
    )
    if found is None:
        raise NotFound("run in the trash", run_id)
    whole = partitions.drop_partitions(session, run_id=run_id)
    rest = () if whole else LARGE
    for table in (*rest, *_SMALL):
        session.execute(delete(table).where(table.c.run_id == run_id))
    session.execute(delete(Run).where(Run.id == run_id))


def _own(session: Session, by: int, run_id: int) -> RunRow:
    run = get_run(session, run_id=run_id, trashed=True)
    role = _role(session, by)
    owns = run.owner_id == by and allows(role, Permission.SCHEDULE_JOBS)
    if not owns and not allows(role, Permission.MANAGE_RUNS):
        raise Forbidden("Only the owner of a run and administrators may do this.")
    return run


def _any(session: Session, by: int, run_id: int) -> RunRow:
    run = get_run(session, run_id=run_id, trashed=True)
    if not allows(_role(session, by), Permission.ANNOTATE):
        raise Forbidden("Viewers may not change runs; ask an administrator for another role.")
    return run


def _role(session: Session, by: int) -> str:
    account = accounts.get_account(session, account_id=by)
    if not account.active:
        raise Forbidden("This account is deactivated.")
    return account.role


_IN_USE = Run.archived_at.is_(None)
_NOT_TRASH = Run.trashed_at.is_(None)


def _since(column: Any, put_there: datetime | None) -> Any:
    return column.is_not(None) if put_there is None else column == put_there


def _move(
    session: Session, by: int, run_id: int, action: str, values: dict[str, Any], where: Any
) -> bool:
    """Move a run of one's own that is where it is looked for; return whether it was."""
    run = _own(session, by, run_id)
    changed = session.execute(
        update(Run).where(Run.id == run_id, where).values(**values).returning(Run.id)
    )
    moved = changed.one_or_none() is not None
    if moved:
        _note(session, by, action, run)
    return moved


def _change(session: Session, run_id: int, **values: Any) -> None:
    session.execute(update(Run).where(Run.id == run_id).values(**values))


def _note(session: Session, by: int, action: str, run: RunRow, detail: str = "") -> None:
    audit.record(
        session, actor_id=by, action=action, target=f"run {run.id} {run.name}", detail=detail
    )
