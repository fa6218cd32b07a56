#!/usr/bin/env bash
# Flax: an array whose bytes are stored the other way round comes back with other numbers.
#
# flax 0.12.8, jax 0.10.2, numpy 2.4.6, Python 3.11, on a little-endian machine.
# Arrays of big-endian numbers are ordinary: HDF5 and netCDF files, FITS images and IDX data sets give them
# to numpy, which computes with them as with others. One would expect to_bytes and from_bytes to keep the
# numbers, as numpy.save, orbax and safetensors do, or to refuse, as pyarrow and torch do.
# Seen: the bytes are written as they lie, under the name "float32"; [1, 2, 3] comes back as [4.6e-41,
# 9.0e-44, 2.3e-41], the integers [1, 2] as [16777216, 33554432]. Nothing is said; weights that were filled
# from such a file are as good as zero after a restart.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  flax==0.12.8 jax==0.10.2 numpy==2.4.6 safetensors==0.8.0

cat >"$folder/try.py" <<'PYTHON'
import warnings

import numpy as np
from flax import serialization
from safetensors import numpy as safetensors

warnings.simplefilter("error")
for kind in ("f4", "i4"):
    stored = np.array([1, 2, 3], f">{kind}")
    other = safetensors.load(safetensors.save({"w": stored}))["w"]
    empty = {"w": np.zeros(3, kind)}
    for name, array in (("little", stored.astype(f"<{kind}")), ("big", stored)):
        found = serialization.from_bytes(empty, serialization.to_bytes({"w": array}))["w"]
        print(f"{kind}, {name}-endian: stored {array.tolist()}, found {found.tolist()}")
        assert np.array_equal(found, array) == (name == "little")
        assert np.array_equal(found, array if name == "little" else array.view(f"<{kind}"))
    assert np.array_equal(other, stored)
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
