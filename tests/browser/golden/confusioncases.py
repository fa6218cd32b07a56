"""What the kinds of the page of confusion are drawn from."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.binary import pack
from ingest.analysis.confusion_matrix import flows, pairs, scores
from tests.browser.golden.data import Answers, Given, Kind, folder, sheet, size

EACH = 6


def _predicted(classes: int, step: int, none: bool) -> NDArray[np.int32]:
    """Return predictions i4 [N] of EACH images of every class: most right, `none`: some without."""
    place = np.arange(classes * EACH)
    true = place // EACH
    other = (true + place * step % 7) % max(1, classes)
    taken = np.where(place % 3 > 0, true, other)
    if none:
        taken[::5] = -1
    return taken.astype(np.int32)


def _answer(case: str) -> Answers:
    """Return the answer of /confusion: compared with a pin, but where there is one class or none.

    Where values are NaN, so are scores, since no image of a class was taken for it, and some images
    have no prediction.
    """
    classes, none = size(case), case == "nan"
    true = np.repeat(np.arange(classes, dtype=np.int32), EACH)
    arrays: dict[str, Any] = {
        "images": np.full(classes, EACH, np.int32),
        "order": np.arange(classes, dtype=np.int32)[::-1].copy(),
    }
    compared = classes > 1
    at, before = _predicted(classes, 3, none), _predicted(classes, 5, none)
    for ahead, prediction in (("", at), ("before_", before)):
        if ahead and not compared:
            continue
        found = pairs(true, prediction, classes=classes)
        how = scores(found, classes=classes)
        parts = {**vars(found), "predicted": how.predicted}
        parts |= {name: getattr(how, name) for name in ("precision", "recall", "f1")}
        if none:
            parts["precision"][::3] = np.nan
        arrays |= {f"{ahead}{name}": column for name, column in parts.items()}
    moved = flows(true, before, at, classes=classes)
    if compared:
        arrays |= {f"flow_{name}": column[:100] for name, column in vars(moved).items()}
    about = {
        "names": [f"class {row}" for row in range(classes)],
        "at": 400 if classes else None,
        "against": 100 if compared else None,
        "validated": classes > 0,
        "compared": compared,
        "ever": classes > 0,
        "moved": moved.image_count,
        "flows": len(moved.count),
    }
    return {"confusion": pack(arrays, about)}


_OPTIONS = {"url": "{data}/confusion", "base": "{data}"}


def _plain(case: str) -> Given:
    return Given(_OPTIONS, _answer(case), {"cursor": 400, "pins": [100]})


def _matrix(case: str) -> Given:
    """Return the matrix: of one class, of many in blocks, or its change with no predictions."""
    chosen = {"confusionview": "change" if case == "nan" else "cursor", "confusioncell": [0, 1]}
    return Given({**_OPTIONS, "legend": "none"}, _answer(case), {"cursor": 400, **chosen})


def _images(case: str) -> Given:
    """Return the images of a cell; where values are NaN, so are probabilities, without pictures."""
    count = min(size(case), 30)
    place = np.arange(count, dtype=np.int32)
    probability = np.linspace(0, 1, count, dtype=np.float32)
    if case == "nan":
        probability[:] = np.nan
    arrays = {
        "image": place,
        "position": place,
        "taken": np.zeros(count, np.int32),
        "probability": probability,
    }
    about = {"at": 400, "against": None, "total": size(case), "images": 50}
    answers = {**_answer(case), "confusion-images": pack(arrays, about)}
    if case != "nan":
        answers["contact-sheet"] = sheet(50)
    return Given(_OPTIONS, answers, {"cursor": 400, "confusioncell": [0, 0]})


_FOLDER = folder("confusion")
KINDS: Mapping[str, Kind] = {
    "confusionclasses": Kind(_FOLDER, _plain),
    "confusionflows": Kind(_FOLDER, _plain),
    "confusionimages": Kind(_FOLDER, _images),
    "confusionmatrix": Kind(_FOLDER, _matrix),
}
