"""Sums and means of what is stored in single precision are those of double precision.

Many values, and large ones: summed in single precision 500,000 values of 0.3 have the mean 0.298,
and losses that a float holds have an infinite one.
"""

import numpy as np
import pytest

from ingest.analysis.batch_steps import Step
from ingest.analysis.clusters import nan_mean
from ingest.analysis.compare import mean_and_spread
from ingest.analysis.health.robust import quiet_mean
from ingest.analysis.order import coarse, fill_gaps

MANY, LARGE = 500_000, 1e38


def many(columns: int = 2) -> np.ndarray:
    """As the errors of very many classes, f4 [n, columns]."""
    return np.full((MANY, columns), 0.3, np.float32)


def large(rows: int = 20, columns: int = 40) -> np.ndarray:
    """Numbers of a training that has diverged, f4 [rows, columns]: their sums are no floats."""
    return np.random.default_rng(0).uniform(0.5, 3, (rows, columns)).astype(np.float32) * LARGE


def step(loss: np.ndarray) -> Step:
    index = np.arange(len(loss))
    return Step(1, index, loss, loss, np.zeros(len(loss), np.int32), float("nan"))


def with_a_gap(values: np.ndarray) -> np.ndarray:
    return np.vstack([values, np.full(values.shape[1], np.nan, np.float32)])


MEANS = {
    "the loss of a step": (lambda x: step(x[:, 0]).mean, lambda x: x[:, 0].mean()),
    "what is known": (lambda x: quiet_mean(x, axis=0), lambda x: x.mean(axis=0)),
    "runs": (lambda x: mean_and_spread(x).mean, lambda x: x.mean(axis=0)),
    "members of a cluster": (nan_mean, lambda x: x.mean(axis=0)),
    "a row without values": (lambda x: fill_gaps(with_a_gap(x))[-1], lambda x: x.mean(axis=0)),
    "neighbouring snapshots": (lambda x: coarse(x.T, 1)[:, 0], lambda x: x.mean(axis=0)),
}


@pytest.mark.parametrize("values", [many(), large()], ids=["many", "large"])
@pytest.mark.parametrize(("mean", "wide"), MEANS.values(), ids=MEANS.keys())
def test_a_mean_is_that_of_double_precision(mean, wide, values):
    np.testing.assert_allclose(mean(values), wide(values.astype(np.float64)), rtol=1e-6)
