#!/usr/bin/env bash
# Keras: F1 of a network with one output does not depend on the network, its correlation is NaN.
#
# keras 3.15.1 on jax 0.10.2, numpy 2.4.6, Python 3.11, on the CPU.
# A classifier of two classes has one output behind a sigmoid, a regression one number; metrics go to
# compile() by their names. One would expect F1 1 of perfect predictions and 0 of reversed ones, and the
# correlation that numpy has. Seen: F1Score and FBetaScore are 0.53 of perfect, reversed, constant and
# random predictions alike (for each image the highest of its one output is taken, so all are class 1; the
# documentation says "the argmax of y_pred is converted to 1", its examples have three outputs). Of a good
# regression (0.995) PearsonCorrelation is NaN and ConcordanceCorrelation 0.0, of noise too: they compare
# the outputs of an image with each other, which the default axis=-1 says to who knows, and their own
# example for compile() leaves it so. With threshold=0.5 and axis=0 all are right. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 jax==0.10.2 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import warnings

warnings.simplefilter("ignore")
import keras
import numpy as np

random = np.random.default_rng(0)
labels = (random.random((200, 1)) > 0.7).astype("float32")
numbers = random.normal(0, 1, (200, 1)).astype("float32")


def scored(name: str, wanted: np.ndarray, predicted: np.ndarray, **options) -> float:
    """Return what Keras reports of a network that gives these predictions."""
    network = keras.Sequential([keras.Input((1,)), keras.layers.Identity()])
    metric = getattr(keras.metrics, name)(**options) if options else name
    network.compile(loss="mse", metrics=[metric])
    found = network.evaluate(predicted, wanted, batch_size=50, verbose=0, return_dict=True)
    del found["loss"]
    return round(float(np.asarray(*found.values()).reshape(-1)[0]), 3)


cases = {
    "perfect": labels * 0.8 + 0.1,
    "reversed": 0.9 - labels * 0.8,
    "constant": np.full_like(labels, 0.2),
    "noise": random.random((200, 1)).astype("float32"),
}
for case, predicted in cases.items():
    seen = [scored(name, labels, predicted) for name in ("F1Score", "FBetaScore")]
    right = scored("F1Score", labels, predicted, threshold=0.5)
    print(f"{case}: F1Score, FBetaScore {seen}; F1Score(threshold=0.5) {right}")
    assert seen == [0.535, 0.535]
    assert case == "noise" or right == (case == "perfect")
good = numbers + random.normal(0, 0.1, (200, 1)).astype("float32")
for case, predicted in {"good": good, "noise": cases["noise"]}.items():
    wanted = np.corrcoef(numbers[:, 0], predicted[:, 0])[0, 1]
    names = "PearsonCorrelation", "ConcordanceCorrelation"
    seen = [scored(name, numbers, predicted) for name in names]
    right = [scored(name, numbers, predicted, axis=0) for name in names]
    print(f"{case} regression: Pearson, concordance {seen}; axis=0 {right}; numpy {wanted:.3f}")
    assert np.isnan(seen[0]) and seen[1] == 0
    assert case == "noise" or max(abs(one - 0.995) for one in (*right, wanted)) < 0.001
print("as described")
PYTHON
KERAS_BACKEND=jax "$folder/venv/bin/python" "$folder/try.py"
