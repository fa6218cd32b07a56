"""Marks of single classes: which are hit, how far, and for how long."""

from dataclasses import dataclass

import numpy as np

from ingest.analysis.causes.cause import Mark, Place
from ingest.analysis.causes.event import Event, once
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


def first_hit(event: Event) -> int | None:
    """Return the class that is hit most; None where none is."""
    told = _worst(event)
    return told[1][0] if told and told[1] else None


def _partly_right(event: Event) -> bool | None:
    """Return whether at least a fifth of the images of the class hit most stay right."""
    hit = first_hit(event)
    if hit is None:
        return None
    level = float(event.after(event.history.class_error, skip=1)[hit])
    return None if np.isnan(level) else level <= 0.8


def _recovers(event: Event) -> bool | None:
    """Return whether the class hit most gets back half of what it lost before the end."""
    hit = first_hit(event)
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
    named, found = judged(event), hits(event)
    if named:
        return Place(classes=tuple(named[:_MOST_NAMED]))
    if found is None or not found.lost.max(initial=0) > 0:
        return Place()
    return Place(classes=(int(found.lost.argmax()),))


def judged(event: Event) -> list[int]:
    """Return the classes that rules found to have got worse, the worst first."""
    named = [i for f in event.findings if f.rule in _CLASS_RULES for i in f.classes]
    return list(dict.fromkeys(named))


def _one_judged(event: Event) -> bool | None:
    return len(judged(event)) == 1


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
        "partly-right",
        "a good part of the class stays right",
        "nearly all images of the class are wrong",
        "validation",
        _partly_right,
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
