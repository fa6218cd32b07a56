#!/usr/bin/env bash
# xarray and Dask: the mean of a thousand half-precision numbers of 100 is infinite; numpy, pandas: 100.
#
# xarray 2026.9.0, dask 2026.8.0, pandas 3.1.1, numpy 2.4.6.
# numpy.mean of float16 adds in float32 and rounds once, at the end. One would expect that the containers
# around its arrays keep to that where there is no NaN. Seen: DataArray.mean of the same numbers is inf, of
# ones beyond 65,504 of them as well: since it leaves NaN out by default, it adds up in the type of the
# array, whose largest number is 65,504; with skipna=False it is 100. (numpy's own nanmean does the same:
# issue 23075.) Dask's mean adds that way, NaN or not, so that skipna=False is no remedy for an array in
# chunks; there it is NaN for more than 65,504 ones, since they are counted in that type, too. The remedy is
# dtype=numpy.float32.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  xarray==2026.9.0 dask==2026.8.0 pandas==3.1.1 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import warnings

import dask.array as da
import numpy as np
import pandas as pd
import xarray as xr

warnings.simplefilter("ignore")
hundreds = np.full(1000, 100, np.float16)
ones = np.ones(70_000, np.float16)
for numbers, mean in ((hundreds, 100), (ones, 1)):
    whole = xr.DataArray(numbers, dims="step")
    cut = whole.chunk(step=len(numbers) // 10)
    told = {
        "numpy": np.mean(numbers),
        "pandas": pd.Series(numbers).mean(),
        "xarray": whole.mean(),
        "xarray, NaN not left out": whole.mean(skipna=False),
        "xarray, 32 bits": whole.mean(dtype=np.float32),
        "xarray, in chunks": cut.mean(),
        "the same, NaN not left out": cut.mean(skipna=False),
        "Dask": da.from_array(numbers, chunks=len(numbers) // 10).mean().compute(),
        "the same, 32 bits": cut.mean(dtype=np.float32),
    }
    told = {name: float(value) for name, value in told.items()}
    print(told)
    cut_up = [told.pop(name) for name in ("xarray, in chunks", "the same, NaN not left out", "Dask")]
    assert all(np.isinf(cut_up)) if mean == 100 else all(np.isnan(cut_up)), cut_up
    assert told.pop("xarray") == np.inf
    assert set(told.values()) == {mean}, told
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
