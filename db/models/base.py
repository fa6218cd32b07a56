"""The base of all tables and the naming of their constraints."""

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import DateTime, MetaData, func
from sqlalchemy.orm import DeclarativeBase, mapped_column

from db.types import Document

# Names that follow from the table, so that a migration can drop what another one made.
NAMING = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}

Timestamp = Annotated[datetime, mapped_column(DateTime(timezone=True))]
CreatedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]


class Base(DeclarativeBase):
    """The declarative base; times are timestamps with time zone, dicts are jsonb."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {dict[str, Any]: Document}  # noqa: RUF012 - SQLAlchemy reads it


def one_of(column: str, *values: str) -> str:
    """Return the SQL of a check that `column` is one of `values` (constants of ours)."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"
