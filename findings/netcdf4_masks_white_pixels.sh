#!/usr/bin/env bash
# netCDF4: the white pixels of an image, and the highest count of uint16, are missing values; xarray reads
# them from the same file.
#
# netCDF4 1.7.5.1.post1, xarray 2026.9.0, numpy 2.4.6, Python 3.11.
# A variable for which nothing is declared as missing holds what was written. One would expect 255 back
# from a variable of bytes, and the numbers that xarray has. Seen: netCDF4 masks what is equal to the fill
# value that the library takes where an element is not written (255 of u1, -127 of i1, 65535 of u2, -32767
# of i2), though every element was written and the file has no attribute. Of [255, 254, 0, 1] the mean is
# 85.0 instead of 127.5. That _FillValue "has a default value for each data type" is said at
# Variable.set_auto_mask; reading does so without being asked, and says nothing. xarray reads all four,
# by this very library. set_auto_mask(False) helps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  netCDF4==1.7.5.1.post1 xarray==2026.9.0 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import sys
import warnings

import numpy as np

warnings.filterwarnings("ignore", "numpy.ndarray size changed")
import netCDF4
import xarray

place = f"{sys.argv[1]}/images.nc"
WRITTEN = {
    "u1": [255, 254, 0, 1],
    "i1": [-127, 127, 0, 1],
    "u2": [65535, 65534, 0, 1],
    "i2": [-32767, 5, 0, 1],
}
with netCDF4.Dataset(place, "w") as file:
    file.createDimension("pixel", 4)
    for kind, values in WRITTEN.items():
        file.createVariable(kind, kind, ("pixel",))[:] = np.array(values, kind)
with netCDF4.Dataset(place) as file, xarray.open_dataset(place, engine="netcdf4") as other:
    for kind, values in WRITTEN.items():
        found = file[kind][:]
        print(f"{kind}: netCDF4 {found} with mean {found.mean()}, xarray {other[kind].values}")
        assert file[kind].ncattrs() == []
        assert found.mask.tolist() == [True, False, False, False]
        assert other[kind].values.tolist() == values
    assert file["u1"][:].mean() == 85 and other["u1"].mean() == 127.5
    file.set_auto_mask(False)
    assert file["u1"][:].tolist() == WRITTEN["u1"]
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder"
