"""What stands in the way of an ingest job, in words: on the jobs page and on the run's own."""

from datetime import UTC, datetime

from db.queries.jobs.jobs import JobRow
from db.queries.jobs.workers import Crew


def moment(time: datetime) -> str:
    """Return an exact time: words such as "3 minutes ago" grow wrong where nothing changes."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def trouble(job: JobRow) -> str:
    """Return why a running job does not go on, "" where it does."""
    if job.silent_since is None:
        return ""
    worker = f" ({job.worker})" if job.worker else ""
    since = moment(job.silent_since)
    if job.worker_alive:
        return f"No message since {since}, though its worker{worker} lives. Cancel ends it."
    return (
        f"Its worker{worker} is dead; its last heartbeat was at {since}. "
        "It resumes as soon as another worker is free."
    )


def nobody_takes(crew: Crew) -> str:
    """Return why no worker takes a job that waits, "" where one will."""
    if crew.state == "alive":
        return ""
    seen = "" if crew.seen_at is None else f"; the last heartbeat was at {moment(crew.seen_at)}"
    if crew.state == "takes no jobs":
        return f"Workers are alive, but take no jobs{seen}. Their logs say why; restart them."
    return f"No worker is running{seen}. Start one: deeptracker worker"
