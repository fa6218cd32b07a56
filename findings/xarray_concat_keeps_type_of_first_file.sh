#!/usr/bin/env bash
# xarray: what is appended to a series out of a file is written in the type of that file; a step beyond
# it becomes 0, a larger loss a small one.
#
# xarray 2026.9.0, netCDF4 1.7.5.1, zarr 3.1.6, numpy 2.4.6, Python 3.11.
# A series is read, xarray.concat appends what came later, and the result is written. One would expect
# the numbers that are in memory back, or a refusal. Seen: concat keeps the encoding of the first part, so
# that steps of int32 with 2**40 behind them are int64 in memory and int32 in the new file: [1, 2, 0]. A
# loss that is packed as int16 with scale_factor 0.001, as many archives do, followed by 200.0 comes back
# as 3.392, in netCDF and in zarr. The other way round (what is not from a file first) all is right, so it
# is after arithmetic, which drops the encoding. The documentation of concat does not speak of the
# encoding; that packed files with different scales suffer is an old issue (5739). Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  xarray==2026.9.0 netCDF4==1.7.5.1.post1 zarr==3.1.6 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import sys
import warnings

import numpy as np
import xarray

folder = sys.argv[1]
first = xarray.Dataset(
    {"step": ("row", np.array([1, 2], "i4")), "loss": ("row", np.array([0.5, 1.0]))}
)
first["loss"].encoding = {"dtype": "int16", "scale_factor": 0.001, "_FillValue": -32768}
first.to_netcdf(f"{folder}/first.nc")
later = xarray.Dataset({"step": ("row", np.array([2**40])), "loss": ("row", np.array([200.0]))})
warnings.simplefilter("error")  # of what follows, nothing warns
warnings.filterwarnings("ignore", "Consolidated metadata")
read = xarray.load_dataset(f"{folder}/first.nc")


def written(data: xarray.Dataset, place: str) -> tuple[list, list]:
    if place.endswith(".nc"):
        data.to_netcdf(place, mode="w")
        found = xarray.load_dataset(place)
    else:
        data.to_zarr(place, mode="w")
        found = xarray.open_zarr(place).load()
    return found["step"].values.tolist(), [round(x, 6) for x in found["loss"].values.tolist()]


both = xarray.concat([read, later], "row")
print("in memory:", both["step"].values.tolist(), both["loss"].values.tolist())
assert both["step"].values.tolist() == [1, 2, 2**40] and both["loss"].values[-1] == 200
for place in (f"{folder}/both.nc", f"{folder}/both.zarr"):
    steps, losses = written(both, place)
    print(f"{place[-4:]}: {steps} {losses}")
    assert losses == [0.5, 1.0, 3.392]
    assert steps == [1, 2, 0]
turned = written(xarray.concat([later, read], "row"), f"{folder}/turned.nc")
print("the other way round:", *turned)
assert turned == ([2**40, 1, 2], [200.0, 0.5, 1.0])
assert written(both * 1, f"{folder}/times.nc") == ([1, 2, 2**40], [0.5, 1.0, 200.0])
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder"
