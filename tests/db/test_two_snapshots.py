"""What is read of one or two snapshots alone equals what stands there in the whole."""

import numpy as np
import pytest
from sqlalchemy import insert

from db.models import scalar as scalar_table
from db.queries.measurements import layer_stats, peaks, scalars
from db.queries.measurements.scalars_at import scalar_rows, scalars_at
from deeptracker.format import STATISTICS


def test_scalars_up_to_an_iteration(session, run) -> None:
    # An overlap, as where a run went back; a row without values; one between others.
    for at, logged, values in (
        (20, [3, 12, 17], [1.0, 2.0, 3.0]),
        (30, [], []),
        (40, [12, 15, 33, 38], [4.0, 5.0, 6.0, np.nan]),
        (60, [14, 51], [7.0, 8.0]),
    ):
        arrays = np.array(logged, "i4"), np.array(values, "f8")
        session.execute(
            insert(scalar_table).values(
                run_id=run.run_id, name="odd", iteration=at, iterations=arrays[0], values=arrays[1]
            )
        )
    rows = scalar_rows(session, run_id=run.run_id)
    assert sorted(rows) == list(scalars.scalar_names(session, run_id=run.run_id))
    for at in (0, 2, 3, 11, 12, 13, 14, 15, 16, 17, 32, 33, 37, 38, 50, 51, 2_000):
        found = scalars_at(session, run_id=run.run_id, rows=rows, iterations=[at, 20])
        for name, values in found.items():
            whole = scalars.scalar(session, run_id=run.run_id, name=name)
            for value, end in zip(values, (at, 20), strict=True):
                known = whole.values[whole.iterations <= end]
                np.testing.assert_equal(value, known[-1] if len(known) else np.nan)
    assert scalars_at(session, run_id=run.run_id, rows={}, iterations=[3]) == {}
    assert scalar_rows(session, run_id=2**31) == {}


def test_statistics_of_two_snapshots(session, run) -> None:
    found = layer_stats.profile_at(
        session,
        run_id=run.run_id,
        quantity="weight",
        statistics=("std", "l2"),
        iterations=(50, 20, 55),
    )
    for place, name in enumerate(("std", "l2")):
        whole = run.statistics["weight"][:, STATISTICS.index(name)]
        np.testing.assert_array_equal(found[place, :2], whole[:, [4, 1]].T)
    assert np.isnan(found[:, 2]).all()  # there is no such snapshot
    with pytest.raises(ValueError, match="not one of"):
        layer_stats.profile_at(
            session, run_id=run.run_id, quantity="weight", statistics=("no",), iterations=(20,)
        )


def test_peaks_between_two_snapshots(session, run) -> None:
    about = {"run_id": run.run_id, "quantity": "relative_change"}
    whole = peaks.all_peaks(session, **about)
    found = peaks.peaks_between(session, after=20, until=50, **about)
    part = slice(whole.start[2], whole.start[5])
    for name in ("layer_id", "filter", "value"):
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name)[part])
    assert len(peaks.peaks_between(session, after=50, until=50, **about)) == 0
