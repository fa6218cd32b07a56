"""Accounts, their sessions and one-time links, and attempts to log in."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, CreatedAt, Timestamp, one_of
from db.permissions import Role


class Account(Base):
    """One person. `password_hash` is NULL until the person has set a password."""

    __tablename__ = "account"
    __table_args__ = (CheckConstraint(one_of("role", *Role), name="role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str | None] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(server_default="true")
    created_at: Mapped[CreatedAt]


Index("account_email_key", func.lower(Account.email), unique=True)


class AccountSession(Base):
    """One login of one browser; only a hash of its token is kept."""

    __tablename__ = "account_session"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Timestamp]
    last_seen_at: Mapped[CreatedAt]
    user_agent: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    revoked_at: Mapped[Timestamp | None]


class AccountToken(Base):
    """One link that works once, until it expires."""

    __tablename__ = "account_token"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), index=True
    )
    purpose: Mapped[str] = mapped_column(Text)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Timestamp]
    used_at: Mapped[Timestamp | None]


class LoginAttempt(Base):
    """One attempt to log in, by account or by address, so that guessing can be slowed down."""

    __tablename__ = "login_attempt"
    __table_args__ = (Index(None, "key", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Text)
    at: Mapped[CreatedAt]
    succeeded: Mapped[bool]
