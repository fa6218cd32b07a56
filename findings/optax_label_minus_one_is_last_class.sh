#!/usr/bin/env bash
# optax, Keras: the label -1 of an image without a label is the last class for one loss and no error at
# all for the other; -100 is NaN for the one.
#
# optax 0.2.8, keras 3.15.1, jax 0.10.2, numpy 2.4.6, Python 3.11, on the CPU.
# Data sets mark what has no label by -1, -100 (Hugging Face) or 255 (segmentation). torch refuses labels
# that are no class, other than its ignore_index. One would expect an error, or one meaning. Seen of
# softmax_cross_entropy_with_integer_labels with three classes: -1 is the last class (labels count from
# the end, as an index of Python does), -2 the one before, -100, 3 and 255 are NaN. softmax_cross_entropy
# of jax.nn.one_hot labels, the same loss by its formula, is 0 for each of them: perfectly predicted, and
# the mean over the batch is that much smaller. Keras on JAX has 0, too, unless ignore_class is set. So of
# 100 images, half of which have no label, the loss of the same network is 2.51 for the one and 0.007 for
# the other; with -1 the network is trained towards the last class. Nothing is said; the documentation of
# optax says "integers specifying the correct class for each input".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  optax==0.2.8 keras==3.15.1 jax==0.10.2 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import os

os.environ["KERAS_BACKEND"] = "jax"

import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax

logits = jnp.array([[5.0, 0, 0]])
of_keras = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
seen = {}
for label in (0, 1, 2, -1, -2, -3, 3, 255, -100):
    labels = jnp.array([label])
    seen[label] = (
        float(optax.softmax_cross_entropy_with_integer_labels(logits, labels)[0]),
        float(optax.softmax_cross_entropy(logits, jax.nn.one_hot(labels, 3))[0]),
        float(of_keras(labels, logits)),
    )
    print(f"label {label}: integers {seen[label][0]:.4f}, one-hot {seen[label][1]:.4f}, "
          f"Keras {seen[label][2]:.4f}")
for label in (0, 1, 2):
    assert np.ptp(seen[label]) < 1e-5
    assert seen[label - 3][0] == seen[label][0]
for label in (3, 255, -100):
    assert np.isnan(seen[label][0])
for label in set(seen) - {0, 1, 2}:
    assert seen[label][1:] == (0, 0)

half = jnp.array([0, -1] * 50)
many = jnp.tile(logits, (100, 1))
means = [
    float(optax.softmax_cross_entropy_with_integer_labels(many, half).mean()),
    float(optax.softmax_cross_entropy(many, jax.nn.one_hot(half, 3)).mean()),
    float(of_keras(half, many)),
]
print("half without a label:", means)
assert [round(mean, 3) for mean in means] == [2.513, 0.007, 0.007]
gradient = jax.grad(lambda x: optax.softmax_cross_entropy_with_integer_labels(x, jnp.array([-1])).sum())
assert gradient(logits)[0].argmin() == 2  # a step raises the score of the last class alone
ignoring = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
assert abs(float(ignoring(half, many)) - 2 * means[1]) < 1e-5
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
