"""What was written already by a request whose answer got lost, so that its repeat writes nothing.

Nothing tells a repeat from the first request but its content, so both must be by the same account,
about the same thing, with the same words, within the time that passed between them.
"""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models import Annotation, AnnotationState, Reply
from db.queries.team.annotation_checks import checked_body, checked_tag
from db.queries.team.annotation_rows import Target

# Between a browser's first request and what the database calls now.
SLACK = timedelta(seconds=60)
# Nobody asks for a repeat of what is older.
LONGEST = timedelta(days=7)


def find_written(
    session: Session, *, run_id: int, by: int, target: Target, body: str, tag: str, since: timedelta
) -> int | None:
    """Return the id of the annotation that the same words made `since` ago or later, if any."""
    _wait_for_writers(session, run_id)
    return session.scalar(
        select(Annotation.id)
        .where(
            Annotation.run_id == run_id,
            Annotation.author_id == by,
            Annotation.target == target.kind,
            Annotation.target_id.is_not_distinct_from(target.id),
            Annotation.filter.is_not_distinct_from(target.filter),
            Annotation.first_iteration.is_not_distinct_from(target.first),
            Annotation.last_iteration.is_not_distinct_from(target.last),
            Annotation.body == checked_body(body),
            Annotation.tag == checked_tag(tag),
            Annotation.created_at > _earliest(since),
        )
        .order_by(Annotation.id.desc())
        .limit(1)
    )


def find_answered(
    session: Session, *, run_id: int, annotation_id: int, by: int, body: str, since: timedelta
) -> int | None:
    """Return the id of the reply that the same words made `since` ago or later, if any."""
    _wait_for_writers(session, run_id)
    return session.scalar(
        select(Reply.id)
        .where(
            Reply.annotation_id == annotation_id,
            Reply.author_id == by,
            Reply.body == checked_body(body),
            Reply.created_at > _earliest(since),
        )
        .order_by(Reply.id.desc())
        .limit(1)
    )


def reads_so(
    session: Session, *, annotation_id: int, reply_id: int | None, body: str, tag: str = ""
) -> bool:
    """Return whether an annotation, or a reply to it, says this already."""
    if reply_id is not None:
        found = select(Reply.body).where(Reply.id == reply_id, Reply.annotation_id == annotation_id)
        return session.scalar(found) == checked_body(body)
    row = session.execute(
        select(Annotation.body, Annotation.tag).where(Annotation.id == annotation_id)
    ).one_or_none()
    return row is not None and tuple(row) == (checked_body(body), checked_tag(tag))


def _wait_for_writers(session: Session, run_id: int) -> None:
    """Wait for whoever writes annotations of the run: it may be the first request itself."""
    session.execute(
        select(AnnotationState.version).where(AnnotationState.run_id == run_id).with_for_update()
    )


def _earliest(since: timedelta) -> object:
    return func.now() - min(since, LONGEST) - SLACK
