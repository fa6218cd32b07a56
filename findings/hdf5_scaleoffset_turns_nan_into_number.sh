#!/usr/bin/env bash
# HDF5's scale-offset filter (h5py): NaN comes back as an ordinary number.
#
# h5py 3.16.0 with HDF5 2.0.0, numpy 2.4.6, Python 3.11, on x86-64.
# create_dataset(scaleoffset=3) keeps three digits behind the point: "stored values thus have absolute
# error less than 0.5*10**(-scaleoffset)". One would expect NaN to stay NaN, as Inf stays Inf, or a
# refusal. Seen: where a chunk has NaN behind its first value, it comes back as a number from within the
# range of the chunk, mostly its least one: of losses from 5 to 6 with a NaN it is 5.0, the best of all.
# All others are right to the digits. fillvalue=np.nan does not help. h5py's documentation says of the
# filter that it is lossy, by that error. Nothing is said, when writing or when reading.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check h5py==3.16.0 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import sys
import warnings

import h5py
import numpy as np

warnings.simplefilter("error")


def back(values: np.ndarray, **options) -> np.ndarray:
    with h5py.File(f"{sys.argv[1]}/losses.h5", "w") as file:
        file.create_dataset("loss", data=values, scaleoffset=3, **options)
    with h5py.File(f"{sys.argv[1]}/losses.h5") as file:
        return file["loss"][:]


for kind in (np.float32, np.float64):
    for options in ({}, {"fillvalue": np.nan}, {"compression": "gzip"}):
        losses = np.linspace(6, 5, 20).astype(kind)
        losses[[7, 12]] = np.nan
        found = back(losses, **options)
        known = ~np.isnan(losses)
        print(f"{kind.__name__} {options}: of NaN {found[~known]}, least {np.nanmin(losses)}")
        assert np.abs(found - losses)[known].max() < 0.0005
        assert not np.isnan(found).any()
        assert ((found[~known] >= 5) & (found[~known] <= 6)).all()
        assert (found[~known] == 5).all()
losses[7] = np.inf
assert np.isinf(back(losses)[7])
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder"
