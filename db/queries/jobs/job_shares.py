"""Who works at the parts of a running load, beside the worker that runs its job."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import IngestJob, IngestShare


def at_work(session: Session) -> list[tuple[int, str]]:
    """Return (job, worker) for everybody who has parts of a running job in hand, in this order."""
    found = session.execute(
        select(IngestShare.job_id, IngestShare.worker)
        .join(IngestJob, IngestJob.id == IngestShare.job_id)
        .where(IngestShare.state == "taken", IngestJob.state == "running")
        .distinct()
        .order_by(IngestShare.job_id, IngestShare.worker)
    )
    return [(job_id, worker) for job_id, worker in found if worker is not None]
