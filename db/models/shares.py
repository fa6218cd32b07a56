"""Parts of one large load, which several workers share."""

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Timestamp, one_of

# open: for anybody. taken: by `worker`, on the connection `backend`. returned: for him alone who
# leads the load, because a file is missing or bad, or the part changes what was stored. done: all
# of it is visible.
SHARE_STATES = ("open", "taken", "returned", "done")


class IngestShare(Base):
    """A part of a load that is under way: some snapshots in a row.

    `plan` names the division, and is the key of a lock that the connections of its helpers hold.
    `loaded`, `replaced` and `unchanged` say what became of the snapshots of a part that is done.
    """

    __tablename__ = "ingest_share"
    __table_args__ = (CheckConstraint(one_of("state", *SHARE_STATES), name="state"),)

    run_id: Mapped[int] = mapped_column(
        ForeignKey("run.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    part: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    plan: Mapped[int] = mapped_column(BigInteger)
    job_id: Mapped[int] = mapped_column(ForeignKey("ingest_job.id", ondelete="CASCADE"))
    iterations: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    state: Mapped[str] = mapped_column(Text, server_default="open")
    worker: Mapped[str | None] = mapped_column(Text)
    backend: Mapped[int | None]
    taken_at: Mapped[Timestamp | None]
    loaded: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    replaced: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    unchanged: Mapped[int | None]
