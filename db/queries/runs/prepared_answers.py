"""Answers about a run that are kept as they are sent: found, and saved.

A token names a version of the run and what makes answers of it: "<version>.<maker>". During an
upgrade, processes of two builds answer beside each other: each keeps its own.
"""

from sqlalchemy import delete, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from db.models import prepared_answer

_COMPARED = "compared "


def find_answer(session: Session, *, run_id: int, asked: str, token: str) -> bytes | None:
    """Return what is kept of an answer; None where there is none, or one of another `token`."""
    table = prepared_answer.c
    found = session.scalar(
        select(table.data).where(
            table.run_id == run_id, table.asked == _key(asked, token), table.token == token
        )
    )
    return None if found is None else bytes(found)


def save_answer(session: Session, *, run_id: int, token: str, asked: str, data: bytes) -> None:
    """Keep an answer; those about another version of the run go, and those of a build before last.

    Of other builds only the one that kept something last may still be in use.
    """
    table, values = prepared_answer, {"token": token, "data": data}
    # How many transactions ago it was written: the order, without a column for it.
    age = func.min(func.age(literal_column("prepared_answer.xmin")))
    tokens = select(table.c.token).where(table.c.run_id == run_id).group_by(table.c.token)
    others = [other for other in session.scalars(tokens.order_by(age)) if other != token]
    of_now = [other for other in others if _version(other) == _version(token)]
    if old := [other for other in others if other not in of_now[:1]]:
        session.execute(delete(table).where(table.c.run_id == run_id, table.c.token.in_(old)))
    session.execute(
        upsert(table)
        .values(run_id=run_id, asked=_key(asked, token), **values)
        .on_conflict_do_update(index_elements=["run_id", "asked"], set_=values)
    )


def _key(asked: str, token: str) -> str:
    """Return what an answer is kept under, beside those of other builds."""
    return f"{asked} of {token.rpartition('.')[2]}"


def _version(token: str) -> str:
    return token.rpartition(".")[0]


def of_comparison(joint: str) -> str:
    """Return how `asked` begins of the comparison with this token of its runs."""
    return f"{_COMPARED}{joint} "


def forget_comparisons(session: Session, *, run_id: int, token: str, but: str) -> None:
    """Forget the answers of a token of the run about other comparisons than that of `but`."""
    asked = prepared_answer.c.asked
    session.execute(
        delete(prepared_answer).where(
            prepared_answer.c.run_id == run_id,
            prepared_answer.c.token == token,
            asked.startswith(_COMPARED),
            ~asked.startswith(of_comparison(but)),
        )
    )
