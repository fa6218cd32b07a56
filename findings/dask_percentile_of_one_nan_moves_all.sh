#!/usr/bin/env bash
# Dask: of ten thousand numbers from 0 to 1 the median is 0.50; make one of them NaN, and it is 0.9988.
#
# dask 2026.8.0, numpy 2.4.6.
# da.percentile is documented as approximate, with a reference to numpy.percentile, whose answer is NaN
# where there is NaN. Of the numbers 0 to 0.9999, well mixed, in ten chunks, it is right within 0.003.
# Seen: with one NaN, in the first chunk, the 20 % percentile is 0.40, the median 0.9988, the 80 %
# percentile 0.9994 and that of 95 % NaN; with five of them, in five chunks, the 20 % percentile is 0.9988.
# Cut into two chunks, 20 % has the value 0.40 and the others NaN; in one piece, all are NaN. Nothing is said
# by a warning or in the documentation. nanpercentile along an axis, which puts the chunks together first,
# has 0.50. In a run that begins to diverge the median of the losses so goes to their maximum.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dask==2026.8.0 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import warnings

import dask.array as da
import numpy as np

warnings.simplefilter("error")
shares = [20, 50, 80, 95]
mixed = (np.arange(10_000) * 7919 % 10_000) / 10_000


def told(nans: int, chunk: int = 1000) -> list[float]:
    values = mixed.copy()
    values[: nans * 1000 : 1000] = np.nan
    assert np.isnan(values).sum() == nans and (nans == 0 or np.isnan(np.percentile(values, 50)))
    cut = da.from_array(values, chunks=chunk)
    left = float(np.ravel(da.nanpercentile(cut, 50, axis=0).compute())[0])
    assert abs(left - 0.5) < 0.001, left
    return [float(np.ravel(da.percentile(cut, share).compute())[0]) for share in shares]


for nans in (0, 1, 2, 5):
    print(nans, "NaN, ten chunks:", dict(zip(shares, told(nans), strict=True)))
assert np.allclose(told(0), [0.2, 0.5, 0.8, 0.95], atol=0.003)
assert np.allclose(told(1), [0.40, 0.9988, 0.9994, np.nan], atol=0.002, equal_nan=True)
assert np.allclose(told(5), [0.9988, 0.9997, np.nan, np.nan], atol=0.002, equal_nan=True)
halves, whole = told(1, 5000), told(1, 10_000)
print("1 NaN, two chunks:", halves, "in one piece:", whole)
assert abs(halves[0] - 0.4) < 0.002 and all(np.isnan(halves[1:])) and all(np.isnan(whole))
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
