"""The workers: how many are alive, what each does, and what to do where there is none."""

from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from app.components.job_words import moment
from app.components.tables import cell, nothing, plain_table, state_badge
from app.components.texts import counted
from app.components.times import ago, time
from db.queries.jobs.workers import WorkerRow

_START = "deeptracker worker"


def summary(workers: list[WorkerRow]) -> str:
    """Return "2 workers alive on 1 host"."""
    alive = [worker for worker in workers if worker.alive]
    if not alive:
        return "no worker is running"
    hosts = len({worker.host for worker in alive})
    where = f"{counted(len(alive), 'worker')} alive on {counted(hosts, 'host')}"
    stuck = sum(worker.stuck for worker in alive)
    if not stuck:
        return where
    takes = "takes" if stuck == 1 else "take"
    idle = "none takes jobs" if stuck == len(alive) else f"{stuck:,} of them {takes} no jobs"
    return f"{where}, {idle}"


def none_alive(workers: list[WorkerRow]) -> Component | None:
    """Return a notice where no worker is running, or takes jobs, and what to do about it."""
    if any(worker.alive and not worker.stuck for worker in workers):
        return None
    if any(worker.alive for worker in workers):
        sign = max(worker.seen_at for worker in workers if worker.alive)
        return dmc.Alert(
            f"They send heartbeats (the last one {ago(sign)}, {moment(sign)}) and have places "
            "free, but take nothing off the queue. Their logs say why; restart them.",
            title="No worker takes jobs",
            color="red",
            mb="md",
        )
    last = max(workers, key=lambda worker: worker.seen_at, default=None)
    seen = ""
    if last:
        seen = f" The last one, {last.name}, was seen {ago(last.seen_at)}, {moment(last.seen_at)}."
    return dmc.Alert(
        [
            "Jobs wait, schedules and watched folders rest until one is started. On a machine that "
            "has the logs, run: ",
            html.Code(_START),
            f".{seen}",
        ],
        title="No worker is running",
        color="yellow",
        mb="md",
    )


def roots(workers: list[WorkerRow]) -> str:
    """Return where logs may lie, as the workers that are alive say."""
    found = sorted({root for worker in workers if worker.alive for root in worker.roots})
    return f"Workers read logs under {', '.join(found)}." if found else ""


def worker_table(workers: list[WorkerRow]) -> Component:
    """Return the workers of the last day."""
    if not workers:
        return nothing(
            "No worker has run in the last day",
            html.P(["Start one on a machine that has the logs: ", html.Code(_START)]),
        )
    columns = (
        "State",
        "Host",
        "Process",
        "Since",
        "Activity",
        "Last heartbeat",
        "Reads logs under",
    )
    return plain_table(columns, [_row(worker) for worker in workers], label="Workers")


def _state(worker: WorkerRow) -> str:
    if not worker.alive:
        return "gone"
    return "takes no jobs" if worker.stuck else "alive"


def _row(worker: WorkerRow) -> Component:
    does: Any = f"waiting for jobs, {worker.concurrency} at a time"
    if worker.jobs:
        listed = ", ".join(str(job_id) for job_id in worker.jobs)
        many = "job" if len(worker.jobs) == 1 else "jobs"
        does = f"loads {many} {listed} (up to {worker.concurrency} at a time)"
    return html.Tr(
        [
            cell(state_badge(_state(worker))),
            cell(worker.host),
            cell(str(worker.process)),
            cell(time(worker.started_at)),
            cell(does if worker.alive else "ended without notice"),
            cell(time(worker.seen_at)),
            cell([html.Div(root, className="dt-soft") for root in worker.roots]),
        ],
        key=str(worker.id),
    )
