"""The answers of the API that are JSON: who asks, runs, what a run is made of, what was written."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.api.operation import Given
from app.auth.identity import current_identity
from app.components.run_course import lacks
from app.components.verdict import Verdict, verdicts
from app.data import data_review as data
from db.queries.measurements import scalars
from db.queries.runs import good_runs, runs, structure
from db.queries.runs.runs import RunRow, Shelf
from db.queries.team import annotations
from db.queries.team.annotation_rows import AnnotationRow
from db.queries.team.image_reviews import ReviewRow, reviews
from ingest.analysis.data_review.lists import LISTS
from ingest.analysis.marks import marks

API_VERSION = 1
# Most images in one answer.
MOST_IMAGES = 1_000
# What of a run is told, besides its uuid, times and notes; names and meaning are those of RunRow.
_PLAIN = (
    "id", "name", "recorded_name", "model", "dataset", "state", "version", "owner",
    "hyperparameters", "tags", "notes", "class_count", "layer_count", "image_count",
    "filter_count", "snapshot_count", "last_iteration", "last_error", "planned_iterations",
    "lost_snapshots",
)  # fmt: skip
_TIMES = ("created_at", "ended_at", "loaded_at", "archived_at")


def me(session: Session, run_id: int, arguments: Given) -> Mapping[str, Any]:
    """Return whose token it is, and which version of the API this is."""
    identity = current_identity()
    return {"name": identity.name, "role": identity.role, "api": API_VERSION}


def list_runs(session: Session, run_id: int, arguments: Given) -> list[Mapping[str, Any]]:
    """Return the runs of a shelf, the newest first."""
    shelf = arguments.choice("shelf", (Shelf.ACTIVE, Shelf.ARCHIVED), default=Shelf.ACTIVE)
    found = runs.list_runs(session, shelf=Shelf(shelf))
    thought = verdicts(session, found)
    return [_run(row, thought[row.id]) for row in found]


def run(session: Session, run_id: int, arguments: Given) -> Mapping[str, Any]:
    """Return the facts of one run."""
    row = runs.get_run(session, run_id=run_id)
    manifest = runs.run_manifest(session, run_id=run_id)
    return {
        **_run(row, verdicts(session, [row])[row.id]),
        "lacks": list(lacks(manifest)),
        "origin": manifest.get("origin"),
    }


def _run(row: RunRow, thought: Verdict) -> Mapping[str, Any]:
    return {
        **{name: getattr(row, name) for name in _PLAIN},
        "uuid": row.uuid.hex,
        "verdict": thought.name,
        "why_not_judged": thought.why,
        "cause": thought.cause,
        "died": thought.died,
        **{name: _time(getattr(row, name)) for name in _TIMES},
    }


def layers(session: Session, run_id: int, arguments: Given) -> list[Mapping[str, Any]]:
    """Return the layers of a run in the order of the network."""
    found = structure.layers(session, run_id=run_id)
    columns = ("filters", "filter_offset", "parameters", "inputs", "groups")
    texts = {"name": "names", "kind": "kinds", "stage": "stages", "block": "blocks"}
    return [
        {
            "id": at,
            **{name: getattr(found, column)[at] for name, column in texts.items()},
            "branch": found.branches[at],
            **{name: int(getattr(found, name)[at]) for name in columns},
            "kernel": found.kernels[at],
            "stride": found.strides[at],
        }
        for at in range(len(found))
    ]


def classes(session: Session, run_id: int, arguments: Given) -> list[Mapping[str, Any]]:
    """Return the validation classes of a run."""
    found = structure.classes(session, run_id=run_id)
    return [
        {"id": at, "name": name, "images": int(found.image_count[at])}
        for at, name in enumerate(found.names)
    ]


def scalar_names(session: Session, run_id: int, arguments: Given) -> list[str]:
    """Return the names of all series that were logged."""
    return list(scalars.scalar_names(session, run_id=run_id))


def list_annotations(session: Session, run_id: int, arguments: Given) -> list[Mapping[str, Any]]:
    """Return the annotations of a run in the order of their writing."""
    account_id = current_identity().account_id
    found = annotations.changes(session, run_id=run_id, account_id=account_id)
    return [_annotation(row) for row in found.annotations]


def _annotation(row: AnnotationRow) -> Mapping[str, Any]:
    target = row.target
    return {
        "id": row.id,
        "target": target.kind,
        "target_id": target.id,
        "filter": target.filter,
        "name": row.name,
        "first_iteration": target.first,
        "last_iteration": target.last,
        "author": row.author,
        "text": row.body,
        "tag": row.tag,
        "created_at": _time(row.created_at),
        "edited_at": _time(row.edited_at),
        "resolved_at": _time(row.resolved_at),
        "resolved_by": row.resolved_by,
        "replies": [
            {"author": r.author, "text": r.body, "created_at": _time(r.created_at)}
            for r in row.replies
        ],
    }


def data_review(session: Session, run_id: int, arguments: Given) -> Mapping[str, Any]:
    """Return a part of a list of images that are worth a look, highest score first."""
    kind = arguments.choice("list", LISTS, default=LISTS[0])
    limit = arguments.integer("limit", low=1, high=MOST_IMAGES, default=MOST_IMAGES)
    offset = arguments.integer("offset", default=0) or 0
    images = data.images_of(session, run_id, data.read_others(session, run_id, arguments))
    found = images.listed(kind)
    part = slice(offset, offset + (limit or MOST_IMAGES))
    chosen = found.image[part].tolist()
    names = structure.all_image_names(session, run_id=run_id)
    guess, decided = images.best_guess(), reviews(session, set_key=images.key, images=chosen)
    own = images.histories[0].images
    return {
        "runs": len(images.histories),
        "total": len(found.image),
        "images": [
            {
                "image": image,
                "name": names[image],
                "class": int(images.labels[image]),
                "score": _number(found.score[part][at]),
                "runs": int(found.runs[part][at]),
                "predicted": None if guess[image] < 0 else int(guess[image]),
                "agreement": _number(own.agreement[image]),
                "confidence": _number(own.confidence[image]),
                **_decided(decided.get(image)),
            }
            for at, image in enumerate(chosen)
        ],
    }


def _decided(one: ReviewRow | None) -> Mapping[str, Any]:
    return {
        "decision": one.decision if one else None,
        "new_class": one.label if one else None,
        "decided_by": one.account_name if one else None,
        "decided_at": _time(one.decided_at) if one else None,
    }


def _number(value: Any) -> float | None:
    return float(value) if value == value else None


def list_good_runs(session: Session, run_id: int, arguments: Given) -> list[Mapping[str, Any]]:
    """Return the runs of the same recipe that are marked as good, this one too if it is one."""
    runs.get_run(session, run_id=run_id)
    return [
        {
            "run": mark.run_id,
            "name": mark.run,
            "marked_by": mark.account_name,
            "marked_at": _time(mark.created_at),
        }
        for mark in good_runs.good_runs(session, run_id=run_id)
    ]


def list_marks(session: Session, run_id: int, arguments: Given) -> list[Mapping[str, Any]]:
    """Return the events and resumes of a run, rising by iteration."""
    return [asdict(mark) for mark in marks(runs.run_manifest(session, run_id=run_id))]


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
