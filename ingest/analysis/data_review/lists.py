"""Which images to look at first, and why: lists with a score, and how many runs agree on each.

The lists are made of the histories of one run, or of several of the same images (seeds); scores are
means over those runs that know the image.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.format import NO_PREDICTION
from ingest.analysis.data_review.history import NEVER, ImageHistory

# Predicted as one other class at this share of the snapshots, a label is doubtful.
DOUBTFUL = 0.5
# Standard deviation of a probability; 0.5 is the most that there is.
AMBIGUOUS = 0.25
# Learned after this part of the snapshots, without having been forgotten often, an image is rare.
LATE, STEADY = 0.25, 1

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class RunHistory:
    """The history of the images in one run, and its number of snapshots."""

    images: ImageHistory
    snapshots: int

    def share(self, snapshot: Ints) -> Floats:
        """Return where snapshots lie in the run, 0..1, f4; NaN for NEVER."""
        span = max(self.snapshots - 1, 1)
        return np.where(snapshot == NEVER, np.nan, snapshot / span).astype(np.float32)


@dataclass(frozen=True)
class Listed:
    """One list: `image` i4 [n] with its `score` f4 [n], highest first, and `runs` i4 [n].

    `runs` is how many of the runs list the image by themselves.
    """

    image: Ints
    score: Floats
    runs: Ints


@dataclass(frozen=True)
class _Kind:
    """What makes a list: which images a run lists, bool [N], and their score, f4 [N]."""

    lists: Callable[[RunHistory], NDArray[np.bool_]]
    score: Callable[[RunHistory], Floats]


def _doubtful(run: RunHistory) -> NDArray[np.bool_]:
    return (run.images.other != NO_PREDICTION) & (run.images.agreement >= DOUBTFUL)


def _rare(run: RunHistory) -> NDArray[np.bool_]:
    return (run.share(run.images.learned) >= LATE) & (run.images.forgotten <= STEADY)


_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "label-errors": _Kind(_doubtful, lambda run: run.images.doubt),
        "ambiguous": _Kind(
            lambda run: run.images.variability >= AMBIGUOUS, lambda run: run.images.variability
        ),
        "rare": _Kind(_rare, lambda run: run.share(run.images.learned)),
        "forgotten": _Kind(
            lambda run: run.images.forgotten > 0,
            lambda run: run.images.forgotten.astype(np.float32),
        ),
    }
)
LISTS = (*_KINDS, "lost", "duplicates")


def listed(kind: str, runs: Sequence[RunHistory]) -> Listed:
    """Return a list of LISTS, from the histories of the same images in `runs`, one and more.

    An image is listed where at least half of the runs list it; equal scores come by id. "lost"
    is about the first run and the others (see `lost`); of "duplicates" see `duplicates`.
    """
    if kind == "lost":
        return lost(runs[0], runs[1:])
    if kind == "duplicates":
        return duplicates(runs)
    one = _KINDS[kind]
    votes = _votes([one.lists(run) for run in runs])
    score = _mean([one.score(run) for run in runs])
    return _sorted(2 * votes >= len(runs), score, votes)


def doubt(runs: Sequence[RunHistory]) -> Floats:
    """Return the evidence against the label of every image, 0..1, f4 [N]: the mean of the runs.

    NaN where no run knows anything of the image.
    """
    return _mean([run.images.doubt for run in runs])


def best_guess(runs: Sequence[RunHistory]) -> Ints:
    """Return the class that the runs predict most besides the label, i4 [N]; of ties the lowest.

    Runs count by the share of their snapshots; NO_PREDICTION where no run predicts another class.
    """
    other = np.stack([run.images.other for run in runs])
    share = np.stack([np.nan_to_num(run.images.agreement) for run in runs])
    guess = np.full(other.shape[1], NO_PREDICTION, np.int32)
    most = np.zeros(other.shape[1], np.float32)
    for own in other:
        votes = np.where(other == own, share, 0).sum(axis=0)
        better = (own != NO_PREDICTION) & ((votes > most) | ((votes == most) & (guess > own)))
        guess[better], most[better] = own[better], votes[better]
    return guess


def lost(run: RunHistory, others: Sequence[RunHistory]) -> Listed:
    """Return the images that end right in `run` and wrong in one of the others or more.

    Where an other run went on from this one with other training data this is second-split
    forgetting (Maini et al., "Characterizing Datapoints via Second-Split Forgetting", NeurIPS
    2022): what is lost first is most likely mislabelled. So the score is how early, 1: at once.
    """
    zero = np.zeros(len(run.images.learned), np.int32)
    learned = run.images.learned != NEVER
    goes = [learned & (other.images.lost != NEVER) for other in others]
    votes = _votes(goes) if goes else zero
    early = [
        np.where(gone, 1 - o.share(o.images.lost), np.nan)
        for gone, o in zip(goes, others, strict=True)
    ]
    return _sorted(votes > 0, _mean(early) if early else zero.astype(np.float32), votes)


def duplicates(runs: Sequence[RunHistory]) -> Listed:
    """Return the images of one class that share their history, group by group, the largest first.

    Of the first run; the score is the size of the group. A run agrees on an image where it, too,
    has it in a group with the same first image.
    """
    twin = runs[0].images.twin
    votes = _votes([run.images.twin == twin for run in runs])
    at = np.flatnonzero(twin != NEVER).astype(np.int32)
    sizes = np.bincount(twin[at], minlength=len(twin))[twin[at]]
    order = np.lexsort((at, twin[at], -sizes))
    return Listed(at[order], sizes[order].astype(np.float32), votes[at[order]])


def _votes(masks: Sequence[NDArray[np.bool_]]) -> Ints:
    return np.stack(masks).sum(axis=0).astype(np.int32)


def _mean(values: Sequence[NDArray[Any]]) -> Floats:
    """Return the mean of arrays [N] without their NaN, f4 [N]; NaN where nothing is left."""
    stacked = np.stack(values)
    known = ~np.isnan(stacked)
    with np.errstate(invalid="ignore"):
        return (np.where(known, stacked, 0).sum(axis=0) / known.sum(axis=0)).astype(np.float32)


def _sorted(kept: NDArray[np.bool_], score: Floats, votes: Ints) -> Listed:
    at = np.flatnonzero(kept).astype(np.int32)
    order = np.argsort(-np.nan_to_num(score[at], nan=-np.inf), kind="stable")
    return Listed(at[order], score[at[order]], votes[at[order]])
