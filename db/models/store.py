"""The identity of the database itself."""

from uuid import UUID

from sqlalchemy import CheckConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class Store(Base):
    """The one row that says which store this is: `id` is random, made with the schema.

    A restored backup gets another one: it is a moment of the past, from which the same versions
    will mean other numbers.
    """

    __tablename__ = "store"
    __table_args__ = (CheckConstraint("single", name="single"),)

    single: Mapped[bool] = mapped_column(primary_key=True, server_default="true")
    id: Mapped[UUID] = mapped_column(server_default=func.gen_random_uuid())
