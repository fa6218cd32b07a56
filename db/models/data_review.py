"""What the histories of validation images come to, and what people decided on images."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, Table, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, CreatedAt, one_of
from db.types import NumpyArray

DECISIONS = ("keep", "relabel", "remove")

# The columns of ingest.analysis.data_review.history.ImageHistory, and their dtypes.
HISTORY = {
    "confidence": "f4",
    "variability": "f4",
    "correct": "f4",
    "other": "i4",
    "agreement": "f4",
    "doubt": "f4",
    "forgotten": "i4",
    "learned": "i4",
    "lost": "i4",
    "twin": "i4",
}

# One row a run with validation images, replaced whenever the run is evaluated. `classes_key` is a
# hash of the names of the classes and the class of every image, `digest` what the log says to tell
# one validation set from another ("": nothing): together they tell whose images are the same.
# `snapshots` and `last_iteration` are those that were seen, `counted` how many of them counted.
image_history = Table(
    "image_history",
    Base.metadata,
    Column(
        "run_id",
        ForeignKey("run.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("classes_key", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("snapshots", Integer, nullable=False),
    Column("counted", Integer, nullable=False),
    Column("last_iteration", Integer, nullable=True),
    *(Column(name, NumpyArray(dtype), nullable=False) for name, dtype in HISTORY.items()),
)


class ImageReview(Base):
    """What somebody decided on an image of a validation set, whichever run showed it.

    `set_key` tells the set (db.queries.runs.image_histories.ImageSet.key), `image_id` is the place
    in it. `label` is the class that a relabelled image should have, NULL otherwise.
    """

    __tablename__ = "image_review"
    __table_args__ = (
        CheckConstraint(one_of("decision", *DECISIONS), name="decision"),
        CheckConstraint("(decision = 'relabel') = (label IS NOT NULL)", name="label"),
    )

    set_key: Mapped[str] = mapped_column(Text, primary_key=True)
    image_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    decision: Mapped[str] = mapped_column(Text)
    label: Mapped[int | None]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    account_name: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[CreatedAt]
