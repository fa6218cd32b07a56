"""Schedule begun anew: the learning rate falls, and rises again as it never did before."""

import numpy as np

from ingest.analysis.health.example import SNAPSHOTS, healthy
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import Floats, History, Logged
from ingest.analysis.health.needs import LEARNING_RATE
from ingest.analysis.health.sentences import declare, say

# Rises below this part of the way are those of a schedule that wavers.
_FALLEN = 0.8
# Restarts are regular where their distances (in iterations) have one ratio throughout.
_EVEN = 0.15
_LOGGED_LEAST = 10
declare(
    {
        "schedule-anew": (
            "The learning rate had fallen to {low} and rose to {high} at iteration {iteration}, "
            "{times} as high, as it never did before: the schedule began anew."
        ),
    }
)


def schedule_anew(history: History, threshold: float, names: Names) -> list[Finding]:
    """A learning rate that rises once more, to at most its earlier highest, without a rhythm."""
    logged = history.logged.get("learning_rate")
    if logged is None or len(logged.values) < _LOGGED_LEAST:
        return []
    rate = np.where(np.isfinite(logged.values), logged.values, np.nan)
    rises = _rises(rate, threshold)
    if not rises or _regular([0, *(int(at) for at, _ in rises)], len(rate)):
        return []
    at, low = rises[0]
    iteration = int(logged.iterations[at])
    first = min(int(np.searchsorted(history.iteration, iteration)), history.snapshots - 1)
    end = at + int(np.nanargmax(rate[at : at + 1 + max(1, len(rate) // 50)]))
    times = float(rate[end] / low)
    return [
        Finding(
            "schedule-anew",
            Severity.MEDIUM,
            start=int(history.iteration[first]),
            end=None,
            strength=min(2 * times / threshold, 20.0),
            value=times,
            text=say(
                "schedule-anew",
                low=f"{low:.3g}",
                high=f"{rate[end]:.3g}",
                iteration=f"{iteration:,}",
                times=f"{times:.3g} times",
            ),
            chart=chart_of("learning rate", history, history.learning_rate, log=True),
            exact=iteration,
        )
    ]


def _rises(rate: Floats, threshold: float) -> list[tuple[int, float]]:
    """Return where a rate that had fallen rises by the threshold within a step, and from what.

    A warm-up comes before anything fell; a rate above the earlier highest has jumped.
    """
    highest = np.fmax.accumulate(rate)
    with np.errstate(invalid="ignore", divide="ignore"):
        step = rate[1:] / rate[:-1]
        fallen = rate[:-1] <= _FALLEN * highest[:-1]
        flag = (step >= threshold) & fallen & (rate[1:] <= 1.01 * highest[:-1]) & (rate[:-1] > 0)
    return [(int(at) + 1, float(rate[at])) for at in np.flatnonzero(flag)]


def _regular(places: list[int], length: int) -> bool:
    """Return whether restarts come in a rhythm: periods that are equal, or grow by one factor.

    The stretch after the last one may be cut off, but is no longer than the rhythm allows.
    """
    periods = np.diff(places).astype(np.float64)
    rest = length - places[-1]
    if len(periods) == 1:
        # One restart in the middle, or at a third (twice as long a second period), is a rhythm.
        ratio = rest / periods[0]
        return bool(min(abs(ratio - 1), abs(ratio - 2) / 2) <= 0.02)
    factors = periods[1:] / periods[:-1]
    usual = float(np.median(factors))
    even = bool(np.all(np.abs(factors / usual - 1) <= _EVEN))
    return even and rest <= (1 + _EVEN) * max(usual, 1.0) * periods[-1]


def _example() -> History:
    """A cosine that begins anew at half of the run."""
    iterations = np.arange(1, 10 * SNAPSHOTS + 1)
    rate = 0.05 * (1 + np.cos(np.pi * iterations / iterations[-1])) + 1e-4
    rate[450:] = rate[: len(rate) - 450]
    on_snapshots = rate[9::10]
    return healthy(learning_rate=on_snapshots, logged={"learning_rate": Logged(iterations, rate)})


RULE = Rule(
    name="schedule-anew",
    title="Schedule begun anew",
    meaning="The learning rate falls and rises again, as it does where a schedule is lost.",
    looks_at=(
        "The logged learning rate: from one value to the next it rises by the threshold, after "
        "having fallen to four fifths of its highest, and not above that. Warm restarts, whose "
        "periods are equal or grow by one factor, are none."
    ),
    needs=(LEARNING_RATE,),
    threshold=1.5,
    unit="times",
    low=1.05,
    high=1000,
    severities="medium",
    advice=(
        "Where the training was resumed there, the state of the scheduler was not loaded: pass it "
        "to the checkpoint and load it, or set its last step."
    ),
    source="Loshchilov and Hutter, SGDR: Warm Restarts, ICLR 2017",
    view="overview",
    may_cause=True,
    check=schedule_anew,
    example=_example,
)
