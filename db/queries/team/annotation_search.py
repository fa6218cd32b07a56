"""Annotations of all runs: found by text, tag, author, run, state and mention."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from db.models import Account, Annotation, Mention, Reply, Run
from db.queries.runs.run_names import RUN_NAME
from db.queries.team.annotation_rows import AnnotationRow, annotation_query, with_replies

STATES = ("open", "resolved", "all")
MAX_WORDS = 10
MAX_SEARCH = 200


@dataclass(frozen=True)
class Asked:
    """What is looked for; None and "" ask for nothing. `mentioning` is an account."""

    text: str = ""
    tag: str | None = None
    author_id: int | None = None
    run_id: int | None = None
    state: str = "open"
    mentioning: int | None = None


@dataclass(frozen=True)
class Choices:
    """What the annotations there are can be narrowed down to: (id, name), each by name."""

    tags: tuple[str, ...]
    authors: tuple[tuple[int, str], ...]
    runs: tuple[tuple[int, str], ...]


def search(
    session: Session, asked: Asked, *, account_id: int, limit: int, offset: int = 0
) -> tuple[list[AnnotationRow], int]:
    """Return some annotations, those changed last first, and how many there are.

    Every word of the text must stand in the annotation, a reply, the tag, the author's or the
    run's name. Runs in the archive count where they are asked for only, those in the trash never.
    """
    conditions = _conditions(asked)
    query = annotation_query(account_id).where(*conditions)
    number = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    last_reply = (
        select(func.max(Reply.created_at))
        .where(Reply.annotation_id == Annotation.id)
        .scalar_subquery()
    )
    last = func.greatest(
        Annotation.created_at, Annotation.edited_at, Annotation.resolved_at, last_reply
    )
    page = query.order_by(last.desc(), Annotation.id.desc()).limit(limit).offset(offset)
    return with_replies(session, page), number


def choices(session: Session) -> Choices:
    """Return the tags, authors and runs of all annotations."""
    tags = session.scalars(
        select(Annotation.tag)
        .where(Annotation.tag != "")
        .group_by(Annotation.tag)
        .order_by(func.count().desc(), Annotation.tag)
        .limit(500)
    )
    authors = session.execute(
        select(Account.id, Account.name)
        .where(Account.id.in_(select(Annotation.author_id)))
        .order_by(func.lower(Account.name), Account.id)
    )
    runs = session.execute(
        select(Run.id, RUN_NAME.label("name"))
        .where(Run.id.in_(select(Annotation.run_id)), Run.trashed_at.is_(None))
        .order_by(Run.created_at.desc(), Run.id.desc())
    )
    return Choices(
        tuple(tags),
        tuple((row.id, row.name) for row in authors),
        tuple((row.id, row.name) for row in runs),
    )


def used_tags(session: Session) -> list[str]:
    """Return the tags in use, the most used first, at most 100."""
    return list(choices(session).tags[:100])


def open_counts(session: Session) -> dict[int, int]:
    """Return how many open annotations each run has; runs without any are left out."""
    found = session.execute(
        select(Annotation.run_id, func.count())
        .where(Annotation.resolved_at.is_(None))
        .group_by(Annotation.run_id)
    )
    return {row[0]: row[1] for row in found}


def _conditions(asked: Asked) -> list[ColumnElement[bool]]:
    found = [_holds(word) for word in asked.text[:MAX_SEARCH].split()[:MAX_WORDS]]
    found.append(Run.trashed_at.is_(None))
    if asked.tag:
        found.append(Annotation.tag == asked.tag)
    if asked.author_id is not None:
        found.append(Annotation.author_id == asked.author_id)
    if asked.run_id is not None:
        found.append(Annotation.run_id == asked.run_id)
    else:
        found.append(Run.archived_at.is_(None))
    if asked.state == "open":
        found.append(Annotation.resolved_at.is_(None))
    elif asked.state == "resolved":
        found.append(Annotation.resolved_at.is_not(None))
    if asked.mentioning is not None:
        found.append(
            exists().where(
                Mention.annotation_id == Annotation.id, Mention.account_id == asked.mentioning
            )
        )
    return found


def _holds(word: str) -> ColumnElement[bool]:
    in_reply = exists().where(
        Reply.annotation_id == Annotation.id, Reply.body.icontains(word, autoescape=True)
    )
    name = func.coalesce(Account.name, Annotation.author_name)
    texts = (Annotation.body, Annotation.tag, RUN_NAME, name)
    return or_(*(text.icontains(word, autoescape=True) for text in texts), in_reply)
