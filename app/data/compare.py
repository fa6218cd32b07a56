"""What the compare page shows of layers of runs, and of images of two of them."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.analysis import analysis_of_run
from app.arguments import Arguments, BadArgument
from app.binary import Arrays
from app.data.aligned import (
    NO_GROUPS,
    aligned_runs,
    read_alignment,
    read_groups,
    read_in_detail,
    read_pair,
)
from app.data.alike import same_images, unlike
from app.data.compare_series import spread_arrays
from app.data.merged import per_rate
from app.data.pooling import rows_at_once
from db.queries.measurements import snapshots
from db.queries.measurements.layer_stats import layer_profile
from db.queries.runs import compare, structure
from deeptracker.catalogue import MEASURES, RATIO, RATIO_PER_RATE, RATIOS, format_of
from deeptracker.format import STATISTICS
from ingest.analysis.alignment import at_columns, columns_at
from ingest.analysis.compare import disagreement, match_names
from ingest.analysis.merge import norm_ratio

Answer = tuple[Arrays, Mapping[str, Any]]
MOST_LISTED = 120
# Most layers of one answer.
PIECE = 96


def layers(session: Session, run_ids: Sequence[int], arguments: Arguments) -> Answer:
    """Serve one statistic of the layers that at least two runs have, matched by name.

    Arguments: align, measure, statistic (ignored for RATIOS), picked, those of groups, from, to
    (places of layers among names: a piece of n of them, the first by default). Of S runs in detail;
    arrays: iteration i4 [K]; values f4 [S, n, K], NaN where a run has no such layer or no snapshot;
    where grouped also mean and deviation f4 [G, n, K], and low and high. meta: detailed (the places
    of these runs), names [M], places, lone names, unlike (layers of one name whose shapes differ),
    piece (the most layers of one answer), measured (whether any layer has a number), format; groups
    name runs by their place among all.
    """
    measure = arguments.choice("measure", MEASURES, default=RATIO)
    statistic = arguments.choice("statistic", STATISTICS, default="std")
    runs = aligned_runs(session, run_ids, read_alignment(arguments))
    detailed = read_in_detail(arguments, run_ids)
    groups = read_groups(arguments, [runs.runs[at] for at in detailed])
    found = [structure.layers(session, run_id=run_ids[at]) for at in detailed]
    matched = match_names([one.names for one in found])
    ticks = len(runs.axis.ticks)
    piece = piece_of(ticks, len(detailed), 0 if groups is None else len(groups.members))
    first = arguments.integer("from", default=0) or 0
    last = arguments.integer("to", default=first + piece) or 0
    places = matched.places[:, first : min(last, first + piece)]
    values = np.full((*places.shape, ticks), np.nan, np.float32)
    measured = False
    for row, at in enumerate(detailed):
        # All pieces are of the same numbers: the first that is asked for reads them.
        profile = analysis_of_run(runs.runs[at]).remember(
            f"profile {measure} {statistic}",
            partial(_profile, session, run_ids[at], measure, statistic),
        )
        every = matched.places[row]
        measured |= bool(np.isfinite(profile[every[every >= 0]]).any())
        there = places[row] >= 0
        values[row, there] = at_columns(profile[places[row][there]], runs.axis.columns[at])
    arrays: dict[str, Any] = {"iteration": runs.axis.ticks, "values": values}
    if groups is not None:
        spreads = spread_arrays(groups, values)
        del spreads["count"]
        arrays |= spreads
    return arrays, {
        **runs.about,
        **(NO_GROUPS if groups is None else groups.about),
        "groups": None
        if groups is None
        else [[detailed[row] for row in rows] for rows in groups.members],
        "detailed": detailed,
        "names": matched.names,
        "places": matched.places.tolist(),
        "lone": matched.lone,
        "unlike": unlike(found, matched),
        "piece": piece,
        "measured": measured,
        "format": format_of(statistic, measure=measure),
    }


def piece_of(ticks: int, runs: int, groups: int = 0) -> int:
    """Return of how many layers one answer is; a group has a mean, a deviation and two ends."""
    return rows_at_once(4 * ticks * (runs + 4 * groups), most=PIECE)


def _profile(session: Session, run_id: int, measure: str, statistic: str) -> NDArray[np.float32]:
    def read(quantity: str, name: str) -> NDArray[np.float32]:
        return layer_profile(session, run_id=run_id, quantity=quantity, statistic=name)

    if measure not in RATIOS:
        return read(measure, statistic)
    found = norm_ratio(read("update", "l2"), read("weight", "l2"))
    if measure == RATIO_PER_RATE:
        return per_rate(found, snapshots.snapshots(session, run_id=run_id))
    return found


def images(session: Session, run_ids: Sequence[int], arguments: Arguments) -> Answer:
    """Serve the images that one of two runs gets right and the other wrong at a tick.

    Arguments: align, first, second, tick (the last tick of both by default). Arrays: of "first"
    (right in the first run only) and "second": SIDE.image, .class, .position, .taken (the class of
    the first run that the wrong run predicted, NO_PREDICTION) i4, .probability f4 [n, 2] of the
    true class in both runs, at most MOST_LISTED, those most apart first. meta: why there is nothing
    ("" where there is), agree ("digest" or "classes": by what the sets of images are the same),
    counts, iterations of both, names of the classes.
    """
    pair = read_pair(arguments, len(run_ids))
    runs = aligned_runs(session, run_ids, read_alignment(arguments))
    ids = [run_ids[place] for place in pair]
    about: dict[str, Any] = {**runs.about, "pair": pair, "why": "", "counts": None}
    tick = _tick(arguments, runs.axis.ticks, runs.axis.columns[list(pair)])
    lists = [structure.classes(session, run_id=run_id) for run_id in ids]
    agree = same_images(session, ids, [one.names for one in lists])
    if tick is None:
        return {}, {**about, "why": "The two runs have no snapshot at the same place of the axis."}
    own = [
        int(columns_at(place, np.array([tick], np.int32))[0]) if place is not None else -1
        for place in (runs.axis.places[at] for at in pair)
    ]
    about["tick"] = tick
    if not agree[0]:
        return {}, {**about, "why": agree[1]}
    if min(own) < 0:
        return {}, {**about, "why": "At the cursor only one of the two runs has a snapshot."}
    iterations = [
        int(runs.snapshots[place].iteration[at]) for place, at in zip(pair, own, strict=True)
    ]
    results = [
        compare.results_at(session, run_id=run_id, iteration=iteration)
        for run_id, iteration in zip(ids, iterations, strict=True)
    ]
    if not all(one.validated for one in results):
        which = "only one" if any(one.validated for one in results) else "neither"
        return {}, {**about, "why": f"At the cursor {which} of the two runs was validated."}
    found = disagreement(results[0].correct, results[1].correct)
    arrays: dict[str, Any] = {}
    for side, chosen in (("first", found.first_only), ("second", found.second_only)):
        arrays |= _listed(side, chosen, results)
    return arrays, {
        **about,
        "agree": agree[0],
        "iterations": iterations,
        "names": lists[0].names,
        "sizes": lists[0].image_count.tolist(),
        "counts": {
            "first": len(found.first_only),
            "second": len(found.second_only),
            "both": found.both,
            "neither": found.neither,
        },
        "listed": MOST_LISTED,
    }


def _tick(arguments: Arguments, ticks: NDArray[np.int32], columns: NDArray[np.int32]) -> int | None:
    asked = arguments.integer("tick")
    both = ticks[(columns >= 0).all(axis=0)]
    if not len(both):
        return None
    return int(both[-1]) if asked is None else asked


def _listed(side: str, chosen: NDArray[np.int32], results: Sequence[compare.Results]) -> Arrays:
    probability = np.stack([one.probability[chosen] for one in results], axis=1)
    apart = np.nan_to_num(np.abs(probability[:, 0] - probability[:, 1]), nan=-1.0)
    order = np.argsort(-apart, kind="stable")[:MOST_LISTED]
    kept = chosen[order]
    wrong = results[1] if side == "first" else results[0]
    return {
        f"{side}.image": kept,
        f"{side}.class": results[0].image_class[kept],
        f"{side}.position": results[0].position[kept],
        f"{side}.taken": wrong.prediction[kept],
        f"{side}.probability": probability[order],
    }


def check_runs(run_ids: Sequence[int], most: int) -> None:
    """Raise BadArgument where these are not 1 to `most` different runs."""
    if not 1 <= len(run_ids) <= most or len(set(run_ids)) != len(run_ids):
        raise BadArgument(f"runs must be 1 to {most} different runs such as 3,4.")
