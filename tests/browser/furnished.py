"""A database in which every list of the application holds what it can hold: for tests of pages."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.orm import Session

from app.auth.tokens import new_token
from db.engine import session_scope
from db.models import IngestJob, IngestWorker, Run, Training
from db.models.trainings import TRAINING_STATES
from db.permissions import Role
from db.queries.jobs import schedules, watches
from db.queries.runs import findings, run_upkeep
from db.queries.team import accounts, alerts, annotations, api_tokens, saved_views
from db.queries.team.annotation_rows import Target
from db.queries.trainings import scripts
from tests.app.test_scalars import log
from tests.app.training_rows import SCRIPT
from tests.stored_runs import store_run

NOW = datetime.now(UTC)
JOBS = (
    {"state": "queued", "message": "waits for a worker"},
    {"state": "running", "done": 4, "total": 13, "rate": 2.5, "remaining_seconds": 90.0},
    {"state": "running", "cancel_requested": True, "done": 4, "total": 13},
    {"state": "succeeded", "done": 13, "total": 13, "message": "13 snapshots loaded"},
    {"state": "failed", "error": "run.json is not a manifest: line 3.", "error_file": "run.json"},
    {"state": "cancelled"},
)


@dataclass(frozen=True)
class Furnished:
    """What there is: accounts by role, and runs by what is special about them."""

    admin: int
    member: int
    recording: int
    archived: int
    trashed: int
    unvalidated: int


def furnish(engine: Engine, *, run_id: int, admin: int) -> Furnished:
    """Fill every list; `run_id` is a loaded run, `admin` the account that the tests log in with."""
    with session_scope(engine) as session:
        member = accounts.add_account(session, email="mo@example.org", role=Role.MEMBER)
        off = accounts.add_account(session, email="off@example.org", role=Role.VIEWER)
        accounts.set_active(session, account_id=off.id, active=False)
        runs = _runs(session, member.id, admin)
        _jobs(session, member.id)
        _trainings(session, member.id, run_id)
        _annotations(session, run_id, admin, member.id)
        _views_and_tokens(session, run_id, admin)
    with session_scope(engine) as session:
        _alerts(session, runs["recording"], admin)
    return Furnished(admin=admin, member=member.id, **runs)


def _runs(session: Session, member: int, admin: int) -> dict[str, int]:
    long_ago = NOW - timedelta(days=3)
    columns = {
        "recording": {
            "state": "recording",
            "created_at": long_ago,
            "tags": ["seed", "a longer tag"],
            "planned_iterations": 120,
            "title": "A run with a rather long name that somebody has given it",
            "lost_snapshots": 3,
        },
        "archived": {"archived_at": NOW},
        "trashed": {"trashed_at": NOW, "owner_id": admin},
        "unvalidated": {"classes": 0, "notes": "no images"},
    }
    found = {}
    for seed, (name, given) in enumerate(columns.items()):
        rest = {"owner_id": member, "title": name, **given}
        found[name] = store_run(session, seed=90 + seed, **rest).run_id
    for rank in ("", "rank1/"):
        for quantity in ("loading_percent", "process_memory_gb", "memory_total_gb"):
            log(session, found["unvalidated"], f"machine/{rank}{quantity}", [10, 60], [4.0, 9.0])
    return found


def _jobs(session: Session, member: int) -> None:
    for number, given in enumerate(JOBS):
        values = {"location": f"/logs/run-{number}", "mode": "once", "requested_by": member}
        session.execute(insert(IngestJob).values(**values, **given))
    for number in (1, 2):
        made = schedules.add_schedule(
            session,
            location=f"/logs/nightly-{number}",
            mode="once",
            cron="0 6 * * 1-5",
            time_zone="Europe/Berlin",
            by=member,
        )
    schedules.pause_schedule(session, schedule_id=made, paused=True, by=member)
    watch = watches.add_watch(session, location="/logs/all", by=member)
    watches.note_problem(session, watch_id=watch, problem="There is no folder here.", seconds=1)
    off = watches.add_watch(session, location="/logs/old", by=member)
    watches.switch_watch(session, watch_id=off, active=False, by=member)
    for name, seen_at in (("alive", NOW), ("gone", NOW - timedelta(hours=9))):
        session.execute(
            insert(IngestWorker).values(
                name=name, host=name, process=7, concurrency=4, roots={"roots": ["/logs"]},
                seen_at=seen_at,
            )
        )  # fmt: skip


def beat(engine: Engine) -> None:
    """Let the worker that is alive say so once more."""
    with session_scope(engine) as session:
        beats = update(IngestWorker).where(IngestWorker.name == "alive")
        session.execute(beats.values(seen_at=func.now()))


def _trainings(session: Session, member: int, run_id: int) -> None:
    """Offer a training script on the living worker, and start it: a training of every state."""
    alive = session.scalars(select(IngestWorker.id).where(IngestWorker.name == "alive")).one()
    scripts.publish(session, worker_id=alive, scripts=[SCRIPT])
    for state in TRAINING_STATES:
        session.execute(
            insert(Training).values(
                script=SCRIPT.id,
                arguments={"lr": 0.1, "epochs": 3, "optimizer": "adam", "augment": True},
                state=state,
                message=f"What is said of one that is {state}.",
                output="epoch 1 loss 0.5\n" * 90,
                requested_by=member,
                parent_run_id=run_id if state == "failed" else None,
                parent_iteration=20 if state == "failed" else None,
                finished_at=None if state in ("queued", "running") else NOW,
            )
        )


def _annotations(session: Session, run_id: int, admin: int, member: int) -> None:
    me = accounts.get_account(session, account_id=admin)
    written = {"session": session, "run_id": run_id, "by": member}
    first = annotations.create(
        **written,
        target=Target("iteration", first=20, last=20),
        body=f"See @{me.email}",
        tag="spike",
    )
    annotations.reply(**written, annotation_id=first, body="Seen.")
    annotations.create(
        session,
        run_id=run_id,
        by=admin,
        target=Target("iteration", first=10, last=30),
        body="Mine.",
    )
    done = annotations.create(**written, target=Target("class", id=3), body="A class.", tag="done")
    annotations.resolve(**written, annotation_id=done, resolved=True)


def _views_and_tokens(session: Session, run_id: int, admin: int) -> None:
    for name, shared in (("Where it broke", True), ("Mine alone", False)):
        saved_views.save_view(
            session, account_id=admin, run_id=run_id, page="overview", query="cursor=20",
            name=name, shared=shared,
        )  # fmt: skip
    for name, life in (("notebook", timedelta(days=30)), ("for ever", None)):
        api_tokens.add_token(
            session, account_id=admin, token_hash=new_token()[1], name=name, lifetime=life
        )


def _alerts(session: Session, run_id: int, admin: int) -> None:
    by = {"account_id": admin, "account_name": "Ann"}
    for kind, address in (("app", ""), ("email", "team@example.org")):
        alerts.add_channel(session, kind=kind, address=address, severity="low", **by)
    rows = [
        {
            "key": f"{rule}@20::", "rule": rule, "severity": severity, "start_iteration": 20,
            "end_iteration": None, "rank": rank, "strength": 2.0, "value": 2.0, "text": text,
            "layers": [0], "classes": [], "filters": [], "chart": None,
        }
        for rank, (rule, severity, text) in enumerate((
            ("loss-jump", "high", "The training loss rose to 5 times what it was."),
            ("plateau", "medium", "The training loss stands still."),
            ("not-sparser", "low", "The deep layers answer less sparsely."),
        ))
    ]  # fmt: skip
    findings.save_findings(
        session, run_id=run_id, findings=rows, answers={"answers": []}, snapshots=6,
        last_iteration=60, seconds=0.1,
    )  # fmt: skip
    alerts.raise_alerts(session, run_id=run_id, findings=rows)
    findings.mute_finding(session, run_id=run_id, key="plateau@20::", reason="meant so", **by)
    run_upkeep.note(session, by=admin, run_id=run_id, notes="Look into this one.", seen="")
    session.execute(update(Run).where(Run.id == run_id).values(last_iteration=60))
