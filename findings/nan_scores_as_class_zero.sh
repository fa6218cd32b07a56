#!/usr/bin/env bash
# torchmetrics and Ignite: a network that puts out NaN scores the share of class 0; its AUROC is 0.
#
# torchmetrics 1.9.0, pytorch-ignite 0.5.5, torch 2.13.0, Python 3.11, on the CPU.
# When a training has diverged, every score is NaN. One would expect NaN of the metrics, or a complaint.
# Seen: with 7 of 10 images in class 0, accuracy is 0.7 in both libraries, and torchmetrics' confusion
# matrix has every image predicted as class 0 (that is where argmax finds NaN); its BinaryAUROC is 0.0,
# where scores that are all alike have 0.5. Nothing is said. On data of which class 0 is the large one a
# curve of the accuracy looks better after the divergence than before it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  --extra-index-url https://download.pytorch.org/whl/cpu \
  torch==2.13.0 torchmetrics==1.9.0 pytorch-ignite==0.5.5 numpy

cat >"$folder/try.py" <<'PYTHON'
import math
import warnings

import torch
from ignite.metrics import Accuracy
from torchmetrics.classification import BinaryAUROC, MulticlassAccuracy, MulticlassConfusionMatrix

labels = torch.tensor([0] * 7 + [1, 2, 2])
scores = torch.full((10, 3), math.nan)
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    accuracy = MulticlassAccuracy(3, average="micro")(scores, labels).item()
    confusion = MulticlassConfusionMatrix(3)(scores, labels).tolist()
    two = (labels > 0).int()
    area = BinaryAUROC()(torch.full((10,), math.nan), two).item()
    alike = BinaryAUROC()(torch.full((10,), 0.5), two).item()
    metric = Accuracy()
    metric.update((scores, labels))
    other = metric.compute()
print(f"accuracy of NaN: torchmetrics {accuracy:.2f}, Ignite {other:.2f}; confusion {confusion}")
print(f"AUROC: of NaN {area:.2f}, of scores that are alike {alike:.2f}")
assert round(accuracy, 6) == round(other, 6) == 0.7
assert confusion == [[7, 0, 0], [1, 0, 0], [2, 0, 0]]
assert (area, alike) == (0.0, 0.5)
assert not [one for one in told if "nan" in str(one.message).lower()]
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
