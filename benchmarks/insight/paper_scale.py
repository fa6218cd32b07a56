"""How long judging takes while a run of paper scale is followed: `python -m` this prints it.

840 snapshots, 54 layers, 1,000 classes, 50,000 validation images.
"""

import numpy as np

from benchmarks.insight.following import Following, follow
from ingest.analysis.health.finding import Names
from ingest.analysis.health.history import (
    NEEDED_STATISTICS,
    FilterPeaks,
    FlipHistory,
    History,
    Logged,
)

SNAPSHOTS, LAYERS, FILTERS, CLASSES, IMAGES = 840, 54, 27_560, 1_000, 50_000
# Of layers of 460,000 weights as networks begin with, which step by a thousandth.
_USUAL = {
    ("weight", "l2"): 32.0,
    ("weight", "std"): 0.047,
    ("weight", "mean"): 0.0,
    ("weight", "median"): 0.0,
    ("weight", "q1"): -0.03,
    ("weight", "q3"): 0.03,
    ("gradient", "l2"): 0.1,
    ("gradient", "zero_share"): 0.0,
    ("update", "l2"): 0.03,
}
_EVERY, _PEAKS, _FLIPS = 1_600, 50, 3_600


def follow_paper() -> Following:
    """Return how long rules and answers take whenever a snapshot comes, over the whole run."""
    history = paper_history()
    prediction = np.random.default_rng(1).integers(0, CLASSES, IMAGES)
    return follow(history, Names(), lambda at: (history.image_class, prediction))


def paper_history() -> History:
    """Return a run of that size that learns as networks do, with noise of their size."""
    rng = np.random.default_rng(0)
    at = np.arange(SNAPSHOTS)
    iteration = (at + 1) * _EVERY
    loss = (7.0 * np.exp(-at / 150) + 0.8) * np.exp(rng.normal(0, 0.02, SNAPSHOTS))
    error = np.clip(0.95 * np.exp(-at / 120) + 0.25, 0, 1)
    ease = rng.normal(0, 0.1, (CLASSES, 1))
    per_class = IMAGES // CLASSES
    chance = np.clip(error + ease, 0.02, 0.98)
    steps = np.arange(1, iteration[-1] + 1, 100)
    logged = np.interp(steps, iteration, loss) * np.exp(rng.normal(0, 0.1, len(steps)))
    offset = np.linspace(0, FILTERS, LAYERS + 1).astype(np.int64)
    rate = (0.1 * 0.1 ** (at // (SNAPSHOTS // 4))).astype(np.float64)
    return History(
        iteration=iteration,
        learning_rate=rate,
        train_loss=loss,
        train_error=error,
        validation_loss=loss + 0.1,
        validation_error=error,
        transitions=np.full((SNAPSHOTS, 4), IMAGES // 4),
        class_error=rng.binomial(per_class, chance) / per_class,
        class_size=np.full(CLASSES, per_class),
        image_class=np.repeat(np.arange(CLASSES), per_class),
        flips=FlipHistory(
            np.repeat(at[1:], _FLIPS).astype(np.int32),
            rng.integers(0, IMAGES, _FLIPS * (SNAPSHOTS - 1)).astype(np.int32),
            rng.geometric(0.2, _FLIPS * (SNAPSHOTS - 1)).astype(np.int32),
            rng.integers(0, 2, _FLIPS * (SNAPSHOTS - 1)).astype(np.uint8),
        ),
        layers=_layers(rng),
        parameters=np.full(LAYERS, 460_000),
        fan_in=np.full(LAYERS, 900),
        filter_offset=offset,
        gradient_l2=rng.lognormal(-3, 0.5, (FILTERS, 5)),
        relative_change=_peaks(rng, offset),
        cosine_change=_peaks(rng, offset),
        logged={
            "train_loss": Logged(steps, logged),
            "learning_rate": Logged(iteration, rate),
        },
        apart=np.zeros(LAYERS, np.bool_),
    )


def _layers(rng: np.random.Generator) -> dict[tuple[str, str], np.ndarray]:
    def values(quantity: str, statistic: str) -> np.ndarray:
        if statistic in ("nan_count", "inf_count"):
            return np.zeros((LAYERS, SNAPSHOTS))
        usual = _USUAL.get((quantity, statistic), 0.5)
        return usual * np.exp(rng.normal(0, 0.05, (LAYERS, SNAPSHOTS)))

    return {
        (quantity, statistic): values(quantity, statistic)
        for quantity, statistics in NEEDED_STATISTICS.items()
        for statistic in statistics
    }


def _peaks(rng: np.random.Generator, offset: np.ndarray) -> FilterPeaks:
    number = _PEAKS * SNAPSHOTS
    filters = rng.integers(0, FILTERS, number)
    layer = np.searchsorted(offset, filters, side="right") - 1
    value = -np.sort(-rng.lognormal(-4, 0.2, (SNAPSHOTS, _PEAKS)), axis=1)
    return FilterPeaks(
        np.arange(SNAPSHOTS + 1) * _PEAKS,
        layer.astype(np.int32),
        (filters - offset[layer]).astype(np.int32),
        value.ravel().astype(np.float32),
    )


if __name__ == "__main__":
    print(follow_paper())
