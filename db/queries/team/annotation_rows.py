"""Annotations with their replies and the names of what they are about, as rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from db.models import Account, Annotation, Image, Layer, Mention, Reply, Run, ValidationClass
from db.queries.runs.run_names import RUN_NAME


@dataclass(frozen=True)
class Target:
    """What an annotation is about; see db.models.annotations.Annotation."""

    kind: str
    id: int | None = None
    filter: int | None = None
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True)
class ReplyRow:
    """One reply; `author` is a name also where the account is gone."""

    id: int
    annotation_id: int
    author_id: int | None
    author: str
    body: str
    version: int
    created_at: datetime
    edited_at: datetime | None


@dataclass(frozen=True)
class AnnotationRow:
    """One annotation.

    `class_id` is the class (also that of an image), None without one; `name` is that of the class
    or layer ("" for others); `position` is the image's place in its class. `unread`: it mentions
    the account that asks, which has not seen it yet.
    """

    id: int
    run_id: int
    run_name: str
    author_id: int | None
    author: str
    target: Target
    class_id: int | None
    position: int | None
    name: str
    view: str
    body: str
    tag: str
    version: int
    changed: int
    created_at: datetime
    edited_at: datetime | None
    resolved_at: datetime | None
    resolved_by: str | None
    unread: bool
    replies: tuple[ReplyRow, ...]


_RESOLVER = aliased(Account)
_PLAIN = (
    "id", "run_id", "author_id", "view", "body", "tag", "version", "changed", "created_at",
    "edited_at", "resolved_at",
)  # fmt: skip


def annotation_query(account_id: int) -> Select[Any]:
    """Return the query of annotations as `account_id` sees them, without filter and order."""
    of_class = func.coalesce(Image.class_id, ValidationClass.class_id)
    unseen = exists().where(
        Mention.annotation_id == Annotation.id,
        Mention.account_id == account_id,
        Mention.seen_at.is_(None),
    )
    return (
        select(
            *(getattr(Annotation, name) for name in _PLAIN),
            Annotation.target,
            Annotation.target_id,
            Annotation.filter,
            Annotation.first_iteration,
            Annotation.last_iteration,
            RUN_NAME.label("run_name"),
            func.coalesce(Account.name, Annotation.author_name).label("author"),
            _RESOLVER.name.label("resolved_by"),
            of_class.label("class_id"),
            Image.position.label("position"),
            func.coalesce(ValidationClass.name, Layer.name, "").label("name"),
            unseen.label("unread"),
        )
        .join(Run, Run.id == Annotation.run_id)
        .outerjoin(Account, Account.id == Annotation.author_id)
        .outerjoin(_RESOLVER, _RESOLVER.id == Annotation.resolved_by)
        .outerjoin(
            Image,
            and_(
                Annotation.target == "image",
                Image.run_id == Annotation.run_id,
                Image.image_id == Annotation.target_id,
            ),
        )
        .outerjoin(
            ValidationClass,
            and_(
                ValidationClass.run_id == Annotation.run_id,
                (
                    (Annotation.target == "class")
                    & (ValidationClass.class_id == Annotation.target_id)
                )
                | (ValidationClass.class_id == Image.class_id),
            ),
        )
        .outerjoin(
            Layer,
            and_(
                Annotation.target.in_(("layer", "filter")),
                Layer.run_id == Annotation.run_id,
                Layer.layer_id == Annotation.target_id,
            ),
        )
    )


def with_replies(session: Session, query: Select[Any]) -> list[AnnotationRow]:
    """Return what a query of `annotation_query` finds, each with its replies, the oldest first."""
    found = session.execute(query).all()
    replies = _replies(session, [row.id for row in found])
    return [_row(row, tuple(replies.get(row.id, ()))) for row in found]


def _replies(session: Session, ids: Sequence[int]) -> dict[int, list[ReplyRow]]:
    if not ids:
        return {}
    found = session.execute(
        select(
            Reply.id,
            Reply.annotation_id,
            Reply.author_id,
            func.coalesce(Account.name, Reply.author_name).label("author"),
            Reply.body,
            Reply.version,
            Reply.created_at,
            Reply.edited_at,
        )
        .outerjoin(Account, Account.id == Reply.author_id)
        .where(Reply.annotation_id.in_(ids))
        .order_by(Reply.id)
    )
    by_annotation: dict[int, list[ReplyRow]] = {}
    for row in found:
        by_annotation.setdefault(row.annotation_id, []).append(ReplyRow(**row._mapping))
    return by_annotation


def _row(row: Any, replies: tuple[ReplyRow, ...]) -> AnnotationRow:
    values = dict(row._mapping)
    target = Target(
        values.pop("target"),
        values.pop("target_id"),
        values.pop("filter"),
        values.pop("first_iteration"),
        values.pop("last_iteration"),
    )
    return AnnotationRow(**values, target=target, replies=replies)
