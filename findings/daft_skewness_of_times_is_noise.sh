#!/usr/bin/env bash
# Daft: the skewness of a thousand times, one a second, is -185,364; it should be 0, and cannot exceed 32.
#
# daft 0.7.26, numpy 2.4.6, scipy 1.17.1.
# The skewness says on which side of the mean the tail lies; of n numbers its size is below the square root
# of n. Of 1000 numbers that follow one another at the same distance it is 0, wherever they begin, as it is
# for scipy. Seen: 0 where they begin at 0, 0.17 from ten million on, 34.3 from a hundred million on, and
# -185,364 for seconds since 1970. By group it is another number each time: 0.66, -91.4 and 0. The standard
# deviation loses its digits in the same way, which is known (Daft's issue 7468); this is not documented.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check daft==0.7.26 numpy==2.4.6 scipy==1.17.1

cat >"$folder/try.py" <<'PYTHON'
import daft
import numpy as np
from scipy.stats import skew

seconds = np.arange(1000.0)
asked = daft.col("time").skew()
seen = {}
for start in (0, 10_000_000, 100_000_000, 1_764_500_000):
    times = seconds + start
    table = daft.from_pydict({"time": times, "run": np.zeros(1000, int)})
    whole = table.agg(asked).to_pydict()["time"][0]
    grouped = table.groupby("run").agg(asked).to_pydict()["time"][0]
    seen[start] = (whole, grouped)
    print(f"from {start:,}: {whole}, by group: {grouped}, scipy: {skew(times)}")
    assert abs(skew(times)) < 1e-9
assert seen[0] == (0, 0)
assert 0.1 < abs(seen[10_000_000][0]) and 0.1 < abs(seen[10_000_000][1])
assert abs(seen[100_000_000][0]) > 10
assert abs(seen[1_764_500_000][0]) > 1000 > 1000**0.5
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
