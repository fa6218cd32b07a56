"""What the causes of an event are judged by: the history around it, and what was found there."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.causes.mutual import KnownPairs, Pairs, TakenFor
from ingest.analysis.health import robust
from ingest.analysis.health.finding import Finding
from ingest.analysis.health.history import Floats, History
from ingest.analysis.health.rules.frozen_layer import stands_still
from ingest.analysis.health.rules.losses import log_loss

T = TypeVar("T")

# What was usual before an event, and the level after it, are medians over so many snapshots.
AROUND = 5
# An event is dated within one snapshot: its peak is looked for from one ahead to two after.
_PEAK_FROM, _PEAK_TO = -1, 3
# So many snapshots are looked at for what classes are predicted as.
_LOOKED = 4


@dataclass(frozen=True, eq=False)
class RunSeries:
    """A run with what all of its events are judged by, each computed once, logarithms to base 10.

    `taken_for` tells the predictions at a snapshot; `resumed` are iterations at which the training
    was resumed, None: not known.
    """

    history: History
    taken_for: TakenFor
    resumed: tuple[int, ...] | None = None

    @cached_property
    def train_loss(self) -> Floats:
        """Return log10 of the training loss, f8 [T]."""
        return log_loss(self.history)

    @cached_property
    def validation_loss(self) -> Floats:
        """Return log10 of the validation loss, f8 [T]."""
        return robust.log10(self.history.validation_loss)

    @cached_property
    def usual_layers(self) -> NDArray[np.int64]:
        """Return the ids of the layers of usual scale, i8 [n]."""
        return np.flatnonzero(~self.history.apart)

    @cached_property
    def stood_still(self) -> NDArray[np.bool_]:
        """Return where a step left a layer exactly as it was, [L, T]."""
        return stands_still(self.history)

    @cached_property
    def steps(self) -> Floats:
        """Return log10 of ||update|| / ||weight|| of the layers of usual scale, f8 [n, T]."""
        return robust.log10(self.history.update_ratio()[self.usual_layers])

    @cached_property
    def gradients(self) -> Floats:
        """Return log10 of the gradient's norm of the layers of usual scale, f8 [n, T]."""
        return robust.log10(self.history.layer("gradient", "l2")[self.usual_layers])

    @cached_property
    def norms(self) -> Floats:
        """Return log10 of the norm of each layer's weights, f8 [L, T]."""
        return robust.log10(self.history.layer("weight", "l2"))

    def pairs(self, at: int) -> Pairs | None:
        """Return the classes predicted as each other at a snapshot, see KnownPairs."""
        known = self.history.kept.following("pairs", None, self.history.class_error, KnownPairs)
        iteration = int(self.history.iteration[at])
        return known.at(iteration, lambda: self.taken_for(at), self.history.class_size)

    def logged(self, name: str, first: int, last: int) -> tuple[Floats, Floats] | None:
        """Return a logged series up to iteration `first`, and from there to `last`; None: none."""
        series = self.history.logged.get(name)
        if series is None:
            return None
        # Of another dtype they would have the whole series converted.
        ends = np.array([first, last], series.iterations.dtype)
        begin, end = np.searchsorted(series.iterations, ends, side="right")
        return series.values[:begin], series.values[begin:end]


@dataclass(frozen=True, eq=False)
class Event:
    """Something that began at the snapshot `at` (its place), with what the rules found of it."""

    run: RunSeries
    at: int
    findings: tuple[Finding, ...]
    # What functions of the event gave, by function: see `once`.
    known: dict[object, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def history(self) -> History:
        """Return the history of the run."""
        return self.run.history

    @cached_property
    def rules(self) -> frozenset[str]:
        """Return the names of the rules that found something."""
        return frozenset(f.rule for f in self.findings)

    def before(self, values: Floats) -> Floats:
        """Return the median of [..., T] over the AROUND snapshots ahead; NaN below two of them."""
        part = values[..., max(0, self.at - AROUND) : self.at]
        return _median(part, least=2)

    def after(self, values: Floats, *, skip: int = 0) -> Floats:
        """Return the median of [..., T] over AROUND snapshots from the event on; NaN: none."""
        first = self.at + skip
        return _median(values[..., first : first + AROUND], least=1)

    def at_end(self, values: Floats) -> Floats:
        """Return the median of [..., T] over the last AROUND snapshots; NaN: none."""
        return _median(values[..., -AROUND:], least=1)

    def peak(self, values: Floats) -> Floats:
        """Return the highest of [..., T] close to the event; NaN where nothing is known."""
        part = values[..., max(0, self.at + _PEAK_FROM) : self.at + _PEAK_TO]
        return _highest(part)

    def trough(self, values: Floats) -> Floats:
        """Return the lowest of [..., T] close to the event; NaN where nothing is known."""
        return -self.peak(-values)

    def usual_step(self, values: Floats, *, floor: float) -> Floats:
        """Return the usual size of a step of [..., T] ahead of the event, at least `floor`."""
        part = values[..., max(0, self.at - 4 * AROUND) : self.at]
        found = robust.MAD_TO_STD * robust.quiet_median(robust.sizes_of_steps(part))
        return np.maximum(np.where(np.isnan(found), floor, found), floor)

    def trend(self, values: Floats) -> Floats:
        """Return how [..., T] changed over the AROUND snapshots ahead; 0 where nothing is known."""
        earlier = values[..., max(0, self.at - 2 * AROUND) : max(0, self.at - AROUND)]
        return np.nan_to_num(self.before(values) - _median(earlier, least=1))

    @cached_property
    def predictions(self) -> tuple[tuple[NDArray[np.integer], NDArray[np.integer]], ...]:
        """Return class and prediction of the images that have one, at the event's first validated
        snapshots.

        Then those of two later ones: what is learned slowly shows late. Of an event from the start,
        those of the last snapshots. A matrix of 10,000 classes each would take 800 MB.
        """
        found = [self.run.taken_for(at) for at in self.looked_at if at >= 0]
        told = [one for one in found if one is not None]
        return tuple((label[known >= 0], known[known >= 0]) for label, known in told)

    @property
    def looked_at(self) -> list[int]:
        """Return the places at which predictions are looked at: see `predictions`."""
        last, soon = self.history.snapshots - 1, self.at + 2 * _LOOKED
        if self.early:
            return list(range(max(0, last - _LOOKED), last + 1))
        return [*range(self.at, min(soon, last), 2), (min(soon, last) + last) // 2, last]

    @property
    def pairs_before(self) -> Pairs | None:
        """Return the classes predicted as each other ahead of the event; None: not known."""
        return None if self.early else self.run.pairs(self.at - 2)

    @cached_property
    def early(self) -> bool:
        """Return whether nothing is known of before the event."""
        return self.at < 2

    @cached_property
    def stretch(self) -> tuple[int, int]:
        """Return the iterations after which the event can have begun, and by which it had."""
        iteration = self.history.iteration
        first = int(iteration[self.at - 2]) if self.at >= 2 else -1
        return first, int(iteration[min(self.at + 1, len(iteration) - 1)])


def once(function: Callable[[Event], T]) -> Callable[[Event], T]:
    """Let a function of an event be computed once for each, and be known for as long as that.

    A cache of the function would hold the last events, and each holds the history of its run: half
    a gigabyte of a worker, until it judges other runs.
    """

    @wraps(function)
    def known(event: Event) -> T:
        if function not in event.known:
            event.known[function] = function(event)
        found: T = event.known[function]
        return found

    return known


def _median(part: Floats, *, least: int) -> Floats:
    if part.shape[-1] < least:
        return np.full(part.shape[:-1], np.nan)
    return robust.quiet_median(np.where(np.isfinite(part), part, np.nan))


def _highest(part: Floats) -> Floats:
    if not part.shape[-1]:
        return np.full(part.shape[:-1], np.nan)
    found = np.where(np.isfinite(part), part, -np.inf).max(axis=-1)
    return np.where(np.isfinite(found), found, np.nan)
