"""Runs and what they are made of: layers, classes, images."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, CreatedAt, Timestamp, one_of
from db.types import Array, NumpyArray
from deeptracker.format import STATES


class Run(Base):
    """One training of one network; `version` grows with every loaded batch.

    `stamp` is random and changes with `version`: a copy of the database that is put back counts
    the same versions again, but never gives the same stamp to other numbers. NULL in rows that
    were last written before there were stamps.
    `manifest` is that of the log without its long lists (layers, classes, images), which have
    tables of their own. `state` is that of the training. `last_error` is the validation error of
    the last snapshot, else its training error. `thumbnail` is the width and height of one picture
    in the contact sheets, NULL where there are none. `title` is the name that people gave it, NULL
    where it keeps that of the log.
    """

    __tablename__ = "run"
    __table_args__ = (CheckConstraint(one_of("state", *STATES), name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[UUID] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(Text)
    model: Mapped[str] = mapped_column(Text)
    dataset: Mapped[str] = mapped_column(Text)
    hyperparameters: Mapped[dict[str, Any]]
    manifest: Mapped[dict[str, Any]]
    location: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(server_default="0")
    stamp: Mapped[UUID | None] = mapped_column(server_default=func.gen_random_uuid())
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    class_count: Mapped[int]
    layer_count: Mapped[int]
    image_count: Mapped[int]
    filter_count: Mapped[int]
    snapshot_count: Mapped[int] = mapped_column(server_default="0")
    last_iteration: Mapped[int | None]
    last_error: Mapped[float | None] = mapped_column(Double)
    planned_iterations: Mapped[int | None]
    lost_snapshots: Mapped[int] = mapped_column(server_default="0")
    thumbnail: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    created_at: Mapped[Timestamp]
    ended_at: Mapped[Timestamp | None]
    loaded_at: Mapped[CreatedAt]
    archived_at: Mapped[Timestamp | None]
    title: Mapped[str | None] = mapped_column(Text)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    notes: Mapped[str] = mapped_column(Text, server_default="")
    trashed_at: Mapped[Timestamp | None]


class Layer(Base):
    """One layer of a run; its filters are `filter_offset` .. + `filters` of the run's filters.

    The other columns mean what deeptracker.format.LayerSpec says.
    """

    __tablename__ = "layer"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    layer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    stage: Mapped[str] = mapped_column(Text)
    block: Mapped[str] = mapped_column(Text)
    branch: Mapped[str] = mapped_column(Text)
    filters: Mapped[int]
    filter_offset: Mapped[int]
    parameters: Mapped[int] = mapped_column(BigInteger)
    inputs: Mapped[int]
    kernel: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    stride: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    groups: Mapped[int]


class ValidationClass(Base):
    """One validation class.

    `images` are the ids of its images, rising; that is also the order of the arrays of
    class_result and of the pictures in `contact_sheet` (WebP, in rows of a square grid).
    """

    __tablename__ = "class"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    class_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text)
    image_count: Mapped[int]
    images: Mapped[Array] = mapped_column(NumpyArray("i4"))
    contact_sheet: Mapped[bytes | None] = mapped_column(LargeBinary)


class Image(Base):
    """One validation image; `position` is its place among the images of its class.

    No foreign key, which would be looked up for each: a purge deletes them by their run.
    """

    __tablename__ = "image"
    __table_args__ = (Index(None, "run_id", "class_id", "position", unique=True),)

    run_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    image_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    class_id: Mapped[int]
    position: Mapped[int]
    name: Mapped[str | None] = mapped_column(Text)
