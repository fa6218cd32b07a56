"""A run's badge, from healthy to fault, and how its training died, wherever it is named."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app.components.attributes import data
from app.components.tables import state_badge
from app.components.unjudged import why_not_judged
from db.queries.runs import verdicts as stored
from db.queries.runs.runs import RunRow
from db.queries.runs.verdicts import Judged
from ingest.analysis.named_cause import UNEXPLAINED

# The state of a run that another tool logs, once no news came for too long.
QUIET = "quiet"
HEALTHY, NOT_JUDGED, FAULT = "healthy", "not judged", "fault"
COLOURS = {HEALTHY: "teal", NOT_JUDGED: "gray", UNEXPLAINED: "orange", FAULT: "red"}


@dataclass(frozen=True)
class Verdict:
    """What is thought of a run: its badge's word, None before any rule looked at it.

    "not judged": nothing was found, but too few rules could look; `why` says which lacked what.
    `cause` is the most probable one of its first serious event, None where none was named. `died`
    says how a training ended that did not end well ("failed", "lost", "NaN", "no prediction"), ""
    for others. "lost" is one that has given no heartbeat for too long.
    """

    name: str | None
    cause: str | None = None
    died: str = ""
    why: str = ""


UNKNOWN = Verdict(None)


def verdict(run: RunRow, judged: Judged | None, *, now: datetime | None = None) -> Verdict:
    """Return what is thought of a run: `judged` is its last evaluation, None for none."""
    died = _died(run, judged, now or datetime.now(UTC))
    if judged is None:
        return Verdict(UNEXPLAINED if died else None, None, died)
    serious = judged.worst in ("medium", "high")
    if judged.cause is not None or died in ("NaN", "no prediction"):
        return Verdict(FAULT, judged.cause, died)
    if serious:
        # What no cause was sought for is a fault where a rule is sure of it.
        plain = not judged.named and judged.worst == "high"
        return Verdict(FAULT if plain else UNEXPLAINED, None, died)
    if died:
        return Verdict(UNEXPLAINED, None, died)
    if judged.not_judged is not None:
        return Verdict(NOT_JUDGED, why=why_not_judged(judged.not_judged))
    return Verdict(HEALTHY)


def _died(run: RunRow, judged: Judged | None, now: datetime) -> str:
    if run.state == "failed":
        return "failed"
    last = run.last_error
    if (judged is not None and judged.not_a_number) or (last is not None and math.isnan(last)):
        return "NaN"
    if judged is not None and judged.predicts_nothing:
        return "no prediction"
    return "lost" if run.heartbeats and run.silent_since(now) is not None else ""


def verdicts(session: Session, runs: Sequence[RunRow]) -> dict[int, Verdict]:
    """Return what is thought of each of these runs, by id."""
    return judged_verdicts(session, runs)[0]


def judged_verdicts(
    session: Session, runs: Sequence[RunRow]
) -> tuple[dict[int, Verdict], dict[int, Judged]]:
    """Return what is thought of each of these runs, and their last evaluations, by id."""
    ids = [run.id for run in runs]
    found = stored.judged(session, unexplained=UNEXPLAINED, run_ids=ids)
    return {run.id: verdict(run, found.get(run.id)) for run in runs}, found


def verdict_badge(found: Verdict) -> Component | None:
    """Return the badge of a run; nothing before it was judged."""
    if found.name is None:
        return None
    title = f"Most probable cause: {found.cause.replace('-', ' ')}" if found.cause else found.why
    return dmc.Badge(
        found.name,
        color=COLOURS[found.name],
        variant="filled" if found.name == FAULT else "light",
        size="sm",
        tt="none",
        fw=600,
        className="run-verdict",
        **data(verdict=found.name),
        attributes={"root": {"title": title}} if title else {},
    )


def shown_state(run: RunRow, found: Verdict) -> str:
    """Return what a run's state looks like: "failed" for one that died, however; QUIET for one of
    another tool's log, which may be over, or write its next line any time.
    """
    if found.died:
        return "failed"
    return run.state if run.silent_since(datetime.now(UTC)) is None else QUIET


def run_state(run: RunRow, found: Verdict) -> Component:
    """Return the state of a run's training; one that died is never shown as if it ended well."""
    if found.died in ("", "failed"):
        shown = shown_state(run, found)
        return state_badge(shown, text="no news" if shown == QUIET else None)
    said = f"{run.state}: {found.died}"
    return html.Span(state_badge("failed", text=said), **data(died=found.died))


def ending_words(run_state_words: str, found: Verdict) -> str:
    """Return the state of a run in words, with how it died."""
    said = {"NaN": "ended in NaN", "no prediction": "ended without predictions"}
    return f"{run_state_words}, {said[found.died]}" if found.died in said else run_state_words
