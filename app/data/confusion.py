"""What the page of confusion asks for: the matrix at an iteration, its change, images of a cell."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.analysis import Analysis, analysis_of
from app.arguments import Arguments, BadArgument
from app.data.nearest import nearest
from db.queries.measurements import class_results, snapshots
from db.queries.runs import structure
from db.queries.runs.compare import Results, results_at
from ingest.analysis.confusion_matrix import (
    Flows,
    Pairs,
    confusion_order,
    flows,
    pairs,
    places,
    scores,
)

Arrays = dict[str, NDArray[Any]]
Answer = tuple[Arrays, dict[str, Any]]
# True class, predicted class (None: any but that), the one predicted before (None: any).
Cell = tuple[int, int | None, int | None]
ORDERS = ("data", "error", "confusion")
MOST_FLOWS = 500
MOST_IMAGES = 200


@dataclass(frozen=True)
class Moments:
    """The iterations asked for: `at` and, to compare with, `against`; None: there is none."""

    at: int | None
    against: int | None


@dataclass(frozen=True)
class Moment:
    """What became of all images at one iteration: predictions [N], and the cells of the matrix."""

    results: Results
    pairs: Pairs


def read_moments(session: Session, run_id: int, arguments: Arguments) -> Moments:
    """Return the snapshots nearest to `at` and to the iteration it is compared with.

    Without `at` the last validated one; without `against` the last of `pins` before `at`, else the
    first of the others.
    """
    iterations = snapshots.iterations(session, run_id=run_id)
    wanted, against = arguments.integer("at"), arguments.integer("against")
    pins = {_nearest(iterations, pin) for pin in arguments.integers("pins")}
    at = _last_validated(session, run_id, iterations)
    if wanted is not None:
        at = _nearest(iterations, wanted)
    if against is not None:
        return Moments(at, _nearest(iterations, against))
    others = sorted(pin for pin in pins if pin is not None and pin != at)
    before = [pin for pin in others if at is not None and pin < at]
    return Moments(at, before[-1] if before else next(iter(others), None))


def _nearest(iterations: NDArray[np.int32], wanted: int) -> int | None:
    if not len(iterations):
        return None
    return int(iterations[nearest(iterations, wanted)])


def _last_validated(session: Session, run_id: int, iterations: NDArray[np.int32]) -> int | None:
    if not len(iterations):
        return None
    validated = analysis_of(session, run_id).validated(session)
    if validated is None:
        return int(iterations[-1])
    return int(iterations[np.flatnonzero(validated)[-1]])


def read_moment(session: Session, run_id: int, iteration: int, classes: int) -> Moment | None:
    """Return what became of the images at a snapshot; None where it was not validated."""

    def read() -> Moment:
        results = results_at(session, run_id=run_id, iteration=iteration)
        return Moment(results, pairs(results.image_class, results.prediction, classes=classes))

    moment = analysis_of(session, run_id).remember(f"confusion {iteration}", read)
    return moment if moment.results.validated else None


def confusion(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Return the confusion matrix at an iteration, and how it differs from that of another.

    Arrays: `images` i4 [C], `order` i4 [C]; `true`, `taken`, `count` i4 [P], the cells that hold
    images (`taken` is C where there is no prediction); `precision`, `recall`, `f1` f4 [C] and
    `predicted` i4 [C]. The same of the other iteration with before_ ahead of the name, and
    `flow_true`, `flow_before`, `flow_after`, `flow_count` i4, at most MOST_FLOWS, the most first.
    What was not validated has no cells. meta: names, at, against, validated, ever (whether any
    snapshot was), moved and flows (how many images and kinds of moves there are in all).
    """
    found = structure.classes(session, run_id=run_id)
    order = arguments.choice("order", ORDERS, default="data")
    moments = read_moments(session, run_id, arguments)
    here, there = moments_of(session, run_id, moments, len(found))
    arrays: Arrays = {"images": found.image_count}
    meta: dict[str, Any] = {
        "names": found.names,
        "at": moments.at,
        "against": moments.against,
        "validated": here is not None,
        "compared": here is not None and there is not None,
        "ever": bool(analysis_of(session, run_id).class_errors(session).known.any()),
        "moved": 0,
        "flows": 0,
    }
    for ahead, moment in (("", here), ("before_", there)):
        if moment is not None:
            arrays |= _matrix(moment.pairs, len(found), ahead)
    analysis = analysis_of(session, run_id)
    arrays["order"] = _order(analysis, order, here, moments.at, len(found))
    if here is not None and there is not None:
        moved = moves(here, there, len(found))
        meta |= {"moved": moved.image_count, "flows": len(moved.count)}
        arrays |= {f"flow_{name}": column[:MOST_FLOWS] for name, column in vars(moved).items()}
    return arrays, meta


def moments_of(
    session: Session, run_id: int, moments: Moments, classes: int
) -> tuple[Moment | None, Moment | None]:
    """Return what became of the images at both moments; None where there is nothing."""
    here, there = (
        None if iteration is None else read_moment(session, run_id, iteration, classes)
        for iteration in (moments.at, moments.against)
    )
    return here, there


def moves(here: Moment, there: Moment, classes: int) -> Flows:
    """Return who moved from `there` to `here`."""
    return flows(
        here.results.image_class,
        there.results.prediction,
        here.results.prediction,
        classes=classes,
    )


def _matrix(found: Pairs, classes: int, ahead: str) -> Arrays:
    how = scores(found, classes=classes)
    named: Arrays = {
        **vars(found),
        "precision": how.precision,
        "recall": how.recall,
        "f1": how.f1,
        "predicted": how.predicted,
    }
    return {f"{ahead}{name}": array for name, array in named.items()}


def _order(
    analysis: Analysis, order: str, moment: Moment | None, at: int | None, classes: int
) -> NDArray[np.int32]:
    if moment is None or order == "data":
        return np.arange(classes, dtype=np.int32)
    if order == "error":
        # NaN is last: a class without images has no error.
        recall = scores(moment.pairs, classes=classes).recall
        return np.argsort(recall, kind="stable").astype(np.int32)
    return analysis.remember(
        f"confusion order {at}", lambda: confusion_order(moment.pairs, classes=classes)
    )


def confusion_images(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Return the images of a `cell`: true class, predicted class, and the one predicted before.

    With the true class alone all that are wrong, without the third whatever was predicted before;
    the number of classes stands for no prediction. Arrays, at most MOST_IMAGES: `image`, `position`
    (in the class), `taken` i4, `probability` f4 of the true class (NaN: not given), and where there
    is an iteration to compare with `before` i4 (-1: not validated). meta: at, against, total, and
    the images of the class.
    """
    found = structure.classes(session, run_id=run_id)
    cell = read_cell(arguments, len(found))
    moments = read_moments(session, run_id, arguments)
    here, there = moments_of(session, run_id, moments, len(found))
    chosen = chosen_images(here, there, cell, len(found))
    return images_at(here, there, chosen[:MOST_IMAGES], len(found)), {
        "at": moments.at,
        "against": moments.against,
        "total": len(chosen),
        "images": int(found.image_count[cell[0]]),
    }


def images_at(
    here: Moment | None, there: Moment | None, listed: NDArray[np.intp], classes: int
) -> Arrays:
    """Return what became of images, by id, as `confusion_images` has it."""
    arrays: Arrays = {"image": listed.astype(np.int32)}
    if here is not None:
        arrays["position"] = here.results.position[listed]
        arrays["taken"] = places(here.results.prediction, classes=classes)[listed]
        arrays["probability"] = here.results.probability[listed]
    if there is not None:
        arrays["before"] = places(there.results.prediction, classes=classes)[listed]
    return arrays


def read_cell(arguments: Arguments, classes: int) -> Cell:
    """Return the cell that is asked for; BadArgument where there can be none."""
    given = arguments.integers("cell")
    if not given or len(given) > 3 or given[0] >= classes or max(given) > classes:
        raise BadArgument(
            "cell must be a true class, a predicted one and the one predicted before, such as 3,5: "
            f"classes are 0 to {classes - 1}, {classes} stands for no prediction."
        )
    taken, was = (*given[1:], None, None)[:2]
    return given[0], taken, was


def chosen_images(
    here: Moment | None, there: Moment | None, cell: Cell, classes: int
) -> NDArray[np.intp]:
    """Return the ids of the images of a cell, rising."""
    true, taken, was = cell
    if here is None or (was is not None and there is None):
        return np.zeros(0, np.intp)
    kept = here.results.image_class == true
    now = places(here.results.prediction, classes=classes)
    kept &= (now >= 0) & (now != true) if taken is None else now == taken
    if was is not None and there is not None:
        kept &= places(there.results.prediction, classes=classes) == was
    return np.flatnonzero(kept)


def image(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Return the history of one image.

    Arrays: `iteration` i4 [T], `prediction` i4 [T] (NO_PREDICTION, NOT_VALIDATED), `probability`
    f4 [T] of its true class (NaN: not given), `images` i4 [n], those of its class. meta: class,
    position, its name (None: it has none) and the names of all classes that occur, by id.
    """
    wanted = arguments.required("image")
    analysis = analysis_of(session, run_id)
    image_class = analysis.image_class(session)
    if wanted >= len(image_class):
        raise BadArgument(f"image must be one of the {len(image_class)} of the run.")
    class_id = int(image_class[wanted])
    position = int(analysis.image_position(session)[wanted])
    found = class_results.class_images(session, run_id=run_id, class_id=class_id)
    prediction = found.prediction[position].astype(np.int32)
    names = structure.classes(session, run_id=run_id).names
    own = structure.image_names(session, run_id=run_id, class_id=class_id)
    occur = {class_id, *np.unique(prediction[prediction >= 0]).tolist()}
    return {
        "iteration": snapshots.iterations(session, run_id=run_id),
        "prediction": prediction,
        "probability": found.probability[position].astype(np.float32),
        "images": found.images,
    }, {
        "class": class_id,
        "position": position,
        "name": own[position] if position < len(own) else None,
        "names": {str(one): names[one] for one in sorted(occur)},
    }
