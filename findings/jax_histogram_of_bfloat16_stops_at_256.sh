#!/usr/bin/env bash
# JAX: no bin of a histogram of bfloat16 weights counts beyond 256, and the histogram of any network is
# flat.
#
# jax 0.10.2, ml_dtypes 0.6.0, numpy 2.4.6, Python 3.11, on the CPU.
# jax.numpy.histogram(weights) is what a script logs of its layers. One would expect counts, as
# numpy.histogram gives of the same array, and as jax.numpy.bincount does. Seen: the counts are of the
# type of the weights, and are added up one by one in it, where 256 + 1 is 256: of a million normal
# weights in bfloat16 eight of ten bins have 256, and the two at the ends what is in them; in float16 no
# bin is beyond 2,048, in float32 none beyond 16,777,216. So a layer whose weights are all zero looks like
# one with 256 of them. density=True divides such counts by each other: the curve is flat. Nothing is
# said; the documentation does not name the type of the counts. weights.astype("float32") helps up to
# 16,777,216.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  jax==0.10.2 ml_dtypes==0.6.0 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import warnings

import jax.numpy as jnp
import numpy as np

warnings.simplefilter("error")
weights = np.random.default_rng(0).normal(size=1_000_000)
edges = np.linspace(-5.5, 5.5, 11)
right = np.histogram(weights, edges)[0]
print("numpy:", right.tolist())
for kind, most in (("bfloat16", 256), ("float16", 2048), ("float32", 16_777_216)):
    counts = jnp.histogram(jnp.asarray(weights, kind), jnp.asarray(edges, kind))[0]
    print(f"{kind}: {counts.tolist()} of the type {counts.dtype}")
    assert counts.dtype == kind and counts.max() == min(most, counts.max())
    found = np.asarray(counts, np.float64)
    for number, wanted in zip(found, right, strict=True):  # values close to an edge may change sides
        assert number == most if wanted > 1.2 * most else abs(number - wanted) < 0.1 * wanted + 5
zeros = jnp.zeros(1_000_000, "bfloat16")
assert jnp.histogram(zeros, 10)[0].max() == 256
assert jnp.bincount(zeros.astype("int32")).tolist() == [1_000_000]
dense = jnp.histogram(jnp.asarray(weights, "bfloat16"), jnp.asarray(edges[2:9], "bfloat16"), density=True)[0]
print("density:", dense.tolist())
assert len(set(dense.tolist())) <= 2  # the edges are not quite even in bfloat16
print("twenty million zeros in float32:", jnp.histogram(jnp.zeros(20_000_000), 1)[0].tolist())
assert jnp.histogram(jnp.zeros(20_000_000), 1)[0].tolist() == [16_777_216]
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
