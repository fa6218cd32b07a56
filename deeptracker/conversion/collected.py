"""What a training left in files, as readers gather it: scalars, settings, texts, histograms."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from deeptracker.conversion.rebinned import rebinned, statistics_of

# What people and libraries call what the views know by one name, as words, however they are joined:
# Keras's val_loss, the Trainer's eval_loss, fastai's valid_loss, Lightning's val/loss.
TRAINING = ("train", "training", "tr")
VALIDATION = ("val", "valid", "validation", "eval", "evaluation", "dev")
_RATES = (("lr",), ("learning", "rate"))
_KNOWN: dict[tuple[str, ...], str] = {
    ("loss",): "train_loss",
    ("total", "loss"): "train_loss",  # Detectron2: the sum of its parts, which it logs besides
    **{pair: "train_loss" for one in TRAINING for pair in ((one, "loss"), ("loss", one))},
    **{pair: "validation_loss" for one in VALIDATION for pair in ((one, "loss"), ("loss", one))},
    **{(*of, *rate): "learning_rate" for of in ((), ("train",)) for rate in _RATES},
    ("lr", "pg0"): "learning_rate",  # Ultralytics: the first group of parameters
}
_BETWEEN = re.compile(r"[/._\s-]+")
# Lightning's and Composer's monitors of the learning rate: the optimizer, and the group of several.
_RATE_OF = re.compile(r"lr-[a-z]\w*(?:/(?:pg1|group0))?", re.IGNORECASE)
# What was measured on test images stands for the validation in scripts that know no other.
_TESTED = {("test", "loss"), ("loss", "test"), ("testing", "loss"), ("loss", "testing")}


def known_name(name: str) -> str:
    """Return the name by which the views know a series, or its own."""
    return _KNOWN.get(words(name)) or ("learning_rate" if _RATE_OF.fullmatch(name) else name)


def words(name: str) -> tuple[str, ...]:
    """Return the words of a series' name in small letters."""
    return tuple(_BETWEEN.split(name.lower()))


@dataclass(frozen=True)
class Histogram:
    """How many values lie between `edges` f8 [B + 1], rising: `counts` f8 [B].

    `total` and `squares` are the sums of the values and of their squares, where the source kept
    them beside the buckets; None: it did not.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.float64]
    total: float | None = None
    squares: float | None = None

    @property
    def number(self) -> float:
        """Return how many values there are."""
        return float(self.counts.sum())

    @cached_property
    def measured(self) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
        """Return it as statistics f4 [S] and bins u4 [B] of a layer (rebinned.py)."""
        found = statistics_of(self.edges, self.counts, total=self.total, squares=self.squares)
        return found, rebinned(self.edges, self.counts)


@dataclass
class Collected:
    """What files hold of one run, and what was not taken from them.

    `values` by name and iteration; `by_epoch` by name and epoch, where no iteration is known; of
    several values of one name and place, as after a restart, the last one stands. `times`: seconds
    since 1970 (UTC) by iteration. `texts` by iteration become events. `histograms` by tag and
    iteration. `dropped` counts by reason. `kinds` says what was read, in words for people, and
    `files` from where. None, "" and empty: the files do not say.
    """

    values: dict[str, dict[int, float]] = field(default_factory=dict)
    by_epoch: dict[str, dict[int, float]] = field(default_factory=dict)
    times: dict[int, float] = field(default_factory=dict)
    hyperparameters: dict[str, object] = field(default_factory=dict)
    texts: dict[int, list[str]] = field(default_factory=dict)
    histograms: dict[str, dict[int, Histogram]] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    kinds: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    iterations_per_epoch: int | None = None
    name: str = ""
    tags: tuple[str, ...] = ()
    # How the values are to be read, as sentences.
    notes: list[str] = field(default_factory=list)
    # Whether the tool says that the run ended: True, False; None: it does not say.
    ended: bool | None = None
    # What the series of a file are called here, so that no two of them become one.
    _called: dict[str, str] = field(default_factory=dict, repr=False)
    _taken: set[str] = field(default_factory=set, repr=False)

    def add(self, name: str, at: int, value: float, *, by_epoch: bool = False) -> None:
        """Take a value."""
        called = self._called.get(name) or self._call(name)
        kept = (self.by_epoch if by_epoch else self.values).setdefault(called, {})
        if at in kept and not _same(kept[at], value):
            self.drop("an earlier value of the same iteration")
        kept[at] = value

    def _call(self, name: str) -> str:
        """Return what to call a series that is new."""
        called = known_name(name)
        if called in self._taken:
            called = name if name not in self._taken else f"{name} (2)"
        self._called[name] = called
        self._taken.add(called)
        return called

    def drop(self, reason: str, times: int = 1) -> None:
        """Count something that was not taken."""
        self.dropped[reason] = self.dropped.get(reason, 0) + times

    def drop_all(self, dropped: Mapping[str, int]) -> None:
        """Count what was not taken elsewhere: how many times by reason."""
        for reason, times in dropped.items():
            self.drop(reason, times)

    @property
    def size(self) -> int:
        """Return how many values there are."""
        return sum(map(len, (*self.values.values(), *self.by_epoch.values())))

    @property
    def empty(self) -> bool:
        """Say whether nothing at all was found."""
        return not (self.size or self.hyperparameters or self.texts or self.histograms)


def _same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


def merged(parts: Iterable[Collected]) -> Collected:
    """Return what several files hold of one run; where two tell the same, the later one stands."""
    whole = Collected()
    for part in parts:
        for into, series in (
            *((whole.values, pair) for pair in part.values.items()),
            *((whole.by_epoch, pair) for pair in part.by_epoch.items()),
        ):
            into.setdefault(series[0], {}).update(series[1])
        whole.times |= part.times
        whole.hyperparameters |= part.hyperparameters
        for at, texts in part.texts.items():
            whole.texts.setdefault(at, []).extend(texts)
        for tag, found in part.histograms.items():
            whole.histograms.setdefault(tag, {}).update(found)
        whole.drop_all(part.dropped)
        whole.kinds += [kind for kind in part.kinds if kind not in whole.kinds]
        whole.files += part.files
        whole.notes += [note for note in part.notes if note not in whole.notes]
        whole.iterations_per_epoch = part.iterations_per_epoch or whole.iterations_per_epoch
        whole.name = whole.name or part.name
        whole.tags = (*whole.tags, *(tag for tag in part.tags if tag not in whole.tags))
        whole.ended = whole.ended if part.ended is None else part.ended
    _tested(whole)
    return whole


def _tested(whole: Collected) -> None:
    """Call the loss on test images that of the validation, where it is a course and none other is.

    A single value is that of a test after the training.
    """
    for series in (whole.values, whole.by_epoch):
        if "validation_loss" in (*whole.values, *whole.by_epoch):
            return
        for name in [one for one in series if words(one) in _TESTED and len(series[one]) > 1]:
            series["validation_loss"] = series.pop(name)
            whole.notes.append(f"{name} stands for the validation loss: there is no other.")
            break
