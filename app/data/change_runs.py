"""How a snapshot of one run differs from one of another: scores, classes, images, layers."""

from dataclasses import dataclass

import numpy as np
from sqlalchemy.orm import Session

from app.analysis import analysis_of
from app.data.alike import same_images, unlike
from app.data.change import (
    MOST,
    Classes,
    Floats,
    Images,
    Ints,
    Layers,
    Pair,
    by_factor,
    chosen_scalars,
    classes_apart,
    images_apart,
)
from app.data.nearest import nearest
from db.queries.measurements import layer_stats, snapshots
from db.queries.measurements.scalars_at import scalars_at
from db.queries.runs import runs, structure
from db.queries.runs.compare import Results, results_at
from deeptracker.format import NOT_VALIDATED
from ingest.analysis.compare import match_names

# What the field `otherat` may say beside an iteration.
SAME, LAST = "same", "last"


@dataclass(frozen=True)
class Side:
    """One of the two: a run, what it is called here, the iteration of its snapshot."""

    run_id: int
    name: str
    iteration: int


@dataclass(frozen=True)
class SharedLayers:
    """Layers that both runs have in the same shape, by their ids in both, in the network's order.

    `unlike` are the names of those whose shapes differ; `lone` what only this one has, and only
    the other.
    """

    here: Ints
    there: Ints
    unlike: tuple[str, ...]
    lone: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class BetweenRuns:
    """How two snapshots differ; "before" is that of this run, "after" that of the other.

    `why` says why images and classes are not compared ("": they are). `right_here` counts images
    that are right in this run alone, `right_there` in the other alone; None where not both were
    validated.
    """

    here: Side
    there: Side
    scores: dict[str, Pair]
    why: str
    right_here: int | None
    right_there: int | None
    classes: Classes
    images_here: Images
    images_there: Images
    shared: SharedLayers
    layers: Layers


def sides(
    session: Session, run_id: int, other_id: int, cursor: int | None, asked: object
) -> tuple[Side, Side] | None:
    """Return what is compared: this run at the cursor, or at its end, and the other one as asked.

    `asked` is SAME (the snapshot nearest to this run's), LAST, or an iteration as text; anything
    else is SAME. None where one of the two has no snapshot. NotFound: there is no such run.
    """
    own, other = (runs.get_run(session, run_id=one) for one in (run_id, other_id))
    here, there = (snapshots.iterations(session, run_id=one) for one in (run_id, other_id))
    if not len(here) or not len(there):
        return None
    at = int(here[-1] if cursor is None else here[nearest(here, cursor)])
    wanted = at
    if asked == LAST:
        wanted = int(there[-1])
    elif isinstance(asked, str) and asked.isascii() and asked.isdecimal() and len(asked) <= 10:
        wanted = int(asked)
    # Runs of one name are told apart by their numbers.
    names = [own.name, other.name]
    if own.name == other.name:
        names = [f"{own.name} (run {run_id})", f"{other.name} (run {other_id})"]
    return (
        Side(run_id, names[0], at),
        Side(other_id, names[1], int(there[nearest(there, wanted)])),
    )


def between(session: Session, here: Side, there: Side, *, most: int | None = MOST) -> BetweenRuns:
    """Return how a snapshot of one run differs from one of another; None: all that does."""
    ids = (here.run_id, there.run_id)
    names = [structure.classes(session, run_id=run_id).names for run_id in ids]
    _, why = same_images(session, ids, names)
    was, now = (
        results_at(session, run_id=one.run_id, iteration=one.iteration) for one in (here, there)
    )
    if not why and not (was.validated and now.validated):
        why = "One of the two snapshots was not validated, so no image can be compared."
    shared = shared_layers(session, ids)
    empty: Ints = np.zeros(0, np.int64)
    first = second = empty
    if not why:
        both = (was.prediction != NOT_VALIDATED) & (now.prediction != NOT_VALIDATED)
        first = np.flatnonzero(both & was.correct & ~now.correct)
        second = np.flatnonzero(both & ~was.correct & now.correct)
    return BetweenRuns(
        here,
        there,
        _scores(session, here, there),
        why,
        None if why else len(first),
        None if why else len(second),
        Classes(empty, empty * 1.0, empty * 1.0)
        if why
        else _classes(was, now, len(names[0]), most),
        images_apart(was, now, first, most),
        images_apart(was, now, second, most),
        shared,
        _layers(session, here, there, shared, most),
    )


def shared_layers(session: Session, run_ids: tuple[int, int]) -> SharedLayers:
    """Return the layers that two runs have in common, matched by name and by shape."""
    found = [structure.layers(session, run_id=run_id) for run_id in run_ids]
    matched = match_names([one.names for one in found])
    odd = unlike(found, matched)
    kept = np.array([name not in odd for name in matched.names], bool)
    return SharedLayers(
        matched.places[0][kept], matched.places[1][kept], tuple(odd), tuple(matched.lone)
    )


def _scores(session: Session, here: Side, there: Side) -> dict[str, Pair]:
    """Return the values of scalars that both logged, the last up to the snapshots."""
    rows = [analysis_of(session, side.run_id).scalar_rows(session) for side in (here, there)]
    names = chosen_scalars([name for name in rows[0] if name in rows[1]])
    was, now = (
        scalars_at(
            session,
            run_id=side.run_id,
            rows={name: own[name] for name in names},
            iterations=[side.iteration],
        )
        for side, own in zip((here, there), rows, strict=True)
    )
    return {name: (float(was[name][0]), float(now[name][0])) for name in names}


def _classes(was: Results, now: Results, count: int, most: int | None) -> Classes:
    """Return the classes of unlike error, by the images that both predicted."""
    return classes_apart(_error(was, count), _error(now, count), most)


def _error(found: Results, count: int) -> Floats:
    known = found.prediction != NOT_VALIDATED
    images = np.bincount(found.image_class[known], minlength=count)
    wrong = np.bincount(found.image_class[known & ~found.correct], minlength=count)
    with np.errstate(invalid="ignore"):
        error: Floats = wrong / np.where(images > 0, images, np.nan)
    return error


def _layers(
    session: Session, here: Side, there: Side, shared: SharedLayers, most: int | None
) -> Layers:
    """Return norm and deviation of the shared layers; ids are those of this run."""
    parts = []
    for side, layers in ((here, shared.here), (there, shared.there)):
        found = layer_stats.profile_at(
            session,
            run_id=side.run_id,
            quantity="weight",
            statistics=("l2", "std"),
            iterations=[side.iteration],
        )
        parts += [found[at, 0, layers] for at in range(2)]
    norm, std, other_norm, other_std = parts
    order = by_factor(norm, other_norm, most)
    return Layers(shared.here[order], norm[order], other_norm[order], std[order], other_std[order])
