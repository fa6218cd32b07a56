"""What people decide on validation images, for all runs of the same set: keep, relabel, remove."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from db.errors import Conflict
from db.models import Account, ImageReview
from db.models.data_review import DECISIONS
from db.permissions import Permission
from db.queries.team import audit
from db.queries.team.rights import require_permission

# Images decided on at once.
MOST_IMAGES = 500


@dataclass(frozen=True)
class ReviewRow:
    """One decision: `label` is the class that a relabelled image should have."""

    image_id: int
    decision: str
    label: int | None
    account_name: str
    decided_at: datetime


def reviews(
    session: Session, *, set_key: str, images: Sequence[int] | None = None
) -> dict[int, ReviewRow]:
    """Return the decisions on a validation set, or on some of its images, by image."""
    query = select(*(getattr(ImageReview, name) for name in ReviewRow.__dataclass_fields__))
    query = query.where(ImageReview.set_key == set_key)
    if images is not None:
        query = query.where(ImageReview.image_id.in_(images))
    return {row.image_id: ReviewRow(**row._mapping) for row in session.execute(query)}


def reviews_state(session: Session, *, set_key: str) -> tuple[int, datetime | None]:
    """Return how many decisions there are on a validation set, and when the last was made."""
    query = select(func.count(), func.max(ImageReview.decided_at))
    number, last = session.execute(query.where(ImageReview.set_key == set_key)).one()
    return number, last


def decide(
    session: Session,
    *,
    by: int,
    set_key: str,
    images: Sequence[int],
    decision: str,
    labels: Mapping[int, int] | None = None,
    about: str,
) -> None:
    """Store a decision on images in place of those before, and note it in the activity log.

    `labels` has the new class of every image that is relabelled. Whoever calls knows that there
    are such images and classes; `about` names the run that showed them. Forbidden; Conflict for no
    images, more than MOST_IMAGES, an unknown decision, or a relabelled image without a class.
    """
    require_permission(session, Permission.REVIEW_DATA, account_id=by)
    _check(images)
    new = labels or {}
    if decision not in DECISIONS:
        raise Conflict(f"A decision is one of {', '.join(DECISIONS)}.")
    missing = [image for image in images if decision == "relabel" and image not in new]
    if missing:
        raise Conflict(f"Image {missing[0]} has no class to be relabelled to; choose one.")
    name = session.scalars(select(Account.name).where(Account.id == by)).one()
    common = {"decision": decision, "account_id": by, "account_name": name}
    rows = [
        {
            "set_key": set_key,
            "image_id": image,
            "label": new[image] if decision == "relabel" else None,
            **common,
        }
        for image in dict.fromkeys(images)
    ]
    insert = upsert(ImageReview).values(rows)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["set_key", "image_id"],
            set_={**common, "label": insert.excluded.label, "decided_at": func.now()},
        )
    )
    _note(session, by, f"decided to {decision}", images, about)


def forget(session: Session, *, by: int, set_key: str, images: Sequence[int], about: str) -> None:
    """Take back what was decided on images; those without a decision stay as they are.

    Forbidden; Conflict for no images or more than MOST_IMAGES.
    """
    require_permission(session, Permission.REVIEW_DATA, account_id=by)
    _check(images)
    session.execute(
        delete(ImageReview).where(ImageReview.set_key == set_key, ImageReview.image_id.in_(images))
    )
    _note(session, by, "took back a decision on", images, about)


def _check(images: Sequence[int]) -> None:
    if not images:
        raise Conflict("Select images first.")
    if len(images) > MOST_IMAGES:
        raise Conflict(f"At most {MOST_IMAGES:,} images can be decided on at once.")


def _note(session: Session, by: int, action: str, images: Sequence[int], about: str) -> None:
    word = "image" if len(images) == 1 else "images"
    listed = ", ".join(map(str, images[:20])) + ("…" if len(images) > 20 else "")
    detail = f"{len(images):,} validation {word}: {listed}"
    audit.record(session, actor_id=by, action=action, target=about, detail=detail)
