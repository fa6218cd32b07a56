"""Training loss periodic: it repeats a pattern, such as that of data that come in one order."""

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.health.example import SNAPSHOTS, healthy
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import Floats, History, Logged
from ingest.analysis.health.needs import TRAIN_LOSS, snapshots
from ingest.analysis.health.rules.losses import LOSS
from ingest.analysis.health.sentences import declare, say
from ingest.analysis.health.words import percent

# Of the end of the run, at most so many logged values are looked at, and whole periods of them.
_MOST, _LEAST, _PERIODS = 16_384, 64, 4
_SHORTEST = 4
declare(
    {
        "periodic-loss": (
            "The training loss repeats itself every {period} iterations, which explains {part} of "
            "how it varies."
        ),
        "periodic-loss-epoch": (
            "The training loss repeats itself every {period} iterations, one epoch, which explains "
            "{part} of how it varies: batches come in the same order each time."
        ),
    }
)


def periodic_loss(history: History, threshold: float, names: Names) -> list[Finding]:
    """A logged training loss whose variation in the last half has one period."""
    logged = history.logged.get("train_loss")
    if logged is None or len(logged.values) < 2 * _LEAST or not history.snapshots:
        return []
    number = min(_MOST, len(logged.values) // 2)
    values, places = logged.values[-number:], logged.iterations[-number:]
    spacing = np.diff(places)
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.log(values)
    if not np.isfinite(part).all() or not len(spacing) or (spacing != spacing[0]).any():
        return []
    period, share = _period(part)
    if share < threshold:
        return []
    length = int(period * spacing[0])
    first = int(np.searchsorted(history.iteration, places[0]))
    epoch = _is_epoch(history, length)
    return [
        Finding(
            "periodic-loss",
            Severity.MEDIUM if epoch else Severity.LOW,
            start=int(history.iteration[min(first, history.snapshots - 1)]),
            end=None,
            strength=2 * share / threshold,
            value=float(length),
            text=say(
                "periodic-loss-epoch" if epoch else "periodic-loss",
                period=f"{length:,}",
                part=percent(share),
            ),
            once=True,
            chart=chart_of(LOSS, history, history.train_loss, log=True),
        )
    ]


def _period(values: Floats) -> tuple[int, float]:
    """Return the lag at which a series repeats itself, and its autocorrelation there.

    The least lag of a peak that is nearly the highest; trends are taken out first (differences over
    a moving mean). (0, 0.0) where nothing repeats.
    """
    longest = len(values) // _PERIODS
    if longest <= _SHORTEST:
        return 0, 0.0
    trend = np.polyval(np.polyfit(np.arange(len(values)), values, 3), np.arange(len(values)))
    rest = values - trend
    size = 2 ** int(np.ceil(np.log2(2 * len(rest))))
    spectrum = np.abs(np.fft.rfft(rest, size)) ** 2
    raw = np.fft.irfft(spectrum)[: longest + 2]
    if not raw[0] > 0:
        return 0, 0.0
    same: NDArray[np.float64] = raw / raw[0] * len(rest) / (len(rest) - np.arange(len(raw)))
    inner = same[1:-1]
    peak = np.flatnonzero((inner > same[:-2]) & (inner >= same[2:])) + 1
    # A slow swing has high values at all short lags; a period falls in between.
    peak = peak[(peak >= _SHORTEST) & (same[peak] > 0)]
    peak = peak[np.minimum.accumulate(same)[peak] <= same[peak] / 2]
    if not len(peak):
        return 0, 0.0
    highest = float(same[peak].max())
    at = int(peak[same[peak] >= 0.9 * highest][0])
    return at, float(same[at])


def _is_epoch(history: History, length: int) -> bool:
    """Return whether a number of iterations is an epoch of this run, or nearly so."""
    if history.epoch is None or history.snapshots < 2:
        return False
    epochs = float(history.epoch[-1] - history.epoch[0])
    if not np.isfinite(epochs) or epochs <= 0:
        return False
    own = float(history.iteration[-1] - history.iteration[0]) / epochs
    return abs(length / own - 1) <= 0.1


def _example() -> History:
    """A loss that has the same four phases in every 40 iterations."""
    iterations = np.arange(1, 10 * SNAPSHOTS + 1)
    loss = np.array([0.2, 0.5, 0.1, 0.9])[iterations // 10 % 4]
    return healthy(
        epoch=np.arange(1, SNAPSHOTS + 1) / 4,
        logged={
            "train_loss": Logged(iterations, loss),
            "learning_rate": Logged(iterations, np.full(len(iterations), 0.1)),
        },
    )


RULE = Rule(
    name="periodic-loss",
    title="Training loss periodic",
    meaning="The training loss repeats a pattern, such as that of data that come in one order.",
    looks_at=(
        "The autocorrelation of log of the training loss as it was logged, over the last half of "
        "the run, its trend (a cubic) aside: a peak that is above the threshold, at least four "
        "periods long, with a trough of half of it before."
    ),
    needs=(TRAIN_LOSS, snapshots(8)),
    threshold=0.4,
    unit="autocorrelation",
    low=0.1,
    high=1,
    severities="medium where the period is an epoch, else low",
    advice=(
        "Check that the loader shuffles anew in each epoch (shuffle=True, set_epoch of a "
        "distributed sampler), and that the data are not sorted by class or source."
    ),
    source="Box and Jenkins, Time Series Analysis, 1970 (autocorrelation)",
    view="overview",
    lasting=True,
    check=periodic_loss,
    example=_example,
)
