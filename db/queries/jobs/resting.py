"""What an account set up to load logs by itself rests once the account may load none."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from db.models import IngestSchedule, IngestWatch
from db.queries.team import audit


def rest(session: Session, *, account_id: int, name: str, by: int | None = None) -> str:
    """Pause the account's schedules, stop its watched folders; return what was, "" for nothing.

    Nothing goes on in the name of somebody who is no longer there: an administrator looks through
    it, and resumes what is still wanted. `by` did it (None: from the command line); the audit log
    says so.
    """
    why = f"the account of its owner, {name}, may no longer load logs."
    paused = session.scalars(
        update(IngestSchedule)
        .where(IngestSchedule.owner_id == account_id, IngestSchedule.next_due.is_not(None))
        .values(next_due=None, paused_because=f"Paused because {why} Resume it if it is needed.")
        .returning(IngestSchedule.location)
    ).all()
    stopped = session.scalars(
        update(IngestWatch)
        .where(IngestWatch.owner_id == account_id, IngestWatch.active)
        .values(active=False, problem=f"Stopped because {why} Watch it again if it is needed.")
        .returning(IngestWatch.location)
    ).all()
    said = []
    if paused:
        said.append(f"paused {_many(len(paused), 'schedule')} ({', '.join(sorted(paused))})")
    if stopped:
        said.append(
            f"stopped {_many(len(stopped), 'watched folder')} ({', '.join(sorted(stopped))})"
        )
    text = "; ".join(said)
    if text:
        audit.record(
            session, actor_id=by, action="paused what was loaded for", target=name, detail=text
        )
    return text


def _many(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
