"""Answers about large runs, made once: kept for every web process and for its next start."""

from sqlalchemy import Column, ForeignKey, LargeBinary, Table, Text

from db.models.base import Base

# What the data routes answer about a run where that takes long (app/prepared.py), as it is sent.
# `token` says of which version of the run and of which build of the application it is: under any
# other the row is as good as none. `asked` is the route with its arguments, and by which build.
prepared_answer = Table(
    "prepared_answer",
    Base.metadata,
    Column(
        "run_id",
        ForeignKey("run.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("asked", Text, primary_key=True),
    Column("token", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
