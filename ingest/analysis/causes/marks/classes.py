"""Marks of single classes: which are hit, and what their images are predicted as."""

from dataclasses import dataclass

import numpy as np

from ingest.analysis.causes.cause import Mark, Place
from ingest.analysis.causes.event import Event, once
from ingest.analysis.causes.mutual import most_mutual
from ingest.analysis.health.history import Floats

# A class is hit from so many standard deviations of its own on, beyond what most classes do.
_HIT = 3.0
_MOST_NAMED = 3
_CLASS_RULES = ("class-collapse", "class-worse", "class-stays-wrong")


@dataclass(frozen=True)
class Hits:
    """By class, beyond what the median class does: images lost f8 [C], in standard deviations z."""

    lost: Floats
    z: Floats

    @property
    def order(self) -> list[int]:
        """Return the classes that are hit, the worst first."""
        return [int(c) for c in np.argsort(-self.lost, kind="stable") if self.z[c] >= _HIT]


@once
def hits(event: Event) -> Hits | None:
    """Return how many images each class loses; None where validation does not tell."""
    error, size = event.history.class_error, event.history.class_size.astype(np.float64)
    if event.early:
        level, before = event.at_end(error), np.zeros(len(size))
        before += _median_of_classes(level, size)
        step = np.zeros(len(size))
    else:
        before = event.before(error)
        soon, later = event.after(error)[..., None], event.after(error, skip=2)[..., None]
        level = np.fmax(soon, later)[..., 0]
        step = event.usual_step(error, floor=0.0)
    rise = level - before
    if not np.isfinite(rise).any():
        return None
    if not event.early:
        rise = rise - max(0.0, _median_of_classes(rise, size))
    images = np.maximum(size, 1)
    share = np.clip(np.nan_to_num(before, nan=0.5), 0.5 / images, 1 - 0.5 / images)
    spread = np.sqrt(2 * share * (1 - share) / images + step**2 + (0.5 / images) ** 2)
    rise = np.nan_to_num(rise)
    return Hits(rise * size, rise / spread)


def _median_of_classes(values: Floats, size: Floats) -> float:
    known = values[(size > 0) & np.isfinite(values)]
    return float(np.median(known)) if len(known) else 0.0


def _worst(event: Event) -> tuple[Hits, list[int]] | None:
    found = hits(event)
    if found is None or len(found.lost) < 3:
        return None
    return found, found.order


def _one(event: Event) -> bool | None:
    told = _worst(event)
    if told is None:
        return None
    found, order = told
    if not order:
        return False
    second = np.partition(found.lost, -2)[-2]
    return bool(found.lost[order[0]] >= 2 * max(second, 0.0))


def _two(event: Event) -> bool | None:
    told = _worst(event)
    if told is None:
        return None
    found, order = told
    if len(order) < 2:
        return False
    third = np.partition(found.lost, -3)[-3]
    return bool(found.lost[order[1]] >= 2 * max(third, 0.0))


def _some(event: Event) -> bool | None:
    told = _worst(event)
    return None if told is None else bool(told[1])


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


def _first_hit(event: Event) -> int | None:
    told = _worst(event)
    return told[1][0] if told and told[1] else None


def _never_predicted(event: Event) -> bool | None:
    """Return whether the class hit most is no longer predicted for any image at all."""
    hit = _first_hit(event)
    told = event.predictions if hit is not None else ()
    if not told or hit is None:
        return None
    size = int(event.history.class_size[hit])
    # What others were predicted as it before is unknown here: a class of a few images tells little.
    predicted = min(np.count_nonzero(prediction == hit) for _, prediction in told)
    return bool(predicted <= max(0.05 * size, 0))


def _partly_right(event: Event) -> bool | None:
    """Return whether at least a fifth of the images of the class hit most stay right."""
    hit = _first_hit(event)
    if hit is None:
        return None
    level = float(event.after(event.history.class_error, skip=1)[hit])
    return None if np.isnan(level) else level <= 0.8


def _one_partner(event: Event) -> bool | None:
    """Return whether most of the wrong images of the class hit most are predicted as one other."""
    hit = _first_hit(event)
    told = event.predictions if hit is not None else ()
    if not told or hit is None:
        return None
    label, prediction = told[min(1, len(told) - 1)]
    row = np.bincount(prediction[label == hit], minlength=hit + 1)
    row[hit] = 0
    return bool(row.sum() >= 3 and row.max() >= 0.7 * row.sum()) if row.sum() else None


def _recovers(event: Event) -> bool | None:
    """Return whether the class hit most gets back half of what it lost before the end."""
    hit = _first_hit(event)
    if hit is None or event.early:
        return None
    error = event.history.class_error[hit]
    before, end = float(event.before(error)), float(event.at_end(error))
    high = float(np.fmax(event.peak(error), event.after(error, skip=1)))
    return bool(end - before <= 0.5 * (high - before))


def of_hit(event: Event) -> Place:
    """Return the classes that are hit, the worst first."""
    told = _worst(event)
    return Place(classes=tuple(told[1][:_MOST_NAMED])) if told else Place()


def of_worst(event: Event) -> Place:
    """Return the class that is hit most; where none is beyond chance, the one that loses most."""
    judged, found = _judged(event), hits(event)
    if judged:
        return Place(classes=tuple(judged[:_MOST_NAMED]))
    if found is None or not found.lost.max(initial=0) > 0:
        return Place()
    return Place(classes=(int(found.lost.argmax()),))


def of_pair(event: Event) -> Place:
    """Return the two classes that are predicted as each other, else those that are hit most."""
    pair = exchanged_pair(event)
    return Place(classes=pair) if pair else of_hit(event)


def _judged(event: Event) -> list[int]:
    """Return the classes that rules found to have got worse, the worst first."""
    named = [i for f in event.findings if f.rule in _CLASS_RULES for i in f.classes]
    return list(dict.fromkeys(named))


def _one_judged(event: Event) -> bool | None:
    return len(_judged(event)) == 1


def _training_knows(event: Event) -> bool | None:
    """Return whether training ends with far fewer errors than the classes judged would cost.

    Of classes that are still predicted, and whose wrong images are mostly predicted as one other.
    """
    judged, size = _judged(event), event.history.class_size
    train = float(event.at_end(event.history.train_error))
    if not judged or np.isnan(train):
        return None
    wrong = float(np.nansum((event.at_end(event.history.class_error) * size)[judged]))
    knows = train <= 0.25 * wrong / max(1, int(size.sum()))
    return bool(knows and _one_partner(event) and not _never_predicted(event))


OF_CLASSES = (
    Mark(
        "class-judged",
        "one class is worse than chance and its own history explain",
        "no single class is worse than chance explains",
        "validation",
        _one_judged,
        usual=0.1,
    ),
    Mark(
        "classes-hit",
        "single classes are hit beyond chance",
        "no class is hit beyond chance",
        "validation",
        _some,
        usual=0.26,
    ),
    Mark(
        "one-class-hit",
        "one class is hit far more than all others",
        "no class is hit far more than all others",
        "validation",
        _one,
        usual=0.14,
    ),
    Mark(
        "two-classes-hit",
        "two classes are hit far more than all others",
        "no two classes are hit far more than all others",
        "validation",
        _two,
        usual=0.04,
    ),
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
        "partly-right",
        "a good part of the class stays right",
        "nearly all images of the class are wrong",
        "validation",
        _partly_right,
        usual=0.45,
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
    Mark(
        "class-recovers",
        "the class gets back what it lost",
        "the class does not get back what it lost",
        "validation",
        _recovers,
        usual=0.4,
    ),
)
