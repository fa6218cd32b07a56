"""Acts on runs, one or many: each is done where it may be, named, and undone where it can be."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from app import store
from app.auth.identity import Identity
from app.components.clicks import is_id
from app.views.runs.ids import Act
from db.errors import Conflict, Forbidden, NotFound
from db.permissions import Permission
from db.queries.moment import moment
from db.queries.runs import run_upkeep, runs
from db.queries.runs.runs import RunRow

MOST = 500
MOST_NAMED = 10

_DEEDS = MappingProxyType(
    {
        Act.ARCHIVE: run_upkeep.archive,
        Act.UNARCHIVE: run_upkeep.unarchive,
        Act.TRASH: run_upkeep.trash,
        Act.RESTORE: run_upkeep.restore,
        Act.PURGE: run_upkeep.ask_purge,
    }
)
_WORDS = MappingProxyType(
    {
        Act.ARCHIVE: "Archived",
        Act.UNARCHIVE: "Unarchived",
        Act.TRASH: "Moved to trash",
        Act.RESTORE: "Restored",
        Act.PURGE: "Being deleted for good",
    }
)
# What takes an act back; the others need nothing of the kind, or nothing can.
_BACK = MappingProxyType({Act.ARCHIVE: run_upkeep.unarchive, Act.TRASH: run_upkeep.restore})


@dataclass(frozen=True)
class Done:
    """What became of an act: the runs it was done to, what is said of it, how to take it back.

    `undo` is None where it cannot be taken back; a browser gives it back to `undo`.
    """

    runs: tuple[int, ...]
    text: str
    undo: Mapping[str, Any] | None = None


def may_change(run: RunRow, identity: Identity) -> bool:
    """Return whether somebody may archive, throw away and restore a run; the queries ask again."""
    return may_change_of(run.owner_id, identity)


def may_change_of(owner_id: int | None, identity: Identity) -> bool:
    """Return whether somebody may change the runs of an account."""
    if identity.may(Permission.MANAGE_RUNS):
        return True
    return owner_id == identity.account_id and identity.may(Permission.SCHEDULE_JOBS)


def read_ids(given: object) -> list[int]:
    """Return the ids of runs that a browser sent as numbers or texts, each once, at most MOST."""
    listed = given if isinstance(given, list) else []
    numbers = [
        int(one) if isinstance(one, str) and re.fullmatch("[0-9]{1,10}", one) else one
        for one in listed
    ]
    return list(dict.fromkeys(one for one in numbers if is_id(one)))[:MOST]


def act_on(act: Act, run_ids: Sequence[int], *, by: int) -> Done:
    """Do an act to each of these runs that it may be done to by the account `by`."""
    with store.transaction() as session:
        at = moment(session)
        done, left = _each(session, run_ids, lambda run_id: _do(session, act, by, run_id))
    undo = {"act": str(act), "at": at.isoformat(), "runs": list(done)} if act in _BACK else None
    return Done(tuple(done), _said(_WORDS[act], done, left), undo if done else None)


def _do(session: Session, act: Act, by: int, run_id: int) -> bool:
    return _DEEDS[act](session, by=by, run_id=run_id) is not False


def undo(given: object, *, by: int) -> Done | None:
    """Take back an act as `Done.undo` tells it, for the runs that are still where it put them.

    None where what a browser sent is none.
    """
    facts = given if isinstance(given, dict) else {}
    back = {str(act): deed for act, deed in _BACK.items()}.get(str(facts.get("act")))
    try:
        at = datetime.fromisoformat(str(facts.get("at")))
    except ValueError:
        return None
    if back is None or at.tzinfo is None:
        return None
    with store.transaction() as session:
        done, left = _each(
            session,
            read_ids(facts.get("runs")),
            lambda run_id: back(session, by=by, run_id=run_id, put_there=at),
        )
    return Done(tuple(done), _said("Undone", done, left))


def _each(
    session: Session, run_ids: Sequence[int], deed: Any
) -> tuple[dict[int, str], dict[str, str]]:
    """Return the names of the runs that something was done to by id, and why not by the others."""
    done: dict[int, str] = {}
    left: dict[str, str] = {}
    for run_id in run_ids:
        name = f"run {run_id}"
        try:
            name = runs.get_run(session, run_id=run_id, trashed=True).name
            if deed(run_id):
                done[run_id] = name
            else:
                left[name] = "Somebody else has changed it in the meantime."
        except (Conflict, Forbidden, NotFound) as error:
            left[name] = str(error)
    return done, left


def _said(words: str, done: Mapping[int, str], left: Mapping[str, str]) -> str:
    said = [f"{words}: {named(list(done.values()))}."] if done else []
    for reason in dict.fromkeys(left.values()):
        names = [name for name, why in left.items() if why == reason]
        said.append(f"Unchanged: {named(names)}. {reason}")
    return " ".join(said) or "No run was chosen."


def named(names: Sequence[str]) -> str:
    """Return names as a list in words, the number of those beyond MOST_NAMED."""
    shown = [f"“{name}”" for name in names[:MOST_NAMED]]
    if len(names) > MOST_NAMED:
        return f"{', '.join(shown)} and {len(names) - MOST_NAMED:,} more"
    return " and ".join(part for part in (", ".join(shown[:-1]), *shown[-1:]) if part)
