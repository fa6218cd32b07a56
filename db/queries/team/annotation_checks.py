"""What an annotation may say, about what, and who may write it."""

import re
import unicodedata
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.errors import Conflict, Forbidden, NotFound
from db.models import Account, Image
from db.models.annotations import TARGETS
from db.permissions import Permission, allows
from db.queries.runs.existence import require_class, require_layer
from db.queries.runs.runs import LARGEST_ID
from db.queries.team.annotation_rows import Target

MAX_BODY = 4_000
MAX_TAG = 40


def clean_text(text: str, *, limit: int, what: str) -> str:
    """Return a text without control characters and marks that turn its direction; or Conflict."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    kept = "".join(
        letter
        for letter in lines
        if letter == "\n"
        or (
            unicodedata.category(letter) not in ("Cc", "Cs")
            and not "\u202a" <= letter <= "\u202e"
            and not "\u2066" <= letter <= "\u2069"
        )
    )
    cleaned = re.sub(r"\n{4,}", "\n\n\n", kept).strip()
    if len(cleaned) > limit:
        raise Conflict(f"The {what} has {len(cleaned):,} characters; at most {limit:,} are kept.")
    return cleaned


def checked_body(text: str) -> str:
    """Return the text of an annotation or reply, cleaned; Conflict for none or too much."""
    cleaned = clean_text(text, limit=MAX_BODY, what="text")
    if not cleaned:
        raise Conflict("Enter some text first.")
    return cleaned


def checked_tag(text: str) -> str:
    """Return a tag in one line, "" for none; Conflict where it is too long."""
    return " ".join(clean_text(text, limit=MAX_TAG, what="tag").split())


def require_author(session: Session, account_id: int) -> Any:
    """Return name and role of an account that may annotate, as the database says now."""
    row = session.execute(
        select(Account.name, Account.role, Account.active).where(Account.id == account_id)
    ).one_or_none()
    if row is None or not row.active or not allows(row.role, Permission.ANNOTATE):
        raise Forbidden("Your role may read annotations, but not write any.")
    return row


def require_target(session: Session, run_id: int, target: Target) -> None:
    """Raise NotFound where the run has no such thing, Conflict for what is no target at all."""
    ends = (target.first, target.last)
    whole = all(
        value is None or 0 <= value <= LARGEST_ID for value in (*ends, target.id, target.filter)
    )
    parted = (target.first is None) != (target.last is None)
    backward = None not in ends and ends[0] > ends[1]  # type: ignore[operator]
    named = target.kind not in ("run", "iteration")
    if (
        target.kind not in TARGETS
        or not whole
        or parted
        or backward
        or named == (target.id is None)
        or (target.kind == "filter") == (target.filter is None)
        or (target.kind == "iteration" and target.first is None)
        or (target.kind == "run" and target.first is not None)
    ):
        raise Conflict("An annotation cannot be about that.")
    if target.id is None:
        return
    if target.kind == "class":
        require_class(session, run_id=run_id, class_id=target.id)
    elif target.kind == "image":
        of_run = select(Image.image_id).where(Image.run_id == run_id, Image.image_id == target.id)
        if session.scalar(of_run) is None:
            raise NotFound("image", f"{target.id} in run {run_id}")
    else:
        filters = require_layer(session, run_id=run_id, layer_id=target.id)
        if target.filter is not None and target.filter >= filters:
            raise NotFound("filter", f"{target.filter} in layer {target.id} of run {run_id}")
