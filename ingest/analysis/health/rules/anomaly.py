"""Stable images flipped: images of a class flip after having been stable for a long time."""

import numpy as np

from ingest.analysis import anomalies
from ingest.analysis.flip_index import index_window, validated_snapshots
from ingest.analysis.health.example import AT, healthy
from ingest.analysis.health.finding import Finding, Names, Rule, Severity
from ingest.analysis.health.history import FlipHistory, History
from ingest.analysis.health.rules.sources import PAPER
from ingest.analysis.health.sentences import declare, say

declare(
    {
        "anomaly": (
            "{images} images of {classes} flipped that had been stable for {window} snapshots."
        ),
    }
)


def anomaly(history: History, threshold: float, names: Names) -> list[Finding]:
    """Iterations at which stable images of a class flip: the anomalies at their default limits.

    `threshold` multiplies the number of images that makes a class anomalous.
    """
    flips = history.flips
    if not len(flips.snapshot):
        return []
    k = anomalies.default_window(history.snapshots)
    long = np.flatnonzero(flips.before >= k)  # what follows a flip is not asked for
    index = index_window(
        (flips.snapshot[long], flips.image[long], flips.before[long], flips.learned[long]),
        k=k,
        snapshots=history.snapshots,
        image_class=history.image_class.astype(np.int32),
        classes=len(history.class_size),
        validated=validated_snapshots(history.class_error),
    )
    m = threshold * anomalies.default_threshold(index.class_size)
    left = anomalies.find_anomalies(index, k=k, m=m, live=history.recording).left
    found = []
    for at in np.unique(left.snapshot):
        here = np.flatnonzero(left.snapshot == at)
        images = left.forgotten[here] + left.learned[here]
        order = here[np.argsort(-images, kind="stable")]
        ids = [int(i) for i in left.class_id[order]]
        found.append(
            Finding(
                "anomaly",
                Severity.INFO,
                start=int(history.iteration[at]),
                end=int(history.iteration[at]),
                strength=float(images.max() / m),
                value=float(images.sum()),
                classes=tuple(ids),
                text=say(
                    "anomaly", images=int(images.sum()), classes=names.of_classes(ids), window=k
                ),
            )
        )
    return found


def _example() -> History:
    """Ten images of a class that flip after having been right all along."""
    ten, zero = np.arange(10, dtype=np.int32), np.zeros(10, np.int32)
    flips = FlipHistory(zero + AT, ten, zero + AT, zero.astype(np.uint8))
    return healthy(flips=flips)


RULE = Rule(
    name="anomaly",
    title="Stable images flipped",
    meaning="Images of a class flip after having been stable for a long time.",
    threshold=1,
    unit="times the images that make a class anomalous",
    low=0.5,
    high=10,
    source=PAPER,
    view="validation",
    check=anomaly,
    example=_example,
)
