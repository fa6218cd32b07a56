"""Which iteration or epoch the name of a checkpoint tells, beside those that lie with it."""

import re
from collections import defaultdict
from collections.abc import Sequence

_STEP = re.compile(r"(?<![a-z])(?:global[_-]?)?(?:step|iter(?:ation)?)[s=_-]*(\d+)", re.IGNORECASE)
_EPOCH = re.compile(r"(?<![a-z])(?:epoch|ep)[s=_-]*(\d+)", re.IGNORECASE)
# Measures such as val_loss=0.25 or 1.5e-3 count nothing; nor do sums of a file's bytes.
_MEASURE = re.compile(r"\d+\.\d+(?:e[+-]?\d+)?|\d+e-\d+", re.IGNORECASE)
_HASH = re.compile(r"(?<![0-9a-z])(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{8,}(?![0-9a-z])")
_NUMBER = re.compile(r"\d+")
# Lightning's second file of the same step.
_VERSION = re.compile(r"-v(\d+)$")
_MOST_DIGITS = 15

# True: counts epochs, False: iterations; and the number.
Clock = tuple[bool, int]


def clocks(names: Sequence[str]) -> dict[str, Clock | None]:
    """Return what each name counts; None where it has no number that could count anything.

    A number after "step" or "iteration" counts iterations, one after "epoch" counts epochs. Of
    others, it is the last one that is not the same in all names that differ in numbers alone
    (resnet50_1, resnet50_2); of a single name, the last. Where these are 0, 1, 2 and so on without
    a gap, they count epochs, as fastai's do: nobody keeps every iteration from before the first.
    """
    found: dict[str, Clock | None] = {}
    alike = defaultdict(list)
    for name in names:
        if (clock := said(name)) is not None:
            found[name] = clock
        else:
            text = _without_measures(name)
            alike[_NUMBER.sub("#", text)].append((name, _NUMBER.findall(text)))
    for group in alike.values():
        places = range(len(group[0][1]))
        differ = [at for at in places if len({numbers[at] for _, numbers in group}) > 1]
        told = {
            name: int(number)
            for name, numbers in group
            if numbers and len(number := numbers[(differ or places)[-1]]) <= _MOST_DIGITS
        }
        epochs = len(told) > 1 and sorted(told.values()) == list(range(len(told)))
        for name, _ in group:
            found[name] = (epochs, told[name]) if name in told else None
    return found


def said(name: str) -> Clock | None:
    """Return what a name says in words that it counts, None where it has no such word."""
    for by_epoch, pattern in ((False, _STEP), (True, _EPOCH)):
        if (match := pattern.search(name)) and len(match[1]) <= _MOST_DIGITS:
            return by_epoch, int(match[1])
    return None


def _without_measures(name: str) -> str:
    return _MEASURE.sub("", _HASH.sub("", _VERSION.sub("", name)))


def version(name: str) -> int:
    """Return which writing of the same step a file of Lightning is: 0 for the first."""
    found = _VERSION.search(name)
    return int(found[1]) if found and len(found[1]) <= _MOST_DIGITS else 0
