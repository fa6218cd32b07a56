"""A run's name, tags and notes: stored for who may, from the list of runs and from its own page."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from db.queries.runs import run_upkeep, runs
from db.queries.runs.runs import RunRow


@dataclass(frozen=True)
class RunWords:
    """What somebody wants a run to be called and said of it; an empty name brings back the log's.

    `seen` are the notes that they were shown before they wrote theirs.
    """

    name: str
    tags: tuple[str, ...]
    notes: str
    seen: str


def read_words(name: Any, tags: Any, notes: Any, seen: Any) -> RunWords:
    """Return what a browser sent as words; what is of another type counts as empty."""
    return RunWords(
        name=name.strip() if isinstance(name, str) else "",
        tags=tuple(str(tag) for tag in tags) if isinstance(tags, list) else (),
        notes=notes if isinstance(notes, str) else "",
        seen=str(seen or ""),
    )


def store_words(session: Session, words: RunWords, *, by: int, run_id: int) -> RunRow:
    """Store what has changed, and return the run as it is then.

    Raises Conflict for words that are too long and for notes that somebody else changed in the
    meantime, Forbidden where the account may not, NotFound for a run that there is not.
    """
    run = runs.get_run(session, run_id=run_id, trashed=True)
    if (words.name or run.recorded_name) != run.name:
        run_upkeep.rename(session, by=by, run_id=run_id, title=words.name)
    run_upkeep.tag(session, by=by, run_id=run_id, tags=words.tags)
    if words.notes != run.notes:
        run_upkeep.note(session, by=by, run_id=run_id, notes=words.notes, seen=words.seen)
    return runs.get_run(session, run_id=run_id, trashed=True)
