#!/usr/bin/env bash
# zarr and numcodecs: with the Delta filter one NaN, or one large value, spoils all that follows it in
# the chunk.
#
# zarr 3.1.6, numcodecs 0.16.6, numpy 2.4.6, Python 3.11.
# Delta stores what lies between neighbours, so that curves compress better. A filter in front of a
# lossless compressor is taken for lossless; its documentation warns of integer types that are too small,
# and of nothing for floats. One would expect the curve back, or a remark. Seen: of [1, 2, NaN, 4, 5]
# comes back [1, 2, NaN, NaN, NaN]; of [1, 1e17, 3, 4, 5] comes back [1, 1e17, 0, 1, 2]; of 10,000
# gradients in float32, without any spike, one in a hundred is what was stored. Nothing is said, when
# writing or when reading.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  zarr==3.1.6 numcodecs==0.16.6 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import math
import sys
import warnings
from pathlib import Path

import numcodecs
import numpy as np
import zarr
from zarr.codecs import numcodecs as filters

folder = Path(sys.argv[1])


def back(values: np.ndarray, version: int) -> np.ndarray:
    """Store an array in one chunk behind the Delta filter, and return what is read again."""
    delta = numcodecs.Delta(values.dtype) if version == 2 else filters.Delta(dtype=values.dtype.str)
    place = folder / str(len(list(folder.iterdir())))
    array = zarr.create_array(
        place, shape=values.shape, chunks=values.shape, dtype=values.dtype, filters=[delta],
        zarr_format=version,
    )  # fmt: skip
    array[:] = values
    return zarr.open_array(place, mode="r")[:]


folder.mkdir()
gradients = np.random.default_rng(0).normal(size=10_000).astype("f4")
for version in (2, 3):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        nan = back(np.array([1, 2, math.nan, 4, 5]), version)
        spike = back(np.array([1, 1e17, 3, 4, 5]), version)
        same = back(gradients, version) == gradients
    print(f"format {version}: {nan.tolist()}, {spike.tolist()}, of the gradients {same.mean():.1%} as stored")
    about = [str(one.message) for one in told]
    assert not [text for text in about if "loss" in text or "nan" in text.lower()], about
    assert str(nan.tolist()) == "[1.0, 2.0, nan, nan, nan]", nan
    assert spike.tolist() == [1, 1e17, 0, 1, 2], spike
    assert same.mean() < 0.1, same.mean()
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder/store" 2>&1
