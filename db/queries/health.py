"""Whether the database answers."""

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError


def answers(engine: Engine) -> bool:
    """Return whether the database answers a query."""
    try:
        with engine.connect() as connection:
            connection.execute(select(1))
    except SQLAlchemyError:
        return False
    return True
