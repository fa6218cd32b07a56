"""Training scripts that workers offer: told by each while it lives."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from db.errors import NotFound
from db.models import IngestWorker, TrainingScript
from db.queries.jobs.workers import alive
from db.training_scripts import Script


@dataclass(frozen=True)
class Offer:
    """A script, and the hosts whose workers offer it."""

    script: Script
    hosts: tuple[str, ...]


def publish(session: Session, *, worker_id: int, scripts: Sequence[Script]) -> None:
    """Store what a worker offers in place of what it offered before."""
    mine = TrainingScript.worker_id == worker_id
    session.execute(delete(TrainingScript).where(mine))
    if scripts:
        session.execute(
            insert(TrainingScript),
            [
                {"worker_id": worker_id, "script": one.id, "told": one.model_dump(mode="json")}
                for one in scripts
            ],
        )


def offers(session: Session) -> list[Offer]:
    """Return the scripts that living workers offer, by name.

    Where two workers declare one script differently, the declaration of the younger one counts:
    the worker that starts a training checks its arguments again.
    """
    rows = session.execute(
        select(TrainingScript.told, IngestWorker.host)
        .join(IngestWorker, IngestWorker.id == TrainingScript.worker_id)
        .where(alive())
        .order_by(IngestWorker.id)
    )
    found: dict[str, Offer] = {}
    for told, host in rows:
        script = Script.model_validate(told)
        hosts = {host, *(found[script.id].hosts if script.id in found else ())}
        found[script.id] = Offer(script, tuple(sorted(hosts)))
    return sorted(found.values(), key=lambda one: one.script.name.lower())


def offered(session: Session, *, script: str) -> Script:
    """Return a script that some living worker offers; NotFound."""
    for one in offers(session):
        if one.script.id == script:
            return one.script
    raise NotFound("training script", repr(script[:40]))
