"""Which training images made the training loss jump, by the batch ledger of that iteration.

Each image of the step is held to its own usual loss. Those that made the jump are the fewest whose
leaving out brings the mean loss of the step back to what is usual. Where that is most of the batch,
copies of an image in the steps before, and the steps after, tell whether the data or the network
changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from deeptracker.format import COPIES as MANY_COPIES
from deeptracker.format import NOT_FINITE, Ledger
from ingest.analysis.batch_steps import Step, Usual, copies_share, mean_loss, split, usual_of
from ingest.analysis.shared_places import SharedClass, SharedPlaces, shared_class, shared_places

MOST_NAMED = 10
# A larger share of a batch than this is no part of it that stands out.
PART = 0.6
# How much larger than usual the share of copies in a step must be to count, and how long before
# the jump such a step may lie: its effect shows when other images come again.
COPIES, COPIES_BEFORE = 0.2, 8
# A batch disturbs the network: such a part of the rise may be left in the next step, and later.
LEFT_AT_ONCE, LEFT = 0.2, 0.1


class Cause(StrEnum):
    """What made the loss jump, as far as the ledger tells."""

    IMAGES = "images"
    COPIES = "copies"
    BATCH = "batch"
    NETWORK = "network"
    OPEN = "open"
    NONE = "none"
    NO_LOSSES = "no losses"


@dataclass(frozen=True)
class NamedImage:
    """A training image: its place, loss, usual loss (NaN: not seen before), class, times there."""

    index: int
    loss: float
    usual: float
    label: int
    times: int


@dataclass(frozen=True)
class Blame:
    """What is said of one jump.

    `iteration` and `reason` are those of the ledger, `step` is the iteration whose batch is meant,
    of `size` images. `loss` is its mean loss, `usual` that of the steps before, `without` that
    without the `made` images that made it (NaN: not known). `images` are the worst of these, at
    most MOST_NAMED. `classes` and `places` say what these have in common, None: nothing; `copies`
    how many images of the step are there again, `twins` how many have the loss of another one to
    the last bit. `settled`: the steps after are usual again, None: there are none.
    """

    iteration: int
    reason: str
    cause: Cause
    step: int
    size: int
    loss: float
    usual: float
    without: float
    made: int
    images: tuple[NamedImage, ...]
    classes: SharedClass | None
    places: SharedPlaces | None
    copies: int
    twins: int
    settled: bool | None
    course: tuple[tuple[int, ...], tuple[float, ...]]


def blame(ledger: Ledger) -> Blame:
    """Return which images made the loss jump at the iteration of a ledger."""
    steps = split(ledger)
    at = next(i for i, step in enumerate(steps) if step.iteration == ledger.iteration)
    usual = usual_of(steps[:at])
    settled = _settled(steps[at], steps[at + 1 :], usual)
    cause, place, made = _cause(ledger, steps, at, usual, settled)
    step = steps[place]
    rest = ~np.isin(step.index, made)
    return Blame(
        iteration=ledger.iteration,
        reason=ledger.reason,
        cause=cause,
        step=step.iteration,
        size=len(step),
        loss=step.mean,
        usual=usual.loss,
        without=mean_loss(step.loss[rest]) if len(made) and rest.any() else float("nan"),
        made=len(made),
        images=tuple(_named(step, index) for index in made[:MOST_NAMED]),
        classes=shared_class(step, made, steps),
        places=shared_places(made, int(ledger.index.max()) + 1),
        copies=len(step) - len(np.unique(step.index)),
        twins=_twins(step, steps[:at]),
        settled=settled,
        course=(tuple(one.iteration for one in steps), tuple(one.mean for one in steps)),
    )


def _cause(
    ledger: Ledger, steps: Sequence[Step], at: int, usual: Usual, settled: bool | None
) -> tuple[Cause, int, NDArray[np.int64]]:
    """Return the cause, the place of the step that is meant, and the images, the worst first."""
    repeated = _repeated_step(steps, at)
    made, part = _made(steps[at], usual)
    if repeated is not None and ledger.reason == MANY_COPIES:
        return Cause.COPIES, repeated, _most_copied(steps[repeated])
    if not steps[at].has_losses:
        if repeated is not None:
            return Cause.COPIES, repeated, _most_copied(steps[repeated])
        return Cause.NO_LOSSES, at, made[:0]
    if not len(made) and repeated is None:
        return Cause.NONE, at, made
    if part <= PART and not (settled is False and _lasts(steps[at + 1 :], usual)):
        return (Cause.COPIES if repeated == at else Cause.IMAGES), at, made
    if repeated is not None:
        return Cause.COPIES, repeated, _most_copied(steps[repeated])
    if ledger.reason == NOT_FINITE and at:
        # Weights that are NaN already give no image a loss: what made them so came before.
        before, part = _made(steps[at - 1], usual)
        if len(before) and part <= PART:
            return Cause.IMAGES, at - 1, before
        return Cause.NETWORK, at, made[:0]
    if settled is None:
        return Cause.OPEN, at, made
    return (Cause.BATCH, at, made) if settled else (Cause.NETWORK, at, made[:0])


def _made(step: Step, usual: Usual) -> tuple[NDArray[np.int64], float]:
    """Return the images that made the loss of a step, the worst first, and their share of it.

    None where the loss is usual, or not known.
    """
    index, where = np.unique(step.index, return_inverse=True)
    if not step.has_losses:
        return index[:0], 0.0
    odd = ~np.isfinite(step.loss)
    loss = np.where(odd, 0, step.loss).astype(np.float64)
    excess = np.where(odd, np.inf, loss - usual.expected(step))
    total = np.bincount(where, excess)  # of all copies of an image
    order = np.argsort(-total, kind="stable")
    times = np.bincount(where)[order]
    left = len(step) - np.concatenate([[0], np.cumsum(times)])
    summed = loss.sum() - np.concatenate([[0], np.cumsum(np.bincount(where, loss)[order])])
    mean = summed / np.maximum(left, 1)
    enough = (mean <= usual.target) | (left == 0)
    enough[: int(np.isinf(total).sum())] = False
    count = int(np.argmax(enough)) if step.mean > usual.limit or odd.any() else 0
    return index[order[:count]], float(times[:count].sum()) / len(step)


def _lasts(after: Sequence[Step], usual: Usual) -> bool:
    """Say whether most images have a high loss in the steps after: then the network changed."""
    return float(np.median([_made(step, usual)[1] for step in after])) > PART


def _repeated_step(steps: Sequence[Step], at: int) -> int | None:
    """Return the step up to the jump that has the most copies, None where that is usual."""
    shares = np.array([copies_share(step) for step in steps[: at + 1]])
    first = max(0, at - COPIES_BEFORE)
    worst = first + int(np.argmax(shares[first:]))
    return worst if shares[worst] - np.median(shares) >= COPIES else None


def _most_copied(step: Step) -> NDArray[np.int64]:
    index, times = np.unique(step.index, return_counts=True)
    order = np.argsort(-times, kind="stable")
    return index[order][times[order] > 1]


def _named(step: Step, index: np.int64) -> NamedImage:
    mine = np.flatnonzero(step.index == index)
    first = mine[0]
    return NamedImage(
        index=int(index),
        loss=float(step.loss[first]),
        usual=float(step.usual[first]),
        label=int(step.label[first]),
        times=len(mine),
    )


def _settled(jumped: Step, after: Sequence[Step], usual: Usual) -> bool | None:
    """Say whether the loss falls back with other images; None where there are none.

    At once, for weights hardly change within a step, or after some steps with bad images.
    """
    if not after:
        return None
    rise = jumped.mean - usual.loss if np.isfinite(jumped.mean) else 0.0
    later = float(np.median([step.mean for step in after[len(after) // 2 :]]))
    return bool(
        after[0].mean <= max(usual.limit, usual.loss + LEFT_AT_ONCE * rise)
        or later <= max(usual.limit, usual.loss + LEFT * rise)
    )


def _twins(step: Step, before: Sequence[Step]) -> int:
    """Return how many images have loss and class of another image; 0 where that is usual.

    Copies under other places give that; so do rounded losses, in every step.
    """
    usual = np.median([_equal_losses(one) / len(one) for one in before]) if before else 0.0
    found = _equal_losses(step)
    return found if found / len(step) >= usual + COPIES else 0


def _equal_losses(step: Step) -> int:
    _, first = np.unique(step.index, return_index=True)
    loss = step.loss[first]
    fits = np.isfinite(loss) & (loss > 0)
    pairs = np.stack([loss[fits].astype(np.float64), step.label[first][fits]])
    _, times = np.unique(pairs, axis=1, return_counts=True)
    return int(times[times > 1].sum())
