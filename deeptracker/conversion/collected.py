"""What a training left in files, as readers gather it: scalars, settings, texts, histograms."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from deeptracker.conversion.rebinned import rebinned, statistics_of

# What people call what the views know by one name.
_KNOWN = {
    "loss": "train_loss",
    "train/loss": "train_loss",
    "loss/train": "train_loss",
    "eval_loss": "validation_loss",
    "val_loss": "validation_loss",
    "eval/loss": "validation_loss",
    "val/loss": "validation_loss",
    "valid/loss": "validation_loss",
    "validation/loss": "validation_loss",
    "loss/val": "validation_loss",
    "loss/valid": "validation_loss",
    "loss/validation": "validation_loss",
    "lr": "learning_rate",
    "train/lr": "learning_rate",
    "train/learning_rate": "learning_rate",
    "lr/pg0": "learning_rate",  # Ultralytics: the first group of parameters
    "lr-sgd": "learning_rate",  # Lightning's LearningRateMonitor
    "lr-adam": "learning_rate",
    "lr-adamw": "learning_rate",
}


def known_name(name: str) -> str:
    """Return the name by which the views know a series, or its own."""
    return _KNOWN.get(name.lower(), name)


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
        for reason, times in part.dropped.items():
            whole.drop(reason, times)
        whole.kinds += [kind for kind in part.kinds if kind not in whole.kinds]
        whole.files += part.files
        whole.notes += [note for note in part.notes if note not in whole.notes]
        whole.iterations_per_epoch = part.iterations_per_epoch or whole.iterations_per_epoch
        whole.name = whole.name or part.name
        whole.tags = (*whole.tags, *(tag for tag in part.tags if tag not in whole.tags))
        whole.ended = whole.ended if part.ended is None else part.ended
    return whole
