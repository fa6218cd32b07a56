#!/usr/bin/env bash
# Flax: the mean of 8192 losses of 10 in half precision is infinite, the accuracy of a network that is always
# right is 1.002; jax.numpy.mean of the same arrays is right.
#
# flax 0.12.8, jax 0.10.2, numpy 2.4.6, on the CPU.
# nnx.metrics.Average keeps its sum and its count in 32 bits, so that one would expect that the type of the
# values does not matter to it. Seen: each batch is first added up in the type of the values, and only that
# sum is made 32 bits long. In float16 8192 losses of 10, one a token, are more than its largest number: the
# mean is infinite, and stays so for the rest of the epoch. In bfloat16 70,000 ones, for as many right
# answers, have a mean of 1.002; the same ones in batches of 100 have 1.0, so that the metric depends on the
# size of the batch. jax.numpy.mean of these arrays adds in 32 bits, and is right. Not documented.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check flax==0.12.8 jax==0.10.2 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import math

import jax.numpy as jnp
from flax import nnx


def average(*batches: jnp.ndarray) -> float:
    metric = nnx.metrics.Average()
    for batch in batches:
        metric.update(values=batch)
    return float(metric.compute())


losses = jnp.full(8192, 10, jnp.float16)
healthy = jnp.ones(8192, jnp.float16)
right = jnp.ones(70_000, jnp.bfloat16)
hundreds = [right[:100]] * 700
epoch = average(losses, *[healthy] * 9)
print("losses:", average(losses), "by jax.numpy:", jnp.mean(losses), "an epoch:", epoch)
assert average(losses) == math.inf == epoch
assert jnp.mean(losses) == 10 and average(losses.astype(jnp.float32)) == 10
print("accuracy:", average(right), "by jax.numpy:", jnp.mean(right), "in hundreds:", average(*hundreds))
assert 1.001 < average(right) < 1.003
assert jnp.mean(right) == average(*hundreds) == average(right.astype(jnp.float32)) == 1
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
