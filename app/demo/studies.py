"""The demo's case studies: three saved views of its run, each of what docs/case-studies.md tells.

Where each of them looks is found in what was recorded: no two machines train to the same digit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import numpy as np
from sqlalchemy.orm import Session

from app.analysis import analysis_of
from db.queries.measurements import snapshots
from db.queries.runs import structure
from db.queries.team import saved_views
from ingest.analysis.anomalies import FORGOTTEN, counts

# For so many snapshots an image was right before, to be called forgotten.
STABLE = 5
# Of a class: fewer are no story.
LEAST_IMAGES = 3


@dataclass(frozen=True)
class Study:
    """One saved view: its name, the page and the fields of the selection."""

    name: str
    page: str
    fields: dict[str, str]


def save_studies(session: Session, run_id: int, account_id: int) -> list[str]:
    """Save the case studies of a run for the team, each once, and return the names of all."""
    known = {
        view.name
        for view in saved_views.list_views(session, account_id=account_id)
        if view.run_id == run_id
    }
    found = list(studies(session, run_id))
    for study in found:
        if study.name not in known:
            saved_views.save_view(
                session,
                account_id=account_id,
                run_id=run_id,
                page=study.page,
                query=urlencode(study.fields, safe=","),
                name=study.name,
                shared=True,
            )
    return [study.name for study in found]


def studies(session: Session, run_id: int) -> Iterator[Study]:
    """Yield what there is to tell of a run."""
    found = snapshots.snapshots(session, run_id=run_id)
    iterations = found.iteration.tolist()
    if len(iterations) < 2:
        return
    drops = np.flatnonzero(np.diff(found.learning_rate) < 0)
    if len(drops):
        before, after = iterations[drops[0]], iterations[drops[0] + 1]
        yield Study(
            "Case study: what a drop of the learning rate moves",
            "layers",
            {"cursor": f"{after}", "pins": f"{before},{after}"},
        )
    lost = forgotten(session, run_id)
    if lost is not None:
        one, at = lost
        name = structure.classes(session, run_id=run_id).names[one]
        moments = {"cursor": f"{iterations[at]}", "pins": f"{iterations[at]}"}
        yield Study(
            f"Case study: class {name} is forgotten at once",
            "validation",
            {**moments, "classes": f"{one}", "openclasses": f"{one}"},
        )
    yield Study(
        "Case study: which layers converge first",
        "layers",
        {"sort": "settles", "magnitude": "ratio"},
    )


def forgotten(session: Session, run_id: int) -> tuple[int, int] | None:
    """Return the class of which most stable images were forgotten at once, and the snapshot."""
    index = analysis_of(session, run_id).index_of_window(session, STABLE)
    left, _ = counts(index, k=STABLE)
    lost = left[:, :, FORGOTTEN]
    if not lost.size or lost.max() < LEAST_IMAGES:
        return None
    one, at = np.unravel_index(int(lost.argmax()), lost.shape)
    return int(one), int(at)
