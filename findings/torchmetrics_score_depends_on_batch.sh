#!/usr/bin/env bash
# torchmetrics: the accuracy, and the AUROC, of a network depend on the size of the validation batches.
#
# torchmetrics 1.9.0, torch 2.13.0, Python 3.11, on the CPU.
# BinaryAccuracy takes probabilities or logits: where there is a number outside of 0 to 1 "we consider the
# input to be logits and will auto apply sigmoid per element". One would expect one answer for one network
# and one validation set. Seen: it is decided anew for each batch. Logits that happen to lie between 0 and
# 1 in their batch are taken as probabilities: 0.4 counts as class 0 there, and as class 1 beside a -2. Of
# 2,000 images with logits the accuracy is 0.721 in one batch, 0.734 in batches of 2 and 0.759 one by one;
# the AUROC, in which all are compared in the end, is 0.855, 0.845 and 0.818. The last, smaller batch of
# an epoch is enough. The documentation has the rule, not that it is the batch's. sigmoid before helps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0 torchmetrics==1.9.0 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import warnings

import numpy as np
import torch
from torchmetrics.classification import BinaryAccuracy, BinaryAUROC

warnings.simplefilter("error")
random = np.random.default_rng(1)
labels = torch.tensor(random.integers(0, 2, 2000))
logits = torch.tensor(random.normal(0, 1, 2000)) + 1.5 * labels


def scores(values: torch.Tensor, size: int) -> list[float]:
    metrics = BinaryAccuracy(), BinaryAUROC()
    for metric in metrics:
        for start in range(0, 2000, size):
            metric.update(values[start : start + size], labels[start : start + size])
    return [round(metric.compute().item(), 3) for metric in metrics]


seen = {size: scores(logits, size) for size in (2000, 32, 4, 2, 1)}
for size, (accuracy, area) in seen.items():
    print(f"batches of {size}: accuracy {accuracy}, AUROC {area}")
assert [seen[size][0] for size in (2000, 2, 1)] == [0.721, 0.734, 0.759]
assert [seen[size][1] for size in (2000, 2, 1)] == [0.855, 0.845, 0.818]
for size in seen:  # of probabilities all is well
    assert scores(logits.sigmoid(), size) == seen[2000]
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
