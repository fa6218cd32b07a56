"""What the scalars of several runs came to: last, least and greatest value of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models import scalar_summary


@dataclass(frozen=True)
class ScalarEnds:
    """A scalar of a run: its last value (NaN or infinite where it was so), and the least and the
    greatest finite one, None where there is none.
    """

    last: float
    least: float | None
    greatest: float | None


def common_scalars(
    session: Session, *, run_ids: Sequence[int], fewest: int, most: int
) -> tuple[str, ...]:
    """Return the names of scalars that at least `fewest` of the runs have, at most `most` of them.

    Those that most runs have come first, then by name.
    """
    name, count = scalar_summary.c.name, func.count()
    query = (
        select(name)
        .where(scalar_summary.c.run_id.in_(run_ids))
        .group_by(name)
        .having(count >= fewest)
        .order_by(count.desc(), name)
        .limit(most)
    )
    return tuple(session.scalars(query))


def scalar_ends(
    session: Session, *, run_ids: Sequence[int], names: Sequence[str]
) -> Mapping[tuple[int, str], ScalarEnds]:
    """Return what scalars of these names came to, by run id and name; missing where there is none.

    A run that an older release has loaded has none until a worker has summarised it.
    """
    columns = scalar_summary.c
    query = select(
        columns.run_id, columns.name, columns.last, columns.least, columns.greatest
    ).where(columns.run_id.in_(run_ids), columns.name.in_(names))
    return {(row[0], row[1]): ScalarEnds(*row[2:]) for row in session.execute(query)}
