#!/usr/bin/env bash
# torchmetrics: two metrics in a MetricCollection that agree on the first batch have the same value from
# then on, and it is that of one of them.
#
# torchmetrics 1.9.0, torch 2.13.0, numpy 2.4.6, Python 3.11, on the CPU.
# MetricCollection takes metrics that are to be computed together. One would expect each to have the value
# that it has alone. Seen: metrics whose states have the same names, and the same values after the first
# batch, are taken for the same, and only the first of them is updated later. The accuracies at the
# thresholds 0.5 and 0.9 agree on a first batch of which the network is sure; then both are 1.0, where the
# second one is 0.26. The same with classes that are left out (ignore_index) or not, if the first batch
# has none of them: 0.95 for both instead of 0.95 and 1.0. In another order of the batches all is right,
# so a shuffled validation set has other scores each time. compute_groups=False helps. The documentation
# says of the groups that they hold metrics "with the same underlying state", and how much faster that is.
# Of metrics of one's own it was an issue (2596), closed. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0 torchmetrics==1.9.0 numpy==2.4.6

cat >"$folder/try.py" <<'PYTHON'
import warnings

import torch
from torchmetrics import MetricCollection
from torchmetrics.classification import BinaryAccuracy, MulticlassAccuracy

warnings.simplefilter("error")


def scores(metrics: dict, batches: list, **options) -> list[float]:
    together = MetricCollection({name: make() for name, make in metrics.items()}, **options)
    for batch in batches:
        together.update(*batch)
    return [round(value.item(), 2) for value in together.compute().values()]


sure = torch.tensor([0.1, 0.95, 0.2, 0.97]), torch.tensor([0, 1, 0, 1])
unsure = torch.tensor([0.6, 0.7, 0.8, 0.3] * 50), torch.tensor([1, 1, 1, 0] * 50)
thresholds = {"low": lambda: BinaryAccuracy(threshold=0.5), "strict": lambda: BinaryAccuracy(threshold=0.9)}

plain = torch.eye(3)[[0, 1]], torch.tensor([0, 1])
unknown = torch.eye(3)[[0, 1] * 9 + [0]], torch.tensor([0, 1] * 9 + [2])
classes = {
    "all": lambda: MulticlassAccuracy(3, average="micro"),
    "known": lambda: MulticlassAccuracy(3, average="micro", ignore_index=2),
}
for metrics, first, second, wrong, right in (
    (thresholds, sure, unsure, [1, 1], [1, 0.26]),
    (classes, plain, unknown, [0.95, 0.95], [0.95, 1]),
):
    merged = scores(metrics, [first, second])
    turned = scores(metrics, [second, first])
    apart = scores(metrics, [first, second], compute_groups=False)
    print(f"{list(metrics)}: {merged}, batches the other way round {turned}, without groups {apart}")
    assert merged == wrong
    assert turned == apart == right
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
