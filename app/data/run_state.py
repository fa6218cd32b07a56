"""What an open page of a run asks again by itself: its version, its state, its ingest job."""

from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from app.components.job_words import nobody_takes, trouble
from app.components.run_facts import run_facts
from app.components.texts import counted
from app.components.verdict import shown_state, verdicts
from app.versions import version_token
from db.queries.jobs import jobs, workers
from db.queries.runs import runs


def state(session: Session, run_id: int) -> dict[str, Any]:
    """Return what a page that is open needs to know every two seconds.

    version (its token), state (see shown_state), live (whether to ask again),
    job (a sentence about the running ingest job), trouble (whether that is bad news), facts (texts
    for the header).
    """
    run = runs.get_run(session, run_id=run_id)
    thought = verdicts(session, [run])[run_id]
    job = next(iter(jobs.list_jobs(session, run_id=run_id, limit=1)), None)
    loading = job is not None and job.state in jobs.OPEN_STATES
    sentence, bad = _about(session, run, job)
    return {
        "version": version_token(run.this_version),
        "state": shown_state(run, thought),
        "live": run.recording or loading,
        "job": sentence,
        "trouble": bad,
        "facts": run_facts(run, thought),
    }


def _about(session: Session, run: runs.RunRow, job: jobs.JobRow | None) -> tuple[str, bool]:
    """Return what is to be said of the run's last job, and whether it is bad news."""
    if job is None:
        return "", False
    if job.state == "queued":
        if job.awaited_since is not None:
            return job.message, False
        bad = nobody_takes(workers.crew(session))
        return f"An ingest job is waiting for a worker. {bad}".strip(), bool(bad)
    if job.state == "running":
        bad = trouble(job)
        return f"{_sentence(job)} {bad}".strip(), bool(bad)
    if job.state == "failed" and run.recording:
        return (
            f"Nobody follows the log: ingest job {job.id} failed. {job.error or ''}".strip(),
            True,
        )
    return "", False


def _sentence(job: jobs.JobRow) -> str:
    of = f"{job.done:,} of " if job.total else ""
    snapshots = counted(job.total or job.done, "snapshot")
    goes_on = job.silent_since is None and job.rate and np.isfinite(job.rate)
    rate = f", {job.rate:.2g} per second" if goes_on else ""
    verb = "Following the log" if job.mode == "follow" else "Loading the log"
    return f"{verb}: {of}{snapshots}{rate}."
