"""Mentions: who is meant by "@name" in a text, what is new for a person, and what was seen."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, distinct, func, insert, select, update
from sqlalchemy.orm import Session

from db.models import Account, Annotation, Mention, Run
from db.raw import Question

# Most people that one text can reach.
MAX_MENTIONED = 20


@dataclass(frozen=True)
class Person:
    """One who can be mentioned; `handle` is what stands behind the @ and means nobody else."""

    id: int
    name: str
    handle: str


def people(session: Session) -> list[Person]:
    """Return the active accounts by name; of equal names the address tells them apart."""
    rows = session.execute(
        select(Account.id, Account.name, Account.email)
        .where(Account.active)
        .order_by(func.lower(Account.name), Account.id)
    ).all()
    names = [row.name.casefold() for row in rows]
    return [
        Person(row.id, row.name, row.name if names.count(name) == 1 else row.email)
        for row, name in zip(rows, names, strict=True)
    ]


def mentioned(text: str, persons: Iterable[Person]) -> list[int]:
    """Return the ids of those whom a text mentions, in its order, each once.

    "@" begins a mention where no letter, digit or one of "._-" stands before it (so not within an
    address); the longest handle that fits counts, in capitals or not, and a letter or digit must
    not follow it.
    """
    known = sorted(persons, key=lambda person: -len(person.handle))
    found: dict[int, None] = {}
    for at in re.finditer(r"(?<![\w.\-])@", text):
        rest = text[at.end() : at.end() + 300].casefold()
        for person in known:
            handle = person.handle.casefold()
            if rest.startswith(handle) and not re.match(r"\w", rest[len(handle) :]):
                found[person.id] = None
                break
    return list(found)[:MAX_MENTIONED]


def store_mentions(
    session: Session, *, annotation_id: int, reply_id: int | None, text: str, author_id: int
) -> None:
    """Make the mentions of one text those that stand in it; who has seen his keeps that."""
    wanted = [who for who in mentioned(text, people(session)) if who != author_id]
    of_text = (
        Mention.annotation_id == annotation_id,
        Mention.reply_id.is_not_distinct_from(reply_id),
    )
    session.execute(delete(Mention).where(*of_text, Mention.account_id.not_in(wanted)))
    there = set(session.scalars(select(Mention.account_id).where(*of_text)))
    rows = [
        {"annotation_id": annotation_id, "reply_id": reply_id, "account_id": who}
        for who in wanted
        if who not in there
    ]
    if rows:
        session.execute(insert(Mention), rows)


_UNREAD = Question(
    select(func.count(distinct(Mention.annotation_id)))
    .join(Annotation, Annotation.id == Mention.annotation_id)
    .join(Run, Run.id == Annotation.run_id)
    .where(
        Mention.account_id == bindparam("account"),
        Mention.seen_at.is_(None),
        Run.trashed_at.is_(None),
    )
)


def unread(session: Session, *, account_id: int) -> int:
    """Return in how many annotations there is a mention that the account has not seen."""
    found = _UNREAD.row(session, account=account_id)
    return 0 if found is None else int(found[0])


def mark_seen(
    session: Session,
    *,
    account_id: int,
    run_id: int | None = None,
    annotation_ids: Sequence[int] | None = None,
    until: datetime | None = None,
) -> int:
    """Note that an account has seen its mentions; return how many.

    Those in `annotation_ids` alone where these are given, those written up to `until` alone.
    """
    query = update(Mention).where(Mention.account_id == account_id, Mention.seen_at.is_(None))
    if annotation_ids is not None:
        query = query.where(Mention.annotation_id.in_(annotation_ids))
    if until is not None:
        query = query.where(Mention.created_at <= until)
    if run_id is not None:
        of_run = select(Annotation.id).where(Annotation.run_id == run_id)
        query = query.where(Mention.annotation_id.in_(of_run))
    seen = session.execute(query.values(seen_at=func.now()).returning(Mention.id))
    return len(seen.all())
