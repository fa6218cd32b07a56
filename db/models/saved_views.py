"""Saved views: a selection of a run under a short link, and the table of runs under a name."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, CreatedAt


class SavedView(Base):
    """One page of a run with its selection.

    `id` is random and cannot be guessed. Without a `name` it only holds the selection of a link
    that would be too long; `digest` (SHA-256 of page and query) finds such a one again. `query` is
    the selection as it would stand in the address. Only named ones can be `shared`.
    """

    __tablename__ = "saved_view"
    __table_args__ = (
        CheckConstraint("name IS NOT NULL OR NOT shared", name="shared"),
        Index(None, "run_id"),
        Index("saved_view_shared_idx", "created_at", postgresql_where=text("shared")),
        Index(
            "saved_view_unnamed_key",
            "account_id",
            "run_id",
            "digest",
            unique=True,
            postgresql_where=text("name IS NULL"),
        ),
        Index("saved_view_account_id_used_at_idx", "account_id", "used_at"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    page: Mapped[str] = mapped_column(Text)
    query: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    name: Mapped[str | None] = mapped_column(Text)
    shared: Mapped[bool] = mapped_column(server_default="false")
    created_at: Mapped[CreatedAt]
    used_at: Mapped[CreatedAt]


class TableView(Base):
    """The table of runs with its filter, order and columns, as `query` of its address.

    The team's: everybody sees it. `account_name` is who saved it, also when the account is gone.
    """

    __tablename__ = "table_view"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    query: Mapped[str] = mapped_column(Text)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    account_name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[CreatedAt]
