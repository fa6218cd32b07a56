"""What people bring: uploads on their way to a worker's root, and looks at what lies at a place."""

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, CreatedAt, Timestamp


class Upload(Base):
    """Files that somebody sends: `folder` is the server's own name for it, `title` the person's.

    `files` are the names and sizes that were announced, in the order of their numbers. `location`
    is where a worker finds them, None until all are there.
    """

    __tablename__ = "upload"
    __table_args__ = (Index(None, "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    folder: Mapped[str] = mapped_column(Text, unique=True)
    title: Mapped[str] = mapped_column(Text)
    files: Mapped[dict[str, Any]]
    bytes: Mapped[int] = mapped_column(BigInteger)
    location: Mapped[str | None] = mapped_column(Text)
    owner_id: Mapped[int | None] = mapped_column(
        ForeignKey("account.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[CreatedAt]


class IngestLook(Base):
    """A question of what could be loaded from a place, which a worker answers.

    `answer` is a ingest.sources.recognised.Recognised as JSON; `error` is safe to show; neither
    while no worker has answered.
    """

    __tablename__ = "ingest_look"
    __table_args__ = (Index(None, "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    location: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[int | None] = mapped_column(
        ForeignKey("account.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[CreatedAt]
    answer: Mapped[dict[str, Any] | None]
    error: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[Timestamp | None]
