"""Runs that the team marked as good, and the recipe that they are good for.

A recipe is a network on a data set: the same layers (names, kinds, filters, parameters), and a data
set of the same name with the same classes and numbers of validation images.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from db.models import GoodRun
from db.permissions import Permission
from db.queries.runs import runs
from db.queries.runs.findings import ask_for_evaluation
from db.queries.team import audit
from db.queries.team.rights import require_permission
from db.raw import fetch

# Runs that agree in the counts are few, so only their layers and classes are compared.
_RECIPE = """
    WITH asked AS (SELECT * FROM run WHERE id = %(run)s),
    alike AS (
        SELECT r.id FROM run AS r, asked AS a
        WHERE r.trashed_at IS NULL AND r.dataset = a.dataset AND r.layer_count = a.layer_count
            AND r.filter_count = a.filter_count AND r.class_count = a.class_count
            AND r.image_count = a.image_count
    ),
    recipe AS (
        SELECT id,
            (SELECT md5(string_agg(concat_ws(E'\\x1f', l.name, l.kind, l.filters, l.parameters),
                E'\\x1e' ORDER BY l.layer_id)) FROM layer AS l WHERE l.run_id = alike.id) AS layers,
            (SELECT md5(string_agg(concat_ws(E'\\x1f', c.name, c.image_count),
                E'\\x1e' ORDER BY c.class_id)) FROM class AS c WHERE c.run_id = alike.id) AS classes
        FROM alike
    )
    SELECT other.id FROM recipe AS other JOIN recipe AS own ON own.id = %(run)s
    WHERE other.layers IS NOT DISTINCT FROM own.layers
        AND other.classes IS NOT DISTINCT FROM own.classes
    ORDER BY other.id
"""


@dataclass(frozen=True)
class Mark:
    """A run that was marked as good: by whom, and when."""

    run_id: int
    run: str
    account_name: str
    created_at: datetime


def runs_of_recipe(session: Session, *, run_id: int) -> list[int]:
    """Return the runs, none of the trash, of the same recipe as a run, itself included."""
    return [row[0] for row in fetch(session, _RECIPE, {"run": run_id})]


def good_runs(session: Session, *, run_id: int) -> list[Mark]:
    """Return the good runs of the recipe of a run, itself among them if it is one; the newest last.

    None of the trash.
    """
    if not marked(session):
        return []  # as for most teams: no run is compared with any
    rows = session.execute(
        select(GoodRun.run_id, GoodRun.account_name, GoodRun.created_at)
        .where(GoodRun.run_id.in_(runs_of_recipe(session, run_id=run_id)))
        .order_by(GoodRun.created_at, GoodRun.run_id)
    ).all()
    return [
        Mark(row.run_id, runs.get_run(session, run_id=row.run_id).name, *row[1:]) for row in rows
    ]


def marked(session: Session) -> set[int]:
    """Return all runs that are marked as good."""
    return set(session.scalars(select(GoodRun.run_id)))


def mark_good(session: Session, *, run_id: int, account_id: int, account_name: str) -> int:
    """Mark a run as good for its recipe, and have all of it re-evaluated by a worker.

    Returns how many wait for that. Forbidden, NotFound; nothing changes where it is marked already.
    """
    require_permission(session, Permission.SET_THRESHOLDS, account_id=account_id)
    run = runs.get_run(session, run_id=run_id)
    new = session.scalar(
        upsert(GoodRun)
        .values(run_id=run_id, account_id=account_id, account_name=account_name)
        .on_conflict_do_nothing()
        .returning(GoodRun.run_id)
    )
    if new is None:
        return 0
    _note(session, account_id, "marked as good", run)
    return ask_for_evaluation(session, run_ids=runs_of_recipe(session, run_id=run_id))


def unmark_good(session: Session, *, run_id: int, account_id: int) -> int:
    """Take the mark back, and have the runs of the recipe re-evaluated. As mark_good."""
    require_permission(session, Permission.SET_THRESHOLDS, account_id=account_id)
    run = runs.get_run(session, run_id=run_id)
    gone = session.scalar(delete(GoodRun).where(GoodRun.run_id == run_id).returning(GoodRun.run_id))
    if gone is None:
        return 0
    _note(session, account_id, "no longer marked as good", run)
    return ask_for_evaluation(session, run_ids=runs_of_recipe(session, run_id=run_id))


def _note(session: Session, by: int, action: str, run: runs.RunRow) -> None:
    audit.record(session, actor_id=by, action=action, target=f"run {run.id} {run.name}")
