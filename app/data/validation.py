"""What the validation view asks for, as arrays: anomalies, groups and orders, images, confusion.

Everything about a whole run is computed once per run version and kept (app/analysis.py); moving a
slider only filters the flips again.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.analysis import Analysis, analysis_of
from app.arguments import Arguments
from db.queries.measurements import class_results
from db.queries.runs import runs, structure
from deeptracker.format import NOT_VALIDATED
from ingest.analysis.anomalies import (
    DIRECTIONS,
    THRESHOLD_SHARE,
    Anomalies,
    Cells,
    default_threshold,
    default_window,
    find_anomalies,
    iteration_table,
    overall_threshold,
)
from ingest.analysis.clusters import DEFAULT_CLUSTERS, MAX_CLUSTERS, cluster_classes
from ingest.analysis.confusion import confusion_partners
from ingest.analysis.flip_index import FlipIndex
from ingest.analysis.forgetting import forgetting_of
from ingest.analysis.order import (
    final_error_order,
    name_order,
    peak_order,
    similarity_order,
)

Arrays = dict[str, NDArray[Any]]
Answer = tuple[Arrays, dict[str, Any]]
MOST_CELLS = 60_000
MOST_LISTED = 200


@dataclass(frozen=True)
class Window:
    """Window `k` in snapshots, threshold `m` in images (or a share 0..1), kept direction."""

    k: int
    m: float
    share: bool
    direction: str


def read_window(arguments: Arguments, index: FlipIndex) -> Window:
    """Return the window and threshold that a request asks for; the run's defaults where absent."""
    snapshots, sizes = index.run_snapshots, index.class_size
    share = arguments.choice("share", ("false", "true"), default="false") == "true"
    m = THRESHOLD_SHARE if share else float(default_threshold(sizes))
    k = arguments.integer("k", low=1, default=default_window(snapshots))
    return Window(
        k=min(k or 1, max(1, snapshots)),
        m=arguments.number("m", low=1e-9, high=1 if share else 1e9, default=m),
        share=share,
        direction=arguments.choice("direction", DIRECTIONS, default="both"),
    )


def asked_anomalies(
    session: Session, analysis: Analysis, arguments: Arguments
) -> tuple[Window, FlipIndex, Anomalies]:
    """Return what a request asks for (see read_window), an index that holds for it, and what is
    anomalous by it.
    """
    window = read_window(arguments, analysis.usual_index(session))
    index = analysis.index_reaching(session, window.k)
    found = find_anomalies(
        index,
        k=window.k,
        m=window.m,
        share=window.share,
        direction=window.direction,
        live=analysis.live,
    )
    return window, index, found


def anomalies(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Return the anomalous cells, the counts of the whole set, and the table of iterations.

    Cells come as class, snapshot, forgotten, learned (i4); at most MOST_CELLS of each side, the
    largest first, `meta.cells` says how many there are. The table is complete.
    """
    analysis = analysis_of(session, run_id)
    window, index, found = asked_anomalies(session, analysis, arguments)
    whole_set = overall_threshold(index.class_size, m=window.m, share=window.share)
    table = iteration_table(found, whole_set=whole_set)
    arrays: Arrays = {
        "overall_left": found.overall_left,
        "overall_right": found.overall_right,
        **{f"table_{name}": _plain(column) for name, column in vars(table).items()},
    }
    for side in ("left", "right", "pending"):
        arrays |= _largest(getattr(found, side), side)
    return arrays, _about(found, window, whole_set, index.class_size)


def _about(
    found: Anomalies, window: Window, whole_set: int, class_size: NDArray[np.int32]
) -> dict[str, Any]:
    return {
        "k": window.k,
        "m": window.m,
        "share": window.share,
        "direction": window.direction,
        "default_k": default_window(len(found.overall_left)),
        "default_m": default_threshold(class_size),
        "whole_set": whole_set,
        "pending_from": found.pending_from,
        "cells": {
            side: len(getattr(found, side).class_id) for side in ("left", "right", "pending")
        },
    }


def _plain(column: NDArray[Any]) -> NDArray[Any]:
    return column.astype(np.uint8) if column.dtype == np.bool_ else column


def _largest(cells: Cells, side: str) -> Arrays:
    size = cells.forgotten + cells.learned
    keep: Any = slice(None)
    if len(size) > MOST_CELLS:
        # The smallest triangles are those that overlap to a smear anyway.
        keep = np.sort(np.argpartition(-size, MOST_CELLS)[:MOST_CELLS])
    return {f"{side}_{name}": column[keep] for name, column in vars(cells).items()}


def groups(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Return clusters of classes and the orders of the classes.

    `label` i4 [C], `size` i4 [K], `mean` f4 [K, T] (mean error), and `order_similarity`,
    `order_error`, `order_name`, each i4 [C]; where a window `k` is given also `order_peak`.
    """
    wanted = arguments.integer("clusters", low=1, high=MAX_CLUSTERS, default=DEFAULT_CLUSTERS)
    clusters = wanted or DEFAULT_CLUSTERS
    analysis = analysis_of(session, run_id)
    alike = analysis.alike(session)
    # Made by the first who asks, and at most once: of ten thousand classes it is 80 MB.
    error = cache(lambda: analysis.class_errors(session).error())
    found = analysis.remember(
        f"clusters {clusters}",
        lambda: cluster_classes(error(), clusters=clusters),
    )
    orders = analysis.remember(
        "orders",
        lambda: {
            "order_error": final_error_order(error()),
            "order_name": name_order(structure.classes(session, run_id=run_id).names),
        },
    )
    arrays: Arrays = {
        "label": found.label,
        "size": found.size,
        "mean": found.mean,
        "order_similarity": alike,
        **orders,
    }
    k = arguments.integer("k", low=1)
    if k is not None:
        arrays["order_peak"] = analysis.remember(
            f"peak {k}", lambda: peak_order(analysis.peaks(session, k))
        )
    return arrays, {"clusters": len(found.size)}


def class_images(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Return the images of one class over time.

    `images` i4 [n], `prediction` [n, T] (NO_PREDICTION, NOT_VALIDATED), `probability` f2 [n, T] (of
    the true class), `order` i4 [n] by similarity, `forgotten` and `first_learned` i4 [n] (-1:
    never), `partner` i4 [P] and `partner_count` i4 [P, T] (-1: not validated).
    """
    class_id = arguments.required("class")
    results = class_results.class_images(session, run_id=run_id, class_id=class_id)
    correct = (results.prediction == class_id).astype(np.float32)
    correct[results.prediction == NOT_VALIDATED] = np.nan
    partners = confusion_partners(results.prediction, class_id=class_id)
    record = forgetting_of(correct)
    return {
        "images": results.images,
        "prediction": results.prediction,
        "probability": results.probability,
        "order": similarity_order(correct),
        "forgotten": record.forgotten,
        "first_learned": record.first_learned,
        "partner": partners.class_id,
        "partner_count": partners.count,
    }, {"class": class_id}


def forgetting(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Return the images that were never learned, or those that were forgotten most often.

    `image`, `class`, `position` (in its class), `forgotten`, `first_learned`, each i4 [rows], at
    most MOST_LISTED; `meta` says how many images are never learned and how many ever forgotten, and
    whether any snapshot was validated: if not, no image is listed.
    """
    kind = arguments.choice("list", ("forgotten", "never"), default="forgotten")
    analysis = analysis_of(session, run_id)
    record = analysis.forgetting(session)
    errors = analysis.class_errors(session)
    validated = not errors.wrong.size or bool(errors.known.any())
    never = np.flatnonzero(record.never_learned & validated)
    if kind == "never":
        rows = never
    else:
        rows = np.argsort(-record.forgotten, kind="stable")
        rows = rows[record.forgotten[rows] > 0]
    rows = rows[:MOST_LISTED].astype(np.int32)
    arrays: Arrays = {
        "image": rows,
        "class": analysis.image_class(session)[rows],
        "position": analysis.image_position(session)[rows],
        "forgotten": record.forgotten[rows],
        "first_learned": record.first_learned[rows],
    }
    return arrays, {
        "validated": validated,
        "never": len(never),
        "forgotten": int((record.forgotten > 0).sum()),
        "listed": len(rows),
    }


def contact_sheet(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Return the pictures of a class: `sheet` u1 [bytes] of a WebP, as FORMAT.md lays it out.

    `meta` has the `tile` [width, height] of one picture. No bytes where the class has no sheet.
    """
    class_id = arguments.required("class")
    sheet = structure.contact_sheet(session, run_id=run_id, class_id=class_id)
    tile = runs.get_run(session, run_id=run_id).thumbnail
    # No 404: most runs record no pictures, and browsers report each as an error.
    found = sheet if sheet is not None and tile is not None else b""
    about = {"tile": list(tile or (1, 1)), "class": class_id}
    return {"sheet": np.frombuffer(found, np.uint8)}, about
