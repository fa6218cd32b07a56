"""Bands of good runs: hand-made runs, and the rate at which healthy ones leave them."""

import numpy as np
import pytest

from ingest.analysis.bands import Course, Series, at_places, lasting, learn, leave

PLACES = np.linspace(0.05, 1, 20)


def course(values, position=PLACES, floor=0.01, name="loss"):
    values = np.atleast_2d(np.asarray(values, np.float64))
    return Course(np.asarray(position), {name: Series(values, np.full(len(values), floor))})


def good(seed, *, series=3, position=PLACES, noise=0.05):
    rng = np.random.default_rng(seed)
    own = rng.normal(0, noise, (series, 1))  # a run lies a little higher throughout
    return course(-3 * position + own + rng.normal(0, noise, (series, len(position))), position)


def shifted(run, series, part, by):
    [(name, found)] = run.families.items()
    values = found.values.copy()
    values[series, part] += by
    return Course(run.position, {name: Series(values, found.floor)})


class TestPlaces:
    def test_between_snapshots_by_straight_lines(self):
        run = course([[0.0, 10.0, np.nan, 30.0]], [1, 2, 3, 4])
        found = at_places(run, "loss", np.array([0.5, 1, 1.5, 2, 3, 4, 5]))
        # The gap of a series that alone it has is one of all: bridged.
        assert found[0].tolist()[1:6] == [0.0, 5.0, 10.0, 20.0, 30.0]
        assert np.isnan(found[0][[0, 6]]).all()

    def test_a_gap_of_one_series_stays_one(self):
        run = course([[0.0, np.nan, 2.0], [0.0, 1.0, 2.0]], [1, 2, 3])
        found = at_places(run, "loss", np.array([1, 2, 2.5, 3]))
        assert np.isnan(found[0, 1:3]).all()
        assert found[0, [0, 3]].tolist() == [0.0, 2.0]
        assert found[1].tolist() == [0.0, 1.0, 1.5, 2.0]


def test_only_what_lasts_two_places_on_one_side():
    away = lasting(np.array([[0.0, 5, 0, 4, -4, 3, 2, np.nan, 6]]))
    assert np.nan_to_num(away[0]).tolist() == [0, 0, 0, 0, 0, 0, 2, 0, 0]


class TestLearning:
    def test_four_runs_are_too_few(self):
        assert learn([good(seed) for seed in range(4)]) is None

    def test_no_good_run_leaves_what_the_others_say_of_it(self):
        runs = [good(seed) for seed in range(6)]
        bands = learn(runs)
        assert bands.runs == 6
        assert not any(leave(bands, run) for run in runs)

    def test_who_leaves_where_and_since_when(self):
        bands = learn([good(seed) for seed in range(6)])
        [one] = leave(bands, shifted(good(99), 1, slice(8, 14), 5.0))
        assert (one.family, one.series, one.side) == ("loss", 1, 1)
        assert (one.first, one.last) == (8, 13)
        assert one.excess > 2
        [below] = leave(bands, shifted(good(99), 2, slice(8, None), -5.0))
        assert (below.series, below.side, below.last) == (2, -1, None)
        assert not leave(bands, shifted(good(99), 1, slice(8, 14), 5.0), threshold=50)
        # A single snapshot is nothing.
        assert not leave(bands, shifted(good(99), 1, slice(8, 9), 5.0))

    def test_live_from_the_first_places_on(self):
        bands = learn([good(seed) for seed in range(6)])
        early = shifted(good(99, position=PLACES[:3]), 0, slice(0, None), 4.0)
        [one] = leave(bands, early)
        assert (one.first, one.last) == (0, None)
        assert not leave(bands, good(98, position=PLACES[:3]))
        assert not leave(bands, good(98, position=PLACES[:1]))

    def test_runs_of_other_snapshots_are_laid_on_one_axis(self):
        counts = (20, 40, 25, 30, 60, 20)
        runs = [good(s, position=np.linspace(0.01, 1, n)) for s, n in enumerate(counts)]
        bands = learn(runs)
        assert len(bands.position) == 30
        fine = good(99, position=np.linspace(0.01, 1, 35))
        assert not leave(bands, fine)
        assert leave(bands, shifted(fine, 0, slice(20, None), 5.0))

    def test_what_is_not_alike_is_not_judged(self):
        runs = [good(seed) for seed in range(6)]
        bands = learn(runs)
        assert not leave(bands, good(99, series=4))
        assert learn([*runs[:5], good(7, series=4)]).families == {}

    def test_what_is_the_same_in_all_runs_has_its_floor(self):
        bands = learn([course([PLACES * 0 + 1.0]) for _ in range(5)])
        # Without any departure there is nothing to calibrate by.
        assert bands.families == {}


@pytest.mark.parametrize("number", [5, 10])
def test_healthy_runs_rarely_leave_any_band(number):
    """One more good run leaves at about the wanted rate, over all series and places at once."""
    left = 0
    for trial in range(60):
        runs = [good(1000 * trial + seed, series=20) for seed in range(number + 1)]
        left += bool(leave(learn(runs[:-1]), runs[-1]))
    assert left <= 6
