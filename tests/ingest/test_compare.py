"""Aligning, matching and comparing runs equal what plain loops say."""

import numpy as np
import pytest

from ingest.analysis.alignment import (
    ALIGNMENTS,
    MOST_TICKS,
    Timeline,
    align,
    at_columns,
    at_ticks,
    columns_at,
)
from ingest.analysis.compare import (
    ABSENT,
    compare_settings,
    difference,
    disagreement,
    match_names,
    mean_and_spread,
    seed_groups,
)


def timeline(iterations, *, per_epoch=10, per_second=4.0, began=1000.0, **changes):
    iteration = np.array(iterations, np.int32)
    parts = {
        "iteration": iteration,
        "epoch": iteration / per_epoch,
        "recorded_at": began + iteration / per_second,
        "began": began,
    }
    return Timeline(**{**parts, **changes})


def test_runs_with_one_sampling_share_their_iterations():
    found = align([timeline([10, 20, 30, 40]), timeline([10, 20, 30])], "iteration")
    assert found.ticks.tolist() == [10, 20, 30, 40]
    assert found.columns.tolist() == [[0, 1, 2, 3], [0, 1, 2, -1]]
    assert found.all_ticks == 4


def test_by_epoch_and_clock_snapshots_meet_where_their_own_time_says():
    fast = timeline([10, 20, 30], per_epoch=10, per_second=10)
    slow = timeline([20, 40, 60], per_epoch=20, per_second=10)
    by_epoch = align([fast, slow], "epoch")
    assert by_epoch.ticks.tolist() == [1000, 2000, 3000]
    assert by_epoch.columns.tolist() == [[0, 1, 2]] * 2
    by_clock = align([fast, slow], "clock")
    assert by_clock.ticks.tolist() == [100, 200, 300, 400, 500, 600]
    assert by_clock.columns.tolist() == [[0, 1, 2, -1, -1, -1], [-1, 0, 0, 1, 1, 2]]


@pytest.mark.parametrize("seed", range(12))
def test_a_column_is_the_last_snapshot_at_or_before_the_tick(seed):
    rng = np.random.default_rng(seed)
    runs = [
        timeline(np.cumsum(rng.integers(1, 9, rng.integers(1, 30))))
        for _ in range(rng.integers(1, 4))
    ]
    for alignment in ALIGNMENTS:
        found = align(runs, alignment, most=25)
        assert len(found.ticks) <= 25
        assert (np.diff(found.ticks) > 0).all()
        assert found.ticks[0] == min(place[0] for place in found.places)
        assert found.ticks[-1] == max(place[-1] for place in found.places)
        for place, columns in zip(found.places, found.columns, strict=True):
            for tick, column in zip(found.ticks, columns, strict=True):
                before = [at for at, own in enumerate(place) if own <= tick]
                assert column == (before[-1] if before and tick <= place[-1] else -1)


def test_uneven_snapshots_stand_on_an_even_axis():
    found = align([timeline([5, 10, 15, 20]), timeline([7, 14, 21])], "iteration")
    assert found.ticks.tolist() == [5, 10, 15, 20, 21]
    assert found.columns[1].tolist() == [-1, 0, 1, 1, 2]


def test_the_closest_snapshots_keep_their_own_ticks():
    close = timeline(np.arange(5, 200, 5), per_epoch=22)
    wide = timeline(np.arange(14, 400, 14), per_epoch=22)
    found = align([close, wide], "epoch")
    at = np.searchsorted(found.ticks, found.places[0])
    np.testing.assert_array_equal(found.ticks[at], found.places[0])
    np.testing.assert_array_equal(found.columns[0][at], np.arange(len(at)))
    assert np.diff(found.ticks)[:-1].max() <= 228


def test_a_run_without_epochs_is_not_put_anywhere():
    without = timeline([10, 20], epoch=np.full(2, np.nan))
    found = align([timeline([10, 20]), without], "epoch")
    assert found.places[1] is None
    assert found.columns.tolist() == [[0, 1], [-1, -1]]
    assert without.place(np.array([5]), "epoch") is None
    assert align([without], "epoch").ticks.tolist() == []


def test_the_clock_never_runs_backwards():
    resumed = timeline([10, 20, 30], recorded_at=np.array([1002.0, 1001.0, 1005.0]))
    assert resumed.coordinates("clock").tolist() == [200, 200, 500]
    assert align([resumed], "clock").columns.tolist() == [[1, 2]]


def test_every_iteration_has_its_place_between_the_snapshots():
    run = timeline([10, 20], per_epoch=10)
    placed = run.place(np.array([0, 5, 10, 15, 20, 25]), "epoch")
    assert placed.tolist() == [0, 500, 1000, 1500, 2000, 2500]
    assert run.place(np.array([3, 99]), "iteration").tolist() == [3, 99]


def test_runs_without_snapshots():
    empty = timeline([])
    for alignment in ALIGNMENTS:
        assert align([empty, empty], alignment).columns.shape == (2, 0)
        found = align([empty, timeline([10])], alignment)
        assert found.columns.tolist() == [[-1], [0]]
    assert columns_at(np.zeros(0, np.int32), np.array([1, 2])).tolist() == [-1, -1]
    assert np.isnan(at_columns(np.zeros((2, 0), "f4"), np.array([-1, -1]))).all()


def test_an_unknown_alignment_is_refused():
    with pytest.raises(ValueError, match="moon"):
        align([timeline([1])], "moon")


def test_a_huge_axis_keeps_to_its_limit():
    found = align([timeline(np.arange(1, 9001)), timeline(np.arange(2, 9000, 3))], "iteration")
    assert len(found.ticks) <= MOST_TICKS
    assert found.ticks[-1] == 9000


@pytest.mark.parametrize("seed", range(8))
def test_a_series_at_ticks_is_the_mean_since_the_tick_before(seed):
    rng = np.random.default_rng(seed)
    places = np.cumsum(rng.integers(0, 4, 40)).astype(np.int32)
    values = rng.normal(size=40)
    values[rng.integers(0, 40, 4)] = [np.nan, np.inf, -np.inf, np.nan]
    ticks = np.unique(rng.integers(0, 90, 15)).astype(np.int32)
    found = at_ticks(places, values, ticks)
    for at, tick in enumerate(ticks):
        since = -1 if at == 0 else ticks[at - 1]
        fresh = values[(places > since) & (places <= tick)]
        if at == 0:
            fresh = fresh[-1:]
        before = values[places <= tick]
        expected = fresh.mean() if len(fresh) else before[-1] if len(before) else np.nan
        if tick > places[-1] or not np.isfinite(expected) or not np.isfinite(fresh).all():
            expected = np.nan
        np.testing.assert_allclose(found[at], expected, rtol=1e-9)


def test_names_match_whatever_their_order():
    found = match_names([["a", "b", "c", "b"], ["b", "x", "a"], ["b", "b", "z"]])
    assert found.names == ("a", "b", "b")
    assert found.places.tolist() == [[0, 1, 3], [2, 0, -1], [-1, 0, 1]]
    assert found.lone == (("c",), ("x",), ("z",))
    assert match_names([["a"], []]).places.shape == (2, 0)


def test_the_difference_is_second_minus_first():
    found = difference(np.array([0.5, np.nan, 0.1]), np.array([0.25, 0.1, np.nan]))
    np.testing.assert_array_equal(found, [-0.25, np.nan, np.nan])


@pytest.mark.parametrize("seed", range(5))
def test_disagreement_counts_every_image_once(seed):
    rng = np.random.default_rng(seed)
    first, second = rng.random(50) < 0.6, rng.random(50) < 0.5
    found = disagreement(first, second)
    assert found.first_only.tolist() == [i for i in range(50) if first[i] and not second[i]]
    assert found.second_only.tolist() == [i for i in range(50) if second[i] and not first[i]]
    assert found.both == sum(first & second)
    assert len(found.first_only) + len(found.second_only) + found.both + found.neither == 50
    with pytest.raises(ValueError, match="cannot be compared"):
        disagreement(first, second[:10])


@pytest.mark.parametrize("seed", range(5))
def test_mean_and_spread_leave_nan_out(seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(4, 3, 7)).astype("f4")
    values[rng.random(values.shape) < 0.4] = np.nan
    found = mean_and_spread(values)
    for row in range(3):
        for column in range(7):
            known = [v for v in values[:, row, column].tolist() if v == v]
            assert found.count[row, column] == len(known)
            mean = np.mean(known) if known else np.nan
            deviation = np.std(known, ddof=1) if len(known) > 1 else np.nan
            np.testing.assert_allclose(found.mean[row, column], mean, rtol=1e-6)
            np.testing.assert_allclose(found.deviation[row, column], deviation, rtol=1e-6)


def test_settings_that_differ_come_apart_from_those_that_do_not():
    found = compare_settings([{"rate": 0.1, "batch": 64, "seed": 0}, {"rate": 0.2, "batch": 64.0}])
    assert found.different == (("rate", (0.1, 0.2)), ("seed", (0, ABSENT)))
    assert found.same == (("batch", (64, 64.0)),)
    assert compare_settings([{"on": True}, {"on": 1}]).different == (("on", (True, 1)),)


def test_runs_that_differ_only_by_seed_are_one_group():
    base = {"rate": 0.1, "layers": [1, 2]}
    settings = [
        {**base, "seed": 0}, {**base, "seed": 1, "data.random_seed": 4}, {**base, "rate": 0.2},
        {**base}, {**base, "bloodseed": 3},
    ]  # fmt: skip
    assert seed_groups(settings) == [0, 0, 1, 0, 2]
