"""Figures of a run: exactly what their frames hold, averages against the definition."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deeptracker import figures
from deeptracker.smoothing import smoothed

SAME = json.loads(Path(__file__).with_name("smoothing.json").read_text())


@pytest.mark.parametrize("given", SAME, ids=lambda given: str(given["weight"]))
def test_the_average_is_that_of_the_browser(given):
    found = smoothed(given["places"], given["values"], given["weight"], span=given["span"])
    np.testing.assert_allclose(found, given["found"], rtol=1e-9)


def test_what_is_not_finite_does_not_count():
    at, values = np.arange(6.0), np.array([np.nan, 1.0, np.inf, 3.0, np.nan, -np.inf])
    found = smoothed(at, values, 0.9, span=5)
    alone = smoothed([1, 3], [1, 3], 0.9, span=5)
    np.testing.assert_array_equal(found, [np.nan, alone[0], alone[0], *alone[[1, 1, 1]]])
    np.testing.assert_array_equal(smoothed(at, values, 0), [np.nan, 1, np.nan, 3, np.nan, np.nan])
    assert len(smoothed([], [], 0.5)) == 0


@pytest.mark.parametrize(("weight", "length"), [(1, 2), (-0.1, 2), (0.5, 3)])
def test_what_cannot_be_averaged_is_refused(weight, length):
    with pytest.raises(ValueError, match=r"weight|long"):
        smoothed([0, 1], np.zeros(length), weight)


@pytest.fixture
def frame() -> pd.DataFrame:
    index = pd.Index([10, 20, 30, 40], name="iteration")
    return pd.DataFrame({"loss": [4.0, np.nan, 2.0, np.inf], "lr": [1.0, 1, 0.1, 0.1]}, index=index)


def test_scalars_are_lines_of_what_was_logged(frame):
    loss, crosses, lr = figures.scalars(frame, log=True, title="a run").data
    assert (loss.name, lr.name) == ("loss", "lr")
    np.testing.assert_array_equal(loss.x, [10, 30])
    np.testing.assert_array_equal(loss.y, [4, 2])
    np.testing.assert_array_equal(crosses.x, [40])
    np.testing.assert_array_equal(crosses.y, [2])
    assert (crosses.mode, crosses.showlegend) == ("markers", False)
    np.testing.assert_array_equal(lr.y, frame["lr"])
    layout = figures.scalars(frame, log=True, title="a run").layout
    assert (layout.title.text, layout.yaxis.type) == ("a run", "log")
    assert layout.xaxis.title.text == "iteration"


def test_smooth_scalars_have_their_values_behind_them(frame):
    behind, line = figures.scalars(frame[["lr"]], smoothing=0.8, x=[1, 2, 3, 4]).data
    np.testing.assert_array_equal(behind.y, frame["lr"])
    assert behind.opacity < 1
    assert not behind.showlegend
    np.testing.assert_array_equal(line.x, [1, 2, 3, 4])
    np.testing.assert_allclose(line.y, smoothed([1, 2, 3, 4], frame["lr"], 0.8))
    assert line.legendgroup == behind.legendgroup
    with pytest.raises(ValueError, match="x has 2 values, the frame 4 rows"):
        figures.scalars(frame, x=[1, 2])


def test_histograms_are_ridges_with_the_earliest_behind():
    bins = pd.IntervalIndex.from_breaks([-np.inf, -1, 0, 2, np.inf], closed="left")
    frame = pd.DataFrame(
        [[0, 4, 4, 0], [0, 0, 0, 0], [2, 1, 1, 0]], index=[10, 20, 30], columns=bins
    )
    last, first = figures.histograms(frame).data
    assert (last.name, first.name) == ("iteration 30", "iteration 10")
    # Shares per width: 1/2 and 1/4 of all, the highest three steps of ten high.
    np.testing.assert_allclose(first.x, [-0.5, 1, 1, -0.5])
    np.testing.assert_allclose(first.y, [40, 25, 10, 10])
    np.testing.assert_allclose(last.y, [45, 37.5, 30, 30])


def test_errors_of_classes_have_the_worst_on_top():
    frame = pd.DataFrame(
        {"cat": [0.9, 0.1], "dog": [0.5, 0.7], "none": [np.nan, np.nan]}, index=[5, 10]
    )
    (heat,) = figures.class_errors(frame).data
    assert list(heat.y) == ["none", "cat", "dog"]
    np.testing.assert_array_equal(heat.z, [[np.nan, np.nan], [0.9, 0.1], [0.5, 0.7]])
    np.testing.assert_array_equal(heat.x, [5, 10])


@pytest.mark.parametrize("make", [figures.scalars, figures.histograms, figures.class_errors])
def test_nothing_makes_an_empty_figure(make):
    figure = make(pd.DataFrame(index=pd.Index([], dtype=int)))
    assert sum(len(trace.x) for trace in figure.data if trace.x is not None) == 0
