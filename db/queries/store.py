"""Which store this is: what tells its answers from those of any other, and of its own copies."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ScalarSelect, Text, cast, column, delete, func, select, table, update
from sqlalchemy.orm import Session

from db.models import AccountSession, AccountToken, Store

_databases = table("pg_database", column("oid"), column("datname"), schema="pg_catalog")


@dataclass(frozen=True)
class RunVersion:
    """One version of one run of one store: equal ones have equal numbers.

    `store` is what store_key gives, `number` the run's version, `stamp` what is random about it
    (None: written before there were stamps).
    """

    store: str
    uuid: UUID
    number: int
    stamp: UUID | None


def store_key() -> ScalarSelect[str]:
    """Return a subquery that names this very database, for statements that read it on the way.

    The text holds the id that was made with the schema, and the server's number of the database:
    a copy by CREATE DATABASE ... TEMPLATE has the first, but not the second.
    """
    return (
        select(cast(Store.id, Text) + "/" + cast(_databases.c.oid, Text))
        .join_from(Store, _databases, _databases.c.datname == func.current_database())
        .where(Store.single)
        .scalar_subquery()
    )


def this_store(session: Session) -> str:
    """Return the name of this very database, as store_key gives it."""
    return str(session.scalar(select(store_key())))


def renew(session: Session) -> None:
    """Make the store another one than that which it was copied from."""
    session.execute(update(Store).values(id=func.gen_random_uuid()))


def end_logins(session: Session) -> None:
    """End all sessions, and the one-time links that were not used."""
    session.execute(
        update(AccountSession)
        .where(AccountSession.revoked_at.is_(None))
        .values(revoked_at=func.now())
    )
    session.execute(delete(AccountToken).where(AccountToken.used_at.is_(None)))
