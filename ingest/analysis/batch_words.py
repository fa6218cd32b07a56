"""What is said of the batches of a jump: sentences for the page, the API and notebooks."""

import math
from collections.abc import Sequence

from deeptracker.format import COPIES, NO_LABEL, NOT_FINITE
from ingest.analysis.batches import Blame, Cause
from ingest.analysis.health.words import numbers
from ingest.analysis.shared_places import SharedPlaces


def class_name(label: int, classes: Sequence[str]) -> str:
    """Return what a class of the training set is called, "" where the image's is not known."""
    if label == NO_LABEL:
        return ""
    return classes[label] if label < len(classes) else str(label)


def told(found: Blame, classes: Sequence[str]) -> list[str]:
    """Return what is said of a jump, a sentence each; `classes` are the names of the run's."""
    said = [_what(found), _why(found)]
    shared = found.classes
    if shared is not None:
        name = class_name(shared.label, classes)
        said.append(f"{_of(shared.images, found.made)} of class {name}.")
    if found.places is not None:
        said.append(_where(found.places, found))
    if found.twins:
        said.append(
            f"{found.twins:,} images of the batch have the same loss as another one of their "
            "class, to the last digit: they may be copies under other indices."
        )
    return [sentence for sentence in said if sentence]


def _what(found: Blame) -> str:
    at = f"iteration {found.iteration:,}"
    if found.reason == NOT_FINITE:
        usual = "" if math.isnan(found.usual) else f"; {numbers(found.usual)[0]} was usual"
        return f"At {at} the training loss was NaN or infinite{usual}."
    if found.reason == COPIES:
        return f"From {at} on, batches hold the same images several times."
    loss, usual = numbers(found.loss, found.usual)
    return f"At {at} the mean loss of the batch was {loss}; {usual} was usual."


def _why(found: Blame) -> str:
    step = f"iteration {found.step:,}"
    if found.cause is Cause.IMAGES:
        if found.step != found.iteration:
            return (
                f"{_count(found)} of the batch before, of {step}, had a loss far above the usual."
            )
        if math.isnan(found.without):
            return f"{_count(found)} had a loss that is NaN, infinite or far above the usual."
        return (
            f"{_count(found)} made it: without them it is {numbers(found.without)[0]}, "
            "which is usual."
        )
    if found.cause is Cause.COPIES:
        return (
            f"{found.copies:,} of {found.size:,} images in the batch of {step} are copies of "
            "others in it, under the same index."
        )
    return _WHOLE[found.cause]


_MOST = "Most images of the batch have a loss far above their usual one"
_WHOLE = {
    Cause.BATCH: f"{_MOST}, and the loss falls back with the next images: the batch made it, not "
    "the network.",
    Cause.NETWORK: f"{_MOST}, and so have the next images: the network changed, as by a learning "
    "rate that jumped; no image made it.",
    Cause.OPEN: f"{_MOST}. No step after it was recorded, which would tell whether the batch or "
    "the network made it.",
    Cause.NONE: "That is hardly above the losses before, and no image stands out.",
    Cause.NO_LOSSES: "Which images made it is not known: give recorder.batch() their losses.",
}


def _count(found: Blame) -> str:
    return f"{found.made:,} of {found.size:,} images"


def _of(part: int, whole: int) -> str:
    return f"All {whole:,} are" if part == whole else f"{part:,} of these {whole:,} are"


def _where(places: SharedPlaces, found: Blame) -> str:
    share = _of(places.images, found.made).removesuffix(" are")
    if places.stride > 1:
        return (
            f"{share} have indices that are multiples of {places.stride:,} apart, from "
            f"{places.first:,} to {places.last:,} of the training set."
        )
    return f"{share} have indices from {places.first:,} to {places.last:,} of the training set."
