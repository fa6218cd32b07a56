"""Annotations of runs and of what is in them, the replies, and whom they mention."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, CreatedAt, Timestamp, one_of

TARGETS = ("run", "iteration", "class", "image", "layer", "filter")

# What each kind of target must have, and may not have.
_SHAPE = (
    "(target IN ('run', 'iteration')) = (target_id IS NULL)"
    " AND (target = 'filter') = (filter IS NOT NULL)"
    " AND (first_iteration IS NULL) = (last_iteration IS NULL)"
    " AND (target <> 'iteration' OR first_iteration IS NOT NULL)"
    " AND (target <> 'run' OR first_iteration IS NULL)"
    " AND first_iteration <= last_iteration"
)


class Annotation(Base):
    """What a person wrote about a target in a run; everything but a run may have iterations.

    `target_id` is the class, image or layer; `filter` the filter of the layer. A single iteration
    is a range whose ends are equal. `view` names the page where it was written. `version` grows
    with every change of text or tag, so that nobody overwrites what he has not read; `changed` is
    the version of the run's annotations at the last change to it or its replies. `author_name` is
    the author's, should the account ever be gone.
    """

    __tablename__ = "annotation"
    __table_args__ = (
        CheckConstraint(one_of("target", *TARGETS), name="target"),
        CheckConstraint(_SHAPE, name="shape"),
        Index(None, "run_id", "changed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    author_id: Mapped[int | None] = mapped_column(
        ForeignKey("account.id", ondelete="SET NULL"), index=True
    )
    author_name: Mapped[str] = mapped_column(Text)
    target: Mapped[str] = mapped_column(Text)
    target_id: Mapped[int | None]
    filter: Mapped[int | None]
    first_iteration: Mapped[int | None]
    last_iteration: Mapped[int | None]
    view: Mapped[str] = mapped_column(Text, server_default="")
    body: Mapped[str] = mapped_column(Text)
    tag: Mapped[str] = mapped_column(Text, server_default="")
    version: Mapped[int] = mapped_column(server_default="1")
    changed: Mapped[int]
    created_at: Mapped[CreatedAt]
    edited_at: Mapped[Timestamp | None]
    resolved_at: Mapped[Timestamp | None]
    resolved_by: Mapped[int | None] = mapped_column(
        ForeignKey("account.id", ondelete="SET NULL"), index=True
    )


class Reply(Base):
    """An answer to an annotation; `version` and `author_name` as there."""

    __tablename__ = "reply"

    id: Mapped[int] = mapped_column(primary_key=True)
    annotation_id: Mapped[int] = mapped_column(
        ForeignKey("annotation.id", ondelete="CASCADE"), index=True
    )
    author_id: Mapped[int | None] = mapped_column(
        ForeignKey("account.id", ondelete="SET NULL"), index=True
    )
    author_name: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[CreatedAt]
    edited_at: Mapped[Timestamp | None]


class Mention(Base):
    """One person in one text: of the annotation itself where `reply_id` is NULL."""

    __tablename__ = "mention"
    __table_args__ = (Index(None, "account_id", "seen_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    annotation_id: Mapped[int] = mapped_column(
        ForeignKey("annotation.id", ondelete="CASCADE"), index=True
    )
    reply_id: Mapped[int | None] = mapped_column(
        ForeignKey("reply.id", ondelete="CASCADE"), index=True
    )
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]
    seen_at: Mapped[Timestamp | None]


class AnnotationState(Base):
    """How often the annotations of a run have changed: what open pages ask for every second.

    Not a column of `run`: whoever loads a run keeps its row locked for seconds.
    """

    __tablename__ = "annotation_state"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("run.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    version: Mapped[int]
