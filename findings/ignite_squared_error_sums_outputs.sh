#!/usr/bin/env bash
# Ignite: the mean squared error of a network with several outputs is not the mean, it grows with them.
#
# pytorch-ignite 0.5.5, torch 2.13.0, Python 3.11, on the CPU.
# ignite.metrics.MeanSquaredError is put beside torch.nn.MSELoss by many scripts; one would expect the
# same number. Seen: of predictions of the shape [n, k] it is k times as large (squares are summed, and
# divided by the images alone), so is MeanAbsoluteError, and RootMeanSquaredError is larger by the root of
# k. Curves of training and validation that use one of each are apart by a constant factor. Of the shape
# [n] both agree.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0 pytorch-ignite==0.5.5 numpy

cat >"$folder/try.py" <<'PYTHON'
import torch
from ignite.metrics import MeanAbsoluteError, MeanSquaredError, RootMeanSquaredError


def computed(metric, predicted, wanted) -> float:
    metric.update((predicted, wanted))
    return float(metric.compute())


for shape in ((6,), (6, 4)):
    predicted, wanted = torch.zeros(shape), torch.full(shape, 2.0)
    seen = {
        type(metric).__name__: computed(metric, predicted, wanted)
        for metric in (MeanSquaredError(), RootMeanSquaredError(), MeanAbsoluteError())
    }
    loss = torch.nn.functional.mse_loss(predicted, wanted).item()
    print(f"{list(shape)}: torch {loss}, Ignite {seen}")
    outputs = shape[1] if len(shape) > 1 else 1
    assert loss == 4
    assert list(seen.values()) == [4 * outputs, 2 * outputs**0.5, 2 * outputs]
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
