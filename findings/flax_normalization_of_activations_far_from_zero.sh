#!/usr/bin/env bash
# Flax: LayerNorm of 10000, 10001 and 10002 is -1000, 0 and 1000; torch and Equinox have -1.22, 0 and 1.22.
#
# flax 0.12.8, equinox 0.13.8, jax 0.10.2, torch 2.13.0, numpy 2.4.6, on the CPU, in 32 bits.
# What a layer of normalization puts out has, by its definition, a standard deviation of 1 at most. Seen: by
# default Flax takes the variance as the mean of the squares less the square of the mean, which the
# documentation of use_fast_variance calls less stable. Of three activations of size 10,000 nothing is left
# of it; what is divided by is the root of epsilon, and they come out 816 times too large. BatchNorm of
# activations of 1000 with a deviation of 0.01 puts out a deviation of 2.6. use_fast_variance=False is right,
# and so are Equinox, on the same JAX, and torch: a network carried over from there has other outputs.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  --extra-index-url https://download.pytorch.org/whl/cpu \
  flax==0.12.8 equinox==0.13.8 jax==0.10.2 torch==2.13.0 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import equinox
import jax.numpy as jnp
import numpy as np
import torch
from flax import linen, nnx

row = np.array([[10_000, 10_001, 10_002]], np.float32)
old = linen.LayerNorm()
seen = {
    "nnx": nnx.LayerNorm(3, rngs=nnx.Rngs(0))(jnp.array(row)),
    "linen": old.apply({"params": {"scale": jnp.ones(3), "bias": jnp.zeros(3)}}, jnp.array(row)),
    "nnx, exact": nnx.LayerNorm(3, use_fast_variance=False, rngs=nnx.Rngs(0))(jnp.array(row)),
    "Equinox": equinox.nn.LayerNorm(3)(jnp.array(row[0])),
    "torch": torch.nn.LayerNorm(3)(torch.tensor(row)).detach(),
}
for name, out in seen.items():
    out = np.asarray(out).ravel()
    print(name, out)
    assert np.allclose(out, [-1000, 0, 1000] if name in ("nnx", "linen") else [-1.2247, 0, 1.2247], rtol=1e-3)
batch = (1000 + np.random.default_rng(0).normal(size=(256, 4)) * 0.01).astype(np.float32)
norms = [nnx.BatchNorm(4, use_fast_variance=fast, rngs=nnx.Rngs(0)) for fast in (True, False)]
default, exact = (float(norm(jnp.array(batch)).std()) for norm in norms)
other = float(torch.nn.BatchNorm1d(4)(torch.tensor(batch)).detach().std())
print("BatchNorm:", default, "exact:", exact, "torch:", other)
assert default > 1.5 and exact < 1.01 and other < 1.01
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
