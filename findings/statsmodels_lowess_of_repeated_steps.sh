#!/usr/bin/env bash
# statsmodels: the smoothed curve of several runs takes one run's loss at each step, where they are logged
# at the same steps; which one depends on the order of the rows.
#
# statsmodels 0.15.0, scipy 1.17.1, numpy 2.4.6, Python 3.11.
# lowess fits a line to the nearest share of the points, and is what one takes for a curve through the losses
# of several seeds. At a step with ten losses one would expect about their mean, whatever the order of the
# rows. Seen: where that share lies at one step, no line can be fitted, and the loss that is first after
# sorting by step is taken for it and for the nine others. The sorting is not stable: of ten runs of ten steps
# with frac=0.1 the curve is at each step exactly the loss of some run, here of the first, of the last, of one
# between; with the rows turned round it is another curve, up to 1 away where the runs are 1 apart. With
# frac=0.11 it is a line through the neighbours, and the same for both. So is one step of a longer curve: five
# losses of 3 to 7 at step 0 are 3. Nothing is said but numpy's warning of a division, here and there. That
# too few neighbours may give NaN is an old issue (2449); the documentation does not speak of equal steps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  statsmodels==0.15.0 scipy==1.17.1 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import numpy as np
from statsmodels.nonparametric.smoothers_lowess import lowess

runs, steps = 10, np.arange(10.0)
losses = 3 / (1 + steps) + np.linspace(0, 1, runs)[:, None]  # (run, step)


def smoothed(order: np.ndarray, share: float) -> np.ndarray:
    """(step): the curve through all runs, whose rows stand in this order."""
    found = lowess(losses[order].ravel(), np.tile(steps, runs), frac=share)
    assert all(len(np.unique(found[found[:, 0] == step, 1])) == 1 for step in steps)
    return found[::runs, 1]


order = np.arange(runs)
mean = losses.mean(axis=0)
print("mean:", mean.round(2))
curves = [smoothed(rows, 0.1) for rows in (order, order[::-1])]
for curve in curves:
    print("curve:", curve.round(2))
    assert all(curve[step] in losses[:, step] for step in range(len(steps)))
    assert np.abs(curve - mean).max() > 0.3
apart = np.abs(curves[0] - curves[1]).max()
print("apart by", apart.round(2), "where the runs are 1 apart")
assert apart > 0.3
lines = [smoothed(rows, 0.11) for rows in (order, order[::-1])]
assert np.allclose(*lines, atol=0.01)
assert np.abs(lines[0] - mean)[3:].max() < 0.2
repeated = np.array([0, 0, 0, 0, 0, 1, 2, 3, 4, 5.0])
found = lowess(np.arange(3.0, 13.0), repeated, frac=0.5, return_sorted=False)
print("losses of 3 to 7 at step 0:", found)
assert found[:5].tolist() == [3] * 5
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
