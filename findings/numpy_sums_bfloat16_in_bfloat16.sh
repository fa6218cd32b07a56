#!/usr/bin/env bash
# numpy and ml_dtypes: the mean of a thousand bfloat16 ones is 0.256; the sum of any number of them is
# 256.
#
# numpy 2.4.6, ml-dtypes 0.6.0, Python 3.11; jax 0.10.2 beside it.
# np.asarray of an array of JAX, and weights that safetensors or orbax give to numpy, are of this type.
# One would expect 1, as of float16, of which numpy takes the mean in float32, and as jax.numpy has it.
# Seen: the sum is taken in bfloat16, which counts to 256 and no further (256 + 1 is 256 again), from
# which mean, std, average and nanmean are made: a thousand ones have the mean 0.256 and the standard
# deviation 0.504 instead of 0, and the more weights, the smaller is their mean. The types of eight bits
# stop at 16 (float8_e4m3fn) and 8 (float8_e5m2). Nothing is said. dtype=np.float32 in the call, or
# astype, helps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  numpy==2.4.6 ml-dtypes==0.6.0 jax==0.10.2

cat >"$folder/try.py" <<'PYTHON'
import warnings

import jax.numpy as jnp
import ml_dtypes
import numpy as np

warnings.simplefilter("error")
for name in ("float16", "bfloat16"):
    ones = np.ones(1000, name)
    print(f"{name}: sum {ones.sum()}, mean {ones.mean()}, average {np.average(ones)}, std {ones.std()}")
ones = np.asarray(jnp.ones(1000, jnp.bfloat16))
assert ones.dtype == ml_dtypes.bfloat16
assert float(jnp.ones(1000, jnp.bfloat16).mean()) == float(ones.mean(dtype=np.float32)) == 1
assert float(np.ones(1000, np.float16).mean()) == 1
assert float(ones.sum()) == float(np.ones(100_000, ones.dtype).sum()) == 256
assert abs(float(ones.mean()) - 0.256) < 0.001, ones.mean()
assert abs(float(np.nanmean(ones)) - 0.256) < 0.001, np.nanmean(ones)
assert float(ones.std()) > 0.5, ones.std()
for name, most in (("float8_e4m3fn", 16), ("float8_e5m2", 8)):
    total = np.ones(1000, name).sum()
    print(f"{name}: sum {total}")
    assert float(total) == most, total
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
