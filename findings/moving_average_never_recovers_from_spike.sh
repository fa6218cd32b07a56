#!/usr/bin/env bash
# scipy and Bottleneck: one spike in a loss, and its moving average is wrong up to the end of the curve.
#
# scipy 1.17.1, bottleneck 1.6.0, pandas 3.1.1, numpy 2.4.6, Python 3.11.
# A loss of 0.5 that jumps once, before the learning rate is lowered, is smoothed over five values. One
# would expect that five values later the average is 0.5 again, as of numpy.convolve and pandas. Seen:
# both take a running sum, from which the spike is never quite taken out. Of float32 with a spike of 1e8
# Bottleneck's move_mean is 0.0 for good, and its move_std of noise 0.72 instead of 0.98; of float64 it
# takes a spike of 1e17. scipy.ndimage.uniform_filter1d is 0.0 after 1e17 as well; after one NaN, or one
# Inf, all that follows is NaN. What lies before the spike is right. That Inf spoils the rest is said in
# Bottleneck's documentation; a finite spike is not spoken of, nor is any of it in scipy's. Nothing is
# said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  scipy==1.17.1 bottleneck==1.6.0 pandas==3.1.1 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import math
import warnings

import bottleneck
import numpy as np
import pandas as pd
from scipy.ndimage import uniform_filter1d

warnings.simplefilter("error")


def last(spike: float, kind: str) -> dict[str, float]:
    """Return the last value of each average over five values of a curve that jumped once, long ago."""
    loss = np.full(1000, 0.5, kind)
    loss[10] = spike
    found = {
        "convolve": np.convolve(loss, np.full(5, 0.2), "valid"),
        "pandas": pd.Series(loss).rolling(5).mean().to_numpy(),
        "bottleneck": bottleneck.move_mean(loss, 5),
        "scipy": uniform_filter1d(loss, 5),
    }
    assert math.isclose(found["bottleneck"][9], 0.5) and math.isclose(found["scipy"][6], 0.5)
    said = {name: round(float(curve[-1]), 6) for name, curve in found.items()}
    print(f"{kind}, spike of {spike:g}: {said}")
    return said


plain = {name: 0.5 for name in ("convolve", "pandas", "bottleneck", "scipy")}
assert last(7, "float32") == plain
assert last(1e8, "float32") == plain | {"bottleneck": 0.0}
assert last(1e17, "float64") == plain | {"bottleneck": 0.0, "scipy": 0.0}
for spike in (math.nan, math.inf):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy's, for the multiplication by Inf in convolve
        said = last(spike, "float64")
    assert said["convolve"] == said["pandas"] == 0.5 and math.isnan(said["scipy"]), said
noise = np.random.default_rng(0).normal(size=1000).astype("float32")
noise[10] = 1e8
spread = bottleneck.move_std(noise, 100)[-1], pd.Series(noise).rolling(100).std().iloc[-1]
print(f"standard deviation of noise after a spike: Bottleneck {spread[0]:.2f}, pandas {spread[1]:.2f}")
assert abs(spread[0] / np.std(noise[-100:]) - 1) > 0.2 > 0.02 > abs(spread[1] / np.std(noise[-100:]) - 1)
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
