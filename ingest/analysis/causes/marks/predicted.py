"""Marks of what images are predicted as: as each other, as one other class, as many."""

import numpy as np

from ingest.analysis.causes.cause import Mark, Place
from ingest.analysis.causes.event import Event, once
from ingest.analysis.causes.marks.classes import first_hit, judged, of_hit
from ingest.analysis.causes.mutual import most_mutual


@once
def exchanged_pair(event: Event) -> tuple[int, int] | None:
    """Return the two classes most predicted as each other; None where none is by half."""
    if _most_wrong(event):
        return None  # where all is confused, so are some two
    before = event.pairs_before or {}
    mutual: dict[tuple[int, int], float] = {}
    for at in event.looked_at:
        for pair, share in (event.run.pairs(at) or {}).items():
            # Who were confused before were not exchanged there.
            if before.get(pair, 0.0) < 0.3:
                mutual[pair] = max(share, mutual.get(pair, 0.0))
    best, share = most_mutual(mutual)
    return best if share >= 0.5 else None


def _most_wrong(event: Event) -> bool:
    """Return whether the classes in general are much worse than before."""
    error = event.history.class_error[event.history.class_size > 0]
    rise = event.after(error, skip=1) - event.before(error)
    rise = rise[np.isfinite(rise)]
    return bool(len(rise) > 3 and np.median(rise) >= 0.2)


def _exchanged(event: Event) -> bool | None:
    if len(event.history.class_size) < 3:
        return None
    if all(event.run.pairs(at) is None for at in event.looked_at):
        return None
    return exchanged_pair(event) is not None


def _never_predicted(event: Event) -> bool | None:
    """Return whether the class hit most is no longer predicted for any image at all."""
    hit = first_hit(event)
    told = event.predictions if hit is not None else ()
    if not told or hit is None:
        return None
    size = int(event.history.class_size[hit])
    # What others were predicted as it before is unknown here: a class of a few images tells little.
    predicted = min(np.count_nonzero(prediction == hit) for _, prediction in told)
    return bool(predicted <= max(0.05 * size, 0))


def _one_partner(event: Event) -> bool | None:
    """Return whether most of the wrong images of the class hit most are predicted as one other."""
    hit = first_hit(event)
    told = event.predictions if hit is not None else ()
    if not told or hit is None:
        return None
    label, prediction = told[min(1, len(told) - 1)]
    row = np.bincount(prediction[label == hit], minlength=hit + 1)
    row[hit] = 0
    return bool(row.sum() >= 3 and row.max() >= 0.7 * row.sum()) if row.sum() else None


def of_pair(event: Event) -> Place:
    """Return the two classes that are predicted as each other, else those that are hit most."""
    pair = exchanged_pair(event)
    return Place(classes=pair) if pair else of_hit(event)


def _training_knows(event: Event) -> bool | None:
    """Return whether training ends with far fewer errors than the classes judged would cost.

    Of classes that are still predicted, and whose wrong images are mostly predicted as one other.
    """
    named, size = judged(event), event.history.class_size
    train = float(event.at_end(event.history.train_error))
    if not named or np.isnan(train):
        return None
    wrong = float(np.nansum((event.at_end(event.history.class_error) * size)[named]))
    knows = train <= 0.25 * wrong / max(1, int(size.sum()))
    return bool(knows and _one_partner(event) and not _never_predicted(event))


OF_PREDICTIONS = (
    Mark(
        "predicted-as-each-other",
        "two classes are predicted as each other",
        "no two classes are predicted as each other",
        "validation",
        _exchanged,
        usual=0.06,
    ),
    Mark(
        "never-predicted",
        "the class is no longer predicted for any image",
        "the class is still predicted",
        "validation",
        _never_predicted,
        usual=0.5,
    ),
    Mark(
        "training-knows",
        "training ends with far fewer errors than the class has in validation",
        "training ends with errors enough for the class",
        "overview",
        _training_knows,
        usual=0.3,
    ),
    Mark(
        "one-partner",
        "most of its images are predicted as one other class",
        "its images are predicted as many classes",
        "validation",
        _one_partner,
        usual=0.45,
    ),
)
