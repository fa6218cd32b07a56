"""The errors that the views know, where files of a training tell what share is right instead."""

import math
from collections.abc import Iterator, Mapping

from deeptracker.conversion.collected import TRAINING, VALIDATION, words

Rows = dict[str, dict[int, float]]

# Share of right answers by Keras, torchvision and timm (in percent), Ultralytics, TorchMetrics, and
# by scripts; of wrong ones by fastai and others. What is called an error alone may be in any unit.
_RIGHT = (
    ("accuracy",), ("acc",), ("top1",), ("acc1",), ("acc", "1"), ("prec1",), ("top1", "acc"),
    ("top1", "accuracy"), ("accuracy", "top1"), ("categorical", "accuracy"),
    ("sparse", "categorical", "accuracy"), ("binary", "accuracy"), ("multiclassaccuracy",),
)  # fmt: skip
_WRONG = (("error", "rate"), ("err1",), ("top1", "err"), ("top1", "error"))
# How well each is known, the best first.
_PLACES = {rest: place for place, rest in enumerate((*_RIGHT, *_WRONG))}
_SETS = {
    **dict.fromkeys(TRAINING, "train"),
    **dict.fromkeys(VALIDATION, "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}


def add_errors(rows: Rows, *, predicted: bool) -> list[str]:
    """Add `train_error` and `validation_error`, 0 to 1, to series by name and iteration.

    Each is 1 less the share that is right, which stays beside it; NaN stays NaN. One with values
    above 1 is in percent; of one that leaves 0 to 100 no error is made, nor where there is one.
    `predicted`: there are predictions, which tell the validation error themselves.
    Return how each is to be read, as sentences.
    """
    notes = []
    for wanted, names in _told(rows).items():
        if wanted in rows or (predicted and wanted == "validation_error"):
            continue
        for name, right in names:
            most = _most(rows[name])
            if most is None:
                continue
            of = {at: value / most for at, value in rows[name].items()}
            rows[wanted] = {at: 1 - value for at, value in of.items()} if right else of
            share = name if most == 1 else f"{name} / 100"
            notes.append(f"{wanted} is {'1 - ' if right else ''}{share}.")
            break
    return notes


def _told(rows: Mapping[str, Mapping[int, float]]) -> dict[str, list[tuple[str, bool]]]:
    """Return by the name of an error the series that tell it, the best known first.

    Each with whether it counts right answers. One of no set is of the training, as Keras's, where
    there is the same of the validation, and of the validation, as fastai's, where only a loss of it
    is. One on test images stands for the validation where there is no other, if it is a course.
    """
    found: dict[str, list[tuple[int, str, bool]]] = {}
    for name in rows:
        for part, rest in _readings(words(name)):
            if rest in _PLACES:
                found.setdefault(part, []).append((_PLACES[rest], name, rest in _RIGHT))
    training, validation, alone = (found.get(part, []) for part in ("train", "validation", ""))
    tested = [one for one in found.get("test", []) if len(rows[one[1]]) > 1]
    known = {place for place, *_ in (*validation, *tested)}
    if "validation_loss" in rows and not known:
        validation = alone
    else:
        training = training or [one for one in alone if one[0] in known]
    sides = {"train_error": training, "validation_error": validation or tested}
    return {name: [one[1:] for one in sorted(side)] for name, side in sides.items()}


def _readings(name: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield of which images a name may say that something is, and what; "": it does not say."""
    name = name[1:] if name[0] == "metrics" else name
    yield "", name
    for word, rest in ((name[:1], name[1:]), (name[-1:], name[:-1])):
        if part := _SETS.get("".join(word)):
            yield part, rest


def _most(values: Mapping[int, float]) -> float | None:
    """Return the value that means all of them: 1, or 100 of percent; None where it is neither."""
    finite = [value for value in values.values() if not math.isnan(value)]
    if not finite or min(finite) < 0 or max(finite) > 100:
        return None
    return 1 if max(finite) <= 1 else 100
