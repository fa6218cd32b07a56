"""Annotations of a run: what has changed, and writing, answering, resolving, deleting them.

Every function that writes asks the database what the account may do: annotate, and whether the
text is its own or it manages all annotations.
"""

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.errors import Conflict, Forbidden, InTrash, NotFound, StoreError
from db.models import Annotation, AnnotationState, Reply, Run
from db.permissions import Permission, allows
from db.queries.runs.runs import LARGEST_ID
from db.queries.team.annotation_checks import (
    checked_body,
    checked_tag,
    require_author,
    require_target,
)
from db.queries.team.annotation_rows import AnnotationRow, Target, annotation_query, with_replies
from db.queries.team.mentions import store_mentions
from db.raw import Question

MAX_REPLIES = 500
# Most annotations of one run.
MAX_ANNOTATIONS = 5_000
_VIEW = re.compile(r"[a-z][a-z0-9-]{0,39}")


class Stale(Conflict):
    """Somebody else has changed the text meanwhile; nothing was written."""


@dataclass(frozen=True)
class Changes:
    """What is new since a version; `ids` are all that there are, None where nothing is new."""

    version: int
    ids: tuple[int, ...] | None
    annotations: tuple[AnnotationRow, ...]


def changes(session: Session, *, run_id: int, account_id: int, since: int = -1) -> Changes:
    """Return the annotations that changed after version `since`, all of them for -1; NotFound."""
    version = annotations_version(session, run_id=run_id)
    if version == since:
        return Changes(version, None, ())
    of_run = Annotation.run_id == run_id
    ids = session.scalars(select(Annotation.id).where(of_run).order_by(Annotation.id))
    # A version from before a restored backup may be larger than ours: then everything is new.
    newer = Annotation.changed > (since if since < version else -1)
    query = annotation_query(account_id).where(of_run, newer).order_by(Annotation.id)
    return Changes(version, tuple(ids), tuple(with_replies(session, query)))


_VERSION = Question(
    select(func.coalesce(AnnotationState.version, 0), Run.trashed_at)
    .select_from(Run)
    .outerjoin(AnnotationState, AnnotationState.run_id == Run.id)
    .where(Run.id == bindparam("run"))
)


def annotations_version(session: Session, *, run_id: int) -> int:
    """Return how often the annotations of a run have changed; NotFound, also for the trash."""
    found = _VERSION.row(session, run=run_id)
    if found is None:
        raise NotFound("run", run_id)
    if found[1] is not None:
        raise InTrash(run_id)
    return int(found[0])


def get_annotation(
    session: Session, *, run_id: int, annotation_id: int, account_id: int
) -> AnnotationRow:
    """Return one annotation of a run as an account sees it; NotFound."""
    if 0 < run_id <= LARGEST_ID and 0 < annotation_id <= LARGEST_ID:
        found = with_replies(
            session,
            annotation_query(account_id).where(
                Annotation.id == annotation_id,
                Annotation.run_id == run_id,
                Run.trashed_at.is_(None),
            ),
        )
        if found:
            return found[0]
    raise NotFound("annotation", f"{annotation_id} in run {run_id}")


def create(
    session: Session,
    *,
    run_id: int,
    by: int,
    target: Target,
    body: str,
    tag: str = "",
    view: str = "",
) -> int:
    """Write an annotation; return its id. NotFound for a run or target that is not there."""
    author = require_author(session, by)
    text, label = checked_body(body), checked_tag(tag)
    if view and not _VIEW.fullmatch(view):
        raise Conflict("A view is named by small letters.")
    annotations_version(session, run_id=run_id)
    require_target(session, run_id, target)
    version = _next_version(session, run_id)
    number = select(func.count()).select_from(Annotation).where(Annotation.run_id == run_id)
    if session.scalars(number).one() >= MAX_ANNOTATIONS:
        raise Conflict(f"A run has at most {MAX_ANNOTATIONS:,} annotations; delete some first.")
    annotation_id = session.scalars(
        insert(Annotation)
        .values(
            run_id=run_id, author_id=by, author_name=author.name, target=target.kind,
            target_id=target.id, filter=target.filter, first_iteration=target.first,
            last_iteration=target.last, view=view, body=text, tag=label, changed=version,
        )
        .returning(Annotation.id)
    ).one()  # fmt: skip
    store_mentions(session, annotation_id=annotation_id, reply_id=None, text=text, author_id=by)
    return annotation_id


def edit(
    session: Session, *, run_id: int, annotation_id: int, by: int, version: int, body: str, tag: str
) -> None:
    """Change text and tag; Stale where it is not at `version`, Forbidden where it is another's."""
    found = _own(session, run_id, annotation_id, by)
    text, label = checked_body(body), checked_tag(tag)
    changed = _next_version(session, run_id)
    done = session.execute(
        update(Annotation)
        .where(Annotation.id == annotation_id, Annotation.version == version)
        .values(body=text, tag=label, version=version + 1, changed=changed, edited_at=func.now())
        .returning(Annotation.id)
    )
    if done.one_or_none() is None:
        raise _stale(session, Annotation, annotation_id, "annotation")
    author = found.author_id or by
    store_mentions(session, annotation_id=annotation_id, reply_id=None, text=text, author_id=author)


def resolve(session: Session, *, run_id: int, annotation_id: int, by: int, resolved: bool) -> None:
    """Say that nothing is left to do about an annotation, or that there is again."""
    require_author(session, by)
    _find(session, run_id, annotation_id)
    changed = _next_version(session, run_id)
    session.execute(
        update(Annotation)
        .where(Annotation.id == annotation_id)
        .where(
            Annotation.resolved_at.is_(None) if resolved else Annotation.resolved_at.is_not(None)
        )
        .values(
            resolved_at=func.now() if resolved else None,
            resolved_by=by if resolved else None,
            changed=changed,
        )
    )


def remove(
    session: Session, *, run_id: int, annotation_id: int, by: int, seen: int | None = None
) -> None:
    """Delete an annotation with its replies; Forbidden where it is another's.

    `seen` is its `changed` as whoever deletes it read it: Stale where it or its replies have
    changed since, so that no reply goes that he has not read.
    """
    _own(session, run_id, annotation_id, by)
    # Looked at when nobody else writes: what is read is what is deleted.
    _next_version(session, run_id)
    found = _find(session, run_id, annotation_id)
    if seen is not None and found.changed > seen:
        raise Stale(
            "Somebody else has replied to this annotation or changed it in the meantime; nothing "
            "was deleted. Read what is new, then delete it if you still want to."
        )
    session.execute(delete(Annotation).where(Annotation.id == annotation_id))


def reply(session: Session, *, run_id: int, annotation_id: int, by: int, body: str) -> int:
    """Answer an annotation; return the reply's id."""
    author = require_author(session, by)
    text = checked_body(body)
    # Looked for when nobody else writes: who deletes it may come between.
    _touch(session, run_id, annotation_id)
    _find(session, run_id, annotation_id)
    number = select(func.count()).select_from(Reply).where(Reply.annotation_id == annotation_id)
    if session.scalars(number).one() >= MAX_REPLIES:
        raise Conflict(f"An annotation has at most {MAX_REPLIES} replies; begin another one.")
    reply_id = session.scalars(
        insert(Reply)
        .values(annotation_id=annotation_id, author_id=by, author_name=author.name, body=text)
        .returning(Reply.id)
    ).one()
    store_mentions(session, annotation_id=annotation_id, reply_id=reply_id, text=text, author_id=by)
    return reply_id


def edit_reply(
    session: Session, *, run_id: int, annotation_id: int, reply_id: int, by: int, version: int,
    body: str,
) -> None:  # fmt: skip
    """Change a reply; Stale where it is not at `version`, Forbidden where it is another's."""
    found = _own(session, run_id, annotation_id, by, reply_id=reply_id)
    text = checked_body(body)
    _touch(session, run_id, annotation_id)
    done = session.execute(
        update(Reply)
        .where(Reply.id == reply_id, Reply.version == version)
        .values(body=text, version=version + 1, edited_at=func.now())
        .returning(Reply.id)
    )
    if done.one_or_none() is None:
        raise _stale(session, Reply, reply_id, "reply")
    store_mentions(
        session, annotation_id=annotation_id, reply_id=reply_id, text=text,
        author_id=found.author_id or by,
    )  # fmt: skip


def remove_reply(
    session: Session, *, run_id: int, annotation_id: int, reply_id: int, by: int
) -> None:
    """Delete a reply; Forbidden where it is another's."""
    _own(session, run_id, annotation_id, by, reply_id=reply_id)
    _touch(session, run_id, annotation_id)
    session.execute(delete(Reply).where(Reply.id == reply_id))


def _find(session: Session, run_id: int, annotation_id: int) -> Any:
    if 0 < run_id <= LARGEST_ID and 0 < annotation_id <= LARGEST_ID:
        row = session.execute(
            select(Annotation.id, Annotation.author_id, Annotation.changed)
            .join(Run, Run.id == Annotation.run_id)
            .where(
                Annotation.id == annotation_id,
                Annotation.run_id == run_id,
                Run.trashed_at.is_(None),
            )
        ).one_or_none()
        if row is not None:
            return row
    raise NotFound("annotation", f"{annotation_id} in run {run_id}")


def _own(
    session: Session, run_id: int, annotation_id: int, by: int, *, reply_id: int | None = None
) -> Any:
    """Return the annotation, or its reply, that `by` may change; Forbidden, NotFound."""
    author = require_author(session, by)
    found = _find(session, run_id, annotation_id)
    if reply_id is not None:
        found = session.execute(
            select(Reply.id, Reply.author_id).where(
                Reply.id == min(reply_id, LARGEST_ID), Reply.annotation_id == annotation_id
            )
        ).one_or_none()
        if found is None:
            raise NotFound("reply", f"{reply_id} to annotation {annotation_id}")
    if found.author_id != by and not allows(author.role, Permission.MANAGE_ANNOTATIONS):
        raise Forbidden("Only its author or an administrator may change this.")
    return found


def _stale(session: Session, table: Any, key: int, what: str) -> StoreError:
    if session.scalar(select(table.id).where(table.id == key)) is None:
        return NotFound(what, key)
    return Stale(f"Somebody else has changed this {what} in the meantime.")


def _next_version(session: Session, run_id: int) -> int:
    """Count one change; whoever else writes annotations of the run waits for our commit."""
    first = upsert(AnnotationState).values(run_id=run_id, version=1)
    try:
        return session.scalars(
            first.on_conflict_do_update(
                index_elements=[AnnotationState.run_id],
                set_={"version": AnnotationState.version + 1},
            ).returning(AnnotationState.version)
        ).one()
    except IntegrityError as error:
        raise NotFound("run", run_id) from error


def _touch(session: Session, run_id: int, annotation_id: int) -> None:
    changed = _next_version(session, run_id)
    session.execute(
        update(Annotation).where(Annotation.id == annotation_id).values(changed=changed)
    )
