#!/usr/bin/env bash
# optax: the norm of gradients in half precision is too small in bfloat16, infinite in float16; clipping
# by it lets through too much in the one, and nothing at all in the other.
#
# optax 0.2.8, jax 0.10.2, numpy 2.4.6, Python 3.11, on the CPU.
# clip_by_global_norm(1.0) shall leave a norm of 1. One would expect the norm to be taken in float32, as
# jax.numpy takes a mean of such numbers, and as torch's clip_grad_norm_ takes that of one tensor. Seen:
# of 400 layers with a gradient of norm 1 in bfloat16 the norm is 16 instead of 20 (the squares are added
# up in bfloat16, where 256 + 1 is 256), so that after clipping the norm is 1.25, and it grows with the
# number of layers. Of one layer with a norm of 316 in float16 the norm is Inf (its square is beyond
# 65504), the clipped gradient is 0, and the network stands still, though no number is out of range.
# Nothing is said; in float32 all is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  optax==0.2.8 jax==0.10.2 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import math
import warnings

import jax.numpy as jnp
import numpy as np
import optax

warnings.simplefilter("error")


def exact(gradients: list) -> float:
    return math.sqrt(sum(float((np.asarray(part).astype("f8") ** 2).sum()) for part in gradients))


def clipped(kind: str, layers: int, size: int, value: float) -> tuple[float, float, float]:
    """Return the norm, what optax takes for it, and the norm after clipping to 1."""
    gradients = [jnp.full(size, value, kind) for _ in range(layers)]
    clip = optax.clip_by_global_norm(1.0)
    after, _ = clip.update(gradients, clip.init(gradients))
    said = exact(gradients), float(optax.tree.norm(gradients)), exact(after)
    print(f"{kind}, {layers} of {size}: norm {said[0]:.2f}, optax {said[1]:.2f}, clipped {said[2]:.3f}")
    return tuple(round(number, 2) for number in said)


for layers, size, value, norm in ((400, 1, 1.0, 20.0), (1, 1000, 10.0, 316.23)):
    assert clipped("float32", layers, size, value) == (norm, norm, 1.0)
assert clipped("bfloat16", 400, 1, 1.0) == (20.0, 16.0, 1.25)
assert clipped("bfloat16", 1600, 1, 1.0) == (40.0, 16.0, 2.5)
assert clipped("float16", 1, 1000, 10.0) == (316.23, math.inf, 0.0)
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
