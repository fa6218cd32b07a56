"""Marks of how the training loss runs over many snapshots: it repeats, swings, creeps up."""

import numpy as np

from ingest.analysis.causes.cause import Mark
from ingest.analysis.causes.event import AROUND, Event
from ingest.analysis.health import robust
from ingest.analysis.health.history import Floats

# A loss repeats itself from this autocorrelation on.
_ALIKE = 0.4
# So many iterations from the event on are looked at.
_MOST_VALUES = 4096
# A rise, in powers of ten, that takes so many snapshots from its first quarter to its last.
_RISE, _LONG = 0.2, 3


def _periodic(event: Event) -> bool | None:
    """Return whether the logged loss repeats itself at even distances from the event on."""
    logged = event.history.logged.get("train_loss")
    if logged is None:
        return None
    first = int(np.searchsorted(logged.iterations, event.stretch[0]))
    values = robust.log10(logged.values[first : first + _MOST_VALUES])
    values = values[np.isfinite(values)]
    if len(values) < 40:
        return None
    return _repeats(values)


def _repeats(values: Floats) -> bool:
    """Return whether what remains of a series beyond its trend looks alike some distance later.

    By its autocorrelation, which must fall below 0 and rise again: a slow change alone does not.
    """
    at = np.arange(len(values))
    rest = values - np.polyval(np.polyfit(at, values, 2), at)
    if not rest.std() > 0:
        return False
    rest = rest - rest.mean()
    # By the Fourier transform, padded so that the end does not meet the beginning.
    power = np.abs(np.fft.rfft(rest, 2 * len(rest))) ** 2
    whole = np.fft.irfft(power)[: len(rest)]
    lags = np.arange(len(whole))
    similar = whole / whole[0] * len(rest) / (len(rest) - lags)
    below = np.flatnonzero(similar[: len(rest) // 3] < 0)
    if not len(below):
        return False
    return float(similar[below[0] : len(rest) // 3].max(initial=0.0)) >= _ALIKE


def _swings(event: Event) -> bool | None:
    return "loss-swings" in event.rules


def _creeps(event: Event) -> bool | None:
    """Return whether the loss takes several snapshots to rise; what is fed otherwise shows at once.

    None where it does not rise, and where a schedule raises the learning rate meanwhile.
    """
    first = max(0, event.at - AROUND)
    part = event.run.train_loss[first : event.at + AROUND + 2]
    if event.at < AROUND or not np.isfinite(part).all():
        return None
    top = int(part[3:].argmax()) + 3
    low = int(part[: top + 1].argmin())
    up = part[low : top + 1] - part[low]
    if up[-1] < _RISE or _rate_rises(event, first + low, first + top):
        return None
    took = np.flatnonzero(up >= 0.75 * up[-1])[0] - np.flatnonzero(up <= 0.25 * up[-1])[-1]
    return bool(took >= _LONG and np.diff(up).max() <= 0.5 * up[-1])


def _rate_rises(event: Event, low: int, top: int) -> bool:
    rate = event.history.learning_rate[low : top + 1]
    return bool(np.isfinite(rate).all() and rate.max() >= 1.5 * rate[0])


OF_COURSE = (
    Mark(
        "loss-periodic",
        "the training loss repeats itself every epoch",
        "the training loss does not repeat itself every epoch",
        "overview",
        _periodic,
        usual=0.03,
    ),
    Mark(
        "loss-swings",
        "the training loss swings for long",
        "the training loss does not swing",
        "overview",
        _swings,
        usual=0.08,
    ),
    Mark(
        "loss-creeps",
        "the training loss rises over several snapshots",
        "the training loss rises at once",
        "overview",
        _creeps,
        usual=0.06,
    ),
)
