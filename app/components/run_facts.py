"""A run's facts in words: what the header says, and what a live page keeps up to date."""

import math
from datetime import UTC, datetime
from typing import Any

from app.components.texts import counted
from app.components.verdict import UNKNOWN, Verdict, ending_words
from db.queries.runs.runs import RunRow

STATE_WORDS = {
    "recording": "recording",
    "complete": "complete",
    "stopped": "stopped early",
    "failed": "failed",
}


def run_facts(run: RunRow, verdict: Verdict = UNKNOWN) -> dict[str, str]:
    """Return the facts that change while a run records, by name, as texts.

    "verdict" is among them once rules looked at the run, with "verdict_why", what to add to it.
    """
    last = "none yet" if run.last_iteration is None else f"{run.last_iteration:,}"
    if run.last_iteration is not None and run.planned_iterations:
        last += f" of {run.planned_iterations:,}"
    error = "not known" if run.last_error is None else f"{100 * run.last_error:.1f} %"
    if run.last_error is not None and math.isnan(run.last_error):
        error = "NaN"
    state = STATE_WORDS.get(run.state, run.state)
    if (since := run.silent_since(datetime.now(UTC))) is not None:
        what = "no heartbeat" if run.heartbeats else "no news"
        state += f"; {what} since {since:%Y-%m-%d %H:%M} UTC"
    return {
        "state": ending_words(state, verdict),
        "snapshots": f"{run.snapshot_count:,}",
        "last_iteration": last,
        "last_error": error,
        **({"verdict": verdict.name, "verdict_why": verdict.why} if verdict.name else {}),
    }


def fixed_facts(run: RunRow) -> list[tuple[str, str]]:
    """Return the facts that stay, as (label, text)."""
    validation = "none"
    if run.validates:
        validation = (
            f"{counted(run.image_count, 'image')} of {counted(run.class_count, 'class', 'classes')}"
        )
    network = "not recorded"
    if run.layer_count:
        network = f"{counted(run.layer_count, 'layer')}, {counted(run.filter_count, 'filter')}"
    return [
        ("Model", run.model or "not named"),
        ("Data set", run.dataset or "not named"),
        ("Network", network),
        ("Validation", validation),
        ("Owner", run.owner or "nobody"),
        ("Started", f"{run.created_at:%Y-%m-%d %H:%M} UTC"),
    ]


def hyperparameters(run: RunRow) -> list[tuple[str, str]]:
    """Return the hyperparameters as (name, text), in the order of the log."""
    return [(name, _value(value)) for name, value in run.hyperparameters.items()]


def _value(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    return str(value)
