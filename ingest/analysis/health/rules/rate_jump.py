"""Learning rate jumped: the learning rate is suddenly far above every earlier one."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.example import healthy
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import History, Logged
from ingest.analysis.health.needs import LEARNING_RATE
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import as_times

_RATE_STEPS_BEFORE = 10
declare(
    {
        "rate-jump": (
            "The learning rate rose to {times} its previous maximum, {rate}, at iteration "
            "{first}, and stayed there until {last}."
        ),
    }
)


def rate_jump(history: History, threshold: float, names: Names) -> list[Finding]:
    """Learning rates far above every earlier one, from one iteration to the next."""
    logged = history.logged.get("learning_rate")
    if logged is None or len(logged.values) < 2:
        return []
    rate = np.where(np.isfinite(logged.values), logged.values, 0.0)
    highest = np.maximum.accumulate(rate)[:-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        times = np.where(highest > 0, rate[1:] / highest, 1.0)
    # A warm-up begins near nothing: its first steps are no jumps.
    times[: min(_RATE_STEPS_BEFORE, len(times))] = 1.0
    found = []
    for at in np.flatnonzero(times >= threshold) + 1:
        back = np.flatnonzero(rate[at:] < rate[at] / threshold)
        last = at + int(back[0]) - 1 if len(back) else len(rate) - 1
        first = _snapshot_at(history, int(logged.iterations[at]))
        closing = _snapshot_at(history, int(logged.iterations[last]))
        factor = float(times[at - 1])
        found.append(
            Finding(
                "rate-jump",
                Severity.HIGH if factor >= 2 * threshold else Severity.MEDIUM,
                start=int(history.iteration[first]),
                end=robust.last_iteration(history.iteration, closing),
                strength=2 * factor / threshold,
                value=factor,
                text=say(
                    "rate-jump",
                    times=as_times(factor),
                    rate=f"{rate[at]:.3g}",
                    first=f"{logged.iterations[at]:,}",
                    last=f"{logged.iterations[last]:,}",
                ),
                chart=chart_of("learning rate", history, history.learning_rate, log=True),
            )
        )
    return found


def _snapshot_at(history: History, iteration: int) -> int:
    """Return the first snapshot at or after an iteration; the last one where there is none."""
    return min(int(np.searchsorted(history.iteration, iteration)), history.snapshots - 1)


def _example() -> History:
    """A learning rate that is 50 times as high for seven iterations."""
    rate = np.full(800, 0.1)
    rate[405:412] = 5.0
    return healthy(logged={"learning_rate": Logged(np.arange(1, 801), rate)})


RULE = Rule(
    name="rate-jump",
    title="Learning rate jumped",
    meaning="The learning rate is suddenly far above every earlier one.",
    looks_at=(
        "The logged learning rate against the highest so far; the first ten iterations (warm-up) "
        "aside. Restarts to an earlier rate are none."
    ),
    needs=(LEARNING_RATE,),
    threshold=3,
    unit="times",
    low=1.1,
    high=1000,
    severities="high from twice the threshold, else medium",
    advice="Check the schedule and what a resumed training loaded.",
    source="Smith, Cyclical Learning Rates, WACV 2017 (rates of one cycle differ 3 to 4 times)",
    view="overview",
    may_cause=True,
    check=rate_jump,
    example=_example,
)
