"""A run's name, tags and notes: stored for who may, from the list of runs and from its own page."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from db.errors import Conflict
from db.queries.runs import run_upkeep, runs
from db.queries.runs.runs import RunRow


@dataclass(frozen=True)
class RunWords:
    """What a run is called, its tags, and what is said of it; an empty name is the log's."""

    name: str
    tags: tuple[str, ...]
    notes: str


def read_words(name: Any, tags: Any, notes: Any) -> RunWords:
    """Return what a browser sent as words; what is of another type counts as empty."""
    return RunWords(
        name=name.strip() if isinstance(name, str) else "",
        tags=tuple(str(tag) for tag in tags) if isinstance(tags, list) else (),
        notes=notes if isinstance(notes, str) else "",
    )


def seen_words(run: RunRow) -> dict[str, Any]:
    """Return what a form is filled with, for the browser to keep and send back as `seen`."""
    return {"run": run.id, "name": run.name, "tags": list(run.tags), "notes": run.notes}


def store_words(session: Session, words: RunWords, seen: Any, *, by: int, run_id: int) -> RunRow:
    """Store what somebody changed of the words that were `seen`; return the run as it is then.

    What others changed meanwhile stays; tags are added and taken away one by one. Raises Conflict
    for words that are too long, and for a name or notes that both changed; Forbidden where the
    account may not, NotFound for a run that there is not.
    """
    run_upkeep.hold(session, run_id=run_id)
    run = runs.get_run(session, run_id=run_id, trashed=True)
    shown = {**seen_words(run), **(seen if isinstance(seen, dict) else {})}
    before = read_words(shown["name"], shown["tags"], shown["notes"])
    name = words.name or run.recorded_name
    if name not in (before.name, run.name):
        if before.name != run.name:
            raise Conflict(
                f"Somebody else has renamed this run to {run.name!r} in the meantime; copy what "
                "you wrote, and open the run's details again."
            )
        run_upkeep.rename(session, by=by, run_id=run_id, title=words.name)
    added = [tag for tag in words.tags if tag not in before.tags]
    taken = set(before.tags).difference(words.tags)
    # In the order of who writes, where nobody else has changed them.
    tags = words.tags if before.tags == tuple(run.tags) else [*run.tags, *added]
    run_upkeep.tag(session, by=by, run_id=run_id, tags=[tag for tag in tags if tag not in taken])
    if words.notes not in (before.notes, run.notes):
        run_upkeep.note(session, by=by, run_id=run_id, notes=words.notes, seen=before.notes)
    return runs.get_run(session, run_id=run_id, trashed=True)


def seen_after(words: RunWords, seen: Any, stored: RunRow) -> dict[str, Any]:
    """Return what the form that was just stored, and stays open, shows: the `seen` of the next.

    What others changed is not in it.
    """
    untouched = isinstance(seen, dict) and words.notes == seen.get("notes")
    return {
        "run": stored.id,
        "name": words.name or stored.recorded_name,
        "tags": list(words.tags),
        "notes": words.notes if untouched else stored.notes,
    }
