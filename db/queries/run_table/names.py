"""Which hyperparameters and scalars there are to choose columns from."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models import Run, scalar_summary
from db.queries.run_table.fields import FIELDS, best_is
from db.queries.run_table.tree import Name, Part, ScalarPart

RECENT = 100
MOST = 1_000


@dataclass(frozen=True)
class KnownNames:
    """What the RECENT newest runs have, as columns are written, each sorted; at most MOST."""

    hyperparameters: tuple[str, ...]
    scalars: tuple[str, ...]


def known_names(session: Session) -> KnownNames:
    """Return the names of the runs that are not in the trash, the newest RECENT of them."""
    recent = (
        select(Run.id, Run.hyperparameters)
        .where(Run.trashed_at.is_(None))
        .order_by(Run.created_at.desc(), Run.id.desc())
        .limit(RECENT)
        .cte("recent")
    )
    keys = select(func.jsonb_object_keys(recent.c.hyperparameters)).distinct().limit(MOST)
    series = (
        select(scalar_summary.c.name)
        .where(scalar_summary.c.run_id.in_(select(recent.c.id)))
        .distinct()
        .limit(MOST)
    )
    hyper = [str(Name(key, quoted=_needs_quotes(key))) for key in session.scalars(keys)]
    scalars = [
        str(ScalarPart(part, name))
        for name in sorted(session.scalars(series))
        for part in ([Part.BEST] if best_is(name) else [Part.MIN, Part.MAX]) + [Part.LAST]
    ]
    return KnownNames(tuple(sorted(hyper)), tuple(scalars[:MOST]))


def _needs_quotes(name: str) -> bool:
    return name.casefold() in FIELDS or str(ScalarPart(Part.LAST, name)) != f"last({name})"
