"""What a run is called wherever it is listed: as people renamed it, else as its log says."""

from sqlalchemy import func

from db.errors import Conflict
from db.models import Run

MAX_TITLE = 200
RUN_NAME = func.coalesce(Run.title, Run.name)


def checked_title(title: str) -> str:
    """Return what a run is to be called, without the space around it; Conflict where it cannot."""
    wanted = title.strip()
    if len(wanted) > MAX_TITLE or not wanted.isprintable():
        raise Conflict(f"A run's name has at most {MAX_TITLE} printable characters.")
    return wanted
