"""No prediction: the network's output is NaN for validation images."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.health.example import AT, CLASSES, IMAGES, SNAPSHOTS, healthy
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import VALIDATION
from ingest.analysis.health.sentences import Said, declare, say

declare(
    {
        "no-prediction": (
            "The network's output is NaN: no prediction for {images} of {all} validation images "
            "from iteration {iteration}."
        ),
        "no-prediction-growing": (
            "The network's output is NaN: no prediction for {images} of {all} validation images "
            "from iteration {iteration}, for {most} from {worst}."
        ),
        "no-prediction-passing": (
            "The network's output was NaN: no prediction for up to {most} of {all} validation "
            "images from iteration {iteration} to {last}."
        ),
    }
)


def no_prediction(history: History, threshold: float, names: Names) -> list[Finding]:
    """From when on the network's output is NaN for so many images, and of which classes."""
    by_class = history.class_no_prediction
    if by_class is None:
        return []
    count = by_class.sum(axis=0)  # [T]
    bad = np.flatnonzero(count >= threshold)
    if not len(bad):
        return []
    validated = np.flatnonzero((~np.isnan(history.class_error)).any(axis=0))
    first, last = int(bad[0]), int(bad[-1])
    lasting = last >= int(validated[-1])
    worst = int(np.argmax(count))
    return [
        Finding(
            "no-prediction",
            Severity.HIGH if lasting else Severity.MEDIUM,
            start=int(history.iteration[first]),
            end=None if lasting else int(history.iteration[last]),
            strength=100.0 * float(count[worst]) / max(1, int(history.class_size.sum())),
            value=float(count[worst]),
            classes=_affected(by_class[:, first], history.class_size),
            text=_what(history, count, (first, worst, last), lasting=lasting),
            once=True,
            chart=chart_of("images without a prediction", history, count.astype(np.float64)),
        )
    ]


def _affected(count: NDArray[np.integer], size: NDArray[np.integer]) -> tuple[int, ...]:
    """Return the classes with images that have no prediction, the most affected first.

    None where it is so for all of them, which tells no class from another.
    """
    if (count == size).all():
        return ()
    share = count / np.maximum(1, size)
    return tuple(int(i) for i in np.argsort(-share, kind="stable") if count[i])


def _what(
    history: History, count: NDArray[np.integer], places: tuple[int, int, int], *, lasting: bool
) -> Said:
    began, peak, last = (f"{history.iteration[at]:,}" for at in places)
    images, most = (f"{count[at]:,}" for at in places[:2])
    everything = f"{history.class_size.sum():,}"
    if not lasting:
        return say(
            "no-prediction-passing",
            most=most,
            all=everything,
            iteration=began,
            last=last,
        )
    facts = {"images": images, "all": everything, "iteration": began}
    if most == images:
        return say("no-prediction", **facts)
    return say("no-prediction-growing", **facts, most=most, worst=peak)


def _example() -> History:
    """Some images of two classes that have none, and soon all images."""
    none = np.zeros((CLASSES, SNAPSHOTS), np.int32)
    none[1, AT], none[3, AT] = 12, 3
    none[:, AT + 1 :] = IMAGES
    return replace(healthy(), class_no_prediction=none)


RULE = Rule(
    name="no-prediction",
    title="No prediction",
    meaning="The network's output is NaN for validation images, so that it predicts nothing.",
    looks_at=(
        "Validation images whose scores hold NaN. They are no class, and count as wrong: other "
        "rules see their classes collapse."
    ),
    needs=(VALIDATION,),
    threshold=1,
    unit="validation image",
    low=1,
    high=1e9,
    severities="high where it lasts to the last validation, else medium",
    advice=(
        "Look at the layers: which holds NaN or Inf first? Where only some images have no "
        "prediction, look at these: their values may overflow, or be NaN themselves."
    ),
    source="IEEE 754",
    view="validation",
    check=no_prediction,
    example=_example,
)
