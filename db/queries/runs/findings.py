"""Findings about runs: what the rules said, thresholds, mutes; and what the rules need besides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import sql
from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from db.errors import Conflict, NotFound
from db.models import Finding, FindingMute, RuleThreshold, Run, RunHealth
from db.models.findings import SEVERITIES
from db.permissions import Permission
from db.queries.runs.existence import require_run
from db.queries.team.rights import require_permission
from db.queue import EVALUATE, defer, waiting_arguments
from db.raw import column, fetch
from deeptracker.format import FILTER_QUANTITIES

MAX_REASON = 500

_LAST_FILTERS = sql.SQL(
    "SELECT iteration, layer_id, {quantity} FROM filter_stat WHERE run_id = %(run)s "
    "AND layer_id = ANY(%(layers)s) AND iteration = ANY(%(at)s) ORDER BY iteration, layer_id"
)


def last_filters(
    session: Session, *, run_id: int, quantity: str, snapshots: int
) -> NDArray[np.float32]:
    """Return one quantity of every filter of the run at its last snapshots, f4 [F, K].

    K is `snapshots`, or fewer where the run has no more. ValueError where `quantity` is not one of
    format.FILTER_QUANTITIES.
    """
    query = _LAST_FILTERS.format(quantity=column(quantity, FILTER_QUANTITIES))
    layers = fetch(session, "SELECT layer_id FROM layer WHERE run_id = %(run)s", {"run": run_id})
    last = fetch(
        session,
        "SELECT iteration FROM snapshot WHERE run_id = %(run)s ORDER BY iteration DESC "
        "LIMIT %(snapshots)s",
        {"run": run_id, "snapshots": snapshots},
    )
    wanted = {"layers": [row[0] for row in layers], "at": [row[0] for row in last]}
    rows = fetch(session, query, {"run": run_id, **wanted})
    if not rows:
        require_run(session, run_id=run_id)
        return np.empty((0, 0), np.float32)
    by_time: dict[int, list[bytes]] = {}
    for iteration, _, values in rows:
        by_time.setdefault(iteration, []).append(values)
    flat = [np.frombuffer(b"".join(parts), "<f4") for parts in by_time.values()]
    return np.ascontiguousarray(np.stack(flat, axis=1))


@dataclass(frozen=True)
class FindingRow:
    """One finding as stored; `filters` are (layer, filter), `chart` is empty where there is none.

    `muted_by`, `muted_reason` and `muted_at` are None while nobody has muted it.
    """

    run_id: int
    key: str
    rank: int
    rule: str
    severity: str
    start_iteration: int
    end_iteration: int | None
    strength: float
    value: float | None
    text: str
    layers: list[int]
    classes: list[int]
    filters: list[int]
    chart: dict[str, Any]
    found_at: datetime
    muted_reason: str | None = None
    muted_by: str | None = None
    muted_at: datetime | None = None

    @property
    def muted(self) -> bool:
        """Return whether somebody has muted it."""
        return self.muted_reason is not None

    @property
    def filter_pairs(self) -> list[tuple[int, int]]:
        """Return its filters as (layer, filter)."""
        return list(zip(self.filters[::2], self.filters[1::2], strict=True))


@dataclass(frozen=True)
class HealthRow:
    """The last evaluation of a run."""

    run_id: int
    snapshots: int
    last_iteration: int | None
    seconds: float
    answers: dict[str, Any]
    evaluated_at: datetime


@dataclass(frozen=True)
class ThresholdRow:
    """A threshold that the team has set."""

    rule: str
    threshold: float
    account_name: str
    changed_at: datetime


_STORED = [name for name in FindingRow.__dataclass_fields__ if not name.startswith("muted_")]


def save_findings(
    session: Session,
    *,
    run_id: int,
    findings: Sequence[Mapping[str, Any]],
    answers: Mapping[str, Any],
    snapshots: int,
    last_iteration: int | None,
    seconds: float,
) -> list[str]:
    """Replace the findings of a run by those of an evaluation; return the keys that are new.

    Each of `findings` has the columns of the table but run_id and found_at, in order of rank. A key
    that was there keeps its `found_at`.
    """
    before = {row.key: row for row in session.execute(_findings(run_id))}
    kept = {finding["key"]: finding for finding in findings}
    gone = [key for key in before if key not in kept]
    if gone:
        session.execute(delete(Finding).where(Finding.run_id == run_id, Finding.key.in_(gone)))
    for finding in kept.values():
        old = before.get(finding["key"])
        if old is not None and all(_same(old._mapping[k], v) for k, v in finding.items()):
            continue
        session.execute(
            upsert(Finding)
            .values(run_id=run_id, **finding)
            .on_conflict_do_update(index_elements=["run_id", "key"], set_=dict(finding))
        )
    values = {
        "snapshots": snapshots,
        "last_iteration": last_iteration,
        "seconds": seconds,
        "answers": dict(answers),
        "evaluated_at": func.now(),
    }
    session.execute(
        upsert(RunHealth)
        .values(run_id=run_id, **values)
        .on_conflict_do_update(index_elements=["run_id"], set_=values)
    )
    return [key for key in kept if key not in before]


def _same(old: object, new: object) -> bool:
    return old == new or (isinstance(old, float) and isinstance(new, float) and old != old != new)


def _findings(run_id: int) -> Select[Any]:
    return select(*(getattr(Finding, name) for name in _STORED)).where(Finding.run_id == run_id)


def list_findings(session: Session, *, run_id: int) -> list[FindingRow]:
    """Return the findings of a run by rank, the worst first, with what was said to them."""
    require_run(session, run_id=run_id)
    mute = (FindingMute.run_id == Finding.run_id) & (FindingMute.key == Finding.key)
    rows = session.execute(
        select(
            *(getattr(Finding, name) for name in _STORED),
            FindingMute.reason.label("muted_reason"),
            FindingMute.account_name.label("muted_by"),
            FindingMute.created_at.label("muted_at"),
        )
        .outerjoin(FindingMute, mute)
        .where(Finding.run_id == run_id)
        .order_by(Finding.rank)
    )
    return [FindingRow(**row._mapping) for row in rows]


def run_health(session: Session, *, run_id: int) -> HealthRow | None:
    """Return the last evaluation of a run; None where there was none yet, NotFound for no run."""
    require_run(session, run_id=run_id)
    row = session.execute(
        select(*(getattr(RunHealth, name) for name in HealthRow.__dataclass_fields__)).where(
            RunHealth.run_id == run_id
        )
    ).one_or_none()
    return None if row is None else HealthRow(**row._mapping)


def worst_by_run(session: Session) -> dict[int, tuple[str, int]]:
    """Return by run the worst severity that is not muted, and how many findings have it."""
    mute = (FindingMute.run_id == Finding.run_id) & (FindingMute.key == Finding.key)
    rows = session.execute(
        select(Finding.run_id, Finding.severity, func.count())
        .outerjoin(FindingMute, mute)
        .where(FindingMute.key.is_(None))
        .group_by(Finding.run_id, Finding.severity)
    )
    found: dict[int, tuple[str, int]] = {}
    for run_id, severity, number in rows:
        if run_id not in found or _order(severity) > _order(found[run_id][0]):
            found[run_id] = (severity, number)
    return found


def _order(severity: str) -> int:
    return SEVERITIES.index(severity)


def mute_finding(
    session: Session, *, run_id: int, key: str, reason: str, account_id: int, account_name: str
) -> None:
    """Mute a finding with a reason; Forbidden, NotFound, Conflict for no or too long a reason.

    Conflict also where somebody else has muted it before: his reason stays.
    """
    require_permission(session, Permission.MUTE_FINDINGS, account_id=account_id)
    text = reason.strip()
    if not text or len(text) > MAX_REASON:
        raise Conflict(f"Enter a reason of 1 to {MAX_REASON:,} characters.")
    known = session.scalar(select(Finding.key).where(Finding.run_id == run_id, Finding.key == key))
    if known is None:
        raise NotFound("finding", f"{key[:80]} of run {run_id}")
    values = {"reason": text, "account_id": account_id, "account_name": account_name}
    mine = session.scalar(
        upsert(FindingMute)
        .values(run_id=run_id, key=key, **values)
        .on_conflict_do_update(
            index_elements=["run_id", "key"],
            set_={**values, "created_at": func.now()},
            where=FindingMute.account_id == account_id,
        )
        .returning(FindingMute.key)
    )
    if mine is None:
        of_it = (FindingMute.run_id == run_id) & (FindingMute.key == key)
        name, said = session.execute(
            select(FindingMute.account_name, FindingMute.reason).where(of_it)
        ).one()
        raise Conflict(
            f"{name} has muted this finding already, with the reason “{said}”. To replace it by "
            "yours, unmute the finding first."
        )


def unmute_finding(session: Session, *, run_id: int, key: str, account_id: int) -> None:
    """Let a finding count again; nothing happens where it was not muted. Forbidden."""
    require_permission(session, Permission.MUTE_FINDINGS, account_id=account_id)
    session.execute(delete(FindingMute).where(FindingMute.run_id == run_id, FindingMute.key == key))


def thresholds(session: Session) -> dict[str, ThresholdRow]:
    """Return the thresholds that the team has set, by rule."""
    rows = session.execute(
        select(*(getattr(RuleThreshold, name) for name in ThresholdRow.__dataclass_fields__))
    )
    return {row.rule: ThresholdRow(**row._mapping) for row in rows}


def set_threshold(
    session: Session, *, rule: str, threshold: float | None, account_id: int, account_name: str
) -> None:
    """Set a rule's threshold for the team; None takes the rule's own again. Forbidden.

    Whoever calls knows that there is such a rule, and that the threshold is within its limits.
    """
    require_permission(session, Permission.SET_THRESHOLDS, account_id=account_id)
    if threshold is None:
        session.execute(delete(RuleThreshold).where(RuleThreshold.rule == rule))
        return
    values = {"threshold": threshold, "account_id": account_id, "account_name": account_name}
    session.execute(
        upsert(RuleThreshold)
        .values(rule=rule, **values)
        .on_conflict_do_update(index_elements=["rule"], set_={**values, "changed_at": func.now()})
    )


def ask_for_evaluation(session: Session, *, run_ids: Sequence[int] | None = None) -> int:
    """Put the evaluation of runs on the queue; all that are not archived where none are named.

    Returns how many were put there; a run that waits already is not put there twice.
    """
    wanted = select(Run.id).where(Run.archived_at.is_(None), Run.snapshot_count > 0)
    if run_ids is not None:
        wanted = wanted.where(Run.id.in_(list(run_ids)))
    waiting = waiting_arguments(session, task=EVALUATE, argument="run_id")
    asked = [run_id for run_id in session.scalars(wanted) if run_id not in waiting]
    for run_id in asked:
        defer(session, task=EVALUATE, arguments={"run_id": run_id})
    return len(asked)
