"""The history of each image in a run in a few numbers: how sure of its label, since when.

Confidence and variability are those of data maps (Swayamdipta et al., "Dataset Cartography", EMNLP
2020). The evidence against a label is a mean over time as in AUM (Pleiss et al., "Identifying
Mislabeled Data using the Area Under the Margin Ranking", NeurIPS 2020); a log has no probability
but that of the label, so in place of a margin stands how improbable the label is, and how steadily
the predictions agree on one other class. Forgetting is that of Toneva et al. (ICLR 2019).
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeptracker.format import NO_PREDICTION, NOT_VALIDATED

NEVER = -1
# A snapshot counts once the share of right images is at least this part of the best one: before
# that the predictions say more of the network than of the images.
GOOD = 0.9
# Of so many pairs of an image and a class the predictions are counted at a time.
_COUNTED = 1 << 20
# Errors are float32.
_ROUNDING = 1e-6
# Every half as a float, by its bits: looked up in half the time that it takes to convert it.
_SINGLE = np.arange(2**16, dtype=np.uint16).view(np.float16).astype(np.float32)

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class ImageHistory:
    """The history of every image, arrays [N]; over those snapshots that `good_snapshots` keeps.

    `confidence` f4 is the mean probability of the label and `variability` f4 its standard deviation
    (NaN: never known), `correct` f4 the share of snapshots with the label predicted, `other` i4 the
    class that was predicted most besides (NO_PREDICTION: none was), `agreement` f4 the share of
    snapshots that predict it, `doubt` f4 the evidence against the label, 0..1: the mean of
    1 - confidence (of 1 - correct where no probability is known) and agreement. Over all snapshots
    that were validated: `forgotten` i4 counts flips from right to wrong, `learned` i4 is the index
    of the snapshot from which on the image stays right, `lost` i4 of that from which on it stays
    wrong; one of the two is NEVER, both where none was validated; then all shares are NaN. `twin`
    i4 is the lowest id of the images of its class with the same history, NEVER where it has its
    own.
    """

    confidence: Floats
    variability: Floats
    correct: Floats
    other: Ints
    agreement: Floats
    doubt: Floats
    forgotten: Ints
    learned: Ints
    lost: Ints
    twin: Ints


COLUMNS = tuple(column.name for column in fields(ImageHistory))


@dataclass(frozen=True)
class ClassBlock:
    """The images of one class: ids i4 [n], `prediction` [n, T], `probability` f2 [n, T].

    As db.queries.measurements.class_results.ClassImages has them.
    """

    class_id: int
    images: Ints
    prediction: NDArray[np.integer[Any]]
    probability: NDArray[np.float16]


def good_snapshots(class_error: Floats, class_size: Ints) -> NDArray[np.bool_]:
    """Return which snapshots count, bool [T], from errors f4 [C, T] and sizes i4 [C] of classes.

    Those at which the share of right images is at least GOOD of the best; none where nothing was
    validated.
    """
    there = ~np.isnan(class_error)
    weight = there * class_size[:, None].astype(np.float64)
    images = weight.sum(axis=0)
    right = (weight * np.where(there, 1.0 - class_error, 0.0)).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = right / images
    known = images > 0
    return known & (share >= GOOD * share[known].max() - _ROUNDING) if known.any() else known


def image_history(
    blocks: Iterable[ClassBlock], *, images: int, good: NDArray[np.bool_]
) -> ImageHistory:
    """Return the history of `images` images from the blocks of their classes; `good` as above."""
    nan = np.full(images, np.nan, np.float32)
    never = np.full(images, NEVER, np.int32)
    zero = np.zeros(images, np.int32)
    found = ImageHistory(
        nan, nan.copy(), nan.copy(), never, nan.copy(), nan.copy(), zero, never.copy(),
        never.copy(), never.copy(),
    )  # fmt: skip
    counted = np.flatnonzero(good)
    for block in blocks:
        if len(block.images) and block.prediction.shape[1]:
            _add(found, block, counted)
    return found


def _add(found: ImageHistory, block: ClassBlock, counted: NDArray[np.intp]) -> None:
    """Add a class; `counted` are the places of the snapshots that count."""
    at = block.images
    kept = block.prediction.take(counted, axis=1)
    number = _validated(kept)
    with np.errstate(invalid="ignore", divide="ignore"):
        found.correct[at] = np.count_nonzero(kept == block.class_id, axis=1) / number
        other, times = _other_class(kept, block.class_id)
        found.other[at] = other
        found.agreement[at] = times / number
    probability = _SINGLE.take(block.probability.view(np.uint16))
    mean, deviation = _mean_and_deviation(probability.take(counted, axis=1))
    found.confidence[at], found.variability[at] = mean, deviation
    # Without any probability, the predictions alone tell.
    sure = np.where(np.isnan(mean), found.correct[at], mean)
    found.doubt[at] = (1.0 - sure + found.agreement[at]) / 2
    _follow(found, block)
    found.twin[at] = _twins(block, probability)


def _validated(prediction: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Return at how many snapshots each image of [n, T] was validated, i8 [n]."""
    if prediction.dtype.kind == "u":  # which cannot say that it was not
        return np.full(len(prediction), prediction.shape[1], np.int64)
    # Booleans are counted: their sum would make integers of them first.
    return np.count_nonzero(prediction != NOT_VALIDATED, axis=1)


def _other_class(prediction: NDArray[np.integer[Any]], label: int) -> tuple[Ints, Ints]:
    """Return the class besides the label that each row predicts most, and how often; the lower id.

    NO_PREDICTION and 0 where a row predicts no other class.
    """
    times = np.zeros(len(prediction), np.int32)
    other = np.full(len(prediction), NO_PREDICTION, np.int32)
    if not prediction.size or (classes := int(prediction.max()) + 1) < 1:
        return other, times
    together = max(1, _COUNTED // classes)
    for start in range(0, len(prediction), together):
        part = prediction[start : start + together]
        others = part != label
        if part.dtype.kind == "i":
            others &= part >= 0
        places = np.flatnonzero(others)
        codes = places // part.shape[1] * classes + part.reshape(-1)[places]
        counts = np.bincount(codes, minlength=len(part) * classes).reshape(len(part), classes)
        at = slice(start, start + len(part))
        most = counts.argmax(axis=1)  # of equals the lowest class
        times[at] = counts[np.arange(len(part)), most]
        other[at] = np.where(times[at] > 0, most, NO_PREDICTION)
    return other, times


def _mean_and_deviation(values: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of each row without its NaN; NaN where nothing is left."""
    unknown = np.isnan(values)
    gaps = bool(unknown.any())
    number = values.shape[1] - np.count_nonzero(unknown, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (np.where(unknown, 0, values) if gaps else values).sum(axis=1) / number
        spread = values - mean[:, None]
        if gaps:
            spread[unknown] = 0
        deviation = np.sqrt(np.square(spread, out=spread).sum(axis=1) / number)
    return mean.astype(np.float32), deviation.astype(np.float32)


def _follow(found: ImageHistory, block: ClassBlock) -> None:
    """Add when images were forgotten and learned, over all snapshots that were validated."""
    right, validated = block.prediction == block.class_id, np.arange(block.prediction.shape[1])
    if block.prediction.dtype.kind != "u":
        validated = np.flatnonzero((block.prediction != NOT_VALIDATED).all(axis=0))
        right = right[:, validated]
    if not len(validated):
        return
    turned = right[:, :-1] != right[:, 1:]
    ends = right[:, -1:]
    # Those that are right at the end were forgotten as often as they were learned again, but once
    # where they began wrong.
    changes = np.count_nonzero(turned, axis=1)
    found.forgotten[block.images] = (changes + right[:, 0] - ends[:, 0].astype(np.int64)) // 2
    # The last snapshot at which each was not as it is at the end: the last at which it turned.
    backwards = np.append(turned[:, ::-1], np.ones_like(ends), axis=1)
    other = len(validated) - 2 - backwards.argmax(axis=1)
    since = validated[other + 1]
    found.learned[block.images] = np.where(ends[:, 0], since, NEVER)
    found.lost[block.images] = np.where(ends[:, 0], NEVER, since)


# Probabilities of pictures that are the same differ by what sums of floats in another order do.
_SAME = 2e-3
# What the mean of many float32 may be off by.
_MEAN_ROUNDING = 1e-4
# So many snapshots must tell images apart from each other for equal ones to mean anything.
_TELLING = 5
# In the order of their mean probability, the same pictures stand this near to each other.
_NEAR = 8


def _twins(block: ClassBlock, probability: Floats) -> Ints:
    """Return the lowest id of the images with the same history as each, i4 [n]; NEVER: of its own.

    Two images have the same history where all predictions are equal and all probabilities within
    _SAME; where they are nearly 0 or 1 they tell nothing, so _TELLING of them must be between.
    `probability` [n, T] is that of the block, and changed.
    """
    number = len(block.images)
    twin = np.full(number, NEVER, np.int32)
    mean = probability.mean(axis=1)
    if np.isnan(mean).any():
        probability[np.isnan(probability)] = -1.0
        mean = probability.mean(axis=1)
    between = probability > 0.01
    between &= probability < 0.99
    telling = np.count_nonzero(between, axis=1) >= _TELLING
    order = np.flatnonzero(telling)
    order = order[np.argsort(mean[order], kind="stable")]
    group = np.arange(number)
    for step in range(1, min(_NEAR, len(order) - 1) + 1):
        first, second = order[:-step], order[step:]
        # Where the means are further apart, so is some probability: most need no look at all.
        close = mean[second] - mean[first] <= _SAME + _MEAN_ROUNDING
        first, second = first[close], second[close]
        near = np.abs(probability[first] - probability[second]).max(axis=1) <= _SAME
        first, second = first[near], second[near]
        same = (block.prediction[first] == block.prediction[second]).all(axis=1)
        for one, other in zip(first[same], second[same], strict=True):
            low, high = sorted((group[one], group[other]))
            group[group == high] = low
    sizes = np.bincount(group, minlength=number)
    shared = sizes[group] > 1
    twin[shared] = block.images[group[shared]]
    return twin
