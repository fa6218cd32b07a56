"""Learning rate ends early: the schedule comes to nothing long before the training ends."""

import numpy as np

from ingest.analysis.health import robust
from ingest.analysis.health.example import SNAPSHOTS, healthy
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import LEARNING_RATE, snapshots
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import as_times, percent

_LEAST = 20
# So much of the run is left: schedules come to so little in their last few per cent.
_LEFT = 0.5
declare(
    {
        "rate-ends-early": (
            "The learning rate is {times} below its highest from iteration {iteration} on, for "
            "{share} of the run: nothing is learned any more."
        ),
    }
)


def rate_ended(history: History, threshold: float) -> int | None:
    """Return the snapshot from which on the rate stays `threshold` times below its highest.

    None where it does not, or not for the larger part of the run.
    """
    rate = history.learning_rate
    if history.snapshots < _LEAST or not np.isfinite(rate).any():
        return None
    with np.errstate(invalid="ignore"):
        ended = (rate * threshold <= np.nanmax(rate)) & (np.nanmax(rate) > 0)
    # A warm-up begins as low.
    ended[: int(np.nanargmax(rate))] = False
    found = [*robust.stretches(ended)][-1:]
    if not found or found[0][1] != history.snapshots - 1:
        return None
    first = found[0][0]
    return first if history.snapshots - first > _LEFT * history.snapshots else None


def rate_ends(history: History, threshold: float, names: Names) -> list[Finding]:
    """A rate that is next to nothing for more than half of the run."""
    first = rate_ended(history, threshold)
    if first is None:
        return []
    rate = history.learning_rate
    with np.errstate(divide="ignore"):
        times = float(np.nanmax(rate) / robust.quiet_median(rate[first:]))
    share = 1 - first / history.snapshots
    return [
        Finding(
            "rate-ends-early",
            Severity.HIGH if share >= 0.5 * (1 + _LEFT) else Severity.MEDIUM,
            start=int(history.iteration[first]),
            end=None,
            strength=2 * share,
            value=share,
            text=say(
                "rate-ends-early",
                times=as_times(times) if np.isfinite(times) else "far",
                iteration=f"{history.iteration[first]:,}",
                share=percent(share),
            ),
            once=True,
            chart=chart_of("learning rate", history, rate, log=True),
        )
    ]


def _example() -> History:
    """A rate that is halved at every second snapshot."""
    return healthy(learning_rate=0.1 * 0.5 ** (np.arange(SNAPSHOTS) // 2))


RULE = Rule(
    name="rate-ends-early",
    title="Learning rate ends early",
    meaning="The schedule comes to (almost) nothing long before the training ends.",
    looks_at=(
        "The learning rate at the snapshots, after it was highest: so many times below it up to "
        "the last snapshot, for more than half of the run."
    ),
    needs=(LEARNING_RATE, snapshots(_LEAST)),
    threshold=1000,
    unit="times below its highest",
    low=10,
    high=1_000_000,
    severities="high where it is so for three quarters of the run, else medium",
    advice=(
        "Check whether the scheduler steps at every batch instead of every epoch, and the length "
        "that it was given."
    ),
    source="Bengio, Practical Recommendations for Gradient-Based Training, 2012, 3.1.1",
    view="overview",
    may_cause=True,
    check=rate_ends,
    example=_example,
)
