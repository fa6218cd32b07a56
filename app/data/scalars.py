"""The scalars of a run as its page shows them: which there are, and some of them as lines."""

import hashlib
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.analysis import analysis_of
from app.arguments import Arguments, BadArgument
from app.binary import Arrays
from app.data.series import BUCKETS, averages, put_series, within
from db.queries.measurements import snapshots
from db.queries.measurements.scalars import Scalar
from deeptracker.format import SERIES
from ingest.analysis.health.rules.machine import PREFIX

# Most scalars in one answer: a chart may have those of each rank of a training.
MOST = 128
# So many are asked for by this word: before a page knows which there are, and which are in sight.
FIRST, FIRST_WORD = 12, "first"
# How many pixels a chart may be told to have: answers are kept for few widths.
PIXELS = ("256", "512", str(BUCKETS))


def key_of(name: str) -> str:
    """Return what a scalar is called in addresses and ids: names may be long, and have any sign."""
    return hashlib.sha256(name.encode()).hexdigest()[:12]


def names_of(session: Session, run_id: int) -> list[str]:
    """Return the names of all scalars of a run: those that the views know, then by their groups."""
    logged = analysis_of(session, run_id).series_names(session)
    known = [name for name in SERIES if name in logged]
    others = set(logged) - set(known)
    return [*known, *sorted(others, key=lambda name: (group_of(name), name))]


def group_of(name: str) -> str:
    """Return the part of a name before the first "/"; "" where there is none."""
    before, slash, _ = name.partition("/")
    return before if slash else ""


def first_of(names: Iterable[str], most: int = FIRST) -> list[str]:
    """Return the keys of the scalars that FIRST_WORD stands for: the first ones of `names_of`,
    without those of the machine, whose group is folded.
    """
    shown = (key_of(name) for name in names if not name.startswith(PREFIX))
    return list(islice(shown, min(FIRST, most)))


def listed(session: Session, run_id: int, arguments: Arguments) -> tuple[Arrays, Mapping[str, Any]]:
    """Serve which scalars a run has, and where its snapshots lie on every axis.

    Arrays: iteration i4, epoch and recorded_at f8 [T] (NaN: not recorded; seconds since 1970).
    meta.names: of each scalar [key, name, group], in the order of `names_of`; meta.first: the keys
    of `first_of`.
    """
    found = snapshots.snapshots(session, run_id=run_id)
    names = names_of(session, run_id)
    return axes(found), {
        "names": [[key_of(name), name, group_of(name)] for name in names],
        "first": first_of(names),
    }


def axes(found: snapshots.Snapshots) -> Arrays:
    """Return where snapshots lie on every axis."""
    return {
        "iteration": found.iteration,
        "epoch": found.epoch,
        "recorded_at": found.recorded_at,
    }


def wanted(session: Session, run_id: int, arguments: Arguments) -> dict[str, str]:
    """Return the scalars that `names` asks for by their keys, or by FIRST_WORD, {key: name}."""
    return asked_for(arguments, names_of(session, run_id), MOST)


def asked_for(
    arguments: Arguments, names: Iterable[str], most: int, of: str = ""
) -> dict[str, str]:
    """Return those of some scalars that `names` asks for, {key: name}; at most `most` of them.

    `of` says what the limit depends on, where it does. BadArgument.
    """
    keys = arguments.words("names")
    if len(keys) > most:
        raise BadArgument(f"names may be {most} keys at most{of}, not {len(keys)}.")
    known = {key_of(name): name for name in names}
    if keys == [FIRST_WORD]:
        keys = first_of(known.values(), most)
    unknown = [key for key in keys if key not in known]
    if unknown:
        raise BadArgument(f"names has {unknown[0][:40]!r}, which is the key of no scalar here.")
    return {key: known[key] for key in keys}


def lines(session: Session, run_id: int, arguments: Arguments) -> tuple[Arrays, Mapping[str, Any]]:
    """Serve some scalars of a run at screen resolution.

    Arguments: names (keys, see `key_of`, or FIRST_WORD), from, to (iterations, both optional),
    pixels (of a chart, one of PIXELS). Arrays: iteration i4 [T]; of each key:
    series.KEY.iterations i4, .values f8, .odd i4 (as of a ScreenSeries) and snapshot.KEY f8 [T],
    the last value at every snapshot (NaN: none). Where the series does not hold all from the
    beginning, mean.KEY.iterations i4, .values f8 and .counts i4 do, as `averages`: what a smooth
    line is made of. meta.series: KEY -> {total, shown, odd}.
    """
    low, high = arguments.integer("from"), arguments.integer("to")
    pixels = int(arguments.choice("pixels", PIXELS, default=str(BUCKETS)))
    found = snapshots.snapshots(session, run_id=run_id)
    analysis = analysis_of(session, run_id)
    arrays: dict[str, Any] = {"iteration": found.iteration}
    about = {}
    for key, name in wanted(session, run_id, arguments).items():
        whole = analysis.series(session, name, at=found)
        arrays[f"snapshot.{key}"] = last_values(found.iteration, whole)
        seen = within(whole.iterations, whole.values, low=low, high=high)
        shown = put_series(
            arrays, f"series.{key}", seen, ticks=found.iteration, buckets=pixels
        ).counts
        about[key] = shown
        if low or shown["shown"] + shown["odd"] < shown["total"]:
            means = averages(
                whole.iterations, whole.values, low=low, high=high, ticks=found.iteration,
                buckets=pixels,
            )  # fmt: skip
            for part, values in zip(("iterations", "values", "counts"), means, strict=True):
                arrays[f"mean.{key}.{part}"] = values
    return arrays, {"series": about}


def last_values(iterations: NDArray[np.integer], whole: Scalar) -> NDArray[np.float64]:
    """Return the last value logged up to each iteration, f8 [T]; NaN before the first."""
    place = np.searchsorted(whole.iterations, iterations, side="right") - 1
    if not len(whole):
        return np.full(len(iterations), np.nan)
    return np.where(place >= 0, whole.values[place], np.nan)
