"""Answers about a run that are kept as they are sent: found, and saved."""

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from db.models import prepared_answer

_COMPARED = "compared "


def find_answer(session: Session, *, run_id: int, asked: str, token: str) -> bytes | None:
    """Return what is kept of an answer; None where there is none, or one of another `token`."""
    table = prepared_answer.c
    found = session.scalar(
        select(table.data).where(table.run_id == run_id, table.asked == asked, table.token == token)
    )
    return None if found is None else bytes(found)


def save_answer(session: Session, *, run_id: int, token: str, asked: str, data: bytes) -> None:
    """Keep an answer; those about the run of another `token` go."""
    table, values = prepared_answer, {"token": token, "data": data}
    session.execute(delete(table).where(table.c.run_id == run_id, table.c.token != token))
    session.execute(
        upsert(table)
        .values(run_id=run_id, asked=asked, **values)
        .on_conflict_do_update(index_elements=["run_id", "asked"], set_=values)
    )


def of_comparison(joint: str) -> str:
    """Return how `asked` begins of the comparison with this token of its runs."""
    return f"{_COMPARED}{joint} "


def forget_comparisons(session: Session, *, run_id: int, but: str) -> None:
    """Forget the answers that are kept with a run about other comparisons than that of a token."""
    asked = prepared_answer.c.asked
    session.execute(
        delete(prepared_answer).where(
            prepared_answer.c.run_id == run_id,
            asked.startswith(_COMPARED),
            ~asked.startswith(of_comparison(but)),
        )
    )
